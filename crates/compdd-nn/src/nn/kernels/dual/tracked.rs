//! The dual kernels under automatic differentiation: which gradient operation answers which forward operation.
//! Tangents of parameters are no parents: nothing flows to them.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::super::geometry::Geometry;
use super::ops::DualOps;

/// Backward pass of `dual_convolve`.
#[derive(Debug)]
struct DualConvolve;

impl<B: DualOps> Backward<B, 2> for DualConvolve {
    /// `x`, `w` and the tangent of `w`; sizes; whether `x` has tangents.
    type State = ([FloatTensor<B>; 3], Geometry, bool);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [input, weight] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        let ([x, w, tangent], geometry, stacked) = ops.state;
        if let Some(node) = input {
            let dx = B::dual_convolve_input_gradient(dy.clone(), w, tangent, geometry, stacked);
            gradients.register::<B>(node.id, dx);
        }
        if let Some(node) = weight {
            gradients.register::<B>(node.id, B::dual_convolve_weight_gradient(x, dy, geometry, stacked));
        }
    }
}

impl<B: DualOps, C: CheckpointStrategy> DualOps for Autodiff<B, C> {
    fn dual_convolve(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        tangent: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), w.node()];
        let [x, w, tangent] = [x, w, tangent].map(Self::inner);
        match DualConvolve.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = ([x.clone(), w.clone(), tangent.clone()], geometry, stacked);
                prepared.finish(state, B::dual_convolve(x, w, tangent, geometry, stacked))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::dual_convolve(x, w, tangent, geometry, stacked)),
        }
    }

    fn dual_convolve_input_gradient(
        dy: FloatTensor<Self>,
        w: FloatTensor<Self>,
        tangent: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self> {
        let [dy, w, tangent] = [dy, w, tangent].map(Self::inner);
        Self::from_inner(B::dual_convolve_input_gradient(dy, w, tangent, geometry, stacked))
    }

    fn dual_convolve_weight_gradient(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self> {
        let [x, dy] = [x, dy].map(Self::inner);
        Self::from_inner(B::dual_convolve_weight_gradient(x, dy, geometry, stacked))
    }
}
