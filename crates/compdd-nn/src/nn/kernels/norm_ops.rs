//! Instance normalisation, of values and of duals, as operations of the CPU backend and of GPUs.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};
use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::dual::norm::{self as dual_norm, Affine};
use super::norm::{self, Epilogue};
use super::ops::{maps, tensor};
use super::simd::Isa;

/// Forward operations and their first-order gradients, each an operation of its own.
///
/// Tensors are 32-bit floats in any layout, of even sizes where the epilogue pools. On the autodiff backend `normalise` and
/// `dual_normalise` are tracked; the gradients run untracked, on the inner tensors. Where the framework fuses operations these
/// are closed to it: what comes before is computed before, what follows after.
#[backend_extension(Flex, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "fusion"), Autodiff)]
pub trait NormOps: Backend {
    /// Instance normalisation of `z[n, c, h, w]` with `gamma[c]` and `beta[c]`, and what comes after.
    #[fusion(dtype = z, shape = normalised(z, *after))]
    fn normalise(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        after: Epilogue,
    ) -> FloatTensor<Self>;
    /// `(dz, dgamma, dbeta)` from the operands and `dy`.
    #[fusion(meta = |z, gamma, beta, _dy, _after| (z.clone(), gamma.clone(), beta.clone()))]
    fn normalise_gradient(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        after: Epilogue,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// Instance normalisation of `z[2n, c, h, w]` and what comes after; parameters and tangents are `[c]`.
    #[fusion(dtype = z, shape = normalised(z, *after))]
    fn dual_normalise(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gamma_tangent: FloatTensor<Self>,
        beta_tangent: FloatTensor<Self>,
        after: Epilogue,
    ) -> FloatTensor<Self>;
    /// `(dz, dgamma, dbeta)` from the operands and `dy`.
    #[fusion(meta = |z, gamma, beta, _tangent, _dy, _after| (z.clone(), gamma.clone(), beta.clone()))]
    fn dual_normalise_gradient(
        z: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gamma_tangent: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        after: Epilogue,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The shape of normalised maps after their epilogue.
pub fn normalised(z: &Shape, after: Epilogue) -> Shape {
    let [n, c, h, w] = z.dims();
    let scale = if after == Epilogue::ReluPool { 2 } else { 1 };
    Shape::new([n, c, h / scale, w / scale])
}

/// The result of normalising `z`.
fn result(values: Vec<f32>, z: &FlexTensor, after: Epilogue) -> FlexTensor {
    tensor(values, &normalised(z.layout().shape(), after).dims::<4>())
}

/// Gradients of maps, scales and shifts as tensors.
fn gradients(
    (dz, dgamma, dbeta): (Vec<f32>, Vec<f32>, Vec<f32>),
    z: &FlexTensor,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let m = maps(z);
    (tensor(dz, &[m.n, m.c, m.h, m.w]), tensor(dgamma, &[m.c]), tensor(dbeta, &[m.c]))
}

impl NormOps for Flex {
    fn normalise(z: FlexTensor, gamma: FlexTensor, beta: FlexTensor, after: Epilogue) -> FlexTensor {
        let [z, gamma, beta] = [z, gamma, beta].map(|operand| operand.to_contiguous());
        let y = norm::forward(Isa::detect(), maps(&z), z.storage(), gamma.storage(), beta.storage(), after);
        result(y, &z, after)
    }

    fn normalise_gradient(
        z: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        dy: FlexTensor,
        after: Epilogue,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [z, gamma, beta, dy] = [z, gamma, beta, dy].map(|operand| operand.to_contiguous());
        let (gamma, beta) = (gamma.storage(), beta.storage());
        gradients(norm::backward(Isa::detect(), maps(&z), z.storage(), gamma, beta, dy.storage(), after), &z)
    }

    fn dual_normalise(
        z: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        gamma_tangent: FlexTensor,
        beta_tangent: FlexTensor,
        after: Epilogue,
    ) -> FlexTensor {
        let [z, gamma, beta, gamma_tangent, beta_tangent] =
            [z, gamma, beta, gamma_tangent, beta_tangent].map(|operand| operand.to_contiguous());
        let affine = Affine {
            gamma: gamma.storage(),
            beta: beta.storage(),
            gamma_tangent: gamma_tangent.storage(),
            beta_tangent: beta_tangent.storage(),
        };
        result(dual_norm::forward(Isa::detect(), maps(&z), z.storage(), affine, after), &z, after)
    }

    fn dual_normalise_gradient(
        z: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        gamma_tangent: FlexTensor,
        dy: FlexTensor,
        after: Epilogue,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [z, gamma, beta, gamma_tangent, dy] =
            [z, gamma, beta, gamma_tangent, dy].map(|operand| operand.to_contiguous());
        // The gradients do not depend on the tangent of beta; any values of its length will do.
        let affine = Affine {
            gamma: gamma.storage(),
            beta: beta.storage(),
            gamma_tangent: gamma_tangent.storage(),
            beta_tangent: beta.storage(),
        };
        gradients(dual_norm::backward(Isa::detect(), maps(&z), z.storage(), affine, dy.storage(), after), &z)
    }
}
