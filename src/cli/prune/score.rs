//! `compdd prune score`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    progress::Hooks,
    prune::{self, Request, Scorer},
    pruning::{Criterion, Share},
    record::Budget,
    scores::{LossPass, ScoreTraining},
    subset::Subset,
};

use super::{
    super::{
        progress::Bars,
        run::{PixelArgs, PlaceArgs},
        signals,
        subset::say_notes,
        ui::{self, Outcome},
    },
    parsed, show,
};

#[derive(Clone, Copy, ValueEnum)]
enum PassArg {
    Train,
    Eval,
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd prune score --subset cifar10 --criterion loss --trials 1 --epochs 5 --data ~/data/cifar10
  compdd prune score --subset cifar10 --criterion loss --trials 50 --epochs 100 --data ~/data/cifar10
  compdd prune score --subset cifar10 --criterion gradmatch --removed 0.95 --data ~/data/cifar10
  compdd prune score --subset cifar10 --criterion complexity --complexity cifar10.parquet --data ~/data/cifar10

One training gives loss, loss-initial, el2n, forgetting and margin together. What is there is not made again; interrupted, the
same command goes on with the epoch that was not finished.")]
pub struct ScoreArgs {
    /// Subset: see `compdd subset list`
    #[arg(short, long)]
    subset: String,
    /// loss, loss-initial, el2n, grand, forgetting, margin, herding, k-center, craig, craig-shuffled-bug, gradmatch, glister or complexity
    #[arg(long, default_value = "loss", value_parser = parsed::<Criterion>)]
    criterion: Criterion,
    /// gradmatch, glister: share of every class that will be removed, on which their order depends
    #[arg(long, value_name = "SHARE", value_parser = parsed::<Share>)]
    removed: Option<Share>,
    /// complexity: scores of the training images by `compdd complexity score`
    #[arg(long, value_name = "FILE", required_if_eq("criterion", "complexity"))]
    complexity: Option<PathBuf>,
    /// complexity: the threshold that counts
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
    /// Networks that are trained; scores are means over them [default: 3, 1 for coresets]
    #[arg(long, value_name = "N")]
    trials: Option<usize>,
    /// Epochs of each (published: 50 to 250)
    #[arg(long, default_value_t = 20, value_name = "E")]
    epochs: usize,
    /// Constant learning rate of Adam [default: 0.003, 0.005 for cifar100 and tiny-imagenet]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,
    /// Images of a minibatch
    #[arg(long, default_value_t = 512, value_name = "N")]
    batch: usize,
    /// Take losses in training, at no cost, or in a pass of their own after every epoch
    #[arg(long, default_value = "train")]
    pass: PassArg,
    /// Network [default: convnet-d3 at 32 px, d4 at 64, d5 at 128]
    #[arg(long)]
    network: Option<String>,
    /// Root of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

impl ScoreArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let subset = Subset::find(&self.subset)?;
        say_notes(&subset);
        let options = TaskOptions { train_per_class: self.train_per_class, ..self.pixels.task() };
        let (places, bars) = (self.place.resolve()?, Bars::new());
        let device = places.device.open()?.device;
        let task = Task::load(&subset, &places.data, &options)?;
        let root = places.results.join("scores");
        let scorer = Scorer { root: &root, device: &device, hooks: Hooks { progress: &bars, stop: &stop } };
        let (scores, path) = if let Some(file) = &self.complexity {
            prune::from_complexity(file, self.threshold, &task, &root)?
        } else {
            let network = self.network.as_deref().unwrap_or_else(|| Subset::network_at(task.resolution));
            let usual = Request::at(self.criterion, &task, network, Budget::Paper);
            let training = ScoreTraining {
                trials: self.trials.unwrap_or(usual.training.trials),
                epochs: self.epochs,
                learning_rate: self.learning_rate.unwrap_or(usual.training.learning_rate),
                batch: self.batch,
                pass: match self.pass {
                    PassArg::Train => LossPass::Train,
                    PassArg::Eval => LossPass::Eval,
                },
                seed: self.seed,
                ..usual.training
            };
            prune::ensure(&Request { removed: self.removed, training, ..usual }, &task, &scorer)?
        };
        ui::say(&format!("{}: {} images", path.display(), scores.len()));
        ui::show(&show::spreads(&scores));
        Ok(ExitCode::SUCCESS)
    }
}
