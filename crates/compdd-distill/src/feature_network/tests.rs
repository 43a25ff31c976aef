//! A feature network is trained once, whatever happens on the way, and what is not one is refused.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use super::*;
use compdd_core::{
    progress::{Interrupted, Progress, Stop},
    subset::Subset,
};
use compdd_data::data::{Library, TaskOptions};

const EVERY: Duration = Duration::ZERO;

fn task() -> &'static Task {
    static TASK: OnceLock<Task> = OnceLock::new();
    TASK.get_or_init(|| {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(12),
            test_per_class: Some(2),
            ..TaskOptions::default()
        };
        Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap()
    })
}

fn demand(trials: Option<usize>) -> Demand {
    Demand { network: None, epochs: 2, batch: 32, learning_rate: 0.01, trials }
}

fn made(demand: &Demand, run: u64, root: &Path, hooks: Hooks<'_>) -> Result<FeatureNetwork, FeatureNetworkError> {
    let (device, spec) = (Device::flex(), NetworkSpec::parse("convnet-d2-w8").unwrap());
    ensure(demand, &spec, run, Place { root, task: task(), device: &device, hooks, every: EVERY })
}

/// The files below a folder, by name.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    root.read_dir().unwrap().map(|entry| file(entry.unwrap())).collect()
}

/// Counts how often the cost is announced.
#[derive(Default)]
struct Announced(std::sync::Mutex<Vec<String>>);

impl Progress for Announced {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn one_training_serves_all_who_ask_for_it() {
    let (root, stop, announced) = (tempfile::tempdir().unwrap(), Stop::never(), Announced::default());
    let hooks = Hooks { progress: &announced, stop: &stop };
    let first = made(&demand(None), 3, root.path(), hooks).unwrap();
    let again = made(&demand(None), 3, root.path(), hooks).unwrap();
    assert_eq!(first.state, again.state);
    let said = announced.0.lock().unwrap().clone();
    assert!(said.len() == 1 && said[0].contains("2 epochs of 120 images"), "{said:?}");
    assert_eq!(files(root.path()).len(), 1, "nothing unfinished is left");
    // Another run, more epochs, another network, words noted: each is another training.
    let more = Demand { epochs: 3, ..demand(None) };
    let other = Demand { network: Demand::named("mlp"), ..demand(None) };
    for (run, demand) in [(4, &demand(None)), (3, &more), (3, &other), (3, &demand(Some(1)))] {
        made(demand, run, root.path(), hooks).unwrap();
    }
    assert_eq!(files(root.path()).len(), 5);
}

#[test]
fn an_interrupted_training_ends_with_the_same_bytes() {
    for trials in [None, Some(2)] {
        let (whole, parts, stop) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Stop::never());
        made(&demand(trials), 3, whole.path(), Hooks::silent(&stop)).unwrap();
        let mut stops = 0;
        while let Err(error) = made(&demand(trials), 3, parts.path(), Hooks::silent(&Stop::after(7))) {
            assert!(Interrupted::is(&error), "{error}");
            assert!(parts.path().read_dir().unwrap().count() == 1, "only what is unfinished");
            stops += 1;
        }
        assert!(stops > 0 && files(whole.path()) == files(parts.path()), "{trials:?}: {stops} stops");
    }
}

#[test]
fn two_at_once_train_one() {
    let (root, stop, announced) = (tempfile::tempdir().unwrap(), Stop::never(), Announced::default());
    let hooks = Hooks { progress: &announced, stop: &stop };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| made(&demand(None), 3, root.path(), hooks).unwrap());
        }
    });
    let said = announced.0.into_inner().unwrap();
    let (waits, trainings): (Vec<_>, Vec<_>) =
        said.iter().partition(|text| text.starts_with("waiting for feature network"));
    assert_eq!((trainings.len(), files(root.path()).len()), (1, 1));
    assert!(waits.len() <= 2, "{waits:?}");
}

#[test]
fn a_file_that_is_none_is_named() {
    let (root, stop) = (tempfile::tempdir().unwrap(), Stop::never());
    for trials in [None, Some(1)] {
        made(&demand(trials), 3, root.path(), Hooks::silent(&stop)).unwrap();
        let [name] = [files(root.path()).into_keys().next().unwrap()];
        let path = root.path().join(&name);
        let whole = fs::read(&path).unwrap();
        for bytes in [&whole[..whole.len() / 2], b"", b"nothing of the kind"] {
            fs::write(&path, bytes).unwrap();
            let error = made(&demand(trials), 3, root.path(), Hooks::silent(&stop)).unwrap_err().to_string();
            assert!(error.contains(&name), "{error}");
        }
        fs::remove_file(&path).unwrap();
    }
}
