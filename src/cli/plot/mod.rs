//! `compdd plot`: charts and sheets of results.

mod ablation;
mod choose;
mod complexity;
mod cost;
mod gallery;
mod ipc;
mod iterations;
mod networks;
mod recovery;
mod tsne;

pub use choose::RecordArgs;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use compdd::report::{ChartFile, Page, ReportError};

use super::ui::{self, Outcome};

#[derive(Subcommand)]
pub enum PlotCommand {
    /// Accuracy over images per class, with 95 % intervals
    Ipc(ipc::IpcArgs),
    /// Recovery ratio on easy lists against hard ones
    Recovery(recovery::RecoveryArgs),
    /// How the complexity of classes or images is spread
    Complexity(complexity::ComplexityArgs),
    /// Bars of records that differ in named settings
    Ablation(ablation::AblationArgs),
    /// Accuracy and loss over the iterations of a distillation
    Iterations(iterations::IterationsArgs),
    /// Accuracy against the hours of the distillation
    Cost(cost::CostArgs),
    /// Accuracy of methods on several networks
    Networks(networks::NetworksArgs),
    /// Real and distilled images as points, by the features of a network
    Tsne(Box<tsne::TsneArgs>),
    /// The distilled images of bundles beside each other
    Gallery(gallery::GalleryArgs),
}

impl PlotCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Ipc(args) => args.execute(),
            Self::Recovery(args) => args.execute(),
            Self::Complexity(args) => args.execute(),
            Self::Ablation(args) => args.execute(),
            Self::Iterations(args) => args.execute(),
            Self::Cost(args) => args.execute(),
            Self::Networks(args) => args.execute(),
            Self::Tsne(args) => args.execute(),
            Self::Gallery(args) => args.execute(),
        }
    }
}

/// Where a chart goes.
#[derive(Args)]
pub struct ChartOut {
    /// Picture to write
    #[arg(short, long, value_name = "FILE.svg|FILE.png")]
    out: PathBuf,
}

impl ChartOut {
    /// Draws after the name of the file was checked.
    pub fn write(self, draw: impl FnOnce() -> Result<Page, ui::Failure>) -> Outcome {
        let file = ChartFile::new(&self.out)?;
        let page = draw()?;
        file.write(&page).map_err(|error: ReportError| -> ui::Failure { error.into() })?;
        ui::say(&format!("{} written", self.out.display()));
        Ok(std::process::ExitCode::SUCCESS)
    }
}
