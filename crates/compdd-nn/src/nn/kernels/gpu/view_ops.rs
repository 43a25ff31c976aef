//! Steps of differentiable siamese augmentation as an operation of GPUs, and under automatic differentiation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, backend_extension};
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};

use super::view;

/// Tensors are 32-bit floats in any layout; gradients flow to the images alone.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"), Autodiff)]
pub trait ViewOps: Backend {
    /// A step of every image of `x[n, c, h, w]`; `steps` is `[n, FIELDS]`, and `coloured` says whether one of them is a colour.
    #[fusion(meta = |x, _steps, _coloured| x.clone())]
    fn view(x: FloatTensor<Self>, steps: FloatTensor<Self>, coloured: bool) -> FloatTensor<Self>;
    /// `dx` from the gradient `dy` of the views.
    #[fusion(meta = |dy, _steps, _coloured| dy.clone())]
    fn view_gradient(dy: FloatTensor<Self>, steps: FloatTensor<Self>, coloured: bool) -> FloatTensor<Self>;
}

impl ViewOps for CubeBackend {
    fn view(x: CubeTensor, steps: CubeTensor, coloured: bool) -> CubeTensor {
        view::view([x, steps].map(into_contiguous), coloured, false)
    }

    fn view_gradient(dy: CubeTensor, steps: CubeTensor, coloured: bool) -> CubeTensor {
        view::view([dy, steps].map(into_contiguous), coloured, true)
    }
}

/// Backward pass of `view`.
#[derive(Debug)]
struct View;

impl<B: ViewOps> Backward<B, 1> for View {
    /// The steps, and whether one is a colour.
    type State = (FloatTensor<B>, bool);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        if let Some(node) = parent {
            let (steps, coloured) = ops.state;
            gradients.register::<B>(node.id, B::view_gradient(dy, steps, coloured));
        }
    }
}

impl<B: ViewOps, C: CheckpointStrategy> ViewOps for Autodiff<B, C> {
    fn view(x: FloatTensor<Self>, steps: FloatTensor<Self>, coloured: bool) -> FloatTensor<Self> {
        let (node, steps) = (x.node(), Self::inner(steps));
        let y = B::view(Self::inner(x), steps.clone(), coloured);
        match View.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((steps, coloured), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn view_gradient(dy: FloatTensor<Self>, steps: FloatTensor<Self>, coloured: bool) -> FloatTensor<Self> {
        Self::from_inner(B::view_gradient(Self::inner(dy), Self::inner(steps), coloured))
    }
}
