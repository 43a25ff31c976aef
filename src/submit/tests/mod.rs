//! Submissions with every kind of fault.

mod bands;
mod checks;
mod forgeries;
mod strangers;

use std::{fmt::Write as _, fs};

use super::{Report, check};
use crate::{
    data::{Decode, PixelSpace, ResizeMode, SourceInfo, SplitInfo},
    record::{
        Bundle, BundleRef, Cell, Record,
        example::{self, Results, around, cell_of as cell, hard, set},
        hash, value_of,
    },
    subset::Subset,
};

const WHO: &str = "name = \"A. Person\"\norganisation = \"Laboratory\"\n";

/// The images of a submission.
fn images() -> SourceInfo {
    let split = |name: &str, images: usize| SplitInfo {
        hash: hash::bytes(name.as_bytes()),
        images,
        per_class: vec![images / 10; 10],
        skipped: Vec::new(),
    };
    SourceInfo {
        kind: "image-folder".into(),
        decode: Decode { resolution: 32, resize: ResizeMode::Squash, antialias: true },
        train: split("train", 50_000),
        test: split("test", 10_000),
        scene_seed: None,
        notes: Vec::new(),
    }
}

fn submitted() -> Cell {
    let (mean, std) = Subset::find("cifar10").unwrap().normalisation();
    let data_hash = hash::of(&(images().identity(), PixelSpace::Normalised { mean, std }.hash()));
    Cell { ipc: 1, resolution: 32, data_hash, ..cell("random") }
}

/// A record of these images.
fn scored(cell: Cell, scores: &[f64]) -> Record {
    Record { data: value_of(&images()), ..example::scored(cell, scores) }
}

/// A submission without a fault.
fn good() -> (Results, Record) {
    let results = Results::default();
    results.submission(WHO);
    let (record, _) = results.keep(scored(submitted(), &around(0.4, 0.005)), hard());
    (results, record)
}

/// A submission whose record was changed before it was written.
fn with_record(change: impl FnOnce(&mut Record)) -> Results {
    let (results, mut record) = good();
    fs::remove_dir_all(results.path().join("records")).unwrap();
    change(&mut record);
    results.save(&record);
    results
}

/// A submission whose set was changed before record and bundle were written.
fn with_set(change: impl FnOnce(&mut crate::record::Distilled)) -> Results {
    let (results, mut record) = good();
    let mut set = set(&record.cell, hard());
    change(&mut set);
    let path = results.path().join(&record.bundles[0].path);
    Bundle::write(&path, &set, true).unwrap();
    record.bundles = vec![BundleRef::to(&path, &results.store).unwrap()];
    results.save(&record);
    results
}

fn report(results: &Results) -> Report {
    check(results.path()).unwrap()
}

fn said(results: &Results) -> String {
    report(results).findings.iter().map(|finding| format!("{finding}\n")).collect::<Vec<_>>().concat()
}

/// What is said about each case.
fn transcript(cases: &[(&str, Results)]) -> String {
    let mut text = String::new();
    for (name, results) in cases {
        let found = said(results);
        assert!(!found.is_empty(), "{name}");
        writeln!(text, "== {name}\n{found}").unwrap();
    }
    text
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("_s0_[0-9a-f]{8}", "_s0_[ID]");
    settings.add_filter("BLAKE3 [0-9a-f]{8}", "BLAKE3 [HASH]");
    settings
}
