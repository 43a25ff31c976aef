//! `compdd experts train`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    experts::{self, Demand, Epochs, ExpertContext, ExpertError, Optimizer, Training, gsam::Gsam},
    progress::Hooks,
    subset::Subset,
};

use super::{
    super::{
        progress::Bars,
        prune::PruneArgs,
        run::PixelArgs,
        signals,
        ui::{self, Outcome},
    },
    PrecisionArg, ShelfArgs, experts_of, network, size,
};

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerArg {
    Sgd,
    Gsam,
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd experts train --subset scenes-easy --experts 2 --epochs 5
  compdd experts train --subset cifar10 --zca --experts 100 --epochs 50 --data ~/data/cifar10
  compdd experts train --subset bird-hard --experts 100 --epochs 100 --keep 0-41,100 --optimizer gsam

Without --keep every epoch is stored, as in the released buffers. Methods read only their window and
the last epoch. What is there is not trained again; an interrupted training continues.")]
pub struct TrainArgs {
    /// Subset: see `compdd subset list`
    #[arg(short, long)]
    subset: String,
    /// Network of the experts [default: convnet-d3 at 32 px, d4 at 64, d5 at 128]
    #[arg(long)]
    network: Option<String>,
    /// Number of experts (published: 100)
    #[arg(long, value_name = "N")]
    experts: usize,
    /// Epochs of each (published: 50 for MTT, TESLA, FTD; 100 for DATM, PAD, EDF)
    #[arg(long, value_name = "E")]
    epochs: usize,
    /// Epochs to store, such as 0-12,50 [default: all]
    #[arg(long, value_name = "EPOCHS")]
    keep: Option<Epochs>,
    /// sgd: MTT, TESLA; gsam: FTD, DATM, PAD, EDF
    #[arg(long, default_value = "sgd")]
    optimizer: OptimizerArg,
    /// gsam: radius of the perturbation [default: 0.01]
    #[arg(long)]
    rho: Option<f32>,
    /// gsam: how much of the orthogonal part is taken away [default: 0.3]
    #[arg(long)]
    alpha: Option<f32>,
    /// Images of a minibatch
    #[arg(long, default_value_t = 256, value_name = "N")]
    batch: usize,
    /// Learning rate, constant
    #[arg(long, default_value_t = 0.01, value_name = "RATE")]
    learning_rate: f32,
    /// Share of the training images of every class that experts see
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// bf16 halves the size; such experts cannot be continued from their snapshots
    #[arg(long, default_value = "f32")]
    precision: PrecisionArg,
    /// Root of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Experts trained at the same time
    #[arg(long, default_value_t = 1, value_name = "N")]
    lanes: usize,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten)]
    prune: PruneArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl TrainArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let demand = self.demand()?;
        let subset = Subset::find(&self.subset)?;
        super::super::subset::say_notes(&subset);
        let network = network(self.network.as_deref(), self.pixels.res, &subset)?;
        let options = TaskOptions { train_per_class: self.train_per_class, ..self.pixels.task() };
        let (root, places) = self.shelf.resolve()?;
        let (device, bars) = (places.device.open()?, Bars::new());
        let hooks = Hooks { progress: &bars, stop: &stop };
        let task = Task::load(&subset, &places.data, &options)?;
        let task = self.prune.clone().apply(task, self.seed, &places, &device, hooks)?;
        let device = device.device;
        if let Some(buffer) = experts::find(&demand, &network, &task, &root)? {
            ui::show(&buffer.path().display().to_string());
            ui::say("everything is there already");
            return Ok(ExitCode::SUCCESS);
        }
        let cost = experts::cost(&demand, &network, task.training().len());
        ui::say(&format!(
            "{} of {}, {}: {} epochs in all, {} images, {} when all are new",
            experts_of(demand.experts),
            network.spec(),
            demand.training,
            cost.epochs,
            cost.images,
            size(cost.bytes),
        ));
        let progress = experts::stages(&bars);
        let context = ExpertContext { progress: &progress, lanes: self.lanes, ..ExpertContext::new(device, &stop) };
        let buffer = experts::ensure(&demand, &network, &task, &root, &context)?;
        ui::show(&buffer.path().display().to_string());
        ui::say(&format!("{}, epochs {}", experts_of(buffer.len()), buffer.epochs()));
        Ok(ExitCode::SUCCESS)
    }

    fn demand(&self) -> Result<Demand, ExpertError> {
        let published = Gsam::default();
        let given =
            [("rho", self.rho), ("alpha", self.alpha)].into_iter().find_map(|(name, value)| Some((name, value?)));
        if let (OptimizerArg::Sgd, Some((name, value))) = (self.optimizer, given) {
            let range = "left out unless the optimiser is gsam";
            return Err(ExpertError::Setting { name, value: value.to_string(), range });
        }
        let optimizer = match self.optimizer {
            OptimizerArg::Sgd => Optimizer::Sgd,
            OptimizerArg::Gsam => Optimizer::Gsam(Gsam {
                rho: self.rho.unwrap_or(published.rho),
                alpha: self.alpha.unwrap_or(published.alpha),
                ..published
            }),
        };
        let training = Training {
            epochs: self.epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            optimizer,
            share: self.share,
            ..Training::default()
        };
        training.validate()?;
        let epochs = self.keep.clone().unwrap_or_else(|| training.all_epochs());
        let demand =
            Demand { training, experts: self.experts, epochs, precision: self.precision.into(), seed: self.seed };
        demand.validate()?;
        Ok(demand)
    }
}
