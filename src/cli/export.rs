//! `compdd export`: a bundle in the layout of another tool.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use compdd::export::set::{self, Layout};

use super::ui::{self, Outcome};

#[derive(Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// Files of images, labels and learning rate (.pt), as MTT, DATM, PAD and EDF release them
    Pt,
    /// One .pt file with images and labels, as DC, DSA and DM release it
    Dc,
    /// One .npz file with everything, whitening included
    Npz,
    /// PNG in one folder a class
    Folder,
    /// A dataset folder of Hugging Face with its card
    Parquet,
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd export results/bundles/NAME.bundle --format pt --output released
  compdd import released --subset scenes-easy

What the layout cannot hold is said. Sets come back with compdd import; from pt and npz to the bit.")]
pub struct ExportArgs {
    /// Folder of the bundle
    bundle: PathBuf,
    /// Layout to write
    #[arg(long, value_name = "LAYOUT")]
    format: LayoutArg,
    /// File or folder to write
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Replace what is there
    #[arg(long)]
    force: bool,
}

impl ExportArgs {
    pub fn execute(self) -> Outcome {
        let layout = match self.format {
            LayoutArg::Pt => Layout::Pt,
            LayoutArg::Dc => Layout::Dc,
            LayoutArg::Npz => Layout::Npz,
            LayoutArg::Folder => Layout::Folder,
            LayoutArg::Parquet => Layout::Parquet,
        };
        for remark in set::export(&self.bundle, &self.output, layout, self.force)? {
            ui::say(&format!("note: {remark}"));
        }
        ui::show(&self.output.display().to_string());
        Ok(ExitCode::SUCCESS)
    }
}
