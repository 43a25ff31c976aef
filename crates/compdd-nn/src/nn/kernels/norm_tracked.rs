//! Normalisations under automatic differentiation: which gradient operation answers which forward operation. Tangents of
//! parameters are no parents: nothing flows to them.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::norm::Epilogue;
use super::norm_ops::NormOps;

/// Backward pass of `normalise`.
#[derive(Debug)]
struct Normalise;

impl<B: NormOps> Backward<B, 3> for Normalise {
    /// `z`, gamma and beta.
    type State = ([FloatTensor<B>; 3], Epilogue);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<B>(&ops.node);
        let ([z, gamma, beta], after) = ops.state;
        let (dz, dgamma, dbeta) = B::normalise_gradient(z, gamma, beta, dy, after);
        for (parent, gradient) in ops.parents.into_iter().zip([dz, dgamma, dbeta]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

/// Backward pass of `dual_normalise`.
#[derive(Debug)]
struct DualNormalise;

impl<B: NormOps> Backward<B, 3> for DualNormalise {
    /// `z`, gamma, beta and the tangent of gamma.
    type State = ([FloatTensor<B>; 4], Epilogue);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<B>(&ops.node);
        let ([z, gamma, beta, gamma_tangent], after) = ops.state;
        let (dz, dgamma, dbeta) = B::dual_normalise_gradient(z, gamma, beta, gamma_tangent, dy, after);
        for (parent, gradient) in ops.parents.into_iter().zip([dz, dgamma, dbeta]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: NormOps, C: CheckpointStrategy> NormOps for Autodiff<B, C> {
    fn normalise(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        after: Epilogue,
    ) -> FloatTensor<Self> {
        let nodes = [z.node(), gamma.node(), beta.node()];
        let [z, gamma, beta] = [z, gamma, beta].map(Self::inner);
        match Normalise.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = ([z.clone(), gamma.clone(), beta.clone()], after);
                prepared.finish(state, B::normalise(z, gamma, beta, after))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::normalise(z, gamma, beta, after)),
        }
    }

    fn normalise_gradient(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        after: Epilogue,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [z, gamma, beta, dy] = [z, gamma, beta, dy].map(Self::inner);
        let (dz, dgamma, dbeta) = B::normalise_gradient(z, gamma, beta, dy, after);
        (Self::from_inner(dz), Self::from_inner(dgamma), Self::from_inner(dbeta))
    }

    fn dual_normalise(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gamma_tangent: FloatTensor<Self>,
        beta_tangent: FloatTensor<Self>,
        after: Epilogue,
    ) -> FloatTensor<Self> {
        let nodes = [z.node(), gamma.node(), beta.node()];
        let [z, gamma, beta, gamma_tangent, beta_tangent] =
            [z, gamma, beta, gamma_tangent, beta_tangent].map(Self::inner);
        match DualNormalise.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = ([z.clone(), gamma.clone(), beta.clone(), gamma_tangent.clone()], after);
                prepared.finish(state, B::dual_normalise(z, gamma, beta, gamma_tangent, beta_tangent, after))
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::dual_normalise(z, gamma, beta, gamma_tangent, beta_tangent, after))
            }
        }
    }

    fn dual_normalise_gradient(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gamma_tangent: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        after: Epilogue,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [z, gamma, beta, gamma_tangent, dy] = [z, gamma, beta, gamma_tangent, dy].map(Self::inner);
        let (dz, dgamma, dbeta) = B::dual_normalise_gradient(z, gamma, beta, gamma_tangent, dy, after);
        (Self::from_inner(dz), Self::from_inner(dgamma), Self::from_inner(dbeta))
    }
}
