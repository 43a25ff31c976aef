//! Checks on stored results, all problems at once.

use super::{
    BundleRef, Cell, Depth, KnownSubsets, Record, RecordError, Store, StudentRecord, Summary, Timing, hash, is_name,
    published,
};
use crate::{limits, text};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in a sentence.
    pub what: String,
}

impl Problem {
    /// A problem of a file; a sentence that begins with the file's name need not say it twice.
    pub fn of(path: &Path, what: &str) -> Self {
        let rest = what.strip_prefix(&path.display().to_string()).unwrap_or(what);
        Self { path: path.to_owned(), what: rest.trim_start_matches([',', ':', ' ']).to_owned() }
    }
}

/// The file and the sentence, in one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", text::line(&self.path.display().to_string()), text::line(&self.what))
    }
}

impl Store {
    /// Checks every record in the folder: form, name, hashes, summary against the students, flags, subset, reference,
    /// bundle and timing. Returns the number of records seen and everything that is wrong.
    pub fn validate(&self) -> Result<(usize, Vec<Problem>), RecordError> {
        let (files, subsets) = (self.record_files()?, KnownSubsets::default());
        let problems = files
            .iter()
            .flat_map(|path| self.validate_file(path, &subsets).into_iter().map(|what| Problem::of(path, &what)))
            .collect();
        Ok((files.len(), problems))
    }

    /// Everything that is wrong with one file.
    fn validate_file(&self, path: &Path, subsets: &KnownSubsets) -> Vec<String> {
        let record = match Record::read(path) {
            Ok(record) => record,
            Err(error) => return vec![with_causes(&error)],
        };
        let mut problems = self.problems_of(path, &record, subsets);
        for bundle in &record.bundles {
            self.check_bundle(&record, bundle, &mut problems);
        }
        self.check_reference(&record, &mut problems);
        problems.extend(Timing::beside(path, &record).err());
        problems
    }

    /// What is wrong with a record by itself: its content, and its name and place in this folder.
    pub fn problems_of(&self, path: &Path, record: &Record, subsets: &KnownSubsets) -> Vec<String> {
        let mut problems = content(record, subsets);
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if stem != record.id {
            problems.push(format!("the file is named `{stem}`, its id is `{}`", record.id));
        }
        // A record without a fault is named after its cell, whose id need not be worked out once more.
        let place = if problems.is_empty() {
            self.record_folder(&record.cell).join(format!("{}.json", record.id))
        } else {
            self.record_path(&record.cell)
        };
        if path.starts_with(self.records()) && path != place {
            problems.push(format!("the file belongs at `{}`", self.relative(&place)));
        }
        problems
    }

    /// A bundle need not be kept beside its record, but if it is there it must be the right one.
    fn check_bundle(&self, record: &Record, bundle: &BundleRef, problems: &mut Vec<String>) {
        match bundle.kept(self, |path| self.manifest_of(path, Depth::Hash)) {
            Ok(Some(manifest)) if manifest.subset != record.cell.subset => {
                problems.push(format!("the bundle is of subset `{}`", manifest.subset));
            }
            Ok(_) => {}
            Err(problem) => problems.push(problem),
        }
    }

    /// A recovery ratio names a reference that is in this folder and has the recorded mean.
    pub fn check_reference(&self, record: &Record, problems: &mut Vec<String>) {
        let Some(recovery) = &record.recovery else { return };
        let folder = self.records().join(Cell::REFERENCE).join(&record.cell.subset);
        let known = is_name(&recovery.reference, "-_.+@:").then(|| folder.join(format!("{}.json", recovery.reference)));
        match known.map(|path| Record::read(&path)) {
            Some(Ok(reference)) if (reference.summary.mean - recovery.reference_mean).abs() > 1e-9 => {
                problems.push(format!("the reference `{}` has another mean than recorded", recovery.reference));
            }
            Some(Ok(_)) => {}
            _ => problems.push(format!("the reference `{}` is not in this folder", recovery.reference)),
        }
    }
}

/// Everything about a record that can be judged from the record alone.
fn content(record: &Record, subsets: &KnownSubsets) -> Vec<String> {
    let mut problems = beyond_limits(record);
    if !problems.is_empty() {
        return problems;
    }
    let mut check = |good: bool, text: &dyn Fn() -> String| {
        if !good {
            problems.push(text());
        }
    };
    let cell = &record.cell;
    check(record.id == cell.id(), &|| format!("the id is `{}`, its content gives `{}`", record.id, cell.id()));
    let recipe = hash::value(&record.recipe);
    check(cell.recipe_hash == recipe, &|| "the recipe does not have the recorded hash".to_owned());
    check(cell.students == record.students.len(), &|| {
        format!("{} students are announced, {} are listed", cell.students, record.students.len())
    });
    check(cell.ipc > 0 || cell.is_reference(), &|| "zero images per class".to_owned());
    let mut seeds: Vec<u64> = record.students.iter().map(|s| s.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    check(seeds.len() == record.students.len(), &|| "two students share a seed".to_owned());
    let summary = Summary::of_students(&record.students);
    check(summary.as_ref().is_some_and(|s| s.agrees_with(&record.summary)), &|| {
        "the summary does not follow from the students' scores".to_owned()
    });
    let loss = 0.0..=f64::from(f32::MAX);
    check(record.students.iter().all(|s| loss.contains(&s.train_loss)), &|| {
        "a training loss is negative or not finite".to_owned()
    });
    let last = |s: &StudentRecord| {
        s.best_on_test.is_none_or(|best| best.accuracy >= s.accuracy && (1..=s.epochs).contains(&best.epoch))
    };
    check(record.students.iter().all(last), &|| {
        "the best of a student's checks is below its last epoch, which is one of them".to_owned()
    });
    if let Some(images) = record.data["test"]["images"].as_u64() {
        let counts = |share: f64| (share * images as f64 - (share * images as f64).round()).abs() < 1e-6;
        let all = |s: &StudentRecord| {
            counts(s.accuracy.fraction()) && s.best_on_test.is_none_or(|best| counts(best.accuracy.fraction()))
        };
        check(record.students.iter().all(all), &|| format!("an accuracy is no number of {images} test images"));
    }
    check(record.subset.id == cell.subset, &|| {
        format!("the cell is of subset `{}`, the description of `{}`", cell.subset, record.subset.id)
    });
    match &*subsets.find(&cell.subset) {
        Ok(known) => {
            let classes: Vec<&str> = known.classes.iter().map(|c| c.synset.as_str()).collect();
            check(record.subset.classes == classes, &|| format!("the classes are not those of `{}`", known.id()));
            check(record.subset.notes == known.notes, &|| format!("the notes are not those of `{}`", known.id()));
            let table = published::of(cell, known).unwrap_or_default();
            check(record.published.iter().all(|value| table.contains(value)), &|| {
                "a published value is none that a paper prints for this cell".to_owned()
            });
        }
        Err(error) => match record.own_list() {
            Some(own) => check(own.distinct_classes() == own.classes_len() && own.classes_len() > 0, &|| {
                format!("the list `{}` has a class twice, or none", own.id())
            }),
            None => check(false, &|| error.clone()),
        },
    }
    let divides = |r: &super::Recovery| (r.ratio * r.reference_mean - record.summary.mean).abs() <= 1e-9;
    check(record.recovery.as_ref().is_none_or(divides), &|| {
        "the recovery ratio is not the mean divided by the reference's mean".to_owned()
    });
    for flag in record.implied_flags() {
        check(record.flags.contains(&flag), &|| format!("the flag `{}` is missing", flag.word()));
    }
    check(record.own_list().is_none() || record.published.is_empty(), &|| {
        "a published value stands beside a custom class list".to_owned()
    });
    problems
}

/// Lists that are longer than anybody's; what follows from them is not worked out.
fn beyond_limits(record: &Record) -> Vec<String> {
    let counts = [
        (limits::STUDENTS, record.students.len()),
        (limits::BUNDLES, record.bundles.len()),
        (limits::CLASSES, record.subset.classes.len()),
        (limits::NOTES, record.subset.notes.len() + record.published.len()),
    ];
    counts
        .into_iter()
        .filter(|(limit, found)| !limit.holds(*found))
        .map(|(limit, found)| limit.exceeded(found))
        .collect()
}

/// An error and its causes in a line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
