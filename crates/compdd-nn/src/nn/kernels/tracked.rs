//! The kernels under automatic differentiation: which gradient operation answers which forward operation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::attention::Power;
use super::geometry::Geometry;
use super::ops::KernelOps;

/// Backward pass of `convolve`.
#[derive(Debug)]
struct Convolve;

impl<B: KernelOps> Backward<B, 2> for Convolve {
    type State = (FloatTensor<B>, FloatTensor<B>, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [input, weight] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        let (x, w, geometry) = ops.state;
        if let Some(node) = input {
            gradients.register::<B>(node.id, B::convolve_input_gradient(dy.clone(), w, geometry));
        }
        if let Some(node) = weight {
            gradients.register::<B>(node.id, B::convolve_weight_gradient(x, dy, geometry));
        }
    }
}

/// Backward pass of `avg_pool2`.
#[derive(Debug)]
struct Halve;

impl<B: KernelOps> Backward<B, 1> for Halve {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::halve_gradient(dy));
        }
    }
}

/// Backward pass of `max_pool`.
#[derive(Debug)]
struct Peaks;

impl<B: KernelOps> Backward<B, 1> for Peaks {
    type State = (FloatTensor<B>, Geometry);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        let (x, windows) = ops.state;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::peaks_gradient(x, dy, windows));
        }
    }
}

/// Backward pass of `spatial_attention`.
#[derive(Debug)]
struct Attend;

impl<B: KernelOps> Backward<B, 1> for Attend {
    type State = (FloatTensor<B>, Power);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let da = gradients.consume::<B>(&ops.node);
        let (x, power) = ops.state;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::attend_gradient(x, da, power));
        }
    }
}

impl<B: KernelOps, C: CheckpointStrategy> KernelOps for Autodiff<B, C> {
    fn convolve(x: FloatTensor<Self>, w: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        match Convolve.prepare::<C>([x.node(), w.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (x, w) = (x.into_primitive(), w.into_primitive());
                prepared.finish((x.clone(), w.clone(), geometry), B::convolve(x, w, geometry))
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::convolve(x.into_primitive(), w.into_primitive(), geometry))
            }
        }
    }

    fn convolve_input_gradient(dy: FloatTensor<Self>, w: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        Self::from_inner(B::convolve_input_gradient(dy.into_primitive(), w.into_primitive(), geometry))
    }

    fn convolve_weight_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        Self::from_inner(B::convolve_weight_gradient(x.into_primitive(), dy.into_primitive(), geometry))
    }

    fn avg_pool2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Halve.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::avg_pool2(x.into_primitive())),
            OpsKind::UnTracked(prepared) => prepared.finish(B::avg_pool2(x.into_primitive())),
        }
    }

    fn halve_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::halve_gradient(dy.into_primitive()))
    }

    fn max_pool(x: FloatTensor<Self>, windows: Geometry) -> FloatTensor<Self> {
        match Peaks.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let x = x.into_primitive();
                prepared.finish((x.clone(), windows), B::max_pool(x, windows))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::max_pool(x.into_primitive(), windows)),
        }
    }

    fn peaks_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>, windows: Geometry) -> FloatTensor<Self> {
        Self::from_inner(B::peaks_gradient(x.into_primitive(), dy.into_primitive(), windows))
    }

    fn spatial_attention(x: FloatTensor<Self>, power: Power) -> FloatTensor<Self> {
        match Attend.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let x = x.into_primitive();
                prepared.finish((x.clone(), power), B::spatial_attention(x, power))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::spatial_attention(x.into_primitive(), power)),
        }
    }

    fn attend_gradient(x: FloatTensor<Self>, da: FloatTensor<Self>, power: Power) -> FloatTensor<Self> {
        Self::from_inner(B::attend_gradient(x.into_primitive(), da.into_primitive(), power))
    }
}
