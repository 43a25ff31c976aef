//! Softmax cross-entropy as an operation of GPUs, and under automatic differentiation: its gradient is made with it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, backend_extension};
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};
#[cfg(feature = "fusion")]
use {burn::backend::fusion::custom::TensorSpec, burn::tensor::Shape};

use super::cross_entropy;

/// Tensors are 32-bit floats in any layout; gradients flow to the logits alone.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"), Autodiff)]
pub trait LossOps: Backend {
    /// The cross-entropies of the rows, `[n]`, and the gradient of their mean, `[n, c]`, from logits and probabilities `[n, c]`.
    #[fusion(meta = |z, _p| (TensorSpec::new(Shape::new([z.shape[0]]), z.dtype), z.clone()))]
    fn cross_entropy_rows(z: FloatTensor<Self>, p: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Their mean, one value.
    #[fusion(default)]
    fn cross_entropy(z: FloatTensor<Self>, p: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_mean(Self::cross_entropy_rows(z, p).0)
    }
}

impl LossOps for CubeBackend {
    fn cross_entropy_rows(z: CubeTensor, p: CubeTensor) -> (CubeTensor, CubeTensor) {
        cross_entropy::rows(into_contiguous(z), into_contiguous(p))
    }
}

/// Backward pass of `cross_entropy`.
#[derive(Debug)]
struct CrossEntropy;

impl<B: LossOps> Backward<B, 1> for CrossEntropy {
    /// The gradient for a loss that counts once.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::float_mul(ops.state, B::float_reshape(dy, [1, 1].into())));
        }
    }
}

impl<B: LossOps, C: CheckpointStrategy> LossOps for Autodiff<B, C> {
    fn cross_entropy_rows(z: FloatTensor<Self>, p: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (losses, dz) = B::cross_entropy_rows(Self::inner(z), Self::inner(p));
        (Self::from_inner(losses), Self::from_inner(dz))
    }

    fn cross_entropy(z: FloatTensor<Self>, p: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = z.node();
        let (losses, dz) = B::cross_entropy_rows(Self::inner(z), Self::inner(p));
        match CrossEntropy.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(dz, B::float_mean(losses)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::float_mean(losses)),
        }
    }
}
