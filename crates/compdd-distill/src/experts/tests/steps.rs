//! GSAM on paper.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::experts::gsam::{Gradient, Gsam};
use compdd_nn::nn::{Layout, NetworkSpec, Params};

/// Two parameters called `w`, and `f = (w1^2 + 3 w2^2) / 2` with its gradient `(w1, 3 w2)`.
fn toy() -> (Params, impl Fn(&Params) -> Gradient) {
    let network = NetworkSpec::parse("mlp").unwrap().build(1, 1, 2).unwrap();
    let mut slot = network.layout().parameters[1].clone();
    (slot.name, slot.shape) = ("w".into(), vec![2]);
    let layout = Arc::new(Layout { parameters: vec![slot], buffers: Vec::new() });
    let device = Device::flex();
    let params = Params::new(&layout, vec![Tensor::from_floats([1.0, -2.0], &device)], Vec::new());
    let f = move |params: &Params| {
        let scale = Tensor::<1>::from_floats([1.0, 3.0], &device);
        let gradient = params.clone().map(|w| w * scale.clone());
        let loss = (params.flatten() * gradient.flatten()).sum().mul_scalar(0.5);
        Gradient { loss, gradient }
    };
    (params, f)
}

fn host(value: &Tensor<1>) -> Vec<f32> {
    value.clone().into_data().iter::<f32>().collect()
}

fn close(actual: &[f32], expected: &[f32], tolerance: f32) {
    let near = actual.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(near && actual.len() == expected.len(), "{actual:?} is not {expected:?}");
}

#[test]
fn gsam_on_a_quadratic() {
    let (w, f) = toy();
    let step = Gsam { rho: 0.01, alpha: 0.3, adaptive: true }.step(&w, 0.01, f);
    close(&host(&step.gradient), &[1.0, -6.0], 0.0);
    close(&host(&step.perturbation), &[0.000_830, -0.019_931], 1e-6);
    close(&host(&step.gradient_perturbed), &[1.000_83, -6.059_793], 1e-6);
    close(&host(&step.orthogonal), &[0.008_804_7, 0.001_454_2], 2e-6);
    close(&host(&step.direction), &[0.998_189, -6.060_229], 2e-6);
    close(&step.params.to_host(), &[0.990_018, -1.939_398], 1e-6);
    let inner: f32 = (step.orthogonal * step.gradient_perturbed).sum().into_scalar();
    assert!(inner.abs() < 1e-5, "{inner}");
}

#[test]
fn without_radius_gsam_is_sgd_and_without_alpha_it_is_sam() {
    for adaptive in [true, false] {
        let (w, f) = toy();
        let step = Gsam { rho: 0.0, alpha: 0.3, adaptive }.step(&w, 0.01, &f);
        let sgd = w.clone().add_scaled(&f(&w).gradient, -0.01);
        close(&step.params.to_host(), &sgd.to_host(), 1e-7);
        let step = Gsam { rho: 0.01, alpha: 0.0, adaptive }.step(&w, 0.01, &f);
        assert_eq!(host(&step.direction), host(&step.gradient_perturbed));
        assert_ne!(host(&step.direction), host(&step.gradient));
    }
    // The plain perturbation has length rho along g.
    let (w, f) = toy();
    let step = Gsam { rho: 0.01, alpha: 0.3, adaptive: false }.step(&w, 0.01, f);
    let length: f32 = step.perturbation.square().sum().sqrt().into_scalar();
    assert!((length - 0.01).abs() < 1e-7, "{length}");
}
