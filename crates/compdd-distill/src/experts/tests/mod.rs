//! Experts that are trained, stopped, stored, read and asked for labels.

mod files;
mod import;
mod recipe;
mod start;
mod steps;

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use burn::tensor::Device;

use super::{gsam::Gsam, *};
use crate::eval::TrainingProgress;
use compdd_core::{progress::Stop, subset::Subset};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::nn::{Network, NetworkSpec};

/// Ten classes of eight training images each, two of them held out.
fn task() -> Task {
    let options = TaskOptions {
        resolution: Some(16),
        heldout: 0.25,
        train_per_class: Some(8),
        test_per_class: Some(2),
        ..TaskOptions::default()
    };
    Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap()
}

fn network() -> Network {
    NetworkSpec::parse("convnet-d2-w8").unwrap().build(3, 16, 10).unwrap()
}

/// Three minibatches an epoch, the last one partial; every third epoch is kept.
fn demand() -> Demand {
    let training = Training { epochs: 6, batch: 25, learning_rate: 0.05, ..Training::default() };
    Demand { training, experts: 2, epochs: "0,3,6".parse().unwrap(), precision: Precision::F32, seed: 5 }
}

fn gsam_demand() -> Demand {
    let training = Training { optimizer: Optimizer::Gsam(Gsam::default()), ..demand().training };
    Demand { training, ..demand() }
}

fn go() -> Stop {
    Stop::never()
}

fn train(demand: &Demand, root: &Path) -> Buffer {
    let go = go();
    ensure(demand, &network(), &task(), root, &ExpertContext::new(Device::flex(), &go)).unwrap()
}

/// Every file of a folder, by name, with its bytes.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Sets the stop flag once it has heard of this many epochs.
struct StopAfter<'a> {
    epochs: AtomicUsize,
    limit: usize,
    stop: &'a Stop,
}

impl TrainingProgress for StopAfter<'_> {
    fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
        if self.epochs.fetch_add(1, Ordering::Relaxed) + 1 >= self.limit {
            self.stop.request();
        }
    }
}

/// Counts epochs.
#[derive(Default)]
struct Count(AtomicUsize);

impl TrainingProgress for Count {
    fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_second_call_trains_nothing_and_a_larger_demand_extends() {
    let root = tempfile::tempdir().unwrap();
    let (task, network, stop) = (task(), network(), go());
    let run = |demand: &Demand| {
        let count = Count::default();
        let context = ExpertContext { progress: &count, ..ExpertContext::new(Device::flex(), &stop) };
        let buffer = ensure(demand, &network, &task, root.path(), &context).unwrap();
        (buffer, count.0.load(Ordering::Relaxed))
    };
    assert!(find(&demand(), &network, &task, root.path()).unwrap().is_none());
    let (buffer, epochs) = run(&demand());
    assert_eq!((buffer.len(), epochs, buffer.epochs().to_string()), (2, 12, "0,3,6".into()));
    assert_eq!(run(&demand()).1, 0);
    assert!(find(&demand(), &network, &task, root.path()).unwrap().is_some());
    let three = Demand { experts: 3, ..demand() };
    let (extended, epochs) = run(&three);
    assert_eq!((extended.len(), epochs), (3, 6));
    // The smaller demand still sees two experts, and the same ones.
    let (again, _) = run(&demand());
    assert_eq!(again.len(), 2);
    assert_eq!(again.snapshot(1, 6).unwrap(), buffer.snapshot(1, 6).unwrap());

    // Epoch 4 is one epoch from the stored epoch 3; the bytes are those of a training that stored it at once.
    let finer = Demand { epochs: "4,6".parse().unwrap(), ..demand() };
    let (finer_buffer, epochs) = run(&finer);
    assert_eq!((epochs, finer_buffer.epochs().to_string()), (2, "0,3-4,6".into()));
    let other = tempfile::tempdir().unwrap();
    let straight = train(&Demand { epochs: "0,3,4,6".parse().unwrap(), ..demand() }, other.path());
    for epoch in [0, 3, 4, 6] {
        assert_eq!(straight.snapshot(1, epoch).unwrap(), finer_buffer.snapshot(1, epoch).unwrap(), "epoch {epoch}");
    }

    // Another seed, training or share is another buffer.
    let others = [
        Demand { seed: 6, ..demand() },
        Demand { training: Training { share: 0.5, ..demand().training }, ..demand() },
        gsam_demand(),
    ];
    for other in others {
        let (_, epochs) = run(&Demand { experts: 1, ..other });
        assert_eq!(epochs, 6);
    }
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 4);
}

#[test]
fn experts_differ_and_learn() {
    let root = tempfile::tempdir().unwrap();
    let buffer = train(&demand(), root.path());
    assert_ne!(buffer.snapshot(0, 0).unwrap(), buffer.snapshot(1, 0).unwrap());
    assert_ne!(buffer.snapshot(0, 3).unwrap(), buffer.snapshot(0, 6).unwrap());
    let seed = compdd_core::rng::Stream::child_seed(5, "expert", 1);
    assert_eq!(buffer.snapshot(1, 0).unwrap(), network().init(seed, &Device::flex()).to_host());
    let accuracy = buffer.manifest().experts[0].heldout_accuracy.unwrap();
    assert!((0.0..=1.0).contains(&accuracy));
    assert!(buffer.params(&network(), 0, 6, &Device::flex()).is_ok());
    let wider = NetworkSpec::parse("convnet-d2-w16").unwrap().build(3, 16, 10).unwrap();
    let message = buffer.params(&wider, 0, 6, &Device::flex()).unwrap_err().to_string();
    assert!(message.contains("holds experts of convnet-d2-w8 at 16 px"), "{message}");
    assert!(matches!(buffer.snapshot(2, 0), Err(ExpertError::MissingExpert { expert: 2, stored: 2, .. })));
    assert!(matches!(buffer.snapshot(0, 1), Err(ExpertError::MissingEpochs { .. })));
}

#[test]
fn an_interrupted_training_ends_with_the_same_bytes() {
    let (task, network) = (task(), network());
    for demand in [demand(), gsam_demand(), Demand { precision: Precision::Bf16, ..demand() }] {
        let straight = tempfile::tempdir().unwrap();
        let expected = contents(train(&demand, straight.path()).path());
        // Stopped within the first expert, between kept epochs, at its end, and within the second expert.
        for limit in [1, 4, 6, 9] {
            let root = tempfile::tempdir().unwrap();
            let stop = go();
            let progress = StopAfter { epochs: AtomicUsize::new(0), limit, stop: &stop };
            let context = ExpertContext { progress: &progress, ..ExpertContext::new(Device::flex(), &stop) };
            let stopped = ensure(&demand, &network, &task, root.path(), &context);
            assert!(matches!(stopped, Err(ExpertError::Interrupted(_))), "after {limit} epochs: {stopped:?}");
            assert_eq!(contents_of(&train(&demand, root.path())), expected, "stopped after {limit} epochs");
        }
    }
}

fn contents_of(buffer: &Buffer) -> Vec<(String, Vec<u8>)> {
    contents(buffer.path())
}

#[test]
fn a_training_killed_inside_an_epoch_ends_with_the_same_bytes() {
    let (task, network) = (task(), network());
    let straight = tempfile::tempdir().unwrap();
    let expected = contents(train(&demand(), straight.path()).path());
    // A copy of the folder as a kill would leave it: checkpoints before every minibatch, taken at each epoch's end.
    struct Kill<'a> {
        folder: &'a Path,
        copies: &'a Path,
        taken: AtomicUsize,
    }
    impl TrainingProgress for Kill<'_> {
        fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
            let copy = self.copies.join(self.taken.fetch_add(1, Ordering::Relaxed).to_string());
            for entry in walkdir::WalkDir::new(self.folder) {
                let entry = entry.unwrap();
                let target = copy.join(entry.path().strip_prefix(self.folder).unwrap());
                if entry.file_type().is_dir() {
                    std::fs::create_dir_all(target).unwrap();
                } else {
                    std::fs::copy(entry.path(), target).unwrap();
                }
            }
        }
    }
    let (root, copies, stop) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), go());
    let kill = Kill { folder: root.path(), copies: copies.path(), taken: AtomicUsize::new(0) };
    let context = ExpertContext { progress: &kill, every: Duration::ZERO, ..ExpertContext::new(Device::flex(), &stop) };
    ensure(&demand(), &network, &task, root.path(), &context).unwrap();
    assert_eq!(kill.taken.load(Ordering::Relaxed), 12);
    for killed in [0, 2, 5, 7, 11] {
        let folder = copies.path().join(killed.to_string());
        assert_eq!(contents_of(&train(&demand(), &folder)), expected, "killed in epoch {killed}");
    }
}

#[test]
fn lanes_do_not_change_a_byte() {
    let (task, network, stop) = (task(), network(), go());
    let [one, two] = [1, 3].map(|lanes| {
        let root = tempfile::tempdir().unwrap();
        let context = ExpertContext { lanes, ..ExpertContext::new(Device::flex(), &stop) };
        let demand = Demand { experts: 3, ..demand() };
        contents(ensure(&demand, &network, &task, root.path(), &context).unwrap().path())
    });
    assert_eq!(one, two);
}

/// A process that is killed between the last write of an expert and its tidying up leaves rows that the file has; rows that no file has are work.
#[test]
fn rows_of_finished_experts_go_and_work_under_way_stays() {
    let root = tempfile::tempdir().unwrap();
    let (task, network) = (task(), network());
    train(&demand(), root.path());
    let found = || find(&demand(), &network, &task, root.path()).unwrap().unwrap();
    let unfinished = found().path().join("unfinished");
    let leave = |file: &str| {
        let path = unfinished.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"bytes").unwrap();
    };
    leave("expert-0001/epoch-000003.row");
    leave("expert-0001/checkpoint.safetensors");
    found();
    assert!(!unfinished.exists());
    for work in ["expert-0001/epoch-000004.row", "expert-0000/checkpoint.safetensors", "expert-0007/epoch-000003.row"] {
        leave(work);
    }
    found();
    for work in ["expert-0001/epoch-000004.row", "expert-0000/checkpoint.safetensors", "expert-0007/epoch-000003.row"] {
        assert!(unfinished.join(work).exists(), "{work}");
    }
}
