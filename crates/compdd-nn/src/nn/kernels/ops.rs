//! The kernels as operations of the CPU backend.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};
use burn::tensor::TensorData;
use burn_flex::FlexTensor;

use super::attention::{self, Power};
use super::geometry::Geometry;
use super::norm::Maps;
use super::plan::Plan;
use super::simd::Isa;
use super::winograd::Way;
use super::{depthwise, im2col, max_pool, point, pool, winograd};

/// Forward operations and their first-order gradients, each an operation of its own.
///
/// Tensors are 32-bit floats of the shapes [`Geometry`] and [`Maps`] speak of, in any layout. On the autodiff backend
/// `convolve`, `avg_pool2`, `max_pool` and `spatial_attention` are tracked; the gradients run untracked, on the inner tensors.
#[backend_extension(Flex, Autodiff)]
pub trait KernelOps: Backend {
    /// `y[n, o, oh, ow]` from `x[n, c, h, w]` and the filters, `w[o, c, kh, kw]`, or `w[c, 1, kh, kw]` of a depthwise one.
    fn convolve(x: FloatTensor<Self>, w: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// `dx` from `dy` and `w`.
    fn convolve_input_gradient(dy: FloatTensor<Self>, w: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// `dw` from `x` and `dy`.
    fn convolve_weight_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
    /// The mean of 2 x 2 blocks of `x[n, c, h, w]`, of even sizes.
    fn avg_pool2(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `dx` from the gradient `dy` of the means.
    fn halve_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self>;
    /// The largest value of every window of `x[n, c, h, w]`.
    fn max_pool(x: FloatTensor<Self>, windows: Geometry) -> FloatTensor<Self>;
    /// `dx` from `x` and the gradient `dy` of the largest values.
    fn peaks_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>, windows: Geometry) -> FloatTensor<Self>;
    /// Sums of powers of magnitudes over the channels, `[n, h * w]`, of `x[n, c, h, w]`.
    fn spatial_attention(x: FloatTensor<Self>, power: Power) -> FloatTensor<Self>;
    /// `dx` from `x` and the gradient `da` of the sums.
    fn attend_gradient(x: FloatTensor<Self>, da: FloatTensor<Self>, power: Power) -> FloatTensor<Self>;
}

/// The results of a plan, by the algorithm that suits the sizes.
pub fn forward(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    if g.is_winograd() {
        winograd::convolve(isa, g, plan, Way::Forward)
    } else if g.is_point() {
        point::forward(isa, g, plan)
    } else {
        im2col::forward(isa, g, plan)
    }
}

/// The results of a plan backwards: gradients of inputs.
pub fn input_gradient(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    if g.is_winograd() {
        winograd::convolve(isa, g, plan, Way::Backward)
    } else if g.is_point() {
        point::input_gradient(isa, g, plan)
    } else {
        im2col::input_gradient(isa, g, plan)
    }
}

/// Gradient of the weights. Maps beyond the first `g.n` are not read.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    if g.is_winograd() {
        winograd::weight_gradient(isa, g, x, dy)
    } else if g.is_point() {
        point::weight_gradient(isa, g, x, dy)
    } else {
        im2col::weight_gradient(isa, g, x, dy)
    }
}

/// A tensor of the CPU backend from its values.
pub fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}

/// The sizes of a batch of maps.
pub fn maps(z: &FlexTensor) -> Maps {
    let shape = z.layout().shape();
    Maps { n: shape[0], c: shape[1], h: shape[2], w: shape[3] }
}

impl KernelOps for Flex {
    fn convolve(x: FlexTensor, w: FlexTensor, g: Geometry) -> FlexTensor {
        let (x, w, isa) = (x.to_contiguous(), w.to_contiguous(), Isa::detect());
        let y = if g.depthwise {
            depthwise::forward(isa, &g, x.storage(), w.storage())
        } else {
            forward(isa, &g, Plan { maps: &[x.storage()], weights: &[w.storage()], sums: Plan::ONE })
        };
        tensor(y, &[g.n, g.o, g.oh, g.ow])
    }

    fn convolve_input_gradient(dy: FlexTensor, w: FlexTensor, g: Geometry) -> FlexTensor {
        let (dy, w, isa) = (dy.to_contiguous(), w.to_contiguous(), Isa::detect());
        let dx = if g.depthwise {
            depthwise::input_gradient(isa, &g, dy.storage(), w.storage())
        } else {
            input_gradient(isa, &g, Plan { maps: &[dy.storage()], weights: &[w.storage()], sums: Plan::ONE })
        };
        tensor(dx, &[g.n, g.c, g.h, g.w])
    }

    fn convolve_weight_gradient(x: FlexTensor, dy: FlexTensor, g: Geometry) -> FlexTensor {
        let (x, dy, isa) = (x.to_contiguous(), dy.to_contiguous(), Isa::detect());
        let dw = if g.depthwise {
            depthwise::weight_gradient(isa, &g, x.storage(), dy.storage())
        } else {
            weight_gradient(isa, &g, x.storage(), dy.storage())
        };
        tensor(dw, &g.filters())
    }

    fn avg_pool2(x: FlexTensor) -> FlexTensor {
        let x = x.to_contiguous();
        let m = maps(&x);
        tensor(pool::forward(Isa::detect(), m, x.storage()), &[m.n, m.c, m.h / 2, m.w / 2])
    }

    fn halve_gradient(dy: FlexTensor) -> FlexTensor {
        let dy = dy.to_contiguous();
        let small = maps(&dy);
        let m = Maps { h: 2 * small.h, w: 2 * small.w, ..small };
        tensor(pool::backward(Isa::detect(), m, dy.storage()), &[m.n, m.c, m.h, m.w])
    }

    fn max_pool(x: FlexTensor, windows: Geometry) -> FlexTensor {
        let (x, g) = (x.to_contiguous(), windows);
        tensor(max_pool::forward(Isa::detect(), &g, x.storage()), &[g.n, g.c, g.oh, g.ow])
    }

    fn peaks_gradient(x: FlexTensor, dy: FlexTensor, windows: Geometry) -> FlexTensor {
        let (x, dy, g) = (x.to_contiguous(), dy.to_contiguous(), windows);
        tensor(max_pool::backward(&g, x.storage(), dy.storage()), &[g.n, g.c, g.h, g.w])
    }

    fn spatial_attention(x: FlexTensor, power: Power) -> FlexTensor {
        let x = x.to_contiguous();
        let m = maps(&x);
        tensor(attention::forward(Isa::detect(), m, x.storage(), power), &[m.n, m.h * m.w])
    }

    fn attend_gradient(x: FlexTensor, da: FlexTensor, power: Power) -> FlexTensor {
        let (x, da) = (x.to_contiguous(), da.to_contiguous());
        let m = maps(&x);
        tensor(attention::backward(Isa::detect(), m, x.storage(), da.storage(), power), &[m.n, m.c, m.h, m.w])
    }
}
