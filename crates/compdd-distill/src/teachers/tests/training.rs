//! What is trained, and that interruptions leave no trace.

use burn::tensor::Device;
use compdd_core::{
    files::LockError,
    progress::{Interrupted, Stop},
};

use super::{
    super::{Keep, Origin, Recipe, TeacherError, list},
    contents, make, network, recipe, stopped, task,
};
use crate::eval::{self, InferenceOptions, Plan, Rule, Schedule, View};
use compdd_data::data::Task;
use compdd_nn::nn::{Network, Params};

fn accuracy(network: &Network, params: &Params, view: &View<'_>) -> f64 {
    let stop = Stop::never();
    let passes = InferenceOptions { device: &Device::flex(), batch: 7, stop: &stop };
    eval::accuracy(network, params, view, passes).unwrap().fraction()
}

#[test]
fn a_card_says_what_was_done() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let teacher = make(&task, &network, &recipe(), root.path()).unwrap();
    let card = teacher.card();
    assert_eq!(
        (card.subset.as_str(), card.network.as_str(), card.input),
        ("scenes-easy@1", "convnet-d2-w4", [3, 16, 16])
    );
    assert_eq!(card.classes, task.train.classes());
    assert_eq!((card.decode.resolution, card.pixels.kind.as_str()), (16, "normalised"));
    let Origin::Trained { recipe: own, images, epoch, train_loss, data } = &card.origin else { panic!("trained") };
    assert_eq!((own, *images, *epoch), (&recipe(), 40, 4));
    assert!(train_loss.is_finite() && *data == View::training(&task).hash());
    let (heldout, test) = (card.heldout.as_ref().unwrap(), card.test.as_ref().unwrap());
    assert_eq!((heldout.images, test.images), (10, 20));
    let measured = |view: &View<'_>| accuracy(&network, teacher.params(), view);
    assert_eq!(heldout.accuracy.fraction().to_bits(), measured(&View::heldout(&task)).to_bits());
    assert_eq!(test.accuracy.fraction().to_bits(), measured(&View::test(&task)).to_bits());
    assert_eq!(list(root.path()).unwrap(), [teacher.path().to_owned()]);
    assert_eq!(contents(root.path()).len(), 2, "nothing unfinished is left");
}

#[test]
fn a_teacher_learns() {
    let options = compdd_data::data::TaskOptions {
        resolution: Some(16),
        train_per_class: Some(40),
        test_per_class: Some(10),
        ..compdd_data::data::TaskOptions::default()
    };
    let subset = compdd_core::subset::Subset::find("scenes-easy").unwrap();
    let task = Task::load(&subset, &compdd_data::data::Library::empty(), &options).unwrap();
    let root = tempfile::tempdir().unwrap();
    let plan = Plan { epochs: 12, schedule: Schedule::Cosine { base: 0.02, total: 12, zeta: 1.0 }, ..recipe().plan };
    let teacher = make(&task, &network("convnet-d2-w16"), &Recipe { plan, ..recipe() }, root.path()).unwrap();
    let accuracy = teacher.card().test.as_ref().unwrap().accuracy.fraction();
    assert!(accuracy > 0.3, "three times chance: {accuracy}");
    assert!(teacher.card().heldout.is_none(), "nothing was held out");
}

/// Batch norm has running statistics, `AdamW` two averages; with the best epoch kept there is a further file.
#[test]
fn interruptions_leave_no_trace() {
    let adam = Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 1e-2, matrices_only: true };
    let second = Recipe { keep: Keep::Best, plan: Plan { rule: adam, ..recipe().plan }, ..recipe() };
    for (slug, recipe) in [("convnet-d2-w4-bn", recipe()), ("convnet-d2-w4", second)] {
        let (task, network) = (task("scenes-easy"), network(slug));
        let [whole, parts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let teacher = make(&task, &network, &recipe, whole.path()).unwrap();
        for epoch in 1..recipe.plan.epochs {
            let error = stopped(&task, &network, &recipe, parts.path(), epoch);
            assert!(Interrupted::is(&error), "{error}");
            assert!(list(parts.path()).unwrap().is_empty(), "no half teacher");
        }
        let again = make(&task, &network, &recipe, parts.path()).unwrap();
        assert_eq!(again.card(), teacher.card());
        assert_eq!(contents(parts.path()), contents(whole.path()), "{slug}");
        let seed = Recipe { seed: 4, ..recipe };
        assert_ne!(make(&task, &network, &seed, parts.path()).unwrap().card().blake3, teacher.card().blake3);
    }
}

/// The epoch that is kept is the first with the highest accuracy on the held-out images, measured here by training as long.
#[test]
fn the_best_epoch_is_chosen_on_held_out_images() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let constant = |epochs, keep| Recipe {
        plan: Plan { epochs, schedule: Schedule::Constant { base: 0.05 }, ..recipe().plan },
        keep,
        ..recipe()
    };
    let after = |epochs| make(&task, &network, &constant(epochs, Keep::Last), root.path()).unwrap();
    let scores: Vec<f64> =
        (1..=5).map(|epochs| after(epochs).card().heldout.as_ref().unwrap().accuracy.fraction()).collect();
    let highest = scores.iter().copied().fold(0.0, f64::max);
    let first = 1 + scores.iter().position(|score| *score >= highest).unwrap();
    let best = make(&task, &network, &constant(5, Keep::Best), root.path()).unwrap();
    let Origin::Trained { epoch, .. } = best.card().origin else { panic!("trained") };
    assert_eq!(epoch, first, "{scores:?}");
    assert_eq!(best.params().to_host(), after(first).params().to_host());
}

#[test]
fn what_is_there_is_not_trained_again() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let teacher = make(&task, &network, &recipe(), root.path()).unwrap();
    let found = super::super::find(&task, &network, &recipe(), None, root.path(), &Device::flex()).unwrap();
    assert_eq!(found.unwrap().path(), teacher.path());
    // What a kill right after the teacher was written leaves is removed.
    let unfinished = root.path().join(format!("unfinished-{}", &teacher.card().identity[..8]));
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("student.safetensors"), "left over").unwrap();
    make(&task, &network, &recipe(), root.path()).unwrap();
    assert!(!unfinished.exists());
    // Another process that trains the same is waited for, by the user.
    std::fs::create_dir(&unfinished).unwrap();
    let lock = std::fs::File::create(unfinished.join("lock")).unwrap();
    lock.try_lock().unwrap();
    make(&task, &network, &recipe(), root.path()).unwrap();
    std::fs::rename(teacher.path(), root.path().join("elsewhere")).unwrap();
    let error = make(&task, &network, &recipe(), root.path()).unwrap_err();
    assert!(matches!(error, TeacherError::Lock(LockError::Busy { .. })), "{error}");
    drop(lock);
    std::fs::rename(root.path().join("elsewhere"), teacher.path()).unwrap();
    // A training that would be stopped at once is not begun.
    let stop = Stop::after(0);
    let context = super::TeacherContext::new(Device::flex(), &stop);
    let again = super::train(&task, &network, &recipe(), None, root.path(), &context).unwrap();
    assert_eq!(again.card(), teacher.card());
    // Under a name of its own it is another folder, and a name belongs to one teacher.
    let go = Stop::never();
    let context = super::TeacherContext::new(Device::flex(), &go);
    let named = |recipe: &Recipe, name| super::train(&task, &network, recipe, Some(name), root.path(), &context);
    assert_eq!(named(&recipe(), "mine").unwrap().path(), root.path().join("mine"));
    let error = named(&Recipe { seed: 9, ..recipe() }, "mine").unwrap_err();
    assert!(matches!(error, TeacherError::Exists { .. }), "{error}");
    for name in ["", "../up", ".hidden", "a/b"] {
        assert!(matches!(named(&recipe(), name).unwrap_err(), TeacherError::Name { .. }), "{name}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let (mut task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let plan = recipe().plan;
    let constant = |base| Schedule::Constant { base };
    let sgd = |momentum, weight_decay| Rule::Sgd { momentum, weight_decay };
    for (plan, expected) in [
        (Plan { epochs: 0, ..plan.clone() }, "teacher setting `epochs` is 0, but must be between 1 and 999999"),
        (Plan { batch: 0, ..plan.clone() }, "teacher setting `batch` is 0, but must be 1 or more"),
        (
            Plan { schedule: constant(-0.5), ..plan.clone() },
            "teacher setting `learning-rate` is -0.5, but must be above 0 and at most 10",
        ),
        (
            Plan { rule: sgd(1.0, 0.0), ..plan.clone() },
            "teacher setting `momentum` is 1, but must be at least 0 and below 1",
        ),
        (
            Plan { rule: sgd(0.0, -1.0), ..plan.clone() },
            "teacher setting `weight-decay` is -1, but must be between 0 and 1",
        ),
    ] {
        let error = make(&task, &network, &Recipe { plan, ..recipe() }, root.path()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    task.heldout.clear();
    let error = make(&task, &network, &Recipe { keep: Keep::Best, ..recipe() }, root.path()).unwrap_err();
    assert!(matches!(error, TeacherError::NoHeldOut));
    let wild = Plan { schedule: constant(10.0), ..plan };
    let mlp = super::network("mlp");
    let error = make(&task, &mlp, &Recipe { plan: Plan { epochs: 30, ..wild }, ..recipe() }, root.path()).unwrap_err();
    assert!(matches!(error, TeacherError::Diverged { .. }), "{error}");
}
