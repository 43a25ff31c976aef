//! What networks of tokens ask most besides matrix products, as operations of the CPU backend: layer norm of rows, and GELU.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps as _;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, backend_extension};
use burn_flex::FlexTensor;

use super::ops::tensor;
use super::simd::Isa;
use super::{gelu, rows};

/// Forward operations and their first-order gradients, each an operation of its own.
///
/// Tensors are 32-bit floats in any layout; rows are those of the last axis. On the autodiff backend `erf_gelu`, `normalise_rows` and `map_rows` are tracked; the
/// gradients run untracked, on the inner tensors.
#[backend_extension(Flex, Autodiff)]
pub trait TokenOps: Backend {
    /// `y[n, o]`, the rows `x[n, i]` times the rows `w[o, i]`.
    fn map_rows(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self>;
    /// GELU of every value.
    fn erf_gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `dx` from `x` and `dy`.
    fn erf_gelu_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Every row of `x[.., c]` standardised, with `gamma[c]` and `beta[c]`.
    fn normalise_rows(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
    /// `(dx, dgamma, dbeta)` from the operands and `dy`.
    fn normalise_rows_gradient(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl TokenOps for Flex {
    fn map_rows(x: FlexTensor, w: FlexTensor) -> FlexTensor {
        Self::float_matmul(x, Self::float_transpose(w))
    }

    fn erf_gelu(x: FlexTensor) -> FlexTensor {
        let x = x.to_contiguous();
        tensor(gelu::forward(Isa::detect(), x.storage()), x.layout().shape())
    }

    fn erf_gelu_gradient(x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        let (x, dy) = (x.to_contiguous(), dy.to_contiguous());
        tensor(gelu::backward(Isa::detect(), x.storage(), dy.storage()), x.layout().shape())
    }

    fn normalise_rows(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        let [x, gamma, beta] = [x, gamma, beta].map(|operand| operand.to_contiguous());
        let y = rows::forward(Isa::detect(), x.storage(), gamma.storage(), beta.storage(), epsilon);
        tensor(y, x.layout().shape())
    }

    fn normalise_rows_gradient(
        x: FlexTensor,
        gamma: FlexTensor,
        dy: FlexTensor,
        epsilon: f32,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [x, gamma, dy] = [x, gamma, dy].map(|operand| operand.to_contiguous());
        let (dx, dgamma, dbeta) = rows::backward(Isa::detect(), x.storage(), gamma.storage(), dy.storage(), epsilon);
        let width = gamma.layout().shape();
        (tensor(dx, x.layout().shape()), tensor(dgamma, width), tensor(dbeta, width))
    }
}

/// Backward pass of `erf_gelu`.
#[derive(Debug)]
struct Gelu;

impl<B: TokenOps> Backward<B, 1> for Gelu {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::erf_gelu_gradient(ops.state, dy));
        }
    }
}

/// Backward pass of `map_rows`: the gradient of the weights in their own layout, where that of a transposed product has to be copied into it.
#[derive(Debug)]
struct MapRows;

impl<B: TokenOps> Backward<B, 2> for MapRows {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [rows, weights] = ops.parents;
        let dy = gradients.consume::<B>(&ops.node);
        let (x, w) = ops.state;
        if let Some(node) = rows {
            gradients.register::<B>(node.id, B::float_matmul(dy.clone(), w));
        }
        if let Some(node) = weights {
            gradients.register::<B>(node.id, B::float_matmul(B::float_transpose(dy), x));
        }
    }
}

/// Backward pass of `normalise_rows`.
#[derive(Debug)]
struct NormaliseRows;

impl<B: TokenOps> Backward<B, 3> for NormaliseRows {
    /// `x`, gamma and epsilon.
    type State = (FloatTensor<B>, FloatTensor<B>, f32);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<B>(&ops.node);
        let (x, gamma, epsilon) = ops.state;
        let (dx, dgamma, dbeta) = B::normalise_rows_gradient(x, gamma, dy, epsilon);
        for (parent, gradient) in ops.parents.into_iter().zip([dx, dgamma, dbeta]) {
            if let Some(node) = parent {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: TokenOps, C: CheckpointStrategy> TokenOps for Autodiff<B, C> {
    fn map_rows(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        match MapRows.prepare::<C>([x.node(), w.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (x, w) = (x.into_primitive(), w.into_primitive());
                prepared.finish((x.clone(), w.clone()), B::map_rows(x, w))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::map_rows(x.into_primitive(), w.into_primitive())),
        }
    }

    fn erf_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Gelu.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let x = x.into_primitive();
                prepared.finish(x.clone(), B::erf_gelu(x))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::erf_gelu(x.into_primitive())),
        }
    }

    fn erf_gelu_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::erf_gelu_gradient(x.into_primitive(), dy.into_primitive()))
    }

    fn normalise_rows(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x, gamma, beta] = [x, gamma, beta].map(Self::inner);
        match NormaliseRows.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.clone(), gamma.clone(), epsilon);
                prepared.finish(state, B::normalise_rows(x, gamma, beta, epsilon))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::normalise_rows(x, gamma, beta, epsilon)),
        }
    }

    fn normalise_rows_gradient(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [x, gamma, dy] = [x, gamma, dy].map(Self::inner);
        let (dx, dgamma, dbeta) = B::normalise_rows_gradient(x, gamma, dy, epsilon);
        (Self::from_inner(dx), Self::from_inner(dgamma), Self::from_inner(dbeta))
    }
}
