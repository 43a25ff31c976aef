//! `compdd complexity`: how complex the scenes of a data set are.

mod agree;
mod gallery;
mod look;
mod map;
mod maps;
mod overlay;
mod plot;
mod score;
mod show;
mod teacher;
mod truth;

use clap::Subcommand;

pub use show::{CategoryArgs, percent};

use super::ui::Outcome;

#[derive(Subcommand)]
pub enum ComplexityCommand {
    /// Score every image of a data set: one row of a Parquet file for each
    Score(Box<score::ScoreArgs>),
    /// Show the means of a file of scores by class, or by category
    Show(show::ShowArgs),
    /// Say how far files of scores agree, made by other networks, maps or methods
    Agree(agree::AgreeArgs),
    /// Draw the complexity of classes from files of scores, or the discriminative area from logs of runs (SVG, PNG)
    Plot(plot::PlotArgs),
    /// Draw the histogram of one image's map, with the threshold (SVG, PNG)
    Map(Box<map::MapArgs>),
    /// Lay maps over images, with the complexity of each (PNG)
    Overlay(Box<overlay::OverlayArgs>),
    /// Show the images of a category, easy classes beside hard ones (PNG)
    Gallery(gallery::GalleryArgs),
    /// Hold the score against the built-in scenes, whose objects are known
    Truth(Box<truth::TruthArgs>),
}

impl ComplexityCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Score(args) => args.execute(),
            Self::Show(args) => args.execute(),
            Self::Agree(args) => args.execute(),
            Self::Plot(args) => args.execute(),
            Self::Map(args) => args.execute(),
            Self::Overlay(args) => args.execute(),
            Self::Gallery(args) => args.execute(),
            Self::Truth(args) => args.execute(),
        }
    }
}

/// A rank correlation with two digits; `-` where there is none.
pub fn correlation(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
