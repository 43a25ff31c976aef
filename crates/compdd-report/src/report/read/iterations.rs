//! Curves and losses of runs, from the files beside their records.

use std::{borrow::Borrow, collections::BTreeMap, io, path::Path};

use serde::Deserialize;

use super::{
    super::{
        ReportError,
        chart::{Checkpoint, IterationValues, RunCurve},
    },
    compare::{Aspect, distilled, names, origin, same, short},
    log::events,
};
use compdd_core::{
    files::plain,
    limits::{self, Limit},
    record::{Record, Store},
};

const CURVE: &str = "curves are written by `compdd run --curve`";

/// A row of a curve: accuracies in per cent. All of its columns are numbers, so that the table can be shown as it is.
#[derive(Deserialize)]
struct Row(usize, f64, Option<f64>, #[expect(dead_code, reason = "it must be a number")] usize);

/// Reads the curve of each record and the losses in the log of its run, where there are any.
///
/// # Errors
/// When the records differ in subset, protocol, resolution, budget or network, when a file is damaged, and when no record has either file.
pub fn iterations(store: &Store, records: &[impl Borrow<Record>]) -> Result<IterationValues, ReportError> {
    let all = distilled(records)?;
    let (mut found, mut shown) = (Vec::new(), Vec::new());
    for record in all {
        let accuracy = curve(&store.curve_path(&record.cell))?;
        let loss = losses(&store.log_path(&record.cell))?;
        if accuracy.len() + loss.len() > 0 {
            found.push((accuracy, loss));
            shown.push(record);
        }
    }
    if shown.is_empty() {
        return Err(ReportError::NoRecord {
            why: format!("none of {} has a curve or a log beside it", records.len()),
            help: "score images on the way with `compdd run --curve`; logs lie in results/logs".to_owned(),
        });
    }
    same(&shown, &[Aspect::Subset, Aspect::Protocol, Aspect::Resolution, Aspect::Budget, Aspect::Network])?;
    let names = unique(&shown, &names(&shown, &[]));
    let runs = names.into_iter().zip(found).map(|(name, (accuracy, loss))| RunCurve { name, accuracy, loss }).collect();
    Ok(IterationValues { runs, origin: origin(&shown) })
}

/// Names with the short hash of the record where several are alike.
fn unique(records: &[&Record], names: &[String]) -> Vec<String> {
    let alike = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    let full = |(name, record): (&String, &&Record)| {
        if alike(name) { format!("{name}, {}", short(record)) } else { name.clone() }
    };
    names.iter().zip(records).map(full).collect()
}

fn curve(path: &Path) -> Result<Vec<Checkpoint>, ReportError> {
    let Some(text) = read(path, limits::TABLE_BYTES)? else { return Ok(Vec::new()) };
    let wrong = |why: csv::Error| ReportError::Table { path: path.into(), why: why.to_string(), help: CURVE };
    let point = |row: Result<Row, csv::Error>| {
        let Row(iteration, mean, std, _) = row.map_err(wrong)?;
        Ok(Checkpoint { iteration, mean: mean / 100.0, std: std.map(|std| std / 100.0) })
    };
    let mut table = csv::Reader::from_reader(text.as_bytes());
    if table.headers().map_err(wrong)? != ["iteration", "mean", "std", "students"].as_slice() {
        let why = "its columns are not iteration, mean, std and students".to_owned();
        return Err(ReportError::Table { path: path.into(), why, help: CURVE });
    }
    table.into_deserialize().map(point).collect()
}

/// The loss of every step of the distillation; of steps that were made twice the later counts.
fn losses(path: &Path) -> Result<Vec<(usize, f64)>, ReportError> {
    let Some(text) = read(path, limits::LOG_BYTES)? else { return Ok(Vec::new()) };
    let mut steps = BTreeMap::new();
    for event in events(path, &text)? {
        if event["event"] == "step"
            && event["stage"] == "distil"
            && let (Some(step), Some(loss)) = (event["step"].as_u64(), event["loss"].as_f64())
        {
            steps.insert(step as usize, loss);
        }
    }
    Ok(steps.into_iter().collect())
}

/// The text of a file, if it is there.
fn read(path: &Path, limit: Limit) -> Result<Option<String>, ReportError> {
    match plain::text(path, limit) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
