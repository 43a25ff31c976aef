//! `compdd experts`: the buffers of trajectory matching.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::AtomicBool,
};

use clap::{Args, Subcommand, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    eval::{self, View},
    experts::{
        self, Buffer, Demand, Epochs, ExpertContext, ExpertError, ImportExperts, Manifest, Optimizer, Precision,
        Training, gsam::Gsam,
    },
    nn::{Network, NetworkSpec},
    run::Observer,
    subset::Subset,
};

use miette::Diagnostic as _;

use super::{
    progress::Progress,
    run::{PixelArgs, PlaceArgs, Places},
    signals,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum ExpertsCommand {
    /// Train experts on real images and keep their parameters epoch by epoch
    Train(Box<TrainArgs>),
    /// List the buffers
    List(ListArgs),
    /// Check sizes and hashes of the buffers
    Verify(VerifyArgs),
    /// Turn `replay_buffer_*.pt` files of the lineage into a buffer
    Import(ImportArgs),
}

impl ExpertsCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Train(args) => args.execute(),
            Self::List(args) => args.execute(),
            Self::Verify(args) => args.execute(),
            Self::Import(args) => args.execute(),
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerArg {
    Sgd,
    Gsam,
}

#[derive(Clone, Copy, ValueEnum)]
enum PrecisionArg {
    F32,
    Bf16,
}

impl From<PrecisionArg> for Precision {
    fn from(value: PrecisionArg) -> Self {
        match value {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::Bf16 => Self::Bf16,
        }
    }
}

#[derive(Args)]
pub struct ShelfArgs {
    /// Where buffers are [default: RESULTS/experts]
    #[arg(long, value_name = "DIR")]
    experts_dir: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

impl ShelfArgs {
    fn resolve(self) -> Result<(PathBuf, Places), ui::Failure> {
        let places = self.place.resolve()?;
        Ok((self.experts_dir.unwrap_or_else(|| places.results.join("experts")), places))
    }
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
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl TrainArgs {
    fn execute(self) -> Outcome {
        let stop = signals::stop_flag()?;
        let demand = self.demand()?;
        let subset = Subset::find(&self.subset)?;
        super::subset::say_notes(&subset);
        let network = network(self.network.as_deref(), self.pixels.res, &subset)?;
        let options = TaskOptions {
            resolution: self.pixels.res,
            resize: self.pixels.resize(),
            antialias: self.pixels.antialias(),
            skip_bad: self.pixels.skip_bad,
            zca: self.pixels.zca,
            train_per_class: self.train_per_class,
            ..TaskOptions::default()
        };
        let (root, places) = self.shelf.resolve()?;
        let task = Task::load(&subset, places.data.as_deref(), &options)?;
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
        let progress = Relay(Progress::new());
        let device = places.device.open()?.device;
        let context = ExpertContext { progress: &progress, lanes: self.lanes, ..ExpertContext::new(device, &stop) };
        match experts::ensure(&demand, &network, &task, &root, &context) {
            Ok(buffer) => {
                ui::show(&buffer.path().display().to_string());
                ui::say(&format!("{}, epochs {}", experts_of(buffer.len()), buffer.epochs()));
                Ok(ExitCode::SUCCESS)
            }
            Err(ExpertError::Interrupted) => {
                ui::say("interrupted: the state is saved, the same command continues");
                Ok(ExitCode::from(signals::INTERRUPTED))
            }
            Err(error) => Err(error.into()),
        }
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

#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    shelf: ShelfArgs,
}

impl ListArgs {
    fn execute(self) -> Outcome {
        let (root, _) = self.shelf.resolve()?;
        let mut rows = Vec::new();
        for path in experts::list(&root)? {
            match Buffer::open(&path) {
                Ok(buffer) => rows.push(row(&buffer)),
                Err(error) => ui::say(&format!("note: {error}")),
            }
        }
        let header = ["buffer", "subset", "px", "pixels", "training", "experts", "epochs", "stored as", "size"];
        ui::show(&ui::table(&header, &rows));
        Ok(ExitCode::SUCCESS)
    }
}

fn row(buffer: &Buffer) -> Vec<String> {
    let manifest = buffer.manifest();
    vec![
        name(buffer.path()),
        manifest.subset.clone(),
        manifest.input[2].to_string(),
        manifest.pixel_space.clone(),
        manifest.training.as_ref().map_or_else(|| "imported".to_owned(), ToString::to_string),
        buffer.len().to_string(),
        buffer.epochs().to_string(),
        manifest.precision.name().to_owned(),
        size(manifest.bytes()),
    ]
}

#[derive(Args)]
pub struct VerifyArgs {
    /// Folders of the buffers [default: all]
    buffers: Vec<PathBuf>,
    /// Also measure the last snapshots on the test images
    #[arg(long)]
    deep: bool,
    /// With --deep, built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl VerifyArgs {
    fn execute(self) -> Outcome {
        let (root, places) = self.shelf.resolve()?;
        let buffers = if self.buffers.is_empty() { experts::list(&root)? } else { self.buffers };
        let stop = signals::stop_flag()?;
        let mut damaged = 0;
        let mut rows = Vec::new();
        for path in &buffers {
            let checked = Buffer::open(path).and_then(|buffer| buffer.verify(|_| ()).map(|()| buffer));
            let (word, accuracy) = match &checked {
                Ok(buffer) if self.deep => ("ok", accuracy(buffer, &places, self.train_per_class, &stop)?),
                Ok(_) => ("ok", String::new()),
                Err(error) => {
                    damaged += 1;
                    ui::say(&format!("{error}"));
                    if let Some(help) = error.help() {
                        ui::say(&format!("  help: {help}"));
                    }
                    ("DAMAGED", String::new())
                }
            };
            let experts = checked.map_or_else(|_| String::new(), |buffer| buffer.len().to_string());
            rows.push(vec![word.to_owned(), name(path), experts, accuracy]);
        }
        ui::show(&ui::table(&["", "buffer", "experts", "test accuracy of the last epoch"], &rows));
        if damaged == 0 {
            ui::say(&format!("{} buffers, all files are as they were written", buffers.len()));
            return Ok(ExitCode::SUCCESS);
        }
        ui::say(&format!("{damaged} of {} buffers are damaged", buffers.len()));
        Ok(ExitCode::FAILURE)
    }
}

/// Mean, lowest and highest accuracy of the experts.
fn accuracy(
    buffer: &Buffer,
    places: &Places,
    train_per_class: Option<usize>,
    stop: &AtomicBool,
) -> Result<String, ui::Failure> {
    let manifest = buffer.manifest();
    let subset = Subset::find(&manifest.subset)?;
    let network = network(Some(&manifest.network), Some(manifest.input[2]), &subset)?;
    let zca = manifest.pixel_space == "zca";
    let options = TaskOptions { resolution: Some(manifest.input[2]), zca, train_per_class, ..TaskOptions::default() };
    let task = Task::load(&subset, places.data.as_deref(), &options)?;
    say_differences(buffer.path(), manifest, &task);
    let device = places.device.open()?.device;
    let all = experts::last_accuracies(buffer, &network, &View::test(&task), &device, stop)?;
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let [low, high] = [all.iter().copied().fold(1.0, f64::min), all.iter().copied().fold(0.0, f64::max)];
    Ok(format!("{:.2} % ({:.2} to {:.2})", mean * 100.0, low * 100.0, high * 100.0))
}

fn say_differences(path: &Path, manifest: &Manifest, task: &Task) {
    let space = task.space.hash();
    if manifest.pixel_space_hash.as_ref().is_some_and(|own| *own != space) {
        ui::say(&format!("note: {}: the experts were trained in another pixel space", name(path)));
    }
    let data = View::training(task).hash();
    if manifest.data.as_ref().is_some_and(|own| *own != data) {
        ui::say(&format!("note: {}: the experts were trained on other images than these", name(path)));
    }
}

#[derive(Args)]
#[command(
    after_help = "Reads the files that MTT, TESLA, FTD, DATM, PAD and EDF save: a list of experts, each a list of snapshots, each a
list of tensors. Nothing in them is executed. What they do not say (subset, network, whitening) must be given."
)]
pub struct ImportArgs {
    /// The files, in order
    #[arg(required = true, value_name = "FILE.pt")]
    files: Vec<PathBuf>,
    /// Subset that the experts were trained on
    #[arg(short, long)]
    subset: String,
    /// Network of the experts [default: convnet-d3 at 32 px, d4 at 64, d5 at 128]
    #[arg(long)]
    network: Option<String>,
    /// Side of their images in pixels [default: the subset's]
    #[arg(long, value_name = "PIXELS")]
    res: Option<usize>,
    /// They were trained on whitened images
    #[arg(long)]
    zca: bool,
    /// How they are stored
    #[arg(long, default_value = "f32")]
    precision: PrecisionArg,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl ImportArgs {
    fn execute(self) -> Outcome {
        let subset = Subset::find(&self.subset)?;
        super::subset::say_notes(&subset);
        let network = network(self.network.as_deref(), self.res, &subset)?;
        let (root, _) = self.shelf.resolve()?;
        let (zca, precision) = (self.zca, self.precision.into());
        let options = ImportExperts { network: &network, subset: subset.id(), zca, precision };
        let buffer = experts::import(&self.files, &options, &root)?;
        ui::show(&buffer.path().display().to_string());
        ui::say(&format!("{}, epochs {}", experts_of(buffer.len()), buffer.epochs()));
        Ok(ExitCode::SUCCESS)
    }
}

fn network(slug: Option<&str>, resolution: Option<usize>, subset: &Subset) -> Result<Network, ui::Failure> {
    let resolution = resolution.unwrap_or_else(|| subset.default_resolution());
    let slug = slug.unwrap_or_else(|| Subset::network_at(resolution));
    Ok(NetworkSpec::parse(slug)?.build(3, resolution, subset.classes_len())?)
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn experts_of(count: usize) -> String {
    if count == 1 { "1 expert".to_owned() } else { format!("{count} experts") }
}

fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        0.0..1e6 => format!("{:.1} kB", bytes / 1e3),
        1e6..1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}

/// Shows experts as stages.
struct Relay(Progress);

impl Relay {
    fn stage(expert: usize) -> String {
        format!("expert {expert}")
    }
}

impl eval::Progress for Relay {
    fn begins(&self, expert: usize, of: usize) {
        self.0.begin(&Self::stage(expert), of);
    }

    fn epoch(&self, expert: usize, epoch: usize, _: usize, loss: f64) {
        self.0.advance(&Self::stage(expert), epoch, &format!("loss {loss:.4}"));
    }

    fn scored(&self, expert: usize, accuracy: f64) {
        let result = if accuracy.is_nan() { String::new() } else { format!("{:.2} % held out", accuracy * 100.0) };
        self.0.end(&Self::stage(expert), &result);
    }
}
