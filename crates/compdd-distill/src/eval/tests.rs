//! Students that stop, go on, run side by side and fail.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use burn::tensor::{Device, Tensor};

use super::*;
use compdd_core::{
    progress::Stop,
    protocol::{self, Decay, Scoring},
    record::{Budget, Distilled, Fidelity, Labels, PixelSpaceRecord, Provenance},
    rng::Stream,
};
use compdd_data::data::{ImageSet, PixelSpace};
use compdd_nn::{
    feed::PixelTensors as _,
    nn::{Mode, Network, NetworkSpec, Params},
};

const SHAPE: [usize; 3] = [3, 8, 8];

pub(super) fn network() -> Network {
    NetworkSpec::parse("convnet-d2-w8").unwrap().build(3, 8, 4).unwrap()
}

/// Four classes that differ in the brightness of their quarters.
pub(super) fn images(seed: u64, per_class: usize) -> ImageSet {
    let mut stream = Stream::new(seed, "test images", 0);
    let mut pixels = Vec::new();
    let labels: Vec<u32> = (0..4 * per_class as u32).map(|i| i % 4).collect();
    for &label in &labels {
        for p in 0..192 {
            let quarter = (p % 64) / 32 * 2 + (p % 8) / 4;
            let base = if quarter == label as usize { 170.0 } else { 90.0 };
            pixels.push((base + 20.0 * stream.normal()).clamp(0.0, 255.0) as u8);
        }
    }
    ImageSet::new(pixels, labels, SHAPE, ["a", "b", "c", "d"].map(String::from).to_vec()).unwrap()
}

pub(super) fn space() -> PixelSpace {
    PixelSpace::Normalised { mean: [0.5; 3], std: [0.25; 3] }
}

pub(super) fn training_set(learning_rate: f32) -> TrainingSet {
    let set = images(1, 3);
    let device = Device::flex();
    let images = space().tensor(&set, &(0..12).collect::<Vec<_>>(), &device);
    TrainingSet { images, labels: Labels::Hard(set.labels().to_vec()), weights: None, learning_rate }
}

/// Three minibatches an epoch, the last one partial; the learning rate drops after epoch 5.
pub(super) fn protocol() -> Scoring {
    Scoring { epochs: 8, batch: 5, test_batch: 16, ..Scoring::new(Budget::Smoke) }
}

pub(super) fn bits(student: &Student<'_>) -> Vec<u32> {
    student.params().to_host().iter().map(|v| v.to_bits()).collect()
}

/// Sets the stop flag once it has heard of this many epochs.
pub(super) struct StopAfter<'a> {
    pub(super) epochs: AtomicUsize,
    pub(super) limit: usize,
    pub(super) stop: &'a Stop,
}

impl TrainingProgress for StopAfter<'_> {
    fn epoch(&self, _: usize, _: usize, _: usize, _: f64) {
        if self.epochs.fetch_add(1, Ordering::Relaxed) + 1 == self.limit {
            self.stop.request();
        }
    }
}

/// Keeps what it hears.
struct Trace<'a>(&'a Mutex<Vec<(usize, usize, f64)>>);
impl TrainingProgress for Trace<'_> {
    fn epoch(&self, _: usize, epoch: usize, of: usize, loss: f64) {
        self.0.lock().unwrap().push((epoch, of, loss));
    }
}

#[test]
fn one_more_epoch_than_named_and_the_momentum_restarts() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    let mut student = Student::new(&network, Plan::of(&protocol(), 0.05), 7, &Device::flex());
    let losses = Mutex::new(Vec::new());
    student.train(&data, &mut TrainingHooks::new(0, &go, &Trace(&losses))).unwrap();
    let losses = losses.into_inner().unwrap();
    assert_eq!(losses.iter().map(|l| (l.0, l.1)).collect::<Vec<_>>(), (1..=9).map(|e| (e, 9)).collect::<Vec<_>>());
    assert!(losses[8].2 < losses[0].2, "{losses:?}");
    // Epochs 6, 7 and 8 follow the switch: three steps each since the optimiser was rebuilt.
    assert_eq!(student.optimizer.steps(), 9);
}

#[test]
fn a_saved_student_goes_on_bit_for_bit() {
    let (network, data) = (network(), training_set(0.05));
    let train =
        |student: &mut Student<'_>| student.train(&data, &mut TrainingHooks::new(0, &Stop::never(), &())).unwrap();
    let fresh = || Student::new(&network, Plan::of(&protocol(), 0.05), 7, &Device::flex());
    let mut straight = fresh();
    train(&mut straight);
    for limit in [1, 5, 6, 8] {
        let stop = Stop::never();
        let progress = StopAfter { epochs: AtomicUsize::new(0), limit, stop: &stop };
        let mut first = fresh();
        let result = first.train(&data, &mut TrainingHooks::new(0, &stop, &progress));
        assert!(matches!(result, Err(EvalError::Interrupted(_))));
        let mut second = fresh();
        assert!(second.restore(&first.to_bytes("set").unwrap(), "set").unwrap());
        assert_eq!(second.epochs_done(), limit);
        train(&mut second);
        assert_eq!(bits(&second), bits(&straight), "stopped after {limit} epochs");
        assert_eq!(second.last_loss().to_bits(), straight.last_loss().to_bits());
    }
}

/// IDC's way: minibatches mixed by chance, two drops without a new optimiser, and no epoch more than named.
#[test]
fn mixed_minibatches_are_drawn_alike_after_an_interruption() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    let idc =
        |cutmix| Scoring { cutmix, extra_epoch: false, decay: Decay::TwoThirdsFiveSixths, drop: 0.2, ..protocol() };
    let fresh = |cutmix| Student::new(&network, Plan::of(&idc(cutmix), 0.05), 7, &Device::flex());
    let train = |mut student: Student<'_>| {
        student.train(&data, &mut TrainingHooks::new(0, &go, &())).unwrap();
        assert_eq!((student.epochs_done(), student.optimizer.steps()), (8, 24));
        bits(&student)
    };
    let [straight, plain] = [0.5, 0.0].map(|cutmix| train(fresh(cutmix)));
    assert_ne!(straight, plain);
    let stop = Stop::never();
    let progress = StopAfter { epochs: AtomicUsize::new(0), limit: 3, stop: &stop };
    let mut first = fresh(0.5);
    first.train(&data, &mut TrainingHooks::new(0, &stop, &progress)).unwrap_err();
    let mut second = fresh(0.5);
    assert!(second.restore(&first.to_bytes("set").unwrap(), "set").unwrap());
    assert_eq!(train(second), straight);
}

#[test]
fn an_epoch_can_be_cut_in_the_middle() {
    let (network, data) = (network(), training_set(0.05));
    let fresh = || Student::new(&network, Plan::of(&protocol(), 0.05), 7, &Device::flex());
    let go = Stop::never();
    let mut straight = fresh();
    straight.train(&data, &mut TrainingHooks::new(0, &go, &())).unwrap();
    // Saves before every minibatch; the file then holds the state before the last of the 27 minibatches.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("student.safetensors");
    let mut watch = TrainingHooks::new(0, &go, &()).saving_to(&path, "set", std::time::Duration::ZERO);
    fresh().train(&data, &mut watch).unwrap();
    let mut second = fresh();
    assert!(second.resume(&path, "set").unwrap());
    assert_eq!((second.epoch, second.batch), (8, 2));
    second.train(&data, &mut TrainingHooks::new(0, &go, &())).unwrap();
    assert_eq!(bits(&second), bits(&straight));
    assert_eq!(second.last_loss().to_bits(), straight.last_loss().to_bits());
}

/// Dropout acts in training, is drawn from the seed, and goes on after an interruption as if there had been none.
#[test]
fn students_with_dropout_are_drawn_alike_after_an_interruption() {
    let data = training_set(0.05);
    let build = |slug: &str| NetworkSpec::parse(slug).unwrap().build(3, 8, 4).unwrap();
    let (network, plain) = (build("mobilenet-v2-x0.1"), build("mobilenet-v2-x0.1-nodrop"));
    let start = |network| Student::new(network, Plan::of(&protocol(), 1e-3), 7, &Device::flex());
    let train = |student: &mut Student<'_>, stop: &Stop| student.train(&data, &mut TrainingHooks::new(0, stop, &()));
    let mut straight = start(&network);
    train(&mut straight, &Stop::never()).unwrap();
    let mut cut = start(&network);
    assert!(train(&mut cut, &Stop::after(4)).is_err());
    train(&mut cut, &Stop::never()).unwrap();
    assert_eq!(bits(&cut), bits(&straight));
    let mut other = start(&plain);
    assert_eq!(bits(&other), bits(&start(&network)), "both start alike");
    train(&mut other, &Stop::never()).unwrap();
    assert_ne!(bits(&other), bits(&straight));
}

#[test]
fn checkpoints_of_others_are_ignored_and_broken_ones_named() {
    let network = network();
    let student = |seed| Student::new(&network, Plan::of(&protocol(), 0.05), seed, &Device::flex());
    let bytes = student(7).to_bytes("set").unwrap();
    assert!(!student(8).restore(&bytes, "set").unwrap());
    assert!(!student(7).restore(&bytes, "another set").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("student.safetensors");
    assert!(!student(7).resume(&path, "set").unwrap());
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let message = student(7).resume(&path, "set").unwrap_err().to_string();
    assert!(message.contains("student.safetensors does not hold a saved student"), "{message}");
}

#[test]
fn scores_do_not_depend_on_lanes_or_interruptions() {
    let (network, data, set, space) = (network(), training_set(0.05), images(2, 25), space());
    let test = View::all(&set, &space);
    let seeds = Scoring::seeds(3, 3);
    let go = Stop::never();
    let run = |lanes, stop: &Stop, progress: &dyn TrainingProgress, folder: Option<&std::path::Path>| {
        let mut context = EvalContext::new(Device::flex(), stop);
        (context.lanes, context.progress) = (Some(lanes), progress);
        context.checkpoint = folder.map(|folder| (folder.to_owned(), std::time::Duration::from_hours(1)));
        evaluate(&seeds, &network, &[&data], &test, &protocol(), Guide::None, &context)
    };
    let scores = run(1, &go, &(), None).unwrap();
    assert_eq!(scores.iter().map(|s| s.seed).collect::<Vec<_>>(), seeds);
    assert_eq!(run(3, &go, &(), None).unwrap(), scores);

    let folder = tempfile::tempdir().unwrap();
    let stop = Stop::never();
    let progress = StopAfter { epochs: AtomicUsize::new(0), limit: 13, stop: &stop };
    assert!(matches!(run(2, &stop, &progress, Some(folder.path())), Err(EvalError::Interrupted(_))));
    assert_eq!(run(1, &go, &(), Some(folder.path())).unwrap(), scores);
    assert_eq!(run(1, &go, &(), Some(folder.path())).unwrap(), scores);

    assert!(scores.iter().all(|s| s.accuracy.fraction() > 0.5 && s.epochs == 9 && s.steps == 27), "{scores:?}");
}

#[test]
fn a_set_of_several_images_in_one_trains_on_all_of_them() {
    let subset = compdd_core::subset::Subset::find("cifar10").unwrap();
    let (id, classes, notes) = Distilled::describe_subset(&subset);
    let set = Distilled {
        images: (0..2 * 192).map(|i| (i as f32 * 0.37).sin()).collect(),
        shape: [2, 3, 8, 8],
        labels: Labels::Hard(vec![4, 9]),
        weights: None,
        learning_rate: 0.01,
        space: PixelSpaceRecord::Normalised { mean: [0.25, 0.5, 0.75], std: [0.25, 0.5, 0.5] },
        subset: id,
        classes,
        notes,
        method: "test".into(),
        ipc: 1,
        formation: 2,
        recipe: serde_json::Value::Null,
        provenance: Provenance::of_run(0, Budget::Paper, Fidelity::Paper, ""),
    };
    let device = Device::flex();
    let train = TrainingSet::of(&set, &device).unwrap();
    assert_eq!((train.len(), train.shape()), (8, SHAPE));
    assert_eq!(train.labels, Labels::Hard(vec![4, 9, 4, 9, 4, 9, 4, 9]));
    let stored = TrainingSet::of(&Distilled { formation: 1, ..set.clone() }, &device).unwrap();
    assert_eq!(stored.len(), 2);
    let corner = |images: Tensor<4>, i: usize, at: usize| {
        let pixel = images.slice([i..i + 1, 0..3, at..at + 1, at..at + 1]);
        pixel.into_data().iter::<f32>().collect::<Vec<_>>()
    };
    // The first corner of the last tile of the second image.
    assert_eq!(corner(train.images, 7, 0), corner(stored.images, 1, 4));
    // Nine pixels in tiles of five: the last column lies in the grey padding, `(0.5 - mean) / std`.
    let grey = Distilled { images: vec![0.0; 2 * 243], shape: [2, 3, 9, 9], ..set.clone() };
    let grey = TrainingSet::of(&grey, &device).unwrap();
    assert_eq!(corner(grey.images.clone(), 0, 8), [0.0; 3]);
    assert_eq!(corner(grey.images, 7, 8), [1.0, 0.0, -0.5]);

    let space = PixelSpaceRecord::Zca {
        mean: [0.0; 3],
        std: [1.0; 3],
        epsilon: 0.1,
        zca_mean: Vec::new(),
        transform: Vec::new(),
        inverse: Vec::new(),
    };
    let error = TrainingSet::of(&Distilled { space, ..set }, &device).unwrap_err().to_string();
    assert!(error.contains("whitened images cannot hold 2 by 2"), "{error}");
}

#[test]
fn accuracy_moves_by_whole_images() {
    let (network, set, space, go) = (network(), images(3, 31), space(), Stop::never());
    let params = network.init(0, &Device::flex());
    let score = |batch| {
        let passes = InferenceOptions { device: &Device::flex(), batch, stop: &go };
        accuracy(&network, &params, &View::all(&set, &space), passes).unwrap()
    };
    let steps = score(16).fraction() * 124.0;
    assert!((steps - steps.round()).abs() < 1e-9);
    assert_eq!(score(16), score(7));
    // The official 50 images of ten classes, and of the nine distinct classes of the published Music-Hard.
    assert!((compdd_core::record::Accuracy::of_counts(1, 500).percent() - 0.2).abs() < 1e-12);
    assert!((compdd_core::record::Accuracy::of_counts(1, 450).fraction() - 1.0 / 450.0).abs() < 1e-12);
}

#[test]
fn features_do_not_depend_on_the_batch() {
    let (network, set, space, go) = (network(), images(4, 10), space(), Stop::never());
    let params = network.init(0, &Device::flex());
    let rows = |batch| {
        let passes = InferenceOptions { device: &Device::flex(), batch, stop: &go };
        features(&network, &params, &View::some(&set, &space, set.of_class(2)), passes).unwrap()
    };
    let (one, many) = (rows(3), rows(10));
    let d = network.features();
    assert_eq!((one.len(), d), (10 * d, 32));
    for select in [crate::select::herding, crate::select::k_center] {
        assert_eq!(select(&one, 10, d, 10).unwrap(), select(&many, 10, d, 10).unwrap());
    }
}

#[test]
fn the_full_set_trains_through_the_same_student() {
    let (network, train, test, space) = (network(), images(5, 20), images(6, 25), space());
    let (device, go) = (Device::flex(), Stop::never());
    let data = RealImages::new(View::all(&train, &space), 0.02);
    let plan =
        Plan { schedule: Schedule::Constant { base: 0.02 }, epochs: 6, batch: 16, ..Plan::of(&protocol(), 0.02) };
    let mut student = Student::new(&network, plan, 0, &device);
    student.train(&data, &mut TrainingHooks::new(0, &go, &())).unwrap();
    let passes = InferenceOptions { device: &device, batch: 32, stop: &go };
    let accuracy = accuracy(&network, student.params(), &View::all(&test, &space), passes).unwrap();
    assert!(accuracy.percent() > 80.0, "{}", accuracy.percent());
}

#[test]
fn what_cannot_be_trained_is_named() {
    let (network, set, space, go) = (network(), images(7, 2), space(), Stop::never());
    let test = View::all(&set, &space);
    let context = EvalContext::new(Device::flex(), &go);
    let fails = |data: &TrainingSet, test: &View<'_>, protocol: &Scoring| {
        evaluate(&[1, 2], &network, &[data], test, protocol, Guide::None, &context).unwrap_err().to_string()
    };
    let diverged = fails(&training_set(1e30), &test, &protocol());
    assert!(diverged.contains("student 1 diverged in epoch") && diverged.contains("learning rate 1"), "{diverged}");
    assert!(fails(&training_set(0.0), &test, &protocol()).contains("learning rate is 0"));
    assert!(fails(&training_set(-0.1), &test, &protocol()).contains("learning rate is -0.1"));
    let wrong = TrainingSet { labels: Labels::Hard(vec![9; 12]), ..training_set(0.1) };
    assert!(fails(&wrong, &test, &protocol()).contains("has label 9"));
    assert!(fails(&training_set(0.1), &View::some(&set, &space, vec![]), &protocol()).contains("test set is empty"));
    assert!(fails(&training_set(0.1), &test, &Scoring { batch: 0, ..protocol() }).contains("`batch` is 0"));
    let pixels = |values: Vec<f32>| {
        TrainingSet::from_pixels(values, SHAPE, Labels::Hard(vec![0, 1]), 0.1, &Device::flex()).unwrap_err().to_string()
    };
    assert!(pixels(vec![0.0; 100]).contains("100 pixel values do not make 2 images"));
    assert!(pixels([vec![0.0; 200], vec![f32::NAN; 184]].concat()).contains("training image 1"));
}

/// A frozen network of the same kind.
pub(super) struct Frozen {
    pub(super) network: Network,
    pub(super) params: Params,
}

impl LogitSource for Frozen {
    fn hash(&self) -> &'static str {
        "frozen"
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.network.forward(&self.params, images, Mode::Eval).logits
    }

    fn logits_in_training(&self, images: Tensor<4>) -> Tensor<2> {
        self.network.forward(&self.params, images, Mode::Train).logits
    }
}

/// A student learns a teacher's classes from images whose own labels say nothing, with one or two lanes and across a stop to the same bits;
/// without a teacher the protocol is refused.
#[test]
fn an_online_teacher_teaches_its_own_classes() {
    let (network, device, go) = (network(), Device::flex(), Stop::never());
    let real = images(2, 8);
    let plan = Plan { schedule: Schedule::Constant { base: 0.02 }, epochs: 20, ..Plan::of(&protocol(), 0.02) };
    let (space, set) = (space(), training_set(0.02));
    let mut taught = Student::new(&network, plan, 5, &device);
    taught.train(&RealImages::new(View::all(&real, &space), 0.02), &mut TrainingHooks::new(0, &go, &())).unwrap();
    let teacher = Frozen { network: network.clone(), params: taught.params().clone() };

    let blind = TrainingSet { labels: Labels::Hard(vec![0; 12]), ..set };
    let supervision =
        protocol::Supervision::OnlineTeacher(protocol::Imitation::Divergence { temperature: 4.0, squared: false });
    let scoring = Scoring { supervision, epochs: 40, cutmix: 0.5, learning_rate: Some(0.1), students: 2, ..protocol() };
    let (images, folder) = (images(3, 8), tempfile::tempdir().unwrap());
    let test = View::all(&images, &space);
    let score = |lanes, checkpoint| {
        let context = EvalContext { lanes: Some(lanes), checkpoint, ..EvalContext::new(device.clone(), &go) };
        evaluate(&[1, 2], &network, &[&blind], &test, &scoring, Guide::Online(&teacher), &context).unwrap()
    };
    let one = score(1, None);
    assert_eq!(one, score(2, Some((folder.path().to_owned(), std::time::Duration::ZERO))));
    assert_eq!(one, score(2, Some((folder.path().to_owned(), std::time::Duration::ZERO))), "from finished students");
    assert!(one.iter().all(|student| student.accuracy.fraction() > 0.5), "{one:?}");

    let context = EvalContext::new(device.clone(), &go);
    let refused = evaluate(&[1], &network, &[&blind], &test, &scoring, Guide::None, &context).unwrap_err();
    assert!(matches!(refused, EvalError::NoTeacher), "{refused}");
}
