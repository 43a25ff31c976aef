//! `compdd teacher train`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use compdd::{
    augment::Strategy,
    data::{Task, TaskOptions},
    eval::Stages,
    nn::NetworkSpec,
    progress::Hooks,
    subset::Subset,
    teachers::{self, Course, Keep, Optimizer, TeacherContext, TeacherError, Training},
};

use super::{
    super::{
        progress::Bars,
        prune::PruneArgs,
        run::PixelArgs,
        signals,
        ui::{self, Outcome},
    },
    ShelfArgs, network, report,
};

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerArg {
    Sgd,
    Adamw,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScheduleArg {
    Cosine,
    Drop,
    Constant,
}

#[derive(Clone, Copy, ValueEnum)]
enum KeepArg {
    Last,
    Best,
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd teacher train --subset scenes-easy --network resnet18-bn --epochs 20
  compdd teacher train --subset tiny-imagenet --network resnet18-cifar-bn --epochs 60 --learning-rate 0.1 --data ~/data/tiny
  compdd teacher train --subset imagenette --epochs 60 --keep best --data ~/data/imagenette2

Recipes are compared by the accuracy on the held-out training images; the test images give the accuracy in the
card and decide nothing. What is there is not trained again; an interrupted training continues.")]
pub struct TrainArgs {
    /// Subset: see `compdd subset list`
    #[arg(short, long)]
    subset: String,
    /// Network [default: convnet-d3 at 32 px, d4 at 64, d5 at 128]
    #[arg(long)]
    network: Option<String>,
    /// Name of its folder [default: NETWORK-SUBSET-HASH]
    #[arg(long)]
    name: Option<String>,
    /// Passes over the training images
    #[arg(long, default_value_t = 100, value_name = "E")]
    epochs: usize,
    /// Images of a minibatch
    #[arg(long, default_value_t = 128, value_name = "N")]
    batch: usize,
    /// The optimiser
    #[arg(long, default_value = "sgd")]
    optimizer: OptimizerArg,
    /// Learning rate of the first epoch
    #[arg(long, default_value_t = 0.01, value_name = "RATE")]
    learning_rate: f32,
    /// cosine: to zero; drop: a tenth in the second half; constant
    #[arg(long, default_value = "cosine")]
    schedule: ScheduleArg,
    /// sgd: momentum
    #[arg(long, default_value_t = 0.9)]
    momentum: f32,
    /// Weight decay
    #[arg(long, default_value_t = 5e-4, value_name = "RATE")]
    weight_decay: f32,
    /// Augmentation: some of `color_crop_cutout_flip_scale_rotate`, or none
    #[arg(long, default_value = "color_crop_cutout_flip_scale_rotate", value_name = "STRATEGY")]
    augment: Strategy,
    /// Share of the training images of every class that is held out
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    heldout: f64,
    /// Which epoch becomes the teacher; best: on the held-out images
    #[arg(long, default_value = "last")]
    keep: KeepArg,
    /// Root of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    /// Seconds between checkpoints
    #[arg(long, default_value_t = 60, hide = true)]
    checkpoint_seconds: u64,
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
        let recipe = self.training().recipe();
        // What can be refused is refused before images are loaded.
        recipe.validate()?;
        self.name.as_deref().map_or(Ok(()), teachers::check_name)?;
        if recipe.keep == Keep::Best && self.heldout == 0.0 {
            return Err(TeacherError::NoHeldOut.into());
        }
        let subset = Subset::find(&self.subset)?;
        super::super::subset::say_notes(&subset);
        let resolution = self.pixels.res.unwrap_or_else(|| subset.default_resolution());
        let slug = self.network.as_deref().unwrap_or_else(|| Subset::network_at(resolution));
        let network = network(&NetworkSpec::parse(slug)?, resolution, &subset)?;
        let (heldout, train_per_class) = (self.heldout, self.train_per_class);
        let options = TaskOptions { heldout, train_per_class, ..self.pixels.task() };
        let (root, places) = self.shelf.resolve()?;
        let (device, bars) = (places.device.open()?, Bars::new());
        let hooks = Hooks { progress: &bars, stop: &stop };
        let task = Task::load(&subset, &places.data, &options)?;
        let task = self.prune.clone().apply(task, self.seed, &places, &device, hooks)?;
        let device = device.device;
        let name = self.name.as_deref();
        if let Some(teacher) = teachers::find(&task, &network, &recipe, name, &root, &device)? {
            report(&teacher);
            ui::say("it was there already");
            return Ok(ExitCode::SUCCESS);
        }
        ui::say(&format!("{} on {} images of {}: {recipe}", network.spec(), task.training().len(), subset.id()));
        let progress = Stages { progress: &bars, name: |_| "teacher".to_owned(), of_what: "" };
        let every = std::time::Duration::from_secs(self.checkpoint_seconds);
        let context = TeacherContext { progress: &progress, every, ..TeacherContext::new(device, &stop) };
        report(&teachers::train(&task, &network, &recipe, name, &root, &context)?);
        Ok(ExitCode::SUCCESS)
    }

    fn training(&self) -> Training {
        Training {
            epochs: self.epochs,
            batch: self.batch,
            optimizer: match self.optimizer {
                OptimizerArg::Sgd => Optimizer::Sgd,
                OptimizerArg::Adamw => Optimizer::Adamw,
            },
            learning_rate: self.learning_rate,
            schedule: match self.schedule {
                ScheduleArg::Cosine => Course::Cosine,
                ScheduleArg::Drop => Course::Drop,
                ScheduleArg::Constant => Course::Constant,
            },
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            augment: self.augment.clone(),
            keep: match self.keep {
                KeepArg::Last => Keep::Last,
                KeepArg::Best => Keep::Best,
            },
            seed: self.seed,
        }
    }
}
