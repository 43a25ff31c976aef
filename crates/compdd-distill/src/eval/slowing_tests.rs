//! A student whose learning rate follows its loss.

use burn::tensor::Device;

use super::{tests::*, *};
use compdd_core::progress::Stop;
use compdd_nn::nn::NetworkSpec;

/// A factor of 1 changes nothing; a small one stops a student whose loss stands still; saved and restored in between, it ends with the same bits.
#[test]
fn a_student_slows_down_where_its_loss_stands() {
    let network = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 8, 4).unwrap();
    let (set, go) = (training_set(1e-5), Stop::never());
    let plan = Plan { batch: 12, epochs: 6, ..Plan::of(&protocol(), 1e-5) };
    let fresh = |factor| Student::new(&network, plan.clone(), 3, &Device::flex()).slowing(factor);
    let trained = |factor| {
        let mut student = fresh(factor);
        student.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
        student
    };
    let plain = trained(None);
    assert_eq!(bits(&trained(Some(1.0))), bits(&plain));
    let slowed = trained(Some(1e-6));
    assert_ne!(bits(&slowed), bits(&plain), "at this rate the loss hardly moves");
    assert!(slowed.slowing.as_ref().unwrap().share() < 1.0);

    let mut half = fresh(Some(1e-6));
    for _ in 0..3 {
        half.train_epoch(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
    }
    let saved = half.to_bytes("set").unwrap();
    let mut resumed = fresh(Some(1e-6));
    assert!(resumed.restore(&saved, "set").unwrap());
    resumed.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
    assert_eq!(bits(&resumed), bits(&slowed));
    assert!(!fresh(None).restore(&saved, "set").unwrap(), "one that is not slowed is another");
    assert!(!fresh(Some(0.5)).restore(&saved, "set").unwrap());
}
