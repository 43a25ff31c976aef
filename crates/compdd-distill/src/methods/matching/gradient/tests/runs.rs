//! Whole runs: what is trained when, what a checkpoint holds, what an interruption leaves.

use std::time::Duration;

use burn::tensor::Device;

use crate::{
    eval::Student,
    methods::{
        Distiller, MethodError, Start, State, StepContext, StepReport, find,
        matching::{
            family::Engine,
            first,
            gradient::{GradientRecipe, learner::Learner, run::Run},
        },
    },
};
use compdd_core::{
    progress::{Interrupted, Stop},
    recipe::{Recipe, RecipeRequest},
    record::{Budget, Fidelity, Provenance},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{grad::Offload, nn::NetworkSpec};

/// Everything a tiny run needs.
struct World {
    task: Task,
    network: NetworkSpec,
    provenance: Provenance,
    device: Device,
}

/// A method and whose recipe it follows, by images per class; values that replace those of the recipe.
type Case<'c> = (&'c str, usize, &'c [(&'c str, &'c str)]);

/// Values that make any recipe of the family tiny.
const TINY: [(&str, &str); 3] = [("iterations", "2"), ("batch_real", "6"), ("train_images", "20")];

impl World {
    fn new(network: &str) -> Self {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(8),
            test_per_class: Some(2),
            ..TaskOptions::default()
        };
        Self {
            task: Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap(),
            network: NetworkSpec::parse(network).unwrap(),
            provenance: Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, ""),
            device: Device::flex(),
        }
    }

    /// Runs `body` with a fresh run of one image per class.
    fn with<T>(&self, case: Case<'_>, body: impl FnOnce(&mut Run<'_>) -> T) -> Result<T, MethodError> {
        self.chunked(case, None, body)
    }

    fn chunked<T>(
        &self,
        (method, ipc, sets): Case<'_>,
        chunk: Option<usize>,
        body: impl FnOnce(&mut Run<'_>) -> T,
    ) -> Result<T, MethodError> {
        let sets = TINY.iter().chain(sets).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let request = RecipeRequest { ipc, ..crate::methods::CELL };
        let recipe = Recipe::resolve(find(method).unwrap(), None, &sets.collect::<Vec<_>>(), &request).unwrap();
        let start = Start {
            task: &self.task,
            recipe: &recipe,
            ipc: 1,
            seed: 0,
            method,
            provenance: &self.provenance,
            network: &self.network,
            device: &self.device,
            experts: None,
            features: None,
            observer: None,
            teachers: &[],
            statistics: &[],
            offload: Offload::Device,
            chunk,
            preparation: crate::eval::Following::silent(&crate::methods::NEVER),
        };
        let typed: GradientRecipe = recipe.typed().unwrap();
        let images = first::images(&start, typed.first())?;
        Ok(body(&mut Run::new(start, typed, images)?))
    }
}

fn step(run: &mut Run<'_>, step: usize) -> Result<StepReport, MethodError> {
    run.step(&StepContext { step, stop: &Stop::never() })
}

fn saved(run: &Run<'_>) -> State {
    let mut state = State::default();
    run.save(&mut state).unwrap();
    state
}

fn named(report: &StepReport, name: &str) -> Option<f64> {
    report.values.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
}

/// The network in a checkpoint: how many epochs it has been trained, and its parameters. None without a network.
fn network(run: &Run<'_>, draw: u64) -> Option<(usize, Vec<f32>)> {
    let state = saved(run);
    let bytes = Some(state.get("network").unwrap()).filter(|bytes| !bytes.is_empty())?;
    let student = run.trainer.taken_up(draw, Some(&Learner::Saved(bytes.to_vec()))).unwrap();
    Some((student.epochs_done(), student.params().to_host()))
}

/// Epochs that the network in a checkpoint has been trained.
fn epochs(run: &Run<'_>, draw: u64) -> Option<usize> {
    network(run, draw).map(|(epochs, _)| epochs)
}

/// A block of a checkpoint.
fn block(state: &State, name: &str) -> Vec<u8> {
    state.get(name).unwrap().to_vec()
}

#[test]
fn one_image_per_class_never_trains_a_network() {
    let train_never = |run: &mut Run<'_>| {
        assert_eq!(run.steps(), 2);
        for i in 0..2 {
            let report = step(run, i).unwrap();
            assert!(named(&report, "network_loss").is_none() && named(&report, "class_distance").is_some());
            assert_eq!(epochs(run, i as u64), None);
        }
    };
    World::new("convnet-d2-w8").with(("dc", 1, &[]), train_never).unwrap();
}

#[test]
fn ten_images_per_class_train_nine_times_fifty_epochs() {
    let train_nine_times = |run: &mut Run<'_>| {
        assert_eq!(run.steps(), 20);
        for i in 0..20 {
            step(run, i).unwrap();
            let (draw, inner) = (i / 10, i % 10);
            let expected = (inner < 9).then_some(50 * (inner + 1));
            assert_eq!(epochs(run, draw as u64), expected, "after step {i}");
        }
    };
    World::new("convnet-d2-w4").with(("dc", 10, &[]), train_nine_times).unwrap();
}

/// Runs that reach every switch of the engine.
const EVERY: [Case<'_>; 3] = [
    ("dc", 10, &[("outer_steps", "3"), ("inner_epochs", "2")]),
    (
        "dsa",
        10,
        &[("outer_steps", "3"), ("inner_epochs", "2"), ("train_momentum", "0.9"), ("factor", "2"), ("batch_syn", "3")],
    ),
    ("idc", 10, &[("outer_steps", "3"), ("train_batch", "8"), ("pretrain_epochs", "1"), ("lr_img", "1.0")]),
];

#[test]
fn a_run_continues_from_its_state() {
    let world = World::new("convnet-d2-w4");
    for case in EVERY {
        let run = |state: Option<&State>, steps: std::ops::Range<usize>| {
            let run = |run: &mut Run<'_>| {
                if let Some(state) = state {
                    run.load(state).unwrap();
                }
                steps.for_each(|i| assert!(step(run, i).unwrap().loss.unwrap().is_finite()));
                (saved(run), run.snapshot().unwrap().images)
            };
            world.with(case, run).unwrap()
        };
        let at_end = |state: &State| {
            let learner = |run: &mut Run<'_>| {
                run.load(state).unwrap();
                network(run, 1).unwrap()
            };
            world.with(case, learner).unwrap()
        };
        let (straight, half) = (run(None, 0..5), run(None, 0..2));
        let resumed = run(Some(&half.0), 2..5);
        assert!(straight.1 == resumed.1, "{case:?}: images");
        assert!(block(&straight.0, "images.momentum") == block(&resumed.0, "images.momentum"), "{case:?}: momentum");
        assert!(at_end(&straight.0) == at_end(&resumed.0), "{case:?}: network");
        assert_ne!(straight.1, half.1);
    }
}

#[test]
fn an_interrupted_step_leaves_everything_as_it_was() {
    let interrupt = |run: &mut Run<'_>| {
        let (before, stop) = (saved(run), Stop::never());
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(700));
                stop.request();
            });
            run.step(&StepContext { step: 0, stop: &stop }).unwrap_err()
        });
        assert!(Interrupted::is(&error), "{error}");
        assert!(saved(run) == before, "no network, and the images as they were");
        let error = run.step(&StepContext { step: 0, stop: &stop }).unwrap_err();
        assert!(Interrupted::is(&error), "{error}");
    };
    let endless = [("outer_steps", "2"), ("inner_epochs", "10000000")];
    World::new("convnet-d2-w4").with(("dsa", 10, &endless), interrupt).unwrap();
}

#[test]
fn a_checkpoint_without_its_network_is_refused() {
    let refuse = |run: &mut Run<'_>| {
        let error = step(run, 1).unwrap_err().to_string();
        assert!(error.contains("network"), "{error}");
        step(run, 0).unwrap();
        let error = step(run, 4).unwrap_err().to_string();
        assert!(error.contains("draw 1"), "{error}");
    };
    let sets = [("outer_steps", "3"), ("inner_epochs", "1")];
    World::new("convnet-d2-w4").with(("dc", 10, &sets), refuse).unwrap();
}

#[test]
fn the_distance_falls() {
    let world = World::new("convnet-d2-w8");
    for method in ["dc", "dsa"] {
        let sets = [("iterations", "40"), ("lr_img", "0.5"), ("batch_real", "8")];
        let run = |run: &mut Run<'_>| (0..40).map(|i| step(run, i).unwrap().loss.unwrap()).collect();
        let distances: Vec<f64> = world.with((method, 1, &sets), run).unwrap();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&distances[..5]), mean(&distances[35..]));
        assert!(last < 0.95 * first, "{method}: {first} {last}");
    }
}

#[test]
fn passes_do_not_change_the_result() {
    let world = World::new("convnet-d2-w4");
    let images = |chunk| {
        let run = |run: &mut Run<'_>| {
            step(run, 0).unwrap();
            run.snapshot().unwrap().images
        };
        world.chunked(("dsa", 1, &[("factor", "2"), ("lr_img", "1.0")]), chunk, run).unwrap()
    };
    let (whole, cut) = (images(None), images(Some(2)));
    let worst = whole.iter().zip(&cut).fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn batch_norms_use_the_statistics_of_real_images_of_all_classes() {
    let recalibrate_batch_norm = |run: &mut Run<'_>| {
        let mut student = run.trainer.begin(0, &Stop::never()).unwrap();
        let buffers = |student: &Student<'_>| -> Vec<f32> {
            let values = student.params().buffers().iter();
            values.flat_map(|buffer| buffer.clone().into_data().iter::<f32>().collect::<Vec<_>>()).collect()
        };
        let fresh = buffers(&student);
        run.trainer.recalibrate_batch_norm(&mut student, 0);
        let settled = buffers(&student);
        assert!(fresh.iter().zip(&settled).all(|(a, b)| (a - b).abs() > 0.0));
        (0..2).for_each(|i| assert!(step(run, i).unwrap().loss.unwrap().is_finite()));
    };
    let sets = [("outer_steps", "2"), ("inner_epochs", "1")];
    World::new("convnet-d2-w4-bn").with(("dsa", 10, &sets), recalibrate_batch_norm).unwrap();
}

#[test]
fn a_network_without_what_is_compared_is_refused() {
    let error = World::new("mlp").with(("dc", 1, &[("tensors", "convolutions")]), |_| ()).unwrap_err().to_string();
    assert!(error.contains("mlp") && error.contains("tensors"), "{error}");
}

#[test]
fn sets_of_several_images_in_one_say_so() {
    let pair = |run: &mut Run<'_>| {
        let first = run.snapshot().unwrap();
        step(run, 0).unwrap();
        (first, run.snapshot().unwrap())
    };
    let world = World::new("convnet-d2-w4");
    let (first, set) = world.with(("idc", 1, &[("lr_img", "1.0")]), pair).unwrap();
    set.check().unwrap();
    assert_eq!((set.formation, set.shape), (2, [10, 3, 16, 16]));
    assert_ne!(set.images, first.images);
    let error = world.with(("idc", 1, &[("factor", "3")]), pair).unwrap_err().to_string();
    assert!(error.contains("has 8 training images"), "{error}");
}
