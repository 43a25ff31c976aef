//! Every fault of a submission, and what is said about it.

use std::{fmt::Write as _, fs};

use crate::{
    data::{Decode, PixelSpace, ResizeMode, SourceInfo, SplitInfo},
    recipe::{Recipe, RecipeRequest, method},
    record::{
        Budget, Bundle, BundleRef, Cell, Flag, Labels, PixelSpaceRecord, Record, Recovery,
        example::{self, Results, around, cell_of as cell, hard, record_of as record, set},
        hash, value_of,
    },
    submit::{Level, Report, check},
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

#[test]
fn a_submission_without_fault_passes() {
    let (results, _) = good();
    let report = report(&results);
    assert_eq!(report.findings, []);
    assert!(report.passes());
    assert_eq!((report.records, report.bundles), (1, 1));
    assert_eq!(report.who.unwrap().shown(), "A. Person (Laboratory)");
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

#[test]
fn every_fault_of_a_file_is_named() {
    let (no_bundle, _) = good();
    fs::remove_dir_all(no_bundle.path().join("bundles")).unwrap();
    let (nobody, _) = good();
    fs::remove_file(nobody.path().join("submission.toml")).unwrap();
    let (stranger, kept) = good();
    Bundle::write(&stranger.path().join("bundles/other.bundle"), &set(&kept.cell, hard()), false).unwrap();
    let (altered, kept) = good();
    let data = altered.path().join(&kept.bundles[0].path).join(Bundle::DATA);
    let mut bytes = fs::read(&data).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&data, bytes).unwrap();
    let (edited, _) = good();
    let file = edited.store.record_files().unwrap().remove(0);
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("\"mean\": 0.4", "\"mean\": 0.5")).unwrap();
    let (broken, _) = good();
    fs::write(broken.store.record_files().unwrap().remove(0), "{\"format\": \"compdd-record\", \"version\": 1")
        .unwrap();
    let (timed, kept) = good();
    let other = crate::record::Timing::new("another", "cpu");
    other.write(&timed.store.timing_path(&kept.cell)).unwrap();
    let (negative, kept) = good();
    let mut timing = crate::record::Timing::new(&kept.id, "cpu");
    timing.distill_seconds = Some(-1e300);
    timing.write(&negative.store.timing_path(&kept.cell)).unwrap();
    let empty = Results::default();
    empty.submission("name = \"\"");

    let cases = [
        ("no bundle", no_bundle),
        ("altered data", altered),
        ("an edited mean", edited),
        ("half a record", broken),
        ("another's timing", timed),
        ("a negative time", negative),
        ("a stranger", stranger),
        ("nobody", nobody),
        ("nothing", empty),
    ];
    settings().bind(|| insta::assert_snapshot!("files", transcript(&cases)));
}

#[test]
fn every_fault_of_a_claim_is_named() {
    let flagged = |flags: &'static [Flag]| with_record(move |record| flags.iter().for_each(|flag| record.flag(*flag)));
    let cases = [
        (
            "a reduced budget",
            with_record(|record| *record = scored(Cell { budget: Budget::Quick, ..record.cell.clone() }, &[0.3; 3])),
        ),
        ("a set of a reduced budget", flagged(&[Flag::ReducedBudget])),
        (
            "few students",
            with_record(|record| {
                *record = Record { bundles: record.bundles.clone(), ..scored(record.cell.clone(), &[0.4; 2]) }
            }),
        ),
        ("chosen students", with_record(|record| record.students[2].seed = 7)),
        ("best on test", flagged(&[Flag::BestOnTest])),
        ("open division", flagged(&[Flag::ChangedRecipe, Flag::GivenExperts, Flag::Imported, Flag::SkippedFiles])),
        ("other settings", with_record(|record| record.protocol["epochs"] = 2000.into())),
        (
            "other epochs",
            with_record(|record| {
                record.students.iter_mut().for_each(|student| (student.epochs, student.steps) = (9, 9));
            }),
        ),
        ("impossible steps", with_record(|record| record.students[0].steps = usize::MAX)),
        ("an impossible loss", with_record(|record| record.students[0].train_loss = 1.7e308)),
        ("an impossible accuracy", with_record(|record| *record = scored(record.cell.clone(), &[0.123_456_789; 5]))),
        (
            "equal accuracies",
            with_record(|record| {
                *record = Record { bundles: record.bundles.clone(), ..scored(record.cell.clone(), &[0.4; 5]) }
            }),
        ),
        ("a note", with_record(|record| record.subset.notes.push("verified by the maintainers".into()))),
        (
            "an invented published value",
            with_record(|record| {
                let source = "Liu et al., CVPR 2025, table 1".into();
                record.published.push(crate::record::Published { source, mean: 0.05, std: None });
            }),
        ),
        (
            "an invented reference",
            with_record(|record| {
                let mean = record.summary.mean;
                record.recovery =
                    Some(Recovery { ratio: mean / 0.01, reference_mean: 0.01, reference: "full_x".into() });
            }),
        ),
        ("no word about the images", with_record(|record| record.data = serde_json::json!({}))),
        ("other images", with_record(|record| record.data["test"]["hash"] = "0".into())),
        (
            "a protocol of one's own under a known name",
            with_record(|record| record.protocol_hash = Some("00".repeat(32))),
        ),
        (
            "too many images a class",
            with_record(|record| {
                let cell = Cell { ipc: usize::MAX / 2 + 2, ..record.cell.clone() };
                *record = Record { bundles: record.bundles.clone(), ..scored(cell, &around(0.4, 0.005)) };
            }),
        ),
        (
            "too many students",
            with_record(|record| {
                record.students = vec![record.students[0].clone(); 101];
            }),
        ),
        (
            "a subset of another version",
            with_record(|record| {
                record.cell.subset = "cifar10@2".into();
                record.subset.id = "cifar10@2".into();
                record.id = record.cell.id();
            }),
        ),
        (
            "an unknown method",
            with_record(|record| {
                let cell = Cell { method: "new-method".into(), ..record.cell.clone() };
                *record = Record { bundles: record.bundles.clone(), ..scored(cell, &around(0.4, 0.005)) };
            }),
        ),
        (
            "a custom protocol",
            with_record(|record| {
                *record = Record {
                    bundles: record.bundles.clone(),
                    ..scored(Cell { protocol: "house@1".into(), ..record.cell.clone() }, &around(0.4, 0.005))
                };
            }),
        ),
        ("other classes", with_record(|record| record.subset.classes.swap(0, 1))),
        ("no bundle named", with_record(|record| record.bundles.clear())),
        ("a bundle outside", with_record(|record| record.bundles[0].path = "/tmp/mine.bundle".into())),
        ("a draw without a set", with_record(|record| record.students[4].draw = 1)),
        ("another hash", with_record(|record| record.bundles[0].data_hash = "00".repeat(32))),
        ("another method's set", with_set(|set| set.method = "dm".into())),
        (
            "an unshipped recipe",
            with_record(|record| {
                *record = Record {
                    bundles: record.bundles.clone(),
                    ..scored(Cell { method: "dm".into(), ..record.cell.clone() }, &around(0.3, 0.005))
                };
            }),
        ),
        ("a hidden budget", with_set(|set| set.provenance.budget = Budget::Quick)),
        ("a hidden origin", with_set(|set| set.provenance.imported_from.push("theirs.pt".into()))),
        ("another recipe", with_set(|set| set.recipe = serde_json::json!({"learning_rate": 0.02}))),
        ("another number of images", with_set(|set| set.ipc = 2)),
        (
            "too many images",
            with_set(|set| {
                set.images.extend(set.images.clone());
                set.shape[0] = 20;
                set.labels = Labels::Hard((0..20).map(|image| image % 10).collect());
            }),
        ),
        ("a learning rate that nothing survives", with_set(|set| set.learning_rate = 3e38)),
        ("one class only", with_set(|set| set.labels = Labels::Hard(vec![3; 10]))),
        ("bytes as pixels", with_set(|set| set.images.iter_mut().for_each(|value| *value = *value * 127.0 + 128.0))),
        (
            "another normalisation",
            with_set(|set| set.space = PixelSpaceRecord::Normalised { mean: [0.5; 3], std: [0.5; 3] }),
        ),
        (
            "improbably good",
            with_record(|record| {
                *record = Record { bundles: record.bundles.clone(), ..scored(record.cell.clone(), &around(0.9, 0.005)) }
            }),
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("claims", transcript(&cases)));
}

/// What is no plain file is named, and nothing of it is read: not by the check, not by whoever publishes the folder.
#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    use std::os::unix::fs::symlink;
    let (results, record) = good();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("key"), "PRIVATE").unwrap();
    let bundle = results.path().join(&record.bundles[0].path);
    fs::remove_file(bundle.join(Bundle::PREVIEW)).unwrap();
    symlink(elsewhere.path().join("key"), bundle.join(Bundle::PREVIEW)).unwrap();
    symlink("/dev/zero", results.path().join("notes")).unwrap();
    let pipe = results.path().join("curves");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = said(&results);
    assert_eq!(text.matches("it is a symbolic link").count(), 2, "{text}");
    assert!(text.contains("it is a pipe") && !text.contains("PRIVATE"), "{text}");

    // Folders that lead outside: their records and sets are not there.
    for room in ["records", "bundles"] {
        let (results, _) = good();
        let moved = elsewhere.path().join(room);
        fs::rename(results.path().join(room), &moved).unwrap();
        symlink(&moved, results.path().join(room)).unwrap();
        let text = said(&results);
        assert!(text.contains(&format!("error: {room}: it is a symbolic link")), "{text}");
        assert!(text.contains("there is no record") || text.contains("lies outside of the folder"), "{text}");
    }
}

/// A length is compared before anything is read.
#[test]
fn a_huge_sparse_file_is_refused_at_once() {
    let (results, record) = good();
    let data = results.path().join(&record.bundles[0].path).join(Bundle::DATA);
    fs::File::options().write(true).open(&data).unwrap().set_len(1 << 42).unwrap();
    assert!(said(&results).contains("found 4398046511104 bytes"), "{}", said(&results));
    let file = results.store.record_files().unwrap().remove(0);
    fs::File::options().write(true).open(&file).unwrap().set_len(1 << 42).unwrap();
    assert!(said(&results).contains("JSON_BYTES"), "{}", said(&results));
}

/// A name can neither hide what was found nor stand for a line of it.
#[test]
fn names_cannot_write_to_the_terminal() {
    let (results, _) = good();
    results.submission("name = \"A\\u001b[2J\\n0 errors\"\n");
    assert_eq!(report(&results).who.unwrap().shown(), "A\\u{1b}[2J\\n0 errors");
    let file = results.store.record_files().unwrap().remove(0);
    fs::rename(&file, file.with_file_name("a\u{1b}[8m\nb.json")).unwrap();
    let text = said(&results);
    assert!(text.contains("a\\u{1b}[8m\\nb.json") && !text.contains('\u{1b}'), "{text}");
}

/// Faults of several files are all reported, errors first.
#[test]
fn all_findings_come_at_once() {
    let (results, _) = good();
    results.keep(scored(Cell { seed: 1, ..submitted() }, &around(0.9, 0.005)), hard());
    results.save(&scored(Cell { seed: 2, ..submitted() }, &[0.4; 2]));
    let report = report(&results);
    let levels: Vec<Level> = report.findings.iter().map(|finding| finding.level).collect();
    assert_eq!((report.count(Level::Error), report.count(Level::Warning)), (2, 2), "{}", said(&results));
    assert!(levels.is_sorted() && !report.passes());
}

#[test]
fn warnings_let_a_submission_pass() {
    let results = with_record(|record| record.flag(Flag::ChangedRecipe));
    assert!(report(&results).passes() && report(&results).count(Level::Warning) == 1);
}

/// The observer of RDED is the run's teacher, and no change of the recipe.
#[test]
fn an_observer_is_no_change_of_the_recipe() {
    let request = RecipeRequest { subset: "cifar10", ipc: 1, budget: "paper", fidelity: "paper", resolution: 32 };
    let mut recipe = Recipe::shipped(method("rded").unwrap(), &[], &request).unwrap().to_json();
    recipe[Recipe::OBSERVER] = format!("blake3:{}", "ab".repeat(32)).into();
    let warned = |recipe: &serde_json::Value| {
        let results = with_record(|record| {
            record.recipe = recipe.clone();
            (record.cell.method, record.cell.recipe_hash) = ("rded".into(), hash::value(recipe));
            record.id = record.cell.id();
        });
        said(&results).contains("the recipe is not the one")
    };
    assert!(!warned(&recipe));
    recipe["crops"] = 9.into();
    assert!(warned(&recipe));
}

/// Several draws are several sets; each must be there.
#[test]
fn draws_are_all_looked_at() {
    let (results, mut record) = good();
    for draw in 1..5 {
        let path = results.store.bundle_path(&record.cell, Some(draw));
        let mut other = set(&record.cell, hard());
        other.images[0] = draw as f32;
        Bundle::write(&path, &other, false).unwrap();
        record.bundles.push(BundleRef::to(&path, &results.store).unwrap());
        record.students[draw].draw = draw;
    }
    results.save(&record);
    assert_eq!(said(&results), "");
    fs::remove_dir_all(results.store.bundle_path(&record.cell, Some(3))).unwrap();
    assert!(said(&results).contains("-draw3.bundle` is missing"));
}

/// A set of more classes than its subset has.
#[test]
fn labels_beyond_the_subset_are_named() {
    let results = with_set(|set| {
        let other = Subset::find("cifar100").unwrap();
        (_, set.classes, _) = crate::record::Distilled::describe_subset(&other);
        set.labels = Labels::Hard((10..20).collect());
    });
    assert!(said(&results).contains("has label 10, the subset 10 classes"), "{}", said(&results));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = check(std::path::Path::new("nowhere")).unwrap_err();
    assert_eq!(error.to_string(), "nowhere is no folder");
}

/// A board takes what a check lets pass.
#[test]
fn what_passes_can_be_ranked() {
    let (results, _) = good();
    let own = Results::with(&[record("dm", &around(0.3, 0.01))]);
    assert_eq!(
        crate::board::Board::open(&[own.store.clone(), results.store.clone()], &crate::board::Filter::default())
            .unwrap()
            .entries
            .len(),
        2
    );
}
