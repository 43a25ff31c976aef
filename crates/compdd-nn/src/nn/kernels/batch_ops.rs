//! Batch normalisation and its moments as operations of the CPU backend and of GPUs.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};
use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::batch::{self, BatchNormMode, Channels};
use super::ops::{maps, tensor};
use super::simd::Isa;

/// Forward operations and their first-order gradients, each an operation of its own.
///
/// Tensors are 32-bit floats in any layout. On the autodiff backend `batch_moments` and `batch_normalise` are tracked; the gradients run
/// untracked, on the inner tensors. Where the framework fuses operations these are closed to it.
#[backend_extension(Flex, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "fusion"), Autodiff)]
pub trait BatchOps: Backend {
    /// Means of the channels of `z[n, c, h, w]`, then their biased variances: `[2, c]`.
    #[fusion(dtype = z, shape = of_moments(z))]
    fn batch_moments(z: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `dz` from `z`, its moments and their gradients `[2, c]`.
    #[fusion(dtype = z, shape = z.clone())]
    fn batch_moments_gradient(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// Batch normalisation of `z[n, c, h, w]` with `moments[2, c]`, `gamma[c]` and `beta[c]`, and what follows.
    #[fusion(dtype = z, shape = z.clone())]
    fn batch_normalise(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        manner: BatchNormMode,
    ) -> FloatTensor<Self>;
    /// `(dz, dgamma, dbeta)` from the operands and `dy`.
    #[fusion(meta = |z, _moments, gamma, beta, _dy, _manner| (z.clone(), gamma.clone(), beta.clone()))]
    fn batch_normalise_gradient(
        z: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        manner: BatchNormMode,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The shape of the moments of maps.
pub fn of_moments(z: &Shape) -> Shape {
    let [_, c, _, _] = z.dims();
    Shape::new([2, c])
}

impl BatchOps for Flex {
    fn batch_moments(z: FlexTensor) -> FlexTensor {
        let z = z.to_contiguous();
        tensor(batch::moments(Isa::detect(), maps(&z), z.storage()), &of_moments(z.layout().shape()).dims::<2>())
    }

    fn batch_moments_gradient(z: FlexTensor, moments: FlexTensor, gradients: FlexTensor) -> FlexTensor {
        let [z, moments, gradients] = [z, moments, gradients].map(|operand| operand.to_contiguous());
        let m = maps(&z);
        let dz = batch::moments_gradient(Isa::detect(), m, z.storage(), moments.storage(), gradients.storage());
        tensor(dz, &[m.n, m.c, m.h, m.w])
    }

    fn batch_normalise(
        z: FlexTensor,
        moments: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        manner: BatchNormMode,
    ) -> FlexTensor {
        let [z, moments, gamma, beta] = [z, moments, gamma, beta].map(|operand| operand.to_contiguous());
        let channels = Channels::new(moments.storage(), gamma.storage(), beta.storage());
        let m = maps(&z);
        tensor(batch::forward(Isa::detect(), m, z.storage(), channels, manner.rectifier), &[m.n, m.c, m.h, m.w])
    }

    fn batch_normalise_gradient(
        z: FlexTensor,
        moments: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        dy: FlexTensor,
        manner: BatchNormMode,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [z, moments, gamma, beta, dy] = [z, moments, gamma, beta, dy].map(|operand| operand.to_contiguous());
        let channels = Channels::new(moments.storage(), gamma.storage(), beta.storage());
        let m = maps(&z);
        let (dz, dgamma, dbeta) = batch::backward(Isa::detect(), m, z.storage(), channels, dy.storage(), manner);
        (tensor(dz, &[m.n, m.c, m.h, m.w]), tensor(dgamma, &[m.c]), tensor(dbeta, &[m.c]))
    }
}
