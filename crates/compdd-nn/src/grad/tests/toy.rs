//! A loss of one parameter, whose derivatives are known in closed form.

use std::sync::Arc;

use compdd_core::progress::Stop;

use super::*;
use crate::{
    grad::{Differences, Differentiable, MetaGradient, Offload, Order, Products, Rollout, Settings, Step, Synthetic},
    nn::{Layout, Slot},
};

/// `(theta - x)^2 / 2` with one parameter and one pixel.
struct Square;

impl Square {
    fn theta(value: f64) -> Params {
        let slot = Slot { name: "theta".into(), shape: vec![1], init: crate::nn::Init::Zero };
        let layout = Arc::new(Layout { parameters: vec![slot], buffers: Vec::new() });
        Params::new(&layout, vec![scalar(value)], Vec::new())
    }
}

fn scalar(value: f64) -> Tensor<1> {
    Tensor::<1>::from_data([value], &Device::flex()).cast(DType::F64)
}

impl Differentiable for Square {
    fn gradient(&self, params: &Params, batch: &Batch) -> (Tensor<1>, Params) {
        let error = params.values()[0].clone() - batch.images.clone().reshape([1]);
        (error.clone().square() * 0.5, params.clone().map(|_| error.clone()))
    }

    fn products(&self, params: &Params, batch: &Batch, direction: &Params, _: Differences) -> Products {
        let (_, gradient) = self.gradient(params, batch);
        let along = direction.values()[0].clone();
        Products {
            slope: gradient.values()[0].clone() * along.clone(),
            parameters: direction.clone(),
            images: along.neg().reshape([1, 1, 1, 1]),
            labels: None,
        }
    }
}

/// Three steps from 0 towards 2, matched to 1.
fn unroll(order: Order) -> (f64, f64, MetaGradient) {
    let data = Synthetic {
        images: scalar(2.0).reshape([1, 1, 1, 1]),
        targets: Targets::Probabilities(scalar(1.0).reshape([1, 1])),
    };
    let steps = vec![Step { rows: vec![0], draws: crate::augment::Draws::default() }; 3];
    let settings = Settings { rate: 0.1, momentum: 0.0, offload: Offload::Device };
    let never = Stop::never();
    let rollout = Rollout::forward(&Square, &Square::theta(0.0), &data, &steps, settings, &never).unwrap();
    let end = rollout.end().values()[0].clone().into_scalar::<f64>();
    let adjoint = Square::theta(2.0 * (end - 1.0));
    (end, (end - 1.0).powi(2), rollout.backward(adjoint, order, Differences::Exact).unwrap())
}

#[test]
fn a_scalar_unroll() {
    let (end, loss, exact) = unroll(Order::Exact);
    assert!((end - 0.542).abs() < 1e-9 && (loss - 0.209_764).abs() < 1e-9);
    assert!((exact.images.into_scalar::<f64>() + 0.248_236).abs() < 1e-6);
    assert!((exact.rate + 4.451_76).abs() < 1e-5);
    let (_, _, detached) = unroll(Order::Detached);
    assert!((detached.images.into_scalar::<f64>() + 0.2748).abs() < 1e-6);
    assert!((detached.rate + 4.964_72).abs() < 1e-5);
}
