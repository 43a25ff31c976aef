//! `compdd experts`: the buffers of trajectory matching.

mod train;
mod verify;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use compdd::{
    experts::{self, Buffer, ImportExperts, Precision},
    nn::{Network, NetworkSpec},
    run::Places,
    subset::Subset,
};

use super::{
    run::PlaceArgs,
    ui::{self, Outcome},
};
use train::TrainArgs;
use verify::VerifyArgs;

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
