//! Every fault of a submission, and what is said about it.

use std::fs;

use super::*;
use crate::{
    recipe::{Recipe, RecipeRequest, method},
    record::{Budget, Flag, Labels, PixelSpaceRecord, example::record_of as record},
    submit::Level,
};

#[test]
fn a_submission_without_fault_passes() {
    let (results, _) = good();
    let report = report(&results);
    assert_eq!(report.findings, []);
    assert!(report.passes());
    assert_eq!((report.records, report.bundles), (1, 1));
    assert_eq!(report.who.unwrap().shown(), "A. Person (Laboratory)");
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
