//! `compdd run`: distil, score, record.

use std::{ffi::OsString, path::PathBuf, str::FromStr, sync::Arc};

use clap::{Args, ValueEnum};
use compdd::{
    data::{Cache, Library, ResizeMode, TaskOptions},
    device::DeviceChoice,
    grad::Offload,
    record::{Fidelity, Store},
    run::{self, EngineOptions, Places, RunOptions},
};

use super::{
    config::Config,
    progress::{Bars, Loading},
    prune::{AdaptiveArgs, PruneArgs},
    scoring::ScoringArgs,
    signals,
    ui::{self, Outcome},
};

/// Where to compute, where images come from and where results go: shared by the commands that train.
#[derive(Args)]
pub struct PlaceArgs {
    #[command(flatten)]
    data: DataArgs,
    /// auto, cpu, cuda:N, wgpu:N or wgpu:cpu
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Where records, bundles and checkpoints go [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Option<PathBuf>,
}

/// Where images come from, and where they are kept when they are decoded.
#[derive(Args)]
pub struct DataArgs {
    #[arg(long, value_name = "PATH")]
    #[arg(help = "Folder of images, in any layout of docs/data.md; may be repeated [env: COMPDD_DATA]")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    cache: CacheArgs,
    /// Decode the images into memory, and keep nothing
    #[arg(long)]
    no_cache: bool,
}

/// The cache of decoded images.
#[derive(Args)]
pub struct CacheArgs {
    /// Cache of decoded images [default: compdd in the user's cache folder]
    #[arg(long, env = "COMPDD_CACHE", hide_env_values = true, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Trust what others put into a cache folder that is not one's own; otherwise it is read in full each time
    #[arg(long)]
    trust_cache: bool,
    /// What the cache may hold, such as 500MiB or 20GiB [default: 64GiB]
    #[arg(long, value_name = "SIZE", value_parser = ui::bytes)]
    cache_size: Option<u64>,
}

impl PlaceArgs {
    pub fn resolve(self) -> Result<Places, ui::Failure> {
        let config = Config::read()?;
        let data = self.data.resolve()?;
        let results = config.results(self.results);
        Ok(Places { data, device: device(self.device)?, results })
    }
}

/// The device that was asked for, by flag or configuration file.
pub fn device(flag: Option<String>) -> Result<DeviceChoice, ui::Failure> {
    let name = flag.or(Config::read()?.device).unwrap_or_else(|| "auto".to_owned());
    Ok(DeviceChoice::from_str(&name)?)
}

impl DataArgs {
    /// The same flags, for a process that is started with them.
    pub fn flags(&self) -> Vec<OsString> {
        let mut flags = Vec::new();
        let mut valued =
            |flag: &str, value: Option<OsString>| flags.extend(value.map(|v| [flag.into(), v]).into_iter().flatten());
        self.data.iter().for_each(|folder| valued("--data", Some(folder.into())));
        valued("--cache", self.cache.cache.as_ref().map(Into::into));
        valued("--cache-size", self.cache.cache_size.map(|bytes| bytes.to_string().into()));
        flags.extend(self.cache.trust_cache.then(|| "--trust-cache".into()));
        flags.extend(self.no_cache.then(|| "--no-cache".into()));
        flags
    }

    pub fn resolve(self) -> Result<Library, ui::Failure> {
        let roots = Config::read()?.data(self.data, std::env::var_os("COMPDD_DATA"));
        let cache = if self.no_cache { None } else { Some(self.cache.resolve()?.0) };
        let (progress, stop) = (Arc::new(Loading::ending("decoded")), signals::stop()?);
        Ok(Library { cache, progress, stop, ..Library::new(roots) })
    }
}

impl CacheArgs {
    /// The cache and the bytes it may hold.
    pub fn resolve(self) -> Result<(Cache, u64), ui::Failure> {
        let config = Config::read()?;
        let limit = match self.cache_size {
            Some(limit) => limit,
            None => config.cache_size()?.unwrap_or(Cache::LIMIT),
        };
        let cache = Cache::new(config.cache(self.cache)?, limit);
        Ok((if self.trust_cache { cache.trusted() } else { cache }, limit))
    }
}

/// How images become the network's input.
#[derive(Args)]
pub struct PixelArgs {
    /// Side of the images in pixels [default: the subset's: 32, 64 or 128]
    #[arg(long, value_name = "PIXELS")]
    pub res: Option<usize>,
    /// squash: to the exact size, as the published numbers; crop: short side, then the centre
    #[arg(long, default_value = "squash", value_name = "MODE")]
    resize: ResizeArg,
    /// Resize without an antialiasing filter, as torchvision before 0.17 did
    #[arg(long)]
    no_antialias: bool,
    /// Whiten the pixels (ZCA, fitted on the training images)
    #[arg(long)]
    pub zca: bool,
    /// Leave damaged images out; the record lists them
    #[arg(long)]
    pub skip_bad: bool,
}

impl PixelArgs {
    pub fn resize(&self) -> ResizeMode {
        match self.resize {
            ResizeArg::Squash => ResizeMode::Squash,
            ResizeArg::Crop => ResizeMode::CentreCrop,
        }
    }

    pub fn antialias(&self) -> bool {
        !self.no_antialias
    }

    /// The same as the options of a task.
    pub fn task(&self) -> TaskOptions {
        TaskOptions {
            resolution: self.res,
            resize: self.resize(),
            antialias: self.antialias(),
            skip_bad: self.skip_bad,
            zca: self.zca,
            ..TaskOptions::default()
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ResizeArg {
    Squash,
    Crop,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FidelityArg {
    Paper,
    Released,
}

impl From<FidelityArg> for Fidelity {
    fn from(value: FidelityArg) -> Self {
        match value {
            FidelityArg::Paper => Self::Paper,
            FidelityArg::Released => Self::Released,
        }
    }
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd run --method random --subset scenes-easy --ipc 1 --budget quick
  compdd run --method herding --subset cifar10 --ipc 10 --data ~/data/cifar10
  compdd run --method random --subset imagenette --ipc 1 --data ~/imagenet --eval-networks vgg11,alexnet

A finished cell is not computed again unless --force is given; an interrupted one continues.")]
pub struct RunArgs {
    /// Method: see `compdd method list`
    #[arg(short, long)]
    method: String,
    /// Subset: see `compdd subset list`
    #[arg(short, long)]
    subset: String,
    /// Images per class (the field uses 1, 10, 50); not for the reference `full`
    #[arg(short, long)]
    ipc: Option<usize>,
    #[command(flatten)]
    scoring: ScoringArgs,
    /// Network that distils and scores [default: convnet-d3 at 32 px, d4 at 64, d5 at 128]
    #[arg(long)]
    network: Option<String>,
    /// Further networks that score, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NETWORKS")]
    eval_networks: Vec<String>,
    /// Which side to take where a paper and its released code differ
    #[arg(long, default_value = "paper")]
    fidelity: FidelityArg,
    /// Recipe file that changes the method's built-in recipe
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Change one value of the recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    overrides: Vec<(String, String)>,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    /// Use this buffer as it is, such as an imported one, instead of training experts
    #[arg(long, value_name = "BUFFER")]
    experts: Option<PathBuf>,
    /// Expert buffers [default: experts, below the results]
    #[arg(long, value_name = "FOLDER")]
    experts_dir: Option<PathBuf>,
    /// Where a student's parameters wait on the way back: device (fastest), host, or disk
    #[arg(long, default_value = "device", value_name = "PLACE")]
    offload: Offload,
    /// Differentiate at most this many images at a time, to save memory
    #[arg(long, value_name = "IMAGES")]
    chunk: Option<usize>,
    /// Picture the images before these iterations, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ITERATIONS")]
    pictures: Vec<usize>,
    /// Score the images before these iterations as well, separated by commas, into a table of their own
    #[arg(long, value_delimiter = ',', value_name = "ITERATIONS")]
    curve: Vec<usize>,
    /// Students of every point of --curve
    #[arg(long, default_value_t = 1, value_name = "N")]
    curve_seeds: usize,
    /// Compute again even if the record exists
    #[arg(long)]
    force: bool,
    /// Print the records as JSON, one a line, in place of the table
    #[arg(long)]
    json: bool,
    /// Seconds between checkpoints
    #[arg(long, default_value_t = 60, hide = true)]
    checkpoint_seconds: u64,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten)]
    prune: PruneArgs,
    #[command(flatten)]
    adaptive: AdaptiveArgs,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("write key=value, such as learning_rate=0.02".to_owned()),
    }
}

impl RunArgs {
    pub fn execute(self) -> Outcome {
        let (stop, json) = (signals::stop()?, self.json);
        let options = self.options()?;
        let store = Store::new(&options.places.results);
        let (plan, progress) = (options.check()?, Bars::new());
        Ok(super::eval::finish(&run::execute(&plan, &progress, &stop)?, &store, &progress, json))
    }

    pub fn options(self) -> Result<RunOptions, ui::Failure> {
        let places = self.place.resolve()?;
        Ok(RunOptions {
            network: self.network,
            eval_networks: self.eval_networks,
            fidelity: self.fidelity.into(),
            recipe: self.recipe,
            overrides: self.overrides,
            buffer: self.experts,
            experts: self.experts_dir,
            prune: self.prune.options(),
            adaptive: self.adaptive.options(),
            images: TaskOptions { train_per_class: self.train_per_class, ..self.pixels.task() },
            scoring: self.scoring.options(&places),
            engine: EngineOptions {
                force: self.force,
                checkpoint_seconds: self.checkpoint_seconds,
                offload: self.offload,
                chunk: self.chunk,
                pictures: self.pictures,
                curve: self.curve,
                curve_students: self.curve_seeds,
            },
            places,
            ..RunOptions::new(&self.method, &self.subset, self.ipc)
        })
    }
}
