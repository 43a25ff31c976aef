//! One iteration of DM and DC on the built-in scenes, and one of EDF: a student's steps on augmented images and their way back.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};
use tracing::subscriber::{NoSubscriber, with_default};

use super::{
    Case, Values,
    inputs::{host, noise},
};
use crate::{
    eval::Following,
    methods::{
        self, Start, StepContext,
        trajectory::matching::{Drop, compare},
    },
};
use compdd_core::{
    progress::Stop,
    recipe::{Recipe, RecipeRequest},
    record::{Budget, Fidelity, Provenance},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{
    augment::{BatchSpec, DrawBatch as _, Pipeline, Sampling},
    grad::{Differences, Objective, Offload, Order, Rollout, Settings, Step, Synthetic, Targets},
    nn::{Mode, Network, NetworkSpec},
};

/// Sums over classes of losses whose terms nearly cancel.
const TOLERANCE: f64 = 1e-3;

const SIDE: usize = 16;
const CLASSES: usize = 10;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("iteration dm", TOLERANCE, |device| matching("dm", device)),
        Case::new("iteration dc", TOLERANCE, |device| matching("dc", device)),
        Case::new("iteration edf", TOLERANCE, trajectory),
    ]
}

fn spec() -> NetworkSpec {
    NetworkSpec::parse("convnet-d2-w8").expect("a known network")
}

/// Eight images of every class. That there are fewer than the scenes have is no news for the user.
fn task() -> &'static Task {
    static TASK: OnceLock<Task> = OnceLock::new();
    let load = || {
        let images = TaskOptions {
            resolution: Some(SIDE),
            train_per_class: Some(8),
            test_per_class: Some(1),
            ..TaskOptions::default()
        };
        let subset = Subset::find("scenes-easy").expect("a built-in subset");
        Task::load(&subset, &Library::empty(), &images).expect("built-in images")
    };
    TASK.get_or_init(|| with_default(NoSubscriber::default(), load))
}

/// The loss of the first step of a method of the family, and how it moves the images.
fn matching(slug: &str, device: &Device) -> Values {
    let method = methods::find(slug).expect("a registered method");
    let request = RecipeRequest { subset: "scenes-easy", ipc: 1, budget: "smoke", fidelity: "paper", resolution: SIDE };
    let recipe = Recipe::resolve(method, None, &[], &request).expect("a built-in recipe");
    let stop = Stop::never();
    let start = Start {
        task: task(),
        recipe: &recipe,
        ipc: 1,
        seed: 3,
        method: slug,
        provenance: &Provenance::of_run(3, Budget::Smoke, Fidelity::Paper, ""),
        network: &spec(),
        device,
        experts: None,
        features: None,
        observer: None,
        teachers: &[],
        statistics: &[],
        offload: Offload::Device,
        chunk: None,
        preparation: Following::silent(&stop),
    };
    let mut run = method.start(start).expect("a method that needs nothing else");
    let before = run.snapshot().expect("images").images;
    let report = run.step(&StepContext { step: 0, stop: &stop }).expect("a step");
    let after = run.snapshot().expect("images").images;
    let loss = report.loss.expect("a loss") as f32;
    vec![vec![loss], after.iter().zip(&before).map(|(after, before)| after - before).collect()]
}

/// The matching loss of EDF with common pattern dropout, and its gradient of images, labels and step size.
fn trajectory(device: &Device) -> Values {
    let network: Network = spec().build(3, SIDE, CLASSES).expect("a network at this resolution");
    let begin = network.init(1, device);
    let target = begin.clone().add_scaled(&network.init(2, device), 0.05).to_host();
    let data = Synthetic {
        images: noise("learned images", [CLASSES, 3, SIDE, SIDE], device),
        targets: Targets::Logits(noise("learned labels", [CLASSES, CLASSES], device)),
    };
    let batch = BatchSpec { images: 6, shape: [3, SIDE, SIDE], normalisation: None, sampling: Sampling::PerImage };
    let step = |number: usize| Step {
        rows: (0..6).map(|i| (i + 3 * number) % CLASSES).collect(),
        draws: Pipeline::default().draw_batch(&batch, 1, number as u64).expect("DSA draws for any images"),
    };
    let steps: Vec<Step> = (0..6).map(step).collect();
    let settings = Settings { rate: 0.05, momentum: 0.0, offload: Offload::Device };
    let (objective, never) = (Objective::new(&network, Mode::Train), Stop::never());
    let rollout = Rollout::forward(&objective, &begin, &data, &steps, settings, &never).expect("finite losses");
    let matched = compare(&rollout.end().to_host(), &begin.to_host(), &target, Drop::Smallest(0.25))
        .expect("an expert that moves");
    let (loss, length) = (matched.loss as f32, matched.adjoint.len());
    let adjoint = begin.unflatten(&Tensor::from_data(TensorData::new(matched.adjoint, [length]), device));
    let found = rollout.backward(adjoint, Order::Exact, Differences::Exact).expect("finite gradients");
    let labels = found.labels.map_or_else(Vec::new, |labels| host(&labels));
    vec![vec![loss], host(&found.images), labels, vec![found.rate as f32]]
}
