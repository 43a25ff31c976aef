//! A tiny task to run methods of the family on.

use burn::tensor::Device;

use crate::methods::{Distiller, MethodError, Start, State, StepContext, StepReport, find};
use compdd_core::{
    progress::{Interrupted, Stop},
    recipe::{Adaptive, Recipe, RecipeRequest},
    record::{Budget, Fidelity, Provenance},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{grad::Offload, nn::NetworkSpec};

/// The built-in recipe of a method for a cell, with some values replaced.
pub(in crate::methods) fn recipe(method: &str, sets: &[(&str, &str)], request: &RecipeRequest<'_>) -> Recipe {
    let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Recipe::resolve(find(method).unwrap(), None, &sets, request).unwrap()
}

/// Ten classes of eight images of 16 pixels, and a network of two small blocks.
pub(in crate::methods) struct World {
    pub task: Task,
    network: NetworkSpec,
    provenance: Provenance,
    device: Device,
    adaptive: Option<Adaptive>,
}

impl World {
    pub fn new() -> Self {
        Self::tiny(false)
    }

    /// The same with whitened pixels.
    pub fn whitened() -> Self {
        Self::tiny(true)
    }

    fn tiny(zca: bool) -> Self {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(8),
            test_per_class: Some(2),
            zca,
            ..TaskOptions::default()
        };
        let subset = Subset::find("scenes-easy").unwrap();
        Self {
            task: Task::load(&subset, &Library::empty(), &options).unwrap(),
            network: NetworkSpec::parse("convnet-d2-w4").unwrap(),
            provenance: Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, ""),
            device: Device::flex(),
            adaptive: None,
        }
    }

    /// The same with real images that are pruned while distilling.
    pub fn adapting(self, adaptive: Adaptive) -> Self {
        Self { adaptive: Some(adaptive), ..self }
    }

    /// Runs `body` with a fresh smoke run of a method at two images per class.
    pub fn with<T>(&self, method: &str, sets: &[(&str, &str)], body: impl FnOnce(&mut dyn Distiller) -> T) -> T {
        self.start(method, sets, |start| body(&mut *find(method).unwrap().start(start).unwrap()))
    }

    /// What such a run starts with.
    pub fn start<T>(&self, method: &str, sets: &[(&str, &str)], body: impl FnOnce(Start<'_>) -> T) -> T {
        let request = RecipeRequest { budget: "smoke", subset: "scenes-easy", ..crate::methods::CELL };
        let plain = recipe(method, sets, &request);
        let recipe = self.adaptive.map_or(plain.clone(), |adaptive| plain.with_adaptive(adaptive));
        body(Start {
            task: &self.task,
            recipe: &recipe,
            ipc: 2,
            seed: 3,
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
            chunk: None,
            preparation: crate::eval::Following::silent(&crate::methods::NEVER),
        })
    }
}

pub(in crate::methods) fn step(run: &mut dyn Distiller, step: usize) -> Result<StepReport, MethodError> {
    run.step(&StepContext { step, stop: &Stop::never() })
}

/// The state behind the first `steps` steps.
pub(in crate::methods) fn after(run: &mut dyn Distiller, steps: usize) -> State {
    (0..steps).for_each(|i| drop(step(run, i).unwrap()));
    saved(run)
}

pub(in crate::methods) fn saved(run: &dyn Distiller) -> State {
    let mut state = State::default();
    run.save(&mut state).unwrap();
    state
}

pub(in crate::methods) fn floats(state: &State, name: &str) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(state.get(name).unwrap())
}

/// As [`assert_continues`], of a method whose steps can be stopped in the middle: that leaves everything as it was.
pub(in crate::methods) fn assert_resumes(world: &World, method: &str, sets: &[(&str, &str)], steps: usize) {
    continues(world, method, sets, steps, true);
}

/// Asserts that a run that is saved and loaded between any two steps ends with the bytes of one that is not.
pub(in crate::methods) fn assert_continues(world: &World, method: &str, sets: &[(&str, &str)], steps: usize) {
    continues(world, method, sets, steps, false);
}

fn continues(world: &World, method: &str, sets: &[(&str, &str)], steps: usize, stops: bool) {
    let straight = world.with(method, sets, |run| after(run, steps));
    let mut state = world.with(method, sets, |run| saved(run));
    for i in 0..steps {
        state = world.with(method, sets, |run| {
            if i > 0 {
                run.load(&state).unwrap();
            }
            if stops {
                let before = saved(run);
                let stopped = run.step(&StepContext { step: i, stop: &Stop::after(0) });
                assert!(stopped.is_err_and(|error| Interrupted::is(&error)));
                assert_eq!(saved(run), before);
            }
            step(run, i).unwrap();
            saved(run)
        });
    }
    assert!(state == straight, "{method} after {steps} steps");
}
