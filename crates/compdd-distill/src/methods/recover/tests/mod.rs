//! The terms of the loss by hand, what the network sees, and runs on tiny pictures.

mod gvbsm;
mod layers;
mod terms;

use std::{path::Path, sync::LazyLock};

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    loss::{mean_length, total_variation},
    matching::Matching,
    statistics::length,
    views::{Curriculum, Views},
};
use crate::{
    eval::{Plan, Schedule},
    methods::{
        Distiller, MethodError, Start, State, find,
        matching::test_task::{World, after, floats, saved, step},
    },
    teachers::{Keep, Recipe, TeacherContext, TeacherLogits, train},
};
use compdd_core::{
    progress::Stop,
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_nn::{
    augment::DsaConfig,
    nn::{Mode, Network, NetworkSpec, Params},
};

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// Images of one channel with the values -1 and 1: mean 0, biased variance 1, as a fresh batch norm expects.
fn signs(channels: usize) -> Vec<f32> {
    (0..2 * channels * 4).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect()
}

/// The distance of one batch norm with fresh statistics from the maps `[2, channels, 2, 2]`.
fn distance(maps: Vec<f32>, channels: usize) -> f32 {
    let network = NetworkSpec::parse(&format!("convnet-d1-bn-w{channels}")).unwrap().build(3, 8, 2).unwrap();
    let params = network.init(0, &Device::flex());
    let inputs = vec![("bn".to_owned(), tensor(maps, [2, channels, 2, 2]))];
    let mut matching = Matching::of_batch_norms(&params);
    let distances = matching.distances(inputs, &[0, 1], &mut Stream::new(0, "hooks", 0));
    values(distances.into_iter().next().flatten().unwrap())[0]
}

#[test]
fn teachers_that_are_too_good_are_named() {
    let said = |shares: &[f64]| {
        super::caution(shares.iter().enumerate().map(|(number, share)| (format!("teacher {number}"), *share)))
    };
    assert_eq!(said(&[0.4, 0.89]), None);
    let text = said(&[0.95, 0.5, 0.9]).unwrap();
    assert!(text.contains("teacher 0, teacher 2;") && !text.contains("teacher 1"), "{text}");
}

/// Maps with the statistics of the network are at distance 0; a shift counts as it is, and a scale by what it does to the variance.
#[test]
fn distances_are_lengths_of_differences() {
    let change = |f: fn(f32) -> f32| {
        let maps = signs(3).into_iter().enumerate();
        distance(maps.map(|(i, v)| if i / 4 % 3 == 1 { f(v) } else { v }).collect(), 3)
    };
    assert_eq!(change(|v| v).to_bits(), 0.0_f32.to_bits());
    assert!((change(|v| v - 0.25) - 0.25).abs() < 1e-6);
    assert!((change(|v| v * 2.0_f32.sqrt()) - 1.0).abs() < 1e-6);
    let zero = tensor(vec![0.0; 3], [3]).autodiff().require_grad();
    let mut gradients = length(zero.clone()).backward();
    assert_eq!(values(zero.grad_remove(&mut gradients).unwrap()), [0.0; 3]);
}

/// Of [[0, 1], [2, 4]]: rows differ by 1 and 2, columns by 2 and 3, the diagonals by 4 and by 1.
#[test]
fn total_variation_by_hand() {
    let variation = values(total_variation(&tensor(vec![0.0, 1.0, 2.0, 4.0], [1, 1, 2, 2])))[0];
    assert!((variation - 10.8416).abs() < 1e-4, "{variation}");
    let length = values(mean_length(tensor(vec![3.0, 4.0, 0.0, 2.0], [2, 1, 1, 2])))[0];
    assert!((length - 3.5).abs() < 1e-6);
}

/// CDA's cosine at 0, 500, 1000, 2000 and 4000 of 4000 iterations; lines, steps, and no curriculum.
#[test]
fn crops_shrink_along_the_curriculum() {
    let at = |curriculum: Curriculum, milestone, t| curriculum.least_area(0.08, milestone, 4000, t);
    for (t, expected) in [(0, 1.0), (500, 0.964_985), (1000, 0.865_269), (2000, 0.54), (4000, 0.08)] {
        assert!((at(Curriculum::Cosine, 1.0, t) - expected).abs() < 1e-6, "{t}");
    }
    assert!((at(Curriculum::Linear, 0.5, 1000) - 0.54).abs() < 1e-12);
    assert_eq!([1999, 2000].map(|t| at(Curriculum::Step, 0.5, t)), [1.0, 0.08]);
    for curriculum in [Curriculum::Cosine, Curriculum::Linear, Curriculum::Step] {
        assert_eq!([0, 4000].map(|t| at(curriculum, 0.0, t)), [0.08; 2], "a milestone of 0 is no curriculum");
    }
    assert_eq!(at(Curriculum::None, 1.0, 0).to_bits(), 0.08_f64.to_bits());
}

const VIEWS: Views = Views {
    crop: false,
    min_area: 0.08,
    pad: 0,
    curriculum: Curriculum::None,
    milestone: 0.0,
    iterations: 10,
    roll: [0, 0],
};

/// A shift by one moves rows down and columns right, and what leaves comes back on the other side.
#[test]
fn shifts_go_around() {
    let x = tensor((0..6).map(|v| v as f32).collect(), [1, 1, 2, 3]);
    let seen = |roll| values(Views { roll, ..VIEWS }.apply(x.clone(), 1, 0).unwrap());
    assert_eq!(seen([0, 0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(seen([1, 1]), [5.0, 3.0, 4.0, 2.0, 0.0, 1.0]);
    assert_eq!(seen([-1, -1]), [4.0, 5.0, 3.0, 1.0, 2.0, 0.0]);
    let drawn: std::collections::BTreeSet<_> =
        (0..200).map(|t| values(Views { roll: [-1, 1], ..VIEWS }.apply(x.clone(), 1, t).unwrap())[0] as i64).collect();
    assert_eq!(drawn.len(), 6, "all six places are reached");
}

/// All images of a batch have the same box; iterations and seeds have boxes of their own; whole images are only mirrored.
#[test]
fn a_batch_has_one_crop() {
    let image: Vec<f32> = (0..3 * 64).map(|i| (i * i % 37) as f32).collect();
    let x = tensor(image.repeat(2), [2, 3, 8, 8]);
    let crops = Views { crop: true, ..VIEWS };
    let seen = |views: &Views, seed, t| values(views.apply(x.clone(), seed, t).unwrap());
    let first = seen(&crops, 1, 0);
    assert_eq!(first[..192], first[192..]);
    assert!(first != seen(&crops, 1, 1) && first != seen(&crops, 2, 0) && first == seen(&crops, 1, 0));
    let easy = Views { curriculum: Curriculum::Step, milestone: 0.5, ..crops };
    let mirrored = values(x.clone().flip([3]));
    for t in 0..5 {
        let view = seen(&easy, 1, t);
        assert!(view == values(x.clone()) || view == mirrored, "{t}");
    }
    assert!(seen(&easy, 1, 5) == seen(&crops, 1, 5));
}

/// Of padded images one window for the whole batch, filled with the mean colour, mirrored or not; windows move.
#[test]
fn a_batch_has_one_window() {
    let x = tensor((1..=64).map(|v| v as f32).collect::<Vec<_>>().repeat(2), [2, 1, 8, 8]);
    let padded = Views { pad: 2, ..VIEWS };
    let seen: Vec<Vec<f32>> = (0..20).map(|t| values(padded.apply(x.clone(), 1, t).unwrap())).collect();
    for view in &seen {
        assert_eq!(view[..64], view[64..]);
        let inside: Vec<f32> = view[..64].iter().copied().filter(|v| *v != 0.0).collect();
        assert!(inside.len() >= 36 && inside.iter().all(|v| (1.0..=64.0).contains(v)));
    }
    assert!(seen.iter().any(|view| *view != seen[0]));
}

/// A teacher of the tiny task, trained until it knows its images.
fn teacher(world: &World, network: &str) -> TeacherLogits {
    teacher_in(tempfile::tempdir().unwrap().path(), world, network)
}

fn teacher_in(folder: &Path, world: &World, network: &str) -> TeacherLogits {
    let published = Recipe::default().plan;
    let schedule = Schedule::Constant { base: 0.02 };
    let plan = Plan { epochs: 30, batch: 16, schedule, augmentation: DsaConfig::default().into(), ..published };
    let recipe = Recipe { plan, keep: Keep::Last, seed: 3 };
    let network = NetworkSpec::parse(network).unwrap().build(3, 16, 10).unwrap();
    let (device, go) = (Device::flex(), Stop::never());
    let context = TeacherContext::new(device.clone(), &go);
    let teacher = train(&world.task, &network, &recipe, None, folder, &context).unwrap();
    TeacherLogits::new(teacher, &world.task, &device).unwrap()
}

struct Bench {
    world: World,
    teachers: [TeacherLogits; 1],
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let world = World::new();
    let teachers = [teacher(&world, "convnet-d2-w8-bn")];
    Bench { world, teachers }
});

fn started<T>(
    method: &str,
    sets: &[(&str, &str)],
    change: impl FnOnce(Start<'_>) -> Start<'_>,
    body: impl FnOnce(Result<Box<dyn Distiller + '_>, MethodError>) -> T,
) -> T {
    let Bench { world, teachers } = &*BENCH;
    world.start(method, sets, |start| body(find(method).unwrap().start(change(Start { teachers, ..start }))))
}

fn with<T>(method: &str, sets: &[(&str, &str)], body: impl FnOnce(&mut dyn Distiller) -> T) -> T {
    started(method, sets, |start| start, |run| body(&mut *run.unwrap()))
}

fn finished(method: &str, sets: &[(&str, &str)]) -> Distilled {
    with(method, sets, |run| {
        (0..run.steps()).for_each(|i| drop(step(run, i).unwrap()));
        run.snapshot().unwrap()
    })
}

/// Four batches of six and four classes, two images each; the set is in the order of classes, every image within what bytes can hold, and the
/// network finds its class.
#[test]
fn every_class_is_recovered() {
    let sets = [("iterations", "40"), ("batch", "6"), ("storage", "exact")];
    for method in ["sre2l", "cda"] {
        assert_eq!(with(method, &sets, |run| run.steps()), 4 * 40);
        let set = finished(method, &sets);
        assert_eq!((set.shape, set.ipc), ([20, 3, 16, 16], 2));
        let (mean, std) = BENCH.world.task.space.statistics();
        for image in set.images.chunks_exact(3 * 256) {
            for (c, plane) in image.chunks_exact(256).enumerate() {
                let bytes = plane.iter().map(|value| value * std[c] + mean[c]);
                assert!(bytes.clone().all(|value| (-1e-5..=1.0 + 1e-5).contains(&value)));
                assert!(plane.iter().any(|value| *value != plane[0]));
            }
        }
        let Labels::Logits { values, classes: 10 } = &set.labels else { panic!("labels are no logits") };
        let found = |row: &[f32]| (0..10).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        let right = values.chunks_exact(10).enumerate().filter(|(i, row)| found(row) == i / 2).count();
        assert!(right >= 18, "{method}: {right} of 20");
    }
    let labels = finished("sre2l", &[("iterations", "1"), ("labels", "hard")]).labels;
    assert_eq!(labels, Labels::Hard((0..20).map(|i| i / 2).collect()));
}

/// Without statistics the network grows sure of the classes and its statistics are left behind; with them they are kept.
#[test]
fn the_terms_pull_against_each_other() {
    let course = |weight| {
        let sets = [("iterations", "60"), ("statistics", weight), ("first_layer", "1.0")];
        with("sre2l", &sets, |run| {
            let reports = (0..60).map(|i| step(run, i).unwrap().values).collect::<Vec<_>>();
            let mean =
                |from: usize, which: usize| reports[from..from + 10].iter().map(|v| v[which].1).sum::<f64>() / 10.0;
            [0, 1].map(|which| [mean(0, which), mean(50, which)])
        })
    };
    let [cross_entropy, statistics] = course("0.0");
    assert!(cross_entropy[1] < 0.5 * cross_entropy[0], "{cross_entropy:?}");
    let [_, kept] = course("1.0");
    assert!(kept[1] < 0.7 * kept[0] && kept[1] < 0.7 * statistics[1], "{kept:?} beside {statistics:?}");
}

/// What is stored is what a file would hold: bytes behind PNG, and what JPEG leaves of them.
#[test]
fn images_pass_through_files() {
    let of = |storage| finished("sre2l", &[("storage", storage)]).images;
    let (exact, png, jpeg) = (of("exact"), of("png"), of("jpeg"));
    let (_, std) = BENCH.world.task.space.statistics();
    let widest = 1.0 / 255.0 / std.iter().fold(1.0_f32, |least, std| least.min(*std));
    assert!(exact != png && exact.iter().zip(&png).all(|(a, b)| (-1e-5..=widest + 1e-5).contains(&(a - b))));
    let far = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32;
    assert!(far(&png, &jpeg) > widest, "JPEG loses more than the way to bytes");
}

/// A run that is saved and loaded between any two steps ends with the bytes of one that is not.
#[test]
fn a_run_goes_on_where_it_stopped() {
    let sets = [("batch", "6"), ("crop", "true")];
    for method in ["sre2l", "cda"] {
        let straight = with(method, &sets, |run| after(run, 12));
        let mut state = with(method, &sets, |run| saved(run));
        for i in 0..12 {
            state = with(method, &sets, |run| {
                run.load(&state).unwrap();
                assert_eq!(saved(run), state);
                step(run, i).unwrap();
                saved(run)
            });
        }
        assert!(state == straight && floats(&state, "images").iter().any(|value| *value != 0.0), "{method}");
    }
    assert!(with("sre2l", &sets, |run| run.load(&State::default())).is_err());
}

/// The network stays as it is: its running statistics are read, and moved by nothing.
#[test]
fn the_network_is_frozen() {
    let inside = BENCH.teachers[0].teacher();
    let (network, params): (&Network, &Params) = (inside.network(), inside.params());
    let x = tensor(vec![0.5; 2 * 3 * 256], [2, 3, 16, 16]);
    let before = values(network.forward(params, x.clone(), Mode::Eval).logits);
    finished("sre2l", &[]);
    assert_eq!(before, values(network.forward(params, x, Mode::Eval).logits));
}

#[test]
fn what_cannot_be_made_is_named() {
    let error =
        |change: fn(Start<'_>) -> Start<'_>| started("sre2l", &[], change, |run| run.err().unwrap().to_string());
    assert!(error(|start| Start { teachers: &[], ..start }).contains("without a teacher"));
    static PLAIN: LazyLock<[TeacherLogits; 1]> = LazyLock::new(|| [teacher(&BENCH.world, "convnet-d2-w8")]);
    let none = error(|start| Start { teachers: &*PLAIN, ..start });
    assert!(none.contains("`convnet-d2-w8` has no batch norm"), "{none}");
    let taken =
        started("sre2l", &[("statistics", "0.0")], |start| Start { teachers: &*PLAIN, ..start }, |run| run.is_ok());
    assert!(taken);
    let whitened = World::whitened();
    let error = whitened.start("sre2l", &[], |start| {
        let start = Start { teachers: &BENCH.teachers, ..start };
        find("sre2l").unwrap().start(start).err().unwrap().to_string()
    });
    assert!(error.contains("whitened"));
}

#[test]
fn recipes_out_of_range_are_refused() {
    use compdd_core::recipe::Recipe;
    let refused = |method: &str, key: &str, value: &str| {
        let sets = [(key.to_owned(), value.to_owned())];
        Recipe::resolve(find(method).unwrap(), None, &sets, &crate::methods::CELL).unwrap_err().to_string()
    };
    for (key, value) in [
        ("iterations", "0"),
        ("batch", "0"),
        ("lr_img", "0.0"),
        ("statistics", "-1.0"),
        ("min_area", "0.0"),
        ("roll", "[3, 2]"),
        ("network", "\"brain\""),
    ] {
        assert!(refused("sre2l", key, value).contains(&format!("`{key}`")), "{key}");
    }
    assert!(refused("cda", "milestone", "1.5").contains("`milestone`"));
    assert!(refused("sre2l", "milestone", "0.5").contains("unknown key"), "curricula are CDA's");
    assert!(refused("sre2l", "observer", "\"one\"").contains("--teacher"));
}
