//! `compdd data inspect`.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use compdd::{
    data::{self, Counts, DataError, Dataset, Split},
    files::IoError,
};
use miette::Diagnostic as _;

use super::super::ui::{self, Outcome};

/// Classes that are listed unless all are asked for.
const LISTED: usize = 20;
/// Subsets that are listed unless all are asked for.
const SUBSETS: usize = 12;

#[derive(Args)]
#[command(after_help = "Exit code 1 when a split is missing or a class has no images or an impossible number of them.")]
pub struct InspectArgs {
    /// The folder
    root: PathBuf,
    /// List every class, not only those that differ
    #[arg(long)]
    all: bool,
    /// Write a picture with a few images of every class
    #[arg(long, value_name = "FILE.png")]
    sheet: Option<PathBuf>,
    /// Read every image, and list test images that are training images too
    #[arg(long)]
    duplicates: bool,
}

impl InspectArgs {
    pub fn execute(self) -> Outcome {
        let datasets = data::inspect(&self.root)?;
        let mut sound = true;
        for (i, dataset) in datasets.iter().enumerate() {
            if i > 0 {
                ui::show("");
            }
            sound &= self.describe(dataset);
            if self.duplicates {
                sound &= duplicates(dataset)?;
            }
        }
        if let (Some(path), Some(dataset)) = (&self.sheet, datasets.first()) {
            write_sheet(dataset, path)?;
        }
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn describe(&self, dataset: &Dataset) -> bool {
        ui::show(&format!(
            "{}: {}, {} classes, {} training and {} test images",
            dataset.folder.display(),
            dataset.source.kind(),
            dataset.classes.len(),
            dataset.images(Split::Train),
            dataset.images(Split::Test),
        ));
        for (_, error) in &dataset.refused {
            let help = error.help().map_or_else(String::new, |help| format!("\n  to do: {help}"));
            ui::show(&format!("  problem: {error}{help}"));
        }
        self.subsets(dataset);
        self.classes(dataset) && dataset.refused.is_empty()
    }

    fn subsets(&self, dataset: &Dataset) {
        let mut served = dataset.served();
        let hidden = if self.all { 0 } else { served.len().saturating_sub(SUBSETS) };
        served.truncate(served.len() - hidden);
        let rows: Vec<Vec<String>> = served
            .into_iter()
            .map(|one| {
                let state = match (one.present == one.classes, one.complete == one.classes) {
                    (true, true) => "complete".to_owned(),
                    (true, false) => "usable, but other numbers of images than the whole dataset".to_owned(),
                    (false, _) => format!("lacks {} of {} classes", one.classes - one.present, one.classes),
                };
                vec![one.subset, state]
            })
            .collect();
        if rows.is_empty() {
            ui::show(
                "  serves no subset: no class is there in both splits under a known synset or name\n  to do: name the class \
                 folders as `compdd subset show SUBSET` names the classes",
            );
            return;
        }
        ui::show(&indented(&ui::table(&["subset", "state"], &rows)));
        if hidden > 0 {
            ui::show(&format!("  ... and {hidden} more of which less is there (--all lists them)"));
        }
    }

    fn classes(&self, dataset: &Dataset) -> bool {
        let differing = dataset.classes.values().filter(|counts| !counts.is_complete()).count();
        let limit = if self.all { usize::MAX } else { LISTED };
        let shown = dataset.classes.iter().filter(|(_, counts)| self.all || !counts.is_complete()).take(limit);
        let rows: Vec<Vec<String>> = shown.map(|(name, counts)| row(name, counts)).collect();
        if !rows.is_empty() {
            ui::show(&indented(&ui::table(&["", "class", "name", "train / known", "test / known"], &rows)));
        }
        if !self.all && differing > LISTED {
            ui::show(&format!("  ... and {} more classes that differ (--all lists them)", differing - LISTED));
        }
        to_do(dataset, differing);
        differing == 0
    }
}

/// What would make the dataset whole.
fn to_do(dataset: &Dataset, differing: usize) {
    let missing = dataset.missing();
    for (split, place) in missing.iter().take(LISTED) {
        ui::show(&format!("  to do: put {split} images at {}", place.display()));
    }
    if missing.len() > LISTED {
        ui::show(&format!("  ... and {} more places", missing.len() - LISTED));
    }
    if differing > 0 && missing.is_empty() && dataset.refused.is_empty() {
        ui::show("  these are other numbers of images than the whole dataset has: runs work, and their records say so");
    }
}

fn row(name: &str, counts: &Counts) -> Vec<String> {
    let beside = |found: Option<usize>, known: &Option<RangeInclusive<usize>>| {
        let found = found.map_or_else(|| "missing".to_owned(), |found| found.to_string());
        let known = known.as_ref().filter(|known| *known.end() < usize::MAX);
        let known = known.map_or_else(
            || "?".to_owned(),
            |known| match (known.start(), known.end()) {
                (low, high) if low == high => low.to_string(),
                (low, high) => format!("{low} to {high}"),
            },
        );
        format!("{found} / {known}")
    };
    vec![
        if counts.is_complete() { "ok" } else { "DIFFERS" }.to_owned(),
        name.to_owned(),
        counts.label.clone().unwrap_or_default(),
        beside(counts.train, &counts.known_train),
        beside(counts.test, &counts.known_test),
    ]
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn duplicates(dataset: &Dataset) -> Result<bool, DataError> {
    let found = data::duplicates(dataset)?;
    if found.is_empty() {
        ui::show("  no test image is a training image");
        return Ok(true);
    }
    ui::show(&format!("  {} pairs of a test and a training image with the same bytes:", found.len()));
    for pair in found.iter().take(LISTED) {
        ui::show(&format!("  {} = {}", pair.test.display(), pair.train.display()));
    }
    Ok(false)
}

fn write_sheet(dataset: &Dataset, path: &Path) -> Result<(), ui::Failure> {
    let (png, bad) = data::sheet(dataset)?;
    for file in bad {
        ui::say(&format!("warning: {file}"));
    }
    compdd::files::atomic::write(path, &png).map_err(IoError::at("write", path))?;
    ui::say(&format!("{}: one row a class, training images first", path.display()));
    Ok(())
}
