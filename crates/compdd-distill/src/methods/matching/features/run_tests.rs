//! Whole iterations of the engine on tiny networks and images.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    queue::{Learner, Queue, Sizes},
    recipe::FeatureRecipe,
};
use crate::methods::matching::test_task::{World, after, assert_resumes, floats, recipe, saved, step};
use compdd_core::{progress::Stop, recipe::RecipeRequest};
use compdd_data::data::{PixelSpace, Zca};
use compdd_nn::feed::ZcaTensors as _;

/// Keys that switch off what IDM adds to DM.
const PLAIN: [(&str, &str); 5] =
    [("factor", "1"), ("networks", "fresh"), ("class_weight", "0"), ("turns", "false"), ("lr_img", "1")];

fn cell(subset: &str, ipc: usize) -> FeatureRecipe {
    let request = RecipeRequest { subset, ipc, ..crate::methods::CELL };
    recipe("idm", &[], &request).typed().unwrap()
}

#[test]
fn recipes_hold_the_table_of_idm() {
    let row = |subset: &str, ipc: usize| {
        let r = cell(subset, ipc);
        assert_eq!((r.factor, r.lr_img, r.momentum_img, r.turns, r.iterations), (2, 0.2, 0.5, true, 20_000));
        assert_eq!((r.queue_start, r.queue_limit, r.queue_trained, r.queue_batch), (3, 100, 2, 256));
        (r.class_weight, r.queue_every, r.batch_real, r.queue_steps, r.accuracy_window)
    };
    assert_eq!(row("cifar10", 1), (0.5, 5, 5000, 10, 100));
    assert_eq!(row("cifar10", 10), (0.5, 30, 256, 10, 100));
    assert_eq!(row("cifar10", 50), (0.1, 30, 256, 10, 500));
    assert_eq!(row("cifar100", 1), (0.5, 5, 5000, 10, 100));
    assert_eq!(row("cifar100", 10), (0.1, 30, 256, 50, 100));
    assert_eq!(row("cifar100", 50), (0.1, 30, 256, 40, 500));
    assert_eq!(row("tiny-imagenet", 1), (0.5, 30, 256, 10, 100));
    assert_eq!(row("tiny-imagenet", 50), (0.8, 30, 256, 50, 500));
    assert!(cell("scenes-easy", 10).origin.starts_with("ours"));
}

#[test]
fn idm_without_its_parts_is_dm_bit_for_bit() {
    let world = World::new();
    let [dm, idm] = ["dm", "idm"].map(|method| world.with(method, &PLAIN, |run| after(run, 3)));
    assert!(dm == idm);
    let whole = world.with("idm", &[], |run| after(run, 3));
    assert_ne!(dm.get("images").unwrap(), whole.get("images").unwrap());
}

#[test]
fn resumed_runs_are_those_that_were_never_stopped() {
    let world = World::new();
    assert_resumes(&world, "idm", &[("queue_every", "2"), ("queue_limit", "4"), ("accuracy_window", "3")], 5);
}

#[test]
fn classes_step_in_turn() {
    let world = World::new();
    let moved = |turns: &str| {
        let sets = [&PLAIN[..3], &[("turns", turns), ("lr_img", "1")]].concat();
        world.with("idm", &sets, |run| {
            let before = floats(&saved(run), "images");
            let images = floats(&after(run, 1), "images");
            images.iter().zip(before).map(|(a, b)| f64::from(*a) - f64::from(b)).collect::<Vec<_>>()
        })
    };
    let (together, in_turn) = (moved("false"), moved("true"));
    for class in 0..10 {
        let sum =
            |moves: &[f64]| moves.chunks(moves.len() / 10).nth(class).unwrap().iter().map(|m| m.abs()).sum::<f64>();
        let (ratio, expected) = (sum(&in_turn) / sum(&together), 2.0 - 0.5_f64.powi(9 - class as i32));
        assert!((ratio - expected).abs() < 1e-3, "class {class}: {ratio} against {expected}");
    }
}

#[test]
fn stored_images_hold_four_each() {
    let world = World::new();
    world.with("idm", &[], |run| {
        let set = run.snapshot().unwrap();
        assert_eq!((set.formation, set.shape, set.ipc), (2, [20, 3, 16, 16], 2));
        let report = step(run, 0).unwrap();
        assert!(report.values.contains(&("networks", 3.0)) && report.values.contains(&("network_accuracy", 0.0)));
    });
    let refused = |sets: &[(&str, &str)]| {
        let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let method = crate::methods::find("idm").unwrap();
        compdd_core::recipe::Recipe::resolve(method, None, &sets, &crate::methods::CELL).unwrap_err().to_string()
    };
    assert!(refused(&[("init", "k-center")]).contains("`init`"));
    assert!(refused(&[("whiten", "true")]).contains("`factor`"));
    assert!(refused(&[("networks", "fresh")]).contains("`class_weight`"));
    assert!(refused(&[("embedding", "pixels")]).contains("`networks"));
}

#[test]
fn the_cross_entropy_counts_the_percentage_of_trained_networks() {
    let world = World::new();
    let sets = |weight: &'static str| {
        [("class_weight", weight), ("queue_steps", "20"), ("queue_start", "1"), ("queue_trained", "1")]
    };
    let images = |weight, steps| world.with("idm", &sets(weight), |run| floats(&after(run, steps), "images"));
    assert_eq!(images("0", 1), images("9", 1), "an untrained network has learned no class");
    assert_ne!(images("0", 2), images("9", 2));
}

#[test]
fn a_queue_grows_learns_and_forgets() {
    let world = World::new();
    let network = compdd_nn::nn::NetworkSpec::parse("convnet-d2-w4").unwrap().build(3, 16, 10).unwrap();
    let sizes = Sizes { start: 2, every: 3, limit: 3, trained: 1, steps: 30, batch: 40, window: 5 };
    let mut queue = Queue::new(sizes, 7, world.task.training());
    let (never, device) = (Stop::never(), Device::flex());
    let mut lengths = Vec::new();
    world.start("idm", &[], |start| {
        for step in 0..10 {
            queue.open(step, &network, &device);
            lengths.push(queue.learners().len());
            if step == 5 {
                assert!(queue.learners().iter().all(|learner| learner.accuracy() == 0.0), "a new window");
            }
            let before = queue.clone();
            queue.train(step, &network, &start, &never).unwrap();
            let changed = queue
                .learners()
                .iter()
                .zip(before.learners())
                .filter(|(a, b)| a.params.to_host() != b.params.to_host());
            assert_eq!(changed.count(), 1);
        }
    });
    assert_eq!(lengths, [2, 2, 2, 3, 3, 3, 3, 3, 3, 3]);
    let best = queue.learners().iter().map(Learner::accuracy).fold(0.0, f64::max);
    assert!(best > 12.0 && best <= 100.0, "{best} percent");
}

#[test]
fn first_images_are_whitened_once_twice_or_not() {
    let world = World::whitened();
    let first = |init: &str| {
        world.with("datadam", &[("whiten", "true"), ("zca_init", init)], |run| floats(&saved(run), "images"))
    };
    let [train, refit, none] = ["train-fit", "refit", "none"].map(first);
    let PixelSpace::Zca { whitening, .. } = &world.task.space else { panic!("whitened") };
    let tensor =
        |values: &[f32]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), [20, 3, 16, 16]), &Device::flex());
    let host = |x: Tensor<4>| x.into_data().iter::<f32>().collect::<Vec<_>>();
    assert_eq!(none, host(whitening.invert(tensor(&train))));
    let bytes = none.iter().map(|value| value * 255.0);
    assert!(bytes.clone().all(|value| (value - value.round()).abs() < 0.05), "real pixels on the scale 0..1");
    let own = Zca::fit_matrix(&train, 20, [3, 16, 16], Zca::EPSILON).unwrap();
    assert_eq!(refit, host(own.apply(tensor(&train))));
    assert_ne!(refit, train);
}
