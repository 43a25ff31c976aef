//! `compdd eval`: score a bundle.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    board,
    progress::Progress as _,
    record::{Store, value_of},
    run::{self, GivenLabels, RescoreOptions},
};

use super::{
    progress::Bars,
    run::PlaceArgs,
    scoring::ScoringArgs,
    signals,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(
    after_help = "The bundle says everything about its images: subset, resolution, pixel space, labels, learning rate.
Only the folder of real images (for the test set) comes from --data, COMPDD_DATA or the configuration file."
)]
pub struct EvalArgs {
    /// Folder of the bundle
    bundle: PathBuf,
    /// Networks that score, separated by commas [default: the usual one of the resolution]
    #[arg(long, value_delimiter = ',', value_name = "NETWORKS")]
    network: Vec<String>,
    #[command(flatten)]
    scoring: ScoringArgs,
    #[arg(long, value_name = "FOLDER", conflicts_with = "teacher")]
    #[arg(help = "Labels of every view as SRe2L, CDA, G-VBSM and EDC publish them, in place of a teacher")]
    labels: Option<PathBuf>,
    /// Indices of the images of its views, a line an epoch, for an archive without them
    #[arg(long, value_name = "FILE", requires = "labels")]
    order: Option<PathBuf>,
    /// Leave damaged test images out; the record lists them
    #[arg(long)]
    skip_bad: bool,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    /// Compute again even if the record exists
    #[arg(long)]
    force: bool,
    /// Print the records as JSON, one a line, in place of the table
    #[arg(long)]
    json: bool,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

impl EvalArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let places = self.place.resolve()?;
        let options = RescoreOptions {
            bundle: self.bundle,
            networks: self.network,
            scoring: self.scoring.options(&places),
            labels: self.labels.map(|archive| GivenLabels { archive, order: self.order }),
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            force: self.force,
            places,
        };
        let progress = Bars::new();
        let outcomes = run::rescore(&options, &progress, &stop)?;
        Ok(finish(&outcomes, &Store::new(&options.places.results), &progress, self.json))
    }
}

/// Writes the leaderboard and shows the rows of a run, or its records.
pub fn finish(outcomes: &[run::Outcome], store: &Store, progress: &Bars, json: bool) -> ExitCode {
    board::refresh(store, &|text| progress.note(text));
    if json {
        for outcome in outcomes {
            ui::show(&value_of(&outcome.record).to_string());
        }
    } else {
        super::outcome::show(outcomes);
    }
    ExitCode::SUCCESS
}
