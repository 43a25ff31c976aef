//! `compdd prune effects`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    methods::matching::{Matched, RankErrors, RankTrial},
    nn::NetworkSpec,
    progress::Hooks,
    subset::Subset,
};

use super::super::{
    progress::Bars,
    run::{PixelArgs, PlaceArgs},
    signals,
    subset::say_notes,
    ui::{self, Outcome},
};

#[derive(Clone, Copy, ValueEnum)]
enum MatchedArg {
    Dc,
    Dm,
}

#[derive(Args)]
#[command(after_help = "Example:
  compdd prune effects --subset cifar10 --method dc --ipc 10 --batch 256 --batches 20 --data ~/data/cifar10

Every image of every batch is really left out. A random order has an error of a third, the reverse one of a half.")]
pub struct EffectsArgs {
    /// Subset: see `compdd subset list`
    #[arg(short, long)]
    subset: String,
    /// dc: gradients are matched; dm: means of features
    #[arg(long, default_value = "dc", value_name = "METHOD")]
    method: MatchedArg,
    /// Synthetic images of the class, which are real ones here
    #[arg(long, default_value_t = 10, value_name = "N")]
    ipc: usize,
    /// Real images of a batch
    #[arg(long, default_value_t = 256, value_name = "N")]
    batch: usize,
    /// Batches, each of another class and before another network
    #[arg(long, default_value_t = 20, value_name = "N")]
    batches: usize,
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

impl EffectsArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let subset = Subset::find(&self.subset)?;
        say_notes(&subset);
        let options = TaskOptions { train_per_class: self.train_per_class, ..self.pixels.task() };
        let (places, bars) = (self.place.resolve()?, Bars::new());
        let device = places.device.open()?.device;
        let task = Task::load(&subset, &places.data, &options)?;
        let spec = NetworkSpec::parse(self.network.as_deref().unwrap_or_else(|| Subset::network_at(task.resolution)))?;
        let [channels, _, side] = task.train.shape();
        let network = spec.build(channels, side, task.subset.classes_len())?;
        let matched = match self.method {
            MatchedArg::Dc => Matched::Gradients,
            MatchedArg::Dm => Matched::Features,
        };
        let trial = RankTrial {
            task: &task,
            network: &network,
            matched,
            ipc: self.ipc,
            batch: self.batch,
            seed: self.seed,
            device: &device,
        };
        let errors = trial.errors(self.batches, Hooks { progress: &bars, stop: &stop })?;
        let mean = |part: fn(&RankErrors) -> f64| {
            let sum: f64 = errors.iter().map(part).sum();
            format!("{:.2}", 100.0 * sum / errors.len() as f64)
        };
        let rows = [
            ["norm", "length of the change", &mean(|errors| errors.norm)],
            ["projection", "change along the step", &mean(|errors| errors.projection)],
            ["|projection|", "length of the change", &mean(|errors| errors.projection_as_length)],
            ["random order", "length of the change", &mean(|errors| errors.random)],
        ];
        let rows: Vec<Vec<String>> = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        ui::show(&ui::table(&["evaluator", "held against", "rank error, %"], &rows));
        Ok(ExitCode::SUCCESS)
    }
}
