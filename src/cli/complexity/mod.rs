//! `compdd complexity`: how complex the scenes of a data set are.

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
    /// Hold the score against the built-in scenes, whose objects are known
    Truth(Box<truth::TruthArgs>),
}

impl ComplexityCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Score(args) => args.execute(),
            Self::Show(args) => args.execute(),
            Self::Truth(args) => args.execute(),
        }
    }
}
