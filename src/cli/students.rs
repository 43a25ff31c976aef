//! The flags of every command that asks students of stored sets for more than their accuracy, and how it answers.

use std::path::PathBuf;

use clap::Args;
use compdd::{
    record::value_of,
    report::grid::{Format, Grid},
    run::StudentsOptions,
};
use serde::Serialize;

use super::{
    run::PlaceArgs,
    scoring::ScoringArgs,
    ui::{self, Failure, Outcome},
};

/// Whose students are trained, and how.
#[derive(Args)]
pub struct StudentsArgs {
    /// Folders of the sets
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Their networks, separated by commas [default: the usual one of the resolution]
    #[arg(long, value_delimiter = ',', value_name = "NETWORKS")]
    network: Vec<String>,
    #[command(flatten)]
    scoring: ScoringArgs,
    /// Leave damaged test images out
    #[arg(long)]
    skip_bad: bool,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

impl StudentsArgs {
    pub fn options(self) -> Result<StudentsOptions, Failure> {
        let places = self.place.resolve()?;
        Ok(StudentsOptions {
            bundles: self.bundles,
            networks: self.network,
            scoring: self.scoring.options(&places),
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            places,
        })
    }
}

/// In which form and where reports go.
#[derive(Args)]
pub struct ReportArgs {
    /// md, latex, csv, html or term
    #[arg(long, default_value = "term", value_name = "FORMAT", conflicts_with = "json")]
    format: Format,
    /// Print the reports as JSON, one a line, in place of the table
    #[arg(long)]
    json: bool,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ReportArgs {
    pub fn deliver<R: Serialize>(&self, reports: &[R], table: impl FnOnce(&[R]) -> Grid) -> Outcome {
        let text = if self.json {
            reports.iter().map(|report| value_of(report).to_string()).collect::<Vec<_>>().join("\n")
        } else {
            table(reports).write(self.format)
        };
        ui::deliver(&text, self.out.as_deref())
    }
}
