//! The chart that files of results ask for, by what they are.

use std::path::PathBuf;

use super::{
    super::{ReportError, draw::page::Page, read::area_curves},
    area_chart, class_chart,
};
use compdd_data::scores::{Scores, Summary};

/// What may be chosen about charts of files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChartOptions {
    /// Scores: these thresholds; all of a file where empty.
    pub thresholds: Vec<f32>,
    /// Logs: the first classes instead of the whole.
    pub by_class: bool,
}

/// Files of scores (Parquet) become the chart of their classes, logs of runs (`.jsonl`) that of their discriminative area.
///
/// # Errors
/// When there is no file, when both kinds are named, when one cannot be read or has nothing to draw, and when an option is for the other kind.
pub fn chart(files: &[PathBuf], options: &ChartOptions) -> Result<Page, ReportError> {
    let is_log = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl"));
    let logs = files.iter().filter(is_log).count();
    if files.is_empty() {
        return Err(ReportError::Nothing);
    }
    if logs == 0 {
        if options.by_class {
            return Err(ReportError::Flag { flag: "--by-class", kind: "logs of runs (.jsonl)" });
        }
        let read = |path: &PathBuf| Ok((path.clone(), Summary::of(&Scores::open(path)?)?));
        return class_chart(&files.iter().map(read).collect::<Result<Vec<_>, ReportError>>()?, &options.thresholds);
    }
    if logs < files.len() {
        return Err(ReportError::Kinds);
    }
    if !options.thresholds.is_empty() {
        return Err(ReportError::Flag { flag: "--threshold", kind: "files of scores (.parquet)" });
    }
    let read = |path: &PathBuf| area_curves(path, options.by_class);
    area_chart(&files.iter().map(read).collect::<Result<Vec<_>, _>>()?.concat())
}
