//! The moving average of a student's parameters.

use burn::tensor::Device;

use super::{tests::*, *};
use compdd_core::progress::Stop;
use compdd_nn::nn::{NetworkSpec, Params};

const DECAY: f32 = 0.9;

fn values(params: &Params) -> Vec<f32> {
    params.values().iter().flat_map(|it| it.clone().into_data().iter::<f32>().collect::<Vec<_>>()).collect()
}

/// After every step the average follows by a tenth, from the initial parameters on; what is trained, and the running statistics, are as without it. Saved
/// and restored in between, it ends with the same bits.
#[test]
fn the_average_is_scored_and_changes_nothing_else() {
    let network = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 8, 4).unwrap();
    let (set, go) = (training_set(0.02), Stop::never());
    let plan = Plan { batch: 12, epochs: 6, ..Plan::of(&protocol(), 0.02) };
    let fresh = || Student::new(&network, plan.clone(), 3, &Device::flex());
    let (mut plain, mut averaged) = (fresh(), fresh().averaging(Some(DECAY)));
    let mut expected = values(plain.params());
    let mut saved = None;
    for epoch in 0..plan.epochs {
        for student in [&mut plain, &mut averaged] {
            student.train_epoch(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
        }
        for (average, new) in expected.iter_mut().zip(values(plain.params())) {
            *average = DECAY * *average + (1.0 - DECAY) * new;
        }
        if epoch == 2 {
            saved = Some(averaged.to_bytes("set").unwrap());
        }
    }
    assert_eq!(bits(&plain), bits(&averaged));
    let scored = averaged.scored();
    for (found, expected) in values(&scored).iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    assert_ne!(values(&scored), values(plain.params()));
    let host = |params: &Params| params.buffers().iter().map(|it| it.to_data().to_string()).collect::<Vec<_>>();
    assert_eq!(host(&scored), host(plain.params()));

    let mut resumed = fresh().averaging(Some(DECAY));
    assert!(resumed.restore(&saved.unwrap(), "set").unwrap());
    resumed.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
    assert_eq!(values(&resumed.scored()), values(&scored));
    assert!(!fresh().restore(&resumed.to_bytes("set").unwrap(), "set").unwrap(), "one without an average is another");
}
