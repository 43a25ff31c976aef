//! Acceptance checks of the family, on tiny networks and images.

mod recipes;

use std::path::Path;

use burn::tensor::{Device, Tensor};

use super::{recipe::TrajectoryRecipe, run::Run};
use crate::{
    experts::{Buffer, ExpertContext, ensure},
    methods::{Distiller, MethodError, Start, State, StepContext, StepReport, find},
};
use compdd_core::{
    progress::Stop,
    recipe::Recipe,
    record::{Budget, Fidelity, Provenance},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{feed::PixelTensors as _, grad::Offload, nn::NetworkSpec};

/// The built-in recipe of a method with some values replaced.
fn resolved(method: &str, sets: &[(&str, &str)]) -> Recipe {
    let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let method = find(method).expect("a registered method");
    Recipe::resolve(method, None, &sets, &crate::methods::CELL).expect("a complete recipe")
}

/// The built-in recipe of a method.
pub(super) fn recipe(method: &str) -> TrajectoryRecipe {
    resolved(method, &[]).typed().expect("a recipe of the family")
}

/// Everything a tiny run needs; the experts are trained once and shared.
struct World {
    task: Task,
    network: NetworkSpec,
    provenance: Provenance,
    device: Device,
    folder: tempfile::TempDir,
}

/// Values that make any recipe of the family tiny.
const TINY: [(&str, &str); 16] = [
    ("iterations", "3"),
    ("student_steps", "3"),
    ("expert_span", "1"),
    ("min_start", "0"),
    ("start", "1"),
    ("max_start", "2"),
    ("expand", "0"),
    ("batch_syn", "7"),
    ("lr_img", "100"),
    ("lr_lr", "1e-6"),
    ("experts", "2"),
    ("expert_epochs", "6"),
    ("expert_batch", "16"),
    ("expert_learning_rate", "0.05"),
    ("whiten", "false"),
    ("init", "real"),
];

impl World {
    fn new() -> Self {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(8),
            test_per_class: Some(2),
            ..TaskOptions::default()
        };
        let subset = Subset::find("scenes-easy").unwrap();
        Self {
            task: Task::load(&subset, &Library::empty(), &options).unwrap(),
            network: NetworkSpec::parse("convnet-d2-w8").unwrap(),
            provenance: Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, ""),
            device: Device::flex(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn experts(&self, recipe: &Recipe, root: &Path) -> Buffer {
        let typed: TrajectoryRecipe = recipe.typed().unwrap();
        let network = self.network.build(3, 16, 10).unwrap();
        let never = Stop::never();
        let context = ExpertContext::new(self.device.clone(), &never);
        ensure(&typed.demand(0).unwrap(), &network, &self.task, root, &context).unwrap()
    }

    /// Runs `body` with a fresh run of a method.
    fn with<T>(&self, method: &str, sets: &[(&str, &str)], body: impl FnOnce(&mut Run<'_>) -> T) -> T {
        let recipe = resolved(method, &[&TINY, sets].concat());
        let experts = self.experts(&recipe, self.folder.path());
        let start = Start {
            task: &self.task,
            recipe: &recipe,
            ipc: 1,
            seed: 0,
            method,
            provenance: &self.provenance,
            network: &self.network,
            device: &self.device,
            experts: Some(&experts),
            features: None,
            observer: None,
            teachers: &[],
            statistics: &[],
            offload: Offload::Device,
            chunk: None,
            preparation: crate::eval::Following::silent(&crate::methods::NEVER),
        };
        body(&mut Run::new(start, recipe.typed().unwrap()).unwrap())
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

fn floats(state: &State, name: &str) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(state.get(name).unwrap())
}

#[test]
fn edf_without_its_modules_is_datm_bit_for_bit() {
    let world = World::new();
    let off = [("drop", "0"), ("enhance", "false"), ("skip_above", "9"), ("lr_label", "2")];
    let after = |method: &str, sets: &[(&str, &str)]| {
        world.with(method, sets, |run| {
            let losses: Vec<_> = (0..3).map(|i| step(run, i).unwrap().loss).collect();
            (losses, saved(run))
        })
    };
    let (datm, edf) = (after("datm", &off), after("edf", &off));
    assert_eq!(datm, edf);
    let enhanced = after("edf", &[("drop", "0"), ("enhance", "true"), ("skip_above", "9"), ("lr_label", "2")]);
    assert_eq!(enhanced.0[0], edf.0[0], "the loss of the first iteration knows nothing of maps");
    assert_ne!(enhanced.1, edf.1);
}

#[test]
fn enhancement_touches_pixels_only() {
    let world = World::new();
    let after = |enhance: &str| {
        let sets = [("enhance", enhance), ("drop", "0.25"), ("skip_above", "9")];
        world.with("edf", &sets, |run| {
            let before = floats(&saved(run), "images");
            step(run, 0).unwrap();
            (before, saved(run))
        })
    };
    let ((start, plain), (_, enhanced)) = (after("false"), after("true"));
    for untouched in ["targets", "labels.momentum"] {
        assert_eq!(plain.get(untouched).unwrap(), enhanced.get(untouched).unwrap(), "{untouched}");
    }
    assert_eq!(plain.number("rate").unwrap(), enhanced.number("rate").unwrap());
    let (plain, enhanced) = (floats(&plain, "images"), floats(&enhanced, "images"));
    let moved = |after: &[f32], i: usize| f64::from(after[i]) - f64::from(start[i]);
    let factors: Vec<f64> = (0..start.len())
        .filter(|&i| moved(&plain, i).abs() > 1e-4)
        .map(|i| moved(&enhanced, i) / moved(&plain, i))
        .collect();
    assert!(!factors.is_empty() && factors.iter().all(|factor| (0.97..2.03).contains(factor)), "1 or beta + map");
    assert!(factors.iter().any(|factor| *factor > 1.2) && factors.iter().any(|factor| *factor < 1.03));
}

#[test]
fn every_refresh_tells_the_area_of_each_class() {
    let world = World::new();
    world.with("edf", &[("enhance", "true"), ("enhance_interval", "2"), ("skip_above", "9")], |run| {
        for i in 0..4 {
            let report = step(run, i).unwrap();
            let share = report.values.iter().find(|(name, _)| *name == "discriminative_share").unwrap().1;
            let [(name, shares)] = &report.by_class[..] else {
                assert!(i % 2 == 1 && report.by_class.is_empty(), "iteration {i}");
                continue;
            };
            assert!(i % 2 == 0 && *name == "discriminative_share_by_class" && shares.len() == 10, "iteration {i}");
            assert!((shares.iter().sum::<f64>() / 10.0 - share).abs() < 1e-6, "one image a class: {share} {shares:?}");
        }
    });
}

#[test]
fn rows_of_learned_labels_keep_their_sums() {
    let world = World::new();
    world.with("datm", &[("skip_above", "9"), ("lr_label", "5")], |run| {
        let sums = |state: &State| -> Vec<f32> {
            floats(state, "targets").chunks_exact(10).map(|row| row.iter().sum::<f32>()).collect()
        };
        let (first, before) = (floats(&saved(run), "targets"), sums(&saved(run)));
        for i in 0..3 {
            step(run, i).unwrap();
        }
        let after = saved(run);
        assert_ne!(floats(&after, "targets"), first, "labels are learned");
        for (a, b) in sums(&after).iter().zip(before) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    });
}

#[test]
fn a_skipped_iteration_changes_nothing() {
    let world = World::new();
    world.with("datm", &[("skip_above", "9")], |run| {
        step(run, 0).unwrap();
        let before = saved(run);
        run.recipe.skip_above = 1e-9;
        let report = step(run, 1).unwrap();
        let after = saved(run);
        assert!(report.values.contains(&("skipped", 1.0)));
        for name in ["images", "targets", "images.momentum", "labels.momentum", "rate", "rate.momentum"] {
            assert_eq!(before.get(name).unwrap(), after.get(name).unwrap(), "{name}");
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_images() {
    let world = World::new();
    for method in ["mtt", "tesla", "ftd", "pad", "edf"] {
        let after = || {
            world.with(method, &[("expert_curriculum", "false"), ("skip_above", "9")], |run| {
                for i in 0..10 {
                    step(run, i).unwrap();
                }
                (saved(run).to_bytes().unwrap(), run.snapshot().unwrap())
            })
        };
        let (first, second) = (after(), after());
        assert!(first == second, "{method} is not reproducible");
        first.1.check().unwrap();
    }
}

#[test]
fn a_run_continues_from_its_state() {
    let world = World::new();
    let sets = [("skip_above", "9"), ("enhance_interval", "2"), ("ema", "0.5")];
    let straight = world.with("edf", &sets, |run| {
        for i in 0..5 {
            step(run, i).unwrap();
        }
        saved(run)
    });
    let half = world.with("edf", &sets, |run| {
        for i in 0..3 {
            step(run, i).unwrap();
        }
        saved(run)
    });
    let resumed = world.with("edf", &sets, |run| {
        run.load(&half).unwrap();
        for i in 3..5 {
            step(run, i).unwrap();
        }
        saved(run)
    });
    assert_eq!(straight.to_bytes().unwrap(), resumed.to_bytes().unwrap());
}

#[test]
fn a_lost_step_size_is_refused_before_anything_changes() {
    let world = World::new();
    // Whatever the sign of its gradient, one of the two directions leaves the positive numbers.
    let refused = [1e6, -1e6].map(|rate| {
        world.with("mtt", &[], |run| {
            let before = saved(run).to_bytes().unwrap();
            run.learned.lr_rate = rate;
            let error = step(run, 0).err()?;
            assert!(matches!(error, MethodError::LostRate { step: 0, .. }) && error.is_divergence(), "{error}");
            assert_eq!(saved(run).to_bytes().unwrap(), before);
            Some(())
        })
    });
    assert_eq!(refused.iter().flatten().count(), 1);
}

#[test]
fn teacher_labels_are_distributions_and_averages_lag() {
    let world = World::new();
    world.with("tesla", &[("labels", "teacher")], |run| {
        step(run, 0).unwrap();
        let set = run.snapshot().unwrap();
        assert_eq!(set.labels.kind(), compdd_core::record::LabelKind::Probabilities);
        set.check().unwrap();
    });
    world.with("ftd", &[("ema", "0.9")], |run| {
        let first = floats(&saved(run), "images");
        step(run, 0).unwrap();
        let state = saved(run);
        let (images, average) = (floats(&state, "images"), floats(&state, "images.average"));
        for ((first, now), average) in first.iter().zip(&images).zip(&average) {
            assert!((0.9 * first + 0.1 * now - average).abs() < 1e-5);
        }
        assert_eq!(run.snapshot().unwrap().images, average, "the average is the result");
    });
}

#[test]
fn a_student_that_repeats_the_expert_arrives_where_it_did() {
    use crate::methods::trajectory::matching::{Drop, compare};
    use compdd_nn::{
        grad::{Objective, Rollout, Settings, Step, Synthetic, Targets},
        nn::Mode,
    };
    let world = World::new();
    let sets = [("expert_optimizer", "sgd"), ("expert_batch", "80"), ("max_start", "1"), ("expert_epochs", "3")];
    let recipe = resolved("mtt", &[&TINY, sets.as_slice()].concat());
    let demand = recipe.typed::<TrajectoryRecipe>().unwrap().demand(0).unwrap();
    let plain = crate::experts::Demand {
        training: crate::experts::Training { augmentation: compdd_nn::augment::DsaConfig::none(), ..demand.training },
        ..demand
    };
    let network = world.network.build(3, 16, 10).unwrap();
    let never = Stop::never();
    let context = ExpertContext::new(world.device.clone(), &never);
    let experts = ensure(&plain, &network, &world.task, world.folder.path(), &context).unwrap();
    let [start, target] = [0, 1].map(|epoch| experts.params(&network, 0, epoch, &world.device).unwrap());

    let all: Vec<usize> = (0..world.task.train.len()).collect();
    let one_hot = all.iter().flat_map(|&i| {
        (0..10).map(move |c| (i, c)).map(|(i, c)| f32::from(u8::from(world.task.train.labels()[i] == c)))
    });
    let rows = burn::tensor::TensorData::new(one_hot.collect::<Vec<_>>(), [all.len(), 10]);
    let data = Synthetic {
        images: world.task.space.tensor(&world.task.train, &all, &world.device),
        targets: Targets::Probabilities(Tensor::from_data(rows, &world.device)),
    };
    let steps = [Step { rows: all, draws: compdd_nn::augment::Draws::default() }];
    let settings = Settings { rate: 0.05, momentum: 0.0, offload: Offload::Device };
    let objective = Objective::new(&network, Mode::Train);
    let rollout = Rollout::forward(&objective, &start, &data, &steps, settings, &never).unwrap();
    let (end, start, target) = (rollout.end().to_host(), start.to_host(), target.to_host());
    let loss = compare(&end, &start, &target, Drop::Smallest(0.0)).unwrap().loss;
    assert!(loss < 1e-8, "{loss}");
}
