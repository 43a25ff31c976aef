//! Runs on tiny pictures with an observer that is a formula.

use burn::tensor::{Device, Tensor};

use crate::{
    eval::{LogitSource, View},
    methods::{
        Distiller, MethodError, Start, State, StepContext, find,
        matching::test_task::{World, after, floats, saved, step},
    },
};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::{Distilled, Labels},
};
use compdd_nn::augment::{CropBox, ResizedCrop};

/// The more a picture's mean colour differs from its middle pixel, the surer it is of a high class.
struct Formula;

impl LogitSource for Formula {
    fn hash(&self) -> &'static str {
        "formula"
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let [n, channels, side, _] = images.dims();
        let middle = images.clone().slice([0..n, 0..channels, side / 2..side / 2 + 1, side / 2..side / 2 + 1]);
        let centre: Tensor<2> = middle.reshape([n, channels]).mean_dim(1);
        let mean: Tensor<2> = images.reshape([n, channels * side * side]).mean_dim(1);
        let score = centre.clone() - mean.clone() * 2.0;
        let columns =
            (0..10).map(|class| (score.clone() - (class as f32 - 5.0) * 0.3).powf_scalar(2.0).neg() + mean.clone());
        Tensor::cat(columns.collect(), 1)
    }
}

/// Crops of the whole image: what is kept can be worked out without drawing.
const WHOLE: [(&str, &str); 2] = [("min_area", "1.0"), ("crops", "1")];

fn with<T>(world: &World, sets: &[(&str, &str)], body: impl FnOnce(&mut dyn Distiller) -> T) -> T {
    started(world, sets, |start| start, |run| body(&mut *run.unwrap()))
}

/// `body` with a run that starts as `change` says.
fn started<T>(
    world: &World,
    sets: &[(&str, &str)],
    change: impl FnOnce(Start<'_>) -> Start<'_>,
    body: impl FnOnce(Result<Box<dyn Distiller + '_>, MethodError>) -> T,
) -> T {
    world.start("rded", sets, |start| {
        body(find("rded").unwrap().start(change(Start { observer: Some(&Formula), ..start })))
    })
}

fn finished(world: &World, sets: &[(&str, &str)]) -> Distilled {
    with(world, sets, |run| {
        (0..run.steps()).for_each(|i| drop(step(run, i).unwrap()));
        run.snapshot().unwrap()
    })
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The images of a class in the order in which the observer is sure of them, `side` pixels a side, each with its cross-entropy.
fn ranked(world: &World, label: u32, side: usize) -> Vec<(f64, Vec<f32>)> {
    let task = &world.task;
    let view = View::some(&task.train, &task.space, task.train.of_class(label));
    let whole = CropBox { top: 0, left: 0, height: 16, width: 16 };
    let mut all: Vec<(f64, Vec<f32>)> = (0..view.len())
        .map(|i| {
            let image = view.tensor(&[i], &Device::flex());
            let small = ResizedCrop::new(vec![whole], [16; 2], [side; 2], true).apply(image);
            let (from, grey) = ((16 - side) / 2, Tensor::zeros([1, 3, 16, 16], &Device::flex()));
            let padded = grey.slice_assign([0..1, 0..3, from..from + side, from..from + side], small.clone());
            let logits: Vec<f64> = values(Formula.logits(padded)).into_iter().map(f64::from).collect();
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            (sum.ln() - logits[label as usize], values(small))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// The surest pictures are kept; the `k`-th of the set of `2` images lies on image `k mod 2`, tile `k / 2`, and the labels are the logits of the
/// finished images.
#[test]
fn the_surest_pictures_fill_the_images() {
    let world = World::new();
    for tiles in [1_usize, 2] {
        let word = tiles.to_string();
        let set = finished(&world, &[&WHOLE[..], &[("tiles", word.as_str())]].concat());
        assert_eq!((set.shape, set.ipc, set.formation), ([20, 3, 16, 16], 2, 1));
        let side = 16 / tiles;
        for (label, image) in (0..10).flat_map(|label| [(label, 0), (label, 1)]) {
            let (stored, pictures) = (set.image(2 * label as usize + image), ranked(&world, label, side));
            for tile in 0..tiles * tiles {
                let (top, left) = (tile / tiles * side, tile % tiles * side);
                let expected = &pictures[tile * 2 + image].1;
                let pixel = |p: usize| stored[p / (side * side) * 256 + (top + p / side % side) * 16 + left + p % side];
                assert!(
                    (0..expected.len()).all(|p| (pixel(p) - expected[p]).abs() < 1e-5),
                    "{tiles} {label} {image} {tile}"
                );
            }
        }
        let images = burn::tensor::TensorData::new(set.images.clone(), set.shape);
        let logits = values(Formula.logits(Tensor::from_data(images, &Device::flex())));
        let Labels::Logits { values, classes: 10 } = &set.labels else { panic!("labels are no logits") };
        assert!(values.iter().zip(&logits).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}

#[test]
fn more_crops_are_never_less_real() {
    let world = World::new();
    let loss =
        |crops| with(&world, &[("crops", crops)], |run| (0..10).map(|i| step(run, i).unwrap().loss.unwrap()).collect());
    let (one, four): (Vec<f64>, Vec<f64>) = (loss("1"), loss("4"));
    assert!(one.iter().zip(&four).all(|(one, four)| four <= one) && one != four, "{one:?} {four:?}");
}

#[test]
fn hard_labels_are_the_classes() {
    let set = finished(&World::new(), &[("labels", "hard")]);
    assert_eq!(set.labels, Labels::Hard((0..20).map(|i| i / 2).collect()));
}

/// A run that is saved and loaded between any two steps ends with the bytes of one that is not, and a stop in the middle of a step leaves
/// everything as it was.
#[test]
fn a_run_goes_on_where_it_stopped() {
    let (world, sets) = (World::new(), [("tiles", "2")]);
    let straight = with(&world, &sets, |run| after(run, 10));
    let mut state = with(&world, &sets, |run| saved(run));
    for i in 0..10 {
        state = with(&world, &sets, |run| {
            run.load(&state).unwrap();
            let stopped = run.step(&StepContext { step: i, stop: &Stop::after(0) });
            assert!(stopped.is_err_and(|error| Interrupted::is(&error)));
            assert_eq!(saved(run), state);
            step(run, i).unwrap();
            saved(run)
        });
    }
    assert!(state == straight && floats(&state, "images").iter().any(|value| *value != 0.0));
    let cut = State::default();
    assert!(with(&world, &sets, |run| run.load(&cut)).is_err());
}

#[test]
fn what_cannot_be_made_is_named() {
    let (world, whitened) = (World::new(), World::whitened());
    let error = |world: &World, sets: &[(&str, &str)], change: fn(Start<'_>) -> Start<'_>| {
        started(world, sets, change, |run| run.err().unwrap().to_string())
    };
    let three = error(&world, &[("tiles", "3")], |start| start);
    assert_eq!(three, "3 pictures side by side do not fill an image of 16 pixels a side");
    let four = error(&world, &[("tiles", "4")], |start| start);
    assert!(four.contains("has 8 training images, but 32 are needed"), "{four}");
    assert!(error(&whitened, &[], |start| start).contains("whitened"));
    assert!(error(&world, &[], |start| Start { observer: None, ..start }).contains("without a teacher"));
}

#[test]
fn recipes_out_of_range_are_refused() {
    use compdd_core::recipe::Recipe;
    let refused = |key: &str, value: &str| {
        let sets = [(key.to_owned(), value.to_owned())];
        Recipe::resolve(find("rded").unwrap(), None, &sets, &crate::methods::CELL).unwrap_err().to_string()
    };
    for (key, value) in
        [("tiles", "0"), ("crops", "0"), ("candidates", "0"), ("min_area", "0.0"), ("network", "\"brain\"")]
    {
        assert!(refused(key, value).contains(&format!("`{key}`")), "{key} {}", refused(key, value));
    }
    assert!(refused("observer", "\"one\"").contains("--teacher"));
}
