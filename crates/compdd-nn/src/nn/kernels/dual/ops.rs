//! The dual kernels as operations of the CPU backend.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};
use burn_flex::FlexTensor;

use super::super::geometry::Geometry;
use super::super::ops::{self, tensor};
use super::super::plan::Plan;
use super::super::simd::Isa;

/// Forward operations on duals and their gradients, each an operation of its own.
///
/// Tensors are 32-bit floats in any layout. `geometry.n` counts values: results of `dual_convolve`, and the inputs when
/// `stacked`, hold as many tangents after them. On the autodiff backend `dual_convolve` is tracked; the gradients run
/// untracked, on the inner tensors.
#[backend_extension(Flex, Autodiff)]
pub trait DualOps: Backend {
    /// `y[2n, o, oh, ow]` from `x[2n, c, h, w]`, or `x[n, c, h, w]` where not `stacked`, and `w[o, c, kh, kw]`.
    fn dual_convolve(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        tangent: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self>;
    /// `dx` from `dy` and the weights.
    fn dual_convolve_input_gradient(
        dy: FloatTensor<Self>,
        w: FloatTensor<Self>,
        tangent: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self>;
    /// `dw` from `x` and `dy`.
    fn dual_convolve_weight_gradient(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        geometry: Geometry,
        stacked: bool,
    ) -> FloatTensor<Self>;
}

impl DualOps for Flex {
    fn dual_convolve(x: FlexTensor, w: FlexTensor, tangent: FlexTensor, g: Geometry, stacked: bool) -> FlexTensor {
        let (x, w, tangent) = (x.to_contiguous(), w.to_contiguous(), tangent.to_contiguous());
        let (values, along) = x.storage::<f32>().split_at(g.n * g.c * g.h * g.w);
        let weights = &[w.storage(), tangent.storage()];
        let y = if stacked {
            let plan = Plan { maps: &[values, along], weights, sums: &[&[(0, 0)], &[(1, 0), (0, 1)]] };
            ops::forward(Isa::detect(), &g, plan)
        } else {
            ops::forward(Isa::detect(), &g, Plan { maps: &[values], weights, sums: &[&[(0, 0)], &[(0, 1)]] })
        };
        tensor(y, &[2 * g.n, g.o, g.oh, g.ow])
    }

    fn dual_convolve_input_gradient(
        dy: FlexTensor,
        w: FlexTensor,
        tangent: FlexTensor,
        g: Geometry,
        stacked: bool,
    ) -> FlexTensor {
        let (dy, w, tangent) = (dy.to_contiguous(), w.to_contiguous(), tangent.to_contiguous());
        let (values, along) = dy.storage::<f32>().split_at(g.n * g.o * g.pixels());
        // A value reaches the result's value by `w` and its tangent by `w'`; a tangent reaches the tangent by `w`.
        let sums: &[&[_]] = if stacked { &[&[(0, 0), (1, 1)], &[(1, 0)]] } else { &[&[(0, 0), (1, 1)]] };
        let plan = Plan { maps: &[values, along], weights: &[w.storage(), tangent.storage()], sums };
        tensor(ops::input_gradient(Isa::detect(), &g, plan), &[sums.len() * g.n, g.c, g.h, g.w])
    }

    fn dual_convolve_weight_gradient(x: FlexTensor, dy: FlexTensor, g: Geometry, stacked: bool) -> FlexTensor {
        let (x, dy) = (x.to_contiguous(), dy.to_contiguous());
        // The tangent's share is again that of a convolution of `x'`: one sum over both halves.
        let all = Geometry { n: if stacked { 2 * g.n } else { g.n }, ..g };
        tensor(ops::weight_gradient(Isa::detect(), &all, x.storage(), dy.storage()), &[g.o, g.c, g.kh, g.kw])
    }
}
