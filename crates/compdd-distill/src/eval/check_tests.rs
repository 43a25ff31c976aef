//! Tests of students while they train.

use burn::tensor::Device;

use super::{
    tests::{StopAfter, images, network, protocol, space, training_set},
    *,
};
use compdd_core::{
    progress::Stop,
    protocol::{Checks, Scoring},
    record::StudentRecord,
};

const CHECKS: Checks = Checks { every: 2, last_share: 0.5 };

fn scored(checks: Option<Checks>, epochs: usize, context: &EvalContext<'_>) -> Result<Vec<StudentRecord>, EvalError> {
    let (network, space, images, set) = (network(), space(), images(3, 8), training_set(0.05));
    let scoring = Scoring { epochs, ..protocol() };
    let context = EvalContext { checks, ..context.clone() };
    evaluate(&[1, 2], &network, &[&set], &View::all(&images, &space), &scoring, Guide::None, &context)
}

/// Ten epochs are tested after 6, 8 and 10 and are otherwise as without tests; what is found after an epoch is the accuracy of a student that ends
/// there, of the same learning rates.
#[test]
fn checks_change_no_student_and_find_the_best() {
    let go = Stop::never();
    let context = EvalContext::new(Device::flex(), &go);
    let plain = scored(None, 9, &context).unwrap();
    let checked = scored(Some(CHECKS), 9, &context).unwrap();
    let without: Vec<StudentRecord> =
        checked.iter().map(|student| StudentRecord { best_on_test: None, ..student.clone() }).collect();
    assert_eq!(without, plain);

    let (network, space, images, set) = (network(), space(), images(3, 8), training_set(0.05));
    let view = View::all(&images, &space);
    for student in &checked {
        let plan = Plan::of(&Scoring { epochs: 9, ..protocol() }, 0.05);
        let mut again = Student::new(&network, plan, student.seed, &context.device).in_space(&space);
        let mut found = Vec::new();
        for epoch in 1..=10 {
            again.train_epoch(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
            if [6, 8, 10].contains(&epoch) {
                let passes = InferenceOptions { device: &context.device, batch: 16, stop: &go };
                found.push((epoch, accuracy(&network, again.params(), &view, passes).unwrap()));
            }
        }
        let best = student.best_on_test.unwrap();
        assert_eq!((best.checks, found[2].1), (3, student.accuracy));
        assert!(found.iter().all(|(_, accuracy)| *accuracy <= best.accuracy));
        assert_eq!(found.iter().find(|(_, accuracy)| *accuracy == best.accuracy).unwrap().0, best.epoch);
    }
}

/// A student that is stopped between its checks goes on and has all of them; one that began without checks is trained again.
#[test]
fn checks_survive_a_stop() {
    let (go, stop) = (Stop::never(), Stop::never());
    let folder = tempfile::tempdir().unwrap();
    let saving = || Some((folder.path().to_owned(), std::time::Duration::from_secs(3600)));
    let context = |stop, progress| EvalContext {
        checkpoint: saving(),
        lanes: Some(1),
        progress,
        ..EvalContext::new(Device::flex(), stop)
    };
    let whole = scored(Some(CHECKS), 9, &EvalContext::new(Device::flex(), &go)).unwrap();
    let after = StopAfter { epochs: 0.into(), limit: 7, stop: &stop };
    assert!(matches!(scored(Some(CHECKS), 9, &context(&stop, &after)).unwrap_err(), EvalError::Interrupted(_)));
    assert_eq!(scored(Some(CHECKS), 9, &context(&go, &())).unwrap(), whole);
    assert_eq!(scored(None, 9, &context(&go, &())).unwrap()[0].best_on_test, None);
}
