//! Batch normalisation under automatic differentiation: which gradient operation answers which forward operation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::batch::BatchNormMode;
use super::batch_ops::BatchOps;

/// Backward pass of `batch_moments`.
#[derive(Debug)]
struct BatchMoments;

impl<B: BatchOps> Backward<B, 1> for BatchMoments {
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dmoments = gradients.consume::<B>(&ops.node);
        let [z, moments] = ops.state;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::batch_moments_gradient(z, moments, dmoments));
        }
    }
}

/// Backward pass of `batch_normalise`.
#[derive(Debug)]
struct BatchNormalise;

impl<B: BatchOps> Backward<B, 3> for BatchNormalise {
    type State = ([FloatTensor<B>; 4], BatchNormMode);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<B>(&ops.node);
        let ([z, moments, gamma, beta], manner) = ops.state;
        let (dz, dgamma, dbeta) = B::batch_normalise_gradient(z, moments, gamma, beta, dy, manner);
        for (parent, gradient) in ops.parents.into_iter().zip([dz, dgamma, dbeta]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: BatchOps, C: CheckpointStrategy> BatchOps for Autodiff<B, C> {
    fn batch_moments(z: FloatTensor<Self>) -> FloatTensor<Self> {
        match BatchMoments.prepare::<C>([z.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let z = z.into_primitive();
                let moments = B::batch_moments(z.clone());
                prepared.finish([z, moments.clone()], moments)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::batch_moments(z.into_primitive())),
        }
    }

    fn batch_moments_gradient(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [z, moments, gradients] = [z, moments, gradients].map(Self::inner);
        Self::from_inner(B::batch_moments_gradient(z, moments, gradients))
    }

    fn batch_normalise(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        manner: BatchNormMode,
    ) -> FloatTensor<Self> {
        let nodes = [z.node(), gamma.node(), beta.node()];
        let [z, moments, gamma, beta] = [z, moments, gamma, beta].map(Self::inner);
        match BatchNormalise.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = ([z.clone(), moments.clone(), gamma.clone(), beta.clone()], manner);
                prepared.finish(state, B::batch_normalise(z, moments, gamma, beta, manner))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::batch_normalise(z, moments, gamma, beta, manner)),
        }
    }

    fn batch_normalise_gradient(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        manner: BatchNormMode,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [z, moments, gamma, beta, dy] = [z, moments, gamma, beta, dy].map(Self::inner);
        let (dz, dgamma, dbeta) = B::batch_normalise_gradient(z, moments, gamma, beta, dy, manner);
        (Self::from_inner(dz), Self::from_inner(dgamma), Self::from_inner(dbeta))
    }
}
