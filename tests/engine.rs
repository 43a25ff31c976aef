//! Whole runs through the library: stopped after a number of steps, and without the CPU's kernels, as another device computes them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use burn::tensor::Device;
use compdd::{
    data::{Library, Task, TaskOptions},
    nn::{NetworkSpec, kernels},
    progress::{NoProgress, Stop},
    record::Budget,
    run::{self, EngineOptions, Places, RunError, RunOptions, ScoringOptions},
    subset::Subset,
    teachers::{self, TeacherContext},
};

/// The kernels are switched for the whole process: one run at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn images() -> TaskOptions {
    TaskOptions { resolution: Some(16), train_per_class: Some(20), test_per_class: Some(5), ..TaskOptions::default() }
}

fn options(method: &str, results: &Path, set: &[(&str, &str)]) -> RunOptions {
    RunOptions {
        network: Some("convnet-d2-w8".to_owned()),
        overrides: set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        images: images(),
        scoring: ScoringOptions { budget: Budget::Smoke, students: Some(1), ..ScoringOptions::default() },
        engine: EngineOptions { checkpoint_seconds: 0, ..EngineOptions::default() },
        places: Places { results: results.to_owned(), ..Places::here() },
        ..RunOptions::new(method, "scenes-easy", Some(1))
    }
}

/// Records and sets below a folder; not what differs between identical runs.
fn kept(results: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = ["records", "bundles"].into_iter().flat_map(|room| walkdir::WalkDir::new(results.join(room)));
    let files = files.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let named = files.map(|path| (path.strip_prefix(results).unwrap().display().to_string(), fs::read(&path).unwrap()));
    named.filter(|(name, _)| !name.ends_with(".timing.json")).collect()
}

/// A run that is stopped again and again, each time some questions later than before, until it is done; how often it was stopped.
fn in_pieces(options: &RunOptions) -> usize {
    let mut stops = 0;
    loop {
        match run::execute(&options.clone().check().unwrap(), &NoProgress, &Stop::after(3 + stops)) {
            Ok(_) => return stops,
            Err(RunError::Interrupted(_)) => stops += 1,
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn stopped_again_and_again_it_ends_with_the_same_bytes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (method, set, least) in [
        ("dm", &[("iterations", "6")][..], 4),
        ("dsa", &[("iterations", "2"), ("outer_steps", "3"), ("inner_epochs", "2")], 4),
        ("mtt", &[("iterations", "3"), ("init", "real")], 4),
    ] {
        assert_same_in_pieces(method, least, |results| options(method, results, set));
    }
}

fn assert_same_in_pieces(method: &str, least: usize, options: impl Fn(&Path) -> RunOptions) {
    let (whole, pieces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undisturbed = options(whole.path()).check().unwrap();
    run::execute(&undisturbed, &NoProgress, &Stop::never()).unwrap();
    let stops = in_pieces(&options(pieces.path()));
    assert!(stops >= least, "{method} was stopped {stops} times");
    let (expected, found) = (kept(whole.path()), kept(pieces.path()));
    assert!(expected.len() >= 3, "{:?}", expected.keys());
    assert!(found == expected, "{method}: {:?} after {stops} stops", found.keys());
}

/// The same for images that are recovered from a teacher, in the middle of a batch and between two.
#[test]
fn a_recovery_that_is_stopped_ends_with_the_same_bytes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let subset = Subset::find("scenes-easy").unwrap();
    let task = Task::load(&subset, &Library::empty(), &images()).unwrap();
    let network = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 16, 10).unwrap();
    let mut recipe = teachers::Recipe::default();
    recipe.plan.epochs = 1;
    let stop = Stop::never();
    let context = TeacherContext::new(Device::flex(), &stop);
    let teacher = teachers::train(&task, &network, &recipe, None, folder.path(), &context).unwrap();
    let set = [("iterations", "8"), ("batch", "6"), ("crop", "true")];
    for method in ["sre2l", "cda"] {
        assert_same_in_pieces(method, 4, |results| {
            let mut options = options(method, results, &set);
            options.scoring.protocol = "soft".to_owned();
            options.scoring.teachers = vec![teacher.path().to_owned()];
            options
        });
    }
}

#[test]
fn a_whole_run_needs_no_kernel() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let images = |enabled| {
        let results = tempfile::tempdir().unwrap();
        kernels::set_enabled(enabled);
        let plan = options("dm", results.path(), &[("iterations", "3")]).check().unwrap();
        let outcomes = run::execute(&plan, &NoProgress, &Stop::never());
        kernels::set_enabled(true);
        let record = &outcomes.unwrap()[0].record;
        let set = compdd::record::Bundle::read(&results.path().join(&record.bundles[0].path)).unwrap();
        (set.images, record.summary.mean)
    };
    let ((kernels, _), (composed, score)) = (images(true), images(false));
    assert!(score > 0.0 && score <= 1.0, "{score}");
    let worst = kernels.iter().zip(&composed).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst > 0.0, "both were computed by the same code");
    assert!(worst < 1e-3, "{worst}");
}
