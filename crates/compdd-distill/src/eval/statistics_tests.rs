//! Running statistics that are gathered twice a step.

use burn::tensor::Device;

use super::{tests::*, *};
use compdd_core::{progress::Stop, protocol::Scoring};
use compdd_nn::nn::{Network, NetworkSpec};

/// After one step on all twelve images at once.
fn trained(network: &Network, twice: bool) -> (Vec<f32>, Vec<f32>) {
    let (set, go) = (training_set(0.02), Stop::never());
    let plan = Plan { batch: 12, epochs: 1, ..Plan::of(&Scoring { batch: 12, ..protocol() }, 0.02) };
    let mut student = Student::new(network, plan, 3, &Device::flex()).gathering_statistics_twice(twice);
    student.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
    let values = |tensors: &[burn::tensor::Tensor<1>]| {
        tensors.iter().flat_map(|it| it.clone().into_data().iter::<f32>().collect::<Vec<_>>()).collect()
    };
    (values(student.params().values()), values(student.params().buffers()))
}

/// Two updates with the same batch: a share of 1 - 0.9² of its statistics enters instead of 0.1. The parameters are those of one update.
#[test]
fn two_passes_weigh_the_batch_with_0_19() {
    let network = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 8, 4).unwrap();
    let start: Vec<f32> = network
        .init(3, &Device::flex())
        .buffers()
        .iter()
        .flat_map(|it| it.clone().into_data().iter::<f32>().collect::<Vec<_>>())
        .collect();
    let ((params, once), (same, twice)) = (trained(&network, false), trained(&network, true));
    assert_eq!(params, same);
    assert!(once.len() == start.len() && !once.is_empty() && once != twice);
    for ((start, once), twice) in start.iter().zip(&once).zip(&twice) {
        let batch = (once - 0.9 * start) / 0.1;
        let expected = 0.81 * start + 0.19 * batch;
        assert!((twice - expected).abs() < 1e-4 * expected.abs().max(1.0), "{start} {once} {twice}");
    }
}
