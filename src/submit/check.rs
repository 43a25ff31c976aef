//! Looking through a submission.

use std::{collections::BTreeSet, path::Path};

use super::{
    Bands, Finding, Report, SubmitError,
    bundle::Sets,
    finding::Notes,
    record::{self, Rulebook},
};
use crate::{
    board::Submitter,
    files::IoError,
    limits,
    record::{Bundle, Record, Store, Timing, with_causes},
};

/// What to do about a file that is not as compdd writes it.
const AS_WRITTEN: &str =
    "hand in the file as compdd wrote it; an edited one has to be made again by `compdd run` or `compdd eval`";

/// Looks at every file of a submission and reports all that is wrong with it. Trains nothing, writes nothing.
///
/// # Errors
/// When there is no such folder, or it cannot be listed. What is wrong inside is reported, not returned.
pub fn check(folder: &Path) -> Result<Report, SubmitError> {
    if !folder.is_dir() {
        return Err(SubmitError::NoFolder { path: folder.to_owned() });
    }
    let store = Store::new(folder);
    let (rules, bands, mut sets) = (Rulebook::default(), Bands::built_in()?, Sets::new(&store));
    let mut findings = Vec::new();
    strange_files(&store, &mut findings)?;
    let who = submitter(&store, &mut findings);
    let files = if store.records().is_symlink() { Vec::new() } else { store.record_files()? };
    for file in &files {
        let mut notes = Notes { file: store.relative(file).into(), findings: &mut findings };
        match Record::read(file) {
            Err(error) => notes.error(without(&with_causes(&error), file), AS_WRITTEN),
            Ok(found) => {
                let mut problems = store.problems_of(file, &found, &rules.subsets);
                store.check_reference(&found, &mut problems);
                for problem in problems {
                    notes.error(problem, AS_WRITTEN);
                }
                if let Err(problem) = Timing::beside(file, &found) {
                    notes.error(
                        without(&problem, file),
                        "leave the timing file out, or hand in the one that compdd wrote",
                    );
                }
                record::check(&found, &rules, &mut notes);
                bands.check(&found, &mut notes);
                sets.check(&found, &mut notes);
            }
        }
    }
    if files.is_empty() {
        let mut notes = Notes { file: "records".into(), findings: &mut findings };
        notes.error("there is no record", "lay the folder out like a results folder: records/METHOD/SUBSET/ID.json");
    }
    let bundles = sets.named();
    strangers(&store, &bundles, &mut findings)?;
    findings.sort();
    Ok(Report { who, records: files.len(), bundles: bundles.len(), findings })
}

fn submitter(store: &Store, findings: &mut Vec<Finding>) -> Option<Submitter> {
    let mut notes = Notes { file: Submitter::FILE.into(), findings };
    let remedy = "write at least `name = \"...\"`; docs/submitting.md has an example";
    match Submitter::of(store) {
        Ok(Some(who)) => Some(who),
        Ok(None) => {
            notes.error("the file is missing", remedy);
            None
        }
        Err(error) => {
            notes.error(without(&error.to_string(), &store.root().join(Submitter::FILE)), remedy);
            None
        }
    }
}

/// Files that are neither files nor folders: nothing of them is read.
fn strange_files(store: &Store, findings: &mut Vec<Finding>) -> Result<(), SubmitError> {
    for (count, entry) in walkdir::WalkDir::new(store.root()).min_depth(1).into_iter().enumerate() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(store.root()).to_owned();
            IoError { action: "list", path, source: error.into() }
        })?;
        if !limits::FILES.holds(count) {
            return Err(SubmitError::Many { path: store.root().to_owned(), what: limits::FILES.exceeded(count) });
        }
        let kind = entry.file_type();
        if !kind.is_file() && !kind.is_dir() {
            let mut notes = Notes { file: store.relative(entry.path()).into(), findings };
            let what = if kind.is_symlink() { "it is a symbolic link" } else { "it is a pipe, a socket or a device" };
            notes.error(what, "hand in plain files and folders: nothing else is read");
        }
    }
    Ok(())
}

/// Bundles that no record names.
fn strangers(store: &Store, named: &BTreeSet<String>, findings: &mut Vec<Finding>) -> Result<(), SubmitError> {
    let bundles = if store.root().join("bundles").is_symlink() { Vec::new() } else { store.bundles()? };
    for path in bundles {
        let name = store.relative(&path);
        if !named.contains(&name) && path.extension().is_some_and(|extension| extension == Bundle::EXTENSION) {
            let mut notes = Notes { file: name.into(), findings };
            notes.warning("no record names this bundle", "leave it out, or hand in its record");
        }
    }
    Ok(())
}

/// A sentence without the file's name at its beginning.
fn without(sentence: &str, file: &Path) -> String {
    crate::record::Problem::of(file, sentence).what
}
