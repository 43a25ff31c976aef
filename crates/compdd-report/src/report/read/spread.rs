//! Groups of complexities, from files of scores (Parquet) and from the tables of classes made of them (CSV).

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::super::{
    ReportError,
    chart::{Origin, SpreadGroup, SpreadValues},
};
use compdd_core::{
    files::{IoError, plain},
    limits,
    record::hash,
};
use compdd_data::scores::{Categories, ClassSummary, Scores, Summary};

/// What shares a box.
#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    /// The classes of each file.
    File,
    /// The images of each class, of one file of scores.
    Class,
    /// The classes of each category or list, of one file.
    Lists(Categories),
}

/// Mean complexity of a class.
struct Class {
    synset: String,
    mean: f64,
}

/// Reads the groups of some files at a threshold.
///
/// # Errors
/// When a file cannot be read or lacks the threshold, and when the grouping is for one file and there are several.
pub fn spread(files: &[PathBuf], threshold: f32, grouping: &Grouping) -> Result<SpreadValues, ReportError> {
    let first = files.first().ok_or(ReportError::Nothing)?;
    let what = if *grouping == Grouping::Class { "image" } else { "class" };
    if *grouping != Grouping::File && files.len() > 1 {
        return Err(ReportError::Flag { flag: "--by", kind: "a single file of scores" });
    }
    let groups = match grouping {
        Grouping::File => {
            let group =
                |path: &PathBuf| Ok(SpreadGroup { name: stem(path), values: values(&classes(path, threshold)?) });
            files.iter().map(group).collect::<Result<_, ReportError>>()?
        }
        Grouping::Class => images(first, threshold)?,
        Grouping::Lists(lists) => {
            let known = classes(first, threshold)?;
            let group = |(name, synsets): (&str, &[String])| SpreadGroup {
                name: name.to_owned(),
                values: known.iter().filter(|class| synsets.contains(&class.synset)).map(|class| class.mean).collect(),
            };
            lists.iter().map(group).filter(|group| !group.values.is_empty()).collect()
        }
    };
    let source = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(IoError::at("read", path))?;
        Ok(format!("{} {}", stem(path), hash::short(&hash::bytes(&bytes))))
    };
    let sources = files.iter().map(source).collect::<Result<_, ReportError>>()?;
    let shared = shared(&files.iter().map(|path| stem(path)).collect::<Vec<_>>());
    let setting = if shared.is_empty() { Vec::new() } else { vec![shared.trim_end_matches('-').to_owned()] };
    let mut groups: Vec<SpreadGroup> = groups;
    if files.len() > 1 {
        for group in &mut groups {
            group.name = group.name.split_off(shared.len());
        }
    }
    Ok(SpreadValues { what, threshold, groups, origin: Origin::of("file", setting, Vec::new(), sources) })
}

fn values(classes: &[Class]) -> Vec<f64> {
    classes.iter().map(|class| class.mean).collect()
}

/// The parts, up to a dash, with which all names begin; a single name is all shared.
fn shared(names: &[String]) -> String {
    let [first, rest @ ..] = names else { return String::new() };
    if rest.is_empty() {
        return first.clone();
    }
    let ends = first.match_indices('-').map(|(at, _)| &first[..=at]);
    let fits = |part: &&str| rest.iter().all(|name| name.starts_with(part) && name.len() > part.len());
    ends.take_while(fits).last().unwrap_or_default().to_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The classes of a file of scores, or of a table that `compdd complexity show --csv` wrote.
fn classes(path: &Path, threshold: f32) -> Result<Vec<Class>, ReportError> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        return table(path, threshold);
    }
    let (summary, place) = summary(path, threshold)?;
    let class = |class: ClassSummary| Class { mean: class.means[place].complexity, synset: class.synset };
    Ok(summary.classes.into_iter().map(class).collect())
}

/// A group for each class, in the order of the file, named by the class.
fn images(path: &Path, threshold: f32) -> Result<Vec<SpreadGroup>, ReportError> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        return Err(ReportError::Flag {
            flag: "--by class",
            kind: "files of scores (.parquet), which have every image",
        });
    }
    let (summary, place) = summary(path, threshold)?;
    let group = |class: &ClassSummary| SpreadGroup { name: class.label.clone(), values: Vec::new() };
    let mut groups: Vec<SpreadGroup> = summary.classes.iter().map(group).collect();
    Scores::open(path)?.each(|row| {
        if let Some(own) = summary.classes.iter().position(|class| class.synset == row.synset) {
            groups[own].values.push(1.0 - row.shares[place]);
        }
    })?;
    Ok(groups)
}

/// What a file of scores says class by class, and the position of a threshold in it.
fn summary(path: &Path, threshold: f32) -> Result<(Summary, usize), ReportError> {
    let summary = Summary::of(&Scores::open(path)?)?;
    let known = &summary.header.settings.thresholds;
    let none = || ReportError::NoThreshold { path: path.into(), threshold, known: known.clone() };
    let place = summary.header.threshold(threshold).ok_or_else(none)?;
    Ok((summary, place))
}

fn table(path: &Path, threshold: f32) -> Result<Vec<Class>, ReportError> {
    const HELP: &str = "tables of classes are written by `compdd complexity show --csv`";
    let wrong = |why: String| ReportError::Table { path: path.into(), why, help: HELP };
    let text = plain::regular_text(path, limits::TEXT_BYTES)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let column = |name: &str| heads.iter().position(|head| head == name);
    let synset = column("synset").ok_or_else(|| wrong("no column `synset`".to_owned()))?;
    let known: Vec<f32> =
        heads.iter().filter_map(|head| head.strip_prefix("complexity_")).filter_map(|text| text.parse().ok()).collect();
    let place = column(&format!("complexity_{threshold}"));
    let place = place.ok_or_else(|| ReportError::NoThreshold { path: path.into(), threshold, known })?;
    let class = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let number = row.get(place).and_then(|text| text.parse().ok());
        let mean = number.ok_or_else(|| wrong(format!("no number in `complexity_{threshold}`")))?;
        Ok(Class { synset: row.get(synset).unwrap_or_default().to_owned(), mean })
    };
    reader.records().map(class).collect()
}
