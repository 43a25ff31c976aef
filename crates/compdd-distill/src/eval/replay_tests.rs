//! Students of a pipeline: their views can be replayed from what was drawn, across a stop, and settings that cannot work are refused.

use std::sync::{Mutex, atomic::AtomicUsize};

use burn::tensor::{Device, Int, Tensor};

use super::{
    tests::{StopAfter, bits, images, network, protocol, space, training_set},
    *,
};
use compdd_core::{
    progress::Stop,
    protocol::{
        FlipConfig, MixConfig, Operation, PadCropConfig, PatchShuffleConfig, Pipeline, RandAugmentConfig,
        ResizedCropConfig, Scoring,
    },
};
use compdd_data::data::PixelSpace;
use compdd_nn::augment::Draws;

/// A protocol whose images go through the operations of RDED and EDC and then through a mix.
fn pipeline(mix: Operation) -> Scoring {
    let operations = vec![
        Operation::RandAugment(RandAugmentConfig::default()),
        Operation::PatchShuffle(PatchShuffleConfig::default()),
        Operation::RandomResizedCrop(ResizedCropConfig { scale: [0.5, 1.0], ..ResizedCropConfig::default() }),
        Operation::PadCrop(PadCropConfig { padding: 1, ..PadCropConfig::default() }),
        Operation::Flip(FlipConfig::default()),
        mix,
    ];
    Scoring { augmentation: Pipeline::new(operations), ..protocol() }
}

fn mixes() -> [Operation; 2] {
    [Operation::CutMix(MixConfig::default()), Operation::Mixup(MixConfig { alpha: 0.8, probability: 1.0 })]
}

/// One minibatch as a teacher would store it: indices, recorded draws, pixels of the views.
struct Recorded(Vec<usize>, String, Vec<f32>);

/// Learns from stored labels and keeps what it sees.
struct Recorder<'a> {
    labels: StoredLabels,
    seen: &'a Mutex<Vec<Recorded>>,
}

fn pixels(images: Tensor<4>) -> Vec<f32> {
    images.into_data().iter::<f32>().collect()
}

impl Supervision for Recorder<'_> {
    fn identity(&self) -> Option<String> {
        None
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        let draws = serde_json::to_string(minibatch.draws).unwrap();
        self.seen.lock().unwrap().push(Recorded(minibatch.indices.to_vec(), draws, pixels(minibatch.images.clone())));
        self.labels.loss(minibatch, logits)
    }
}

#[test]
fn what_was_drawn_gives_the_views_again() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    for mix in mixes() {
        let seen = Mutex::new(Vec::new());
        let labels = StoredLabels::of(&data, 4, &Device::flex()).unwrap();
        let plan = Plan { epochs: 3, ..Plan::of(&pipeline(mix), 0.05) };
        let mut student = Student::new(&network, plan, 7, &Device::flex()).in_space(&space());
        student
            .train_under(&data, &mut Recorder { labels, seen: &seen }, &mut TrainingHooks::new(0, &go, &()))
            .unwrap();
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 9);
        for Recorded(indices, draws, views) in seen {
            let rows: Vec<i32> = indices.iter().map(|&i| i as i32).collect();
            let raw = data.images.clone().select(0, Tensor::<1, Int>::from_data(rows.as_slice(), &Device::flex()));
            let draws: Draws = serde_json::from_str(&draws).unwrap();
            assert!(draws.mixes());
            assert_ne!(pixels(raw.clone()), views);
            assert_eq!(pixels(draws.apply(raw)), views);
        }
    }
}

#[test]
fn a_student_of_a_pipeline_goes_on_bit_for_bit() {
    let (network, data) = (network(), training_set(0.05));
    for mix in mixes() {
        let fresh =
            || Student::new(&network, Plan::of(&pipeline(mix.clone()), 0.05), 7, &Device::flex()).in_space(&space());
        let mut straight = fresh();
        straight.train(&data, &mut TrainingHooks::new(0, &Stop::never(), &())).unwrap();
        let stop = Stop::never();
        let progress = StopAfter { epochs: AtomicUsize::new(0), limit: 3, stop: &stop };
        let mut first = fresh();
        first.train(&data, &mut TrainingHooks::new(0, &stop, &progress)).unwrap_err();
        let mut second = fresh();
        assert!(second.restore(&first.to_bytes("set").unwrap(), "set").unwrap());
        second.train(&data, &mut TrainingHooks::new(0, &Stop::never(), &())).unwrap();
        assert_eq!(bits(&second), bits(&straight));
        assert!(
            !Student::new(&network, Plan::of(&protocol(), 0.05), 7, &Device::flex())
                .restore(&first.to_bytes("set").unwrap(), "set")
                .unwrap()
        );
    }
}

#[test]
fn pipelines_are_scored_and_those_that_do_not_fit_are_named() {
    let (network, set, space, go) = (network(), images(2, 25), space(), Stop::never());
    let (test, data) = (View::all(&set, &space), training_set(0.05));
    let context = EvalContext::new(Device::flex(), &go);
    let score = |scoring: &Scoring, test: &View<'_>| {
        evaluate(
            &[1, 2],
            &network,
            &[&data],
            test,
            scoring,
            Guide::None,
            &EvalContext { lanes: Some(2), ..context.clone() },
        )
    };
    let [mix, _] = mixes();
    let scores = score(&pipeline(mix.clone()), &test).unwrap();
    assert_eq!(score(&pipeline(mix.clone()), &test).unwrap(), scores);

    let crop = Operation::RandomResizedCrop(ResizedCropConfig { size: Some(16), ..ResizedCropConfig::default() });
    let large = Scoring { augmentation: Pipeline::new(vec![crop]), ..protocol() };
    assert!(matches!(score(&large, &test), Err(EvalError::Shape { found: [3, 16, 16], .. })));
    let mut student = Student::new(&network, Plan::of(&pipeline(mix), 0.05), 7, &Device::flex());
    let error = student.train(&data, &mut TrainingHooks::new(0, &go, &())).unwrap_err().to_string();
    assert!(error.contains("`rand-augment` needs images that are normalised bytes"), "{error}");
    assert!(matches!(space, PixelSpace::Normalised { .. }));
}
