//! `compdd complexity show`, and the categories that other commands rank by.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::scores::{Categories, Hypernyms, Mean, Scores, ScoresError, Summary};

use super::super::ui::{self, Outcome};

/// Which classes are ranked together.
#[derive(Args)]
pub struct CategoryArgs {
    /// Categories: a TOML file (docs/commands/complexity.md), or `published` for the classes of Comp-DD's lists
    #[arg(long, value_name = "FILE")]
    pub categories: Option<String>,
    /// Lines of a synset and its parent, for categories that name ancestors
    #[arg(long, value_name = "FILE")]
    hypernyms: Option<PathBuf>,
}

impl CategoryArgs {
    pub fn read(&self, summary: &Summary) -> Result<Option<Categories>, ScoresError> {
        let hypernyms = self.hypernyms.as_deref().map(Hypernyms::read).transpose()?;
        let scored: Vec<&str> = summary.classes.iter().map(|class| class.synset.as_str()).collect();
        match self.categories.as_deref() {
            None => Ok(None),
            Some("published") => Ok(Some(Categories::published())),
            Some(path) => Categories::read(path.as_ref(), hypernyms.as_ref(), &scored).map(Some),
        }
    }
}

#[derive(Args)]
pub struct ShowArgs {
    /// File of scores
    scores: PathBuf,
    /// Threshold that orders the classes [default: 0.5 where the file has it, else its first]
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<f32>,
    /// Write the table as CSV, with all digits, to this file as well
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    categories: CategoryArgs,
}

impl ShowArgs {
    pub fn execute(self) -> Outcome {
        let summary = Summary::of(&Scores::open(&self.scores)?)?;
        let header = &summary.header;
        ui::say(&format!(
            "{} at {} px, map {} ({} cells), {}, class {}, {} images of {}, {} left out",
            header.network,
            header.resolution,
            header.tap,
            header.cells,
            header.settings.method,
            header.settings.question,
            header.listed - header.skipped,
            header.subset.as_deref().unwrap_or("all classes"),
            header.skipped,
        ));
        let spread: Vec<String> = header
            .settings
            .thresholds
            .iter()
            .zip(summary.spread())
            .map(|(threshold, spread)| format!("{} at {threshold}", percent(spread)))
            .collect();
        say_blank(&summary);
        ui::say(&format!("spread over {} classes, in %: {}", summary.classes.len(), spread.join(", ")));
        match self.categories.read(&summary)? {
            Some(categories) => {
                let found = summary.categories(&categories);
                let rows: Vec<Vec<String>> = found
                    .iter()
                    .map(|one| [vec![one.category.clone(), one.classes.to_string()], cells(&one.means)].concat())
                    .collect();
                ui::show(&ui::table(&strings(&head(&summary, &["category", "classes"])), &rows));
            }
            None => ui::show(&classes(&summary, self.threshold)?),
        }
        if let Some(path) = &self.csv {
            summary.write_csv(path)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Warns of maps that show nothing.
pub fn say_blank(summary: &Summary) {
    let (images, blank) = summary.blank();
    if blank > 0 {
        let share = percent(blank as f64 / images as f64);
        ui::say(&format!(
            "{blank} maps ({share} %) are zero everywhere and count as complexity 1: {} at {} finds nothing there; another --cam, \
             such as layer-cam, or another --layer may",
            summary.header.settings.method, summary.header.tap,
        ));
    }
}

/// The classes, the most complex first.
pub fn classes(summary: &Summary, threshold: Option<f32>) -> Result<String, ScoresError> {
    let by = match threshold {
        Some(threshold) => summary.threshold(threshold)?,
        None => summary.threshold(0.5).unwrap_or(0),
    };
    let mut order: Vec<_> = summary.classes.iter().collect();
    order.sort_by(|a, b| b.means[by].complexity.total_cmp(&a.means[by].complexity));
    let rows: Vec<Vec<String>> = order
        .into_iter()
        .map(|class| {
            let first =
                vec![class.synset.clone(), class.label.clone(), class.images.to_string(), percent(class.accuracy)];
            [first, cells(&class.means)].concat()
        })
        .collect();
    Ok(ui::table(&strings(&head(summary, &["class", "name", "images", "recognised %"])), &rows))
}

fn head(summary: &Summary, first: &[&str]) -> Vec<String> {
    let thresholds = summary.header.settings.thresholds.iter().map(|threshold| format!("complexity % at {threshold}"));
    first.iter().map(|&name| name.to_owned()).chain(thresholds).collect()
}

fn strings(head: &[String]) -> Vec<&str> {
    head.iter().map(String::as_str).collect()
}

fn cells(means: &[Mean]) -> Vec<String> {
    means.iter().map(|mean| format!("{} ± {}", percent(mean.complexity), percent(mean.standard_error))).collect()
}

/// A share in per cent, with two digits.
pub fn percent(share: f64) -> String {
    format!("{:.2}", share * 100.0)
}
