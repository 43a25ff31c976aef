//! Experts that are trained, stopped, stored, read and asked for labels.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    gsam::{Gradient, Gsam},
    *,
};
use crate::{
    augment::DsaConfig,
    data::{Task, TaskOptions},
    eval::Progress,
    nn::{Layout, Network, NetworkSpec, Params},
    subset::Subset,
};

/// Ten classes of eight training images each, two of them held out.
fn task() -> Task {
    let options = TaskOptions {
        resolution: Some(16),
        heldout: 0.25,
        train_per_class: Some(8),
        test_per_class: Some(2),
        ..TaskOptions::default()
    };
    Task::load(&Subset::find("scenes-easy").unwrap(), None, &options).unwrap()
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

fn go() -> AtomicBool {
    AtomicBool::new(false)
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
    stop: &'a AtomicBool,
}

impl Progress for StopAfter<'_> {
    fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
        if self.epochs.fetch_add(1, Ordering::Relaxed) + 1 >= self.limit {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Counts epochs.
#[derive(Default)]
struct Count(AtomicUsize);

impl Progress for Count {
    fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Two parameters called `w`, and `f = (w1^2 + 3 w2^2) / 2` with its gradient `(w1, 3 w2)`.
fn toy() -> (Params, impl Fn(&Params) -> Gradient) {
    let network = NetworkSpec::parse("mlp").unwrap().build(1, 1, 2).unwrap();
    let mut slot = network.layout().parameters[1].clone();
    (slot.name, slot.shape) = ("w".into(), vec![2]);
    let layout = std::sync::Arc::new(Layout { parameters: vec![slot], buffers: Vec::new() });
    let device = Device::flex();
    let params = Params::new(&layout, vec![Tensor::from_floats([1.0, -2.0], &device)], Vec::new());
    let f = move |params: &Params| {
        let scale = Tensor::<1>::from_floats([1.0, 3.0], &device);
        let gradient = params.clone().map(|w| w * scale.clone());
        let loss = (params.flatten() * gradient.flatten()).sum().mul_scalar(0.5);
        Gradient { loss, gradient }
    };
    (params, f)
}

fn host(value: &Tensor<1>) -> Vec<f32> {
    value.clone().into_data().iter::<f32>().collect()
}

fn close(actual: &[f32], expected: &[f32], tolerance: f32) {
    let near = actual.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(near && actual.len() == expected.len(), "{actual:?} is not {expected:?}");
}

#[test]
fn a9_gsam_on_a_quadratic() {
    let (w, f) = toy();
    let step = Gsam { rho: 0.01, alpha: 0.3, adaptive: true }.step(&w, 0.01, f);
    close(&host(&step.gradient), &[1.0, -6.0], 0.0);
    close(&host(&step.perturbation), &[0.000_830, -0.019_931], 1e-6);
    close(&host(&step.gradient_perturbed), &[1.000_830, -6.059_793], 1e-6);
    close(&host(&step.orthogonal), &[0.008_804_7, 0.001_454_2], 2e-6);
    close(&host(&step.direction), &[0.998_189, -6.060_229], 2e-6);
    close(&step.params.to_host(), &[0.990_018, -1.939_398], 1e-6);
    let inner: f32 = (step.orthogonal * step.gradient_perturbed).sum().into_scalar();
    assert!(inner.abs() < 1e-5, "{inner}");
}

#[test]
fn a10_without_radius_gsam_is_sgd_and_without_alpha_it_is_sam() {
    for adaptive in [true, false] {
        let (w, f) = toy();
        let step = Gsam { rho: 0.0, alpha: 0.3, adaptive }.step(&w, 0.01, &f);
        let sgd = w.clone().add_scaled(&f(&w).gradient, -0.01);
        close(&step.params.to_host(), &sgd.to_host(), 1e-7);
        let step = Gsam { rho: 0.01, alpha: 0.0, adaptive }.step(&w, 0.01, &f);
        assert_eq!(host(&step.direction), host(&step.gradient_perturbed));
        assert_ne!(host(&step.direction), host(&step.gradient));
    }
    // The plain perturbation has length rho along g.
    let (w, f) = toy();
    let step = Gsam { rho: 0.01, alpha: 0.3, adaptive: false }.step(&w, 0.01, f);
    let length: f32 = step.perturbation.square().sum().sqrt().into_scalar();
    assert!((length - 0.01).abs() < 1e-7, "{length}");
}

#[test]
fn a12_a_window_must_end_within_the_training() {
    let window = Window { first: 0, end: 20, span: 2 };
    assert!(window.check(21).is_ok());
    let message = window.check(20).unwrap_err().to_string();
    assert!(message.contains("ends at epoch 21, but the experts are trained for 20"), "{message}");
    assert!(matches!(Window { first: 4, end: 4, span: 2 }.check(50), Err(ExpertError::EmptyWindow { .. })));
    assert!(matches!(Window { first: 0, end: 4, span: 0 }.check(50), Err(ExpertError::EmptyWindow { .. })));
    assert_eq!(window.epochs().to_string(), "0-21");
    assert_eq!(Window { first: 40, end: 60, span: 30 }.epochs().to_string(), "40-59,70-89");
    let demand = Demand::for_window(Training::datm(), 100, window, 0).unwrap();
    assert_eq!(demand.epochs.to_string(), "0-21,100");
    assert!(Demand::for_window(Training::mtt(), 100, Window { end: 50, ..window }, 0).is_err());

    let root = tempfile::tempdir().unwrap();
    let buffer = train(&Demand { experts: 1, ..self::demand() }, root.path());
    assert!(buffer.check_epochs(&"0,6".parse().unwrap()).is_ok());
    let message = buffer.check_epochs(&"2-4,6".parse().unwrap()).unwrap_err().to_string();
    assert!(message.contains("holds epochs 0,3,6, but not 2,4"), "{message}");
}

#[test]
fn a15_chosen_images_carry_labels_that_name_their_class() {
    let root = tempfile::tempdir().unwrap();
    let (task, network, stop) = (task(), network(), go());
    let training = Training { epochs: 30, augmentation: DsaConfig::none(), ..demand().training };
    let buffer = train(&Demand { training, epochs: "0,30".parse().unwrap(), ..demand() }, root.path());
    let device = Device::flex();
    let images = correct_images(&buffer, &network, &task, 2, 1, &device, &stop).unwrap();
    let labels: Vec<u32> = images.iter().map(|&i| task.train.labels()[i]).collect();
    assert_eq!(labels, (0..10).flat_map(|label| [label; 2]).collect::<Vec<u32>>());
    assert!(images.iter().all(|i| !task.heldout.contains(i)));
    assert_eq!(images, correct_images(&buffer, &network, &task, 2, 1, &device, &stop).unwrap());

    let pixels = task.space.tensor(&task.train, &images, &device);
    let mean = label_logits(&buffer, &network, &pixels, &labels, &stop).unwrap();
    assert!(mean.correct().iter().all(|&count| count >= 1));
    let rows = mean.labels();
    for (row, &label) in rows.chunks_exact(10).zip(&labels) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(row[label as usize], largest, "{row:?}");
    }
    let one = last_logits(&buffer, &network, 0, &pixels).unwrap();
    assert_eq!(one.len(), rows.len());

    let random = random_images(&task, 6, 1).unwrap();
    assert_eq!(random.iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
    assert!(matches!(random_images(&task, 7, 1), Err(ExpertError::TooFewImages { found: 6, needed: 7, .. })));
}

#[test]
fn a_class_that_is_never_right_is_named_and_labels_fall_back_to_the_mean() {
    let root = tempfile::tempdir().unwrap();
    let (task, network) = (task(), network());
    let buffer = train(&Demand { epochs: "0".parse().unwrap(), ..demand() }, root.path());
    let error = correct_images(&buffer, &network, &task, 6, 1, &Device::flex(), &go()).unwrap_err();
    assert!(matches!(error, ExpertError::TooFewCorrect { needed: 6, experts: 2, .. }), "{error}");
    assert!(error.to_string().contains("training images of class"), "{error}");

    let mut mean = LabelMean::new(&[1], 2);
    mean.add(&[3.0, 1.0]);
    mean.add(&[5.0, 2.0]);
    assert_eq!((mean.correct(), mean.labels()), (&[0][..], vec![4.0, 1.5]));
    mean.add(&[0.0, 7.0]);
    assert_eq!((mean.correct(), mean.labels()), (&[1][..], vec![0.0, 7.0]));
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
    let seed = crate::rng::Stream::child_seed(5, "expert", 1);
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
            assert!(matches!(stopped, Err(ExpertError::Interrupted)), "after {limit} epochs: {stopped:?}");
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
    impl Progress for Kill<'_> {
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

#[test]
fn bf16_is_half_as_large_and_close() {
    let root = tempfile::tempdir().unwrap();
    let single = train(&demand(), root.path());
    let half = train(&Demand { precision: Precision::Bf16, ..demand() }, root.path());
    for epoch in [0, 3, 6] {
        let pairs = single.snapshot(1, epoch).unwrap().into_iter().zip(half.snapshot(1, epoch).unwrap());
        for (exact, stored) in pairs {
            assert!((exact - stored).abs() <= exact.abs() / 256.0, "{exact} became {stored}");
        }
    }
    let images = 60;
    for (demand, buffer) in [(demand(), &single), (Demand { precision: Precision::Bf16, ..demand() }, &half)] {
        let cost = cost(&demand, &network(), images);
        let on_disk: u64 = (0..2)
            .map(|i| std::fs::metadata(buffer.path().join(format!("expert-{i:04}.safetensors"))).unwrap().len())
            .sum();
        assert_eq!((cost.bytes, buffer.manifest().bytes()), (on_disk, on_disk));
        assert_eq!((cost.epochs, cost.images), (12, 720));
    }
    let [single, half] = [&single, &half].map(|buffer| buffer.manifest().bytes() as f64);
    assert!((half / single - 0.5).abs() < 0.02);
    assert_eq!(cost(&gsam_demand(), &network(), images).images, 1440);
}

#[test]
fn published_sizes() {
    let size = |depth: usize, side, classes, epochs: &str| {
        let network = NetworkSpec::parse(&format!("convnet-d{depth}")).unwrap().build(3, side, classes).unwrap();
        let training = Training::datm();
        let epochs = epochs.parse().unwrap();
        let demand = Demand { training, experts: 100, epochs, precision: Precision::F32, seed: 0 };
        (cost(&demand, &network, 1).bytes as f64 / 1e8).round() / 10.0
    };
    // Section 2.1 of the specification: every epoch of 100 experts, in GB.
    assert_eq!(size(3, 32, 10, "0-50"), 6.5);
    assert_eq!(size(3, 32, 10, "0-100"), 12.9);
    assert_eq!(size(4, 64, 200, "0-100"), 34.6);
    assert_eq!(size(5, 128, 10, "0-100"), 24.9);
    // What the Comp-DD recipes read at 1, 10 and 50 images per class.
    let window = |end| Window { first: 0, end, span: 2 }.epochs().union(&[100].into_iter().collect()).to_string();
    assert_eq!([10, 20, 40].map(|end| size(5, 128, 10, &window(end))), [3.2, 5.7, 10.6]);
}

#[test]
fn damaged_files_are_named() {
    let root = tempfile::tempdir().unwrap();
    let buffer = train(&demand(), root.path());
    let file = buffer.path().join("expert-0001.safetensors");
    let whole = std::fs::read(&file).unwrap();
    assert!(buffer.verify(|_| ()).is_ok());
    let open = |bytes: &[u8]| {
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
        Buffer::open(buffer.path())
    };
    let cut = open(&whole[..whole.len() - 4]).unwrap_err().to_string();
    assert!(cut.contains(&format!("has {} bytes instead of {}", whole.len() - 4, whole.len())), "{cut}");
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let error = open(&flipped).unwrap().verify(|_| ()).unwrap_err();
    assert!(matches!(error, ExpertError::Hash { .. }), "{error}");
    let mut renamed = whole.clone();
    let at = whole.windows(9).position(|window| window == b"snapshots").unwrap();
    renamed[at] = b'S';
    assert!(matches!(open(&renamed), Err(ExpertError::Format { .. })));
    // A deleted file is trained again, to the same bytes.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(Buffer::open(buffer.path()).unwrap().len(), 1);
    train(&demand(), root.path());
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    std::fs::write(buffer.path().join("manifest.json"), "{\"format\": \"x\", \"version\": 1}").unwrap();
    assert!(matches!(Buffer::open(buffer.path()), Err(ExpertError::Record(_))));
    assert!(matches!(Buffer::open(root.path()), Err(ExpertError::NotABuffer { .. })));
}

#[test]
fn one_process_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let buffer = train(&demand(), root.path());
    let lock = std::fs::File::create(buffer.path().join("lock")).unwrap();
    lock.try_lock().unwrap();
    let (go, more) = (go(), Demand { experts: 3, ..demand() });
    let context = ExpertContext::new(Device::flex(), &go);
    let error = ensure(&more, &network(), &task(), root.path(), &context).unwrap_err();
    assert!(matches!(error, ExpertError::Busy { .. }), "{error}");
    // What is there can be used meanwhile.
    assert_eq!(train(&demand(), root.path()).len(), 2);
}

#[test]
fn the_curriculum_of_pad() {
    let pad = Curriculum::default();
    let kept = |epoch| pad.kept(epoch, 500);
    assert_eq!([0, 10, 20, 21, 40].map(kept), [0..375, 0..437, 0..500, 0..500, 0..500]);
    assert_eq!([41, 60, 61, 99].map(kept), [50..500, 50..500, 100..500, 100..500]);
    // A class of the size of CIFAR-100's keeps its images, and a single image is always kept.
    assert_eq!([0, 50, 90].map(|epoch| pad.kept(epoch, 1)), [0..1, 0..1, 0..1]);
    assert_eq!(pad.kept(5, 0), 0..0);

    let root = tempfile::tempdir().unwrap();
    let curriculum =
        Curriculum { score_epochs: 1, score_networks: 2, full_at: 1, drop_after: 2, drop_more_after: 4, ..pad };
    let training = Training { curriculum: Some(curriculum), ..demand().training };
    let with = Demand { training, experts: 1, ..demand() };
    let buffer = train(&with, root.path());
    let plain = train(&Demand { experts: 1, ..demand() }, root.path());
    assert_eq!(buffer.snapshot(0, 0).unwrap(), plain.snapshot(0, 0).unwrap());
    assert_ne!(buffer.snapshot(0, 3).unwrap(), plain.snapshot(0, 3).unwrap());
    let other = tempfile::tempdir().unwrap();
    assert_eq!(contents_of(&train(&with, other.path())), contents_of(&buffer));
}

#[test]
fn difficulty_is_small_for_what_is_known() {
    for score in [Score::El2n, Score::Loss] {
        let [easy, hard] = [0, 1].map(|label| score.of(&[5.0, 1.0, 0.0], label));
        assert!(easy < hard, "{score:?}: {easy} {hard}");
    }
    assert!((Score::El2n.of(&[0.0, 0.0], 0) - 0.5_f32.sqrt()).abs() < 1e-6);
    assert!((Score::Loss.of(&[0.0, 0.0], 0) - 2.0_f32.ln()).abs() < 1e-6);
}

#[test]
fn a_share_is_drawn_from_every_class() {
    let task = task();
    let half = Training { share: 0.5, ..Training::default() };
    let images = half.images(&task, 1);
    assert_eq!(images.len(), 30);
    for label in 0..10 {
        assert_eq!(images.iter().filter(|&&i| task.train.labels()[i] == label).count(), 3);
    }
    assert!(images.iter().all(|i| !task.heldout.contains(i)));
    assert_ne!(images, half.images(&task, 2));
    assert_eq!(Training::default().images(&task, 1), task.training());
}

#[test]
fn settings_out_of_range_are_named() {
    let message = |training: Training| training.validate().unwrap_err().to_string();
    let base = Training::default;
    for training in [Training::mtt(), Training::ftd(1.0), Training::datm(), Training::pad()] {
        assert!(training.validate().is_ok());
    }
    assert!(message(Training { epochs: 0, ..base() }).contains("`epochs` is 0"));
    assert!(message(Training { batch: 0, ..base() }).contains("`batch` is 0"));
    assert!(message(Training { learning_rate: f32::NAN, ..base() }).contains("`learning_rate` is NaN"));
    assert!(message(Training { share: 0.0, ..base() }).contains("`share` is 0"));
    let gsam = Optimizer::Gsam(Gsam { rho: -1.0, ..Gsam::default() });
    assert!(message(Training { optimizer: gsam, ..base() }).contains("`rho` is -1"));
    let curriculum = Some(Curriculum { drop_after: 90, ..Curriculum::default() });
    assert!(message(Training { curriculum, ..base() }).contains("`drop_after` is 90"));
    let demand = Demand { epochs: "0,7".parse().unwrap(), ..demand() };
    assert!(demand.validate().unwrap_err().to_string().contains("`kept epochs` is 0,7"));
    let bn = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 16, 10).unwrap();
    let error = find(&self::demand(), &bn, &task(), Path::new("nowhere")).unwrap_err();
    assert!(error.to_string().contains("convnet-d2-w8-bn keeps running statistics"), "{error}");
    let drop = Training { drop: true, epochs: 10, ..base() };
    assert_eq!([0, 6, 7].map(|epoch| (drop.rate(epoch) * 1e4).round()), [100.0, 100.0, 10.0]);
}

#[test]
fn trainings_read_as_they_are_written() {
    for training in [Training::mtt(), Training::datm(), Training::pad()] {
        let text = serde_json::to_string(&training).unwrap();
        assert_eq!(serde_json::from_str::<Training>(&text).unwrap(), training);
    }
    let short: Training = serde_json::from_str(r#"{"epochs": 3, "optimizer": {"kind": "gsam", "rho": 0.02}}"#).unwrap();
    assert_eq!(short.optimizer, Optimizer::Gsam(Gsam { rho: 0.02, ..Gsam::default() }));
    assert!(serde_json::from_str::<Training>(r#"{"epoch": 3}"#).is_err());
}

#[test]
fn the_schema_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/experts.schema.json");
    let text = serde_json::to_string_pretty(&Manifest::schema()).unwrap() + "\n";
    if std::env::var_os("COMPDD_WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
}
