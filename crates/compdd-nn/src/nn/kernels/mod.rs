//! Room: kernels. What makes training on a CPU as fast as it can be: convolution and normalisation as operations of
//! their own on the framework's CPU backend, with hand-written gradients. Convolution of any size is a matrix product
//! over unrolled windows ([`im2col`]); the usual 3 x 3 one takes Winograd's shorter way ([`winograd`]), one of single
//! pixels unrolls nothing ([`point`]), and a depthwise one is no matrix product at all ([`depthwise`]); other grouped
//! ones stay with the framework. Instance normalisation is one pass with the `ReLU` and the pooling that follow it
//! ([`norm`]). Convolutions but for depthwise ones, and instance norms, exist for duals too, values with a tangent
//! ([`dual`]). Batch normalisation takes the `ReLU` or `ReLU6` along ([`batch`]), pooling exists by itself ([`pool`],
//! [`max_pool`]), and spatial attention is one pass over the maps ([`attention`](mod@attention)). Networks of tokens have their layer
//! norm ([`rows`](mod@rows)) and GELU ([`gelu`](mod@gelu)). Convolutions are built
//! from one small matrix product ([`tile`]), and everything is compiled for several instruction sets, of which the running
//! processor's is chosen ([`simd`]). Results depend neither on the number of threads nor on the moment. On GPUs instance norms
//! of values and duals ([`norm_ops`]), batch norms of values ([`batch_ops`]), the cross-entropy and steps of DSA are kernels too (`gpu`, with a back end for them). Everywhere else (another
//! operation or device, another element type, [`set_enabled`]`(false)`) the same functions run in the [`composed`] form, which is
//! also the tests' reference. [`tune_allocator`] belongs at the start of a program that trains.

// The bodies must be compiled into the entry of their instruction set, or they would fall back to the baseline's
// instructions.
#![allow(clippy::inline_always)]
// Small matrices are read and written by their indices, as in the formulas.
#![allow(clippy::needless_range_loop)]

mod allocator;
mod attention;
mod batch;
mod batch_ops;
mod batch_tracked;
mod composed;
mod depthwise;
mod dual;
mod gelu;
mod geometry;
#[cfg(feature = "gpu")]
mod gpu;
mod im2col;
mod max_pool;
mod norm;
mod norm_ops;
mod norm_tracked;
mod ops;
mod plan;
mod point;
mod pool;
mod rows;
mod scratch;
mod simd;
mod sums;
#[cfg(test)]
mod tests;
mod tile;
mod token_ops;
mod tracked;
mod transpose;
mod winograd;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::{DType, Device, Tensor};

pub use allocator::tune_allocator;
use attention::Power;
use batch::BatchNormMode;
pub use batch::Rectifier;
use batch_ops::BatchOps as _;
pub(super) use composed::standardise;
pub use dual::{dual_conv2d, dual_instance_norm, dual_norm_relu, dual_norm_relu_pool};
use geometry::Geometry;
#[cfg(feature = "gpu")]
pub use gpu::FIELDS;
use norm::Epilogue;
use norm_ops::NormOps as _;
use ops::KernelOps;
use token_ops::TokenOps as _;
pub use winograd::Blocks;

static ENABLED: AtomicBool = AtomicBool::new(true);

/// Switches the kernels on or off for the whole process; on at the start. For comparing the two forms.
pub fn set_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// Whether the kernels serve tensors of `device`: the CPU backend, and not switched off.
pub fn usable(device: &Device) -> bool {
    ENABLED.load(Ordering::Relaxed) && matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// Whether normalisations serve tensors of `device`: where the kernels do, and on GPUs.
pub fn normalises(device: &Device) -> bool {
    usable(device) || on_gpu(device)
}

/// Whether the kernels of GPUs serve tensors of `device`.
#[cfg(feature = "gpu")]
fn on_gpu(device: &Device) -> bool {
    ENABLED.load(Ordering::Relaxed) && matches!(device.clone().inner().as_dispatch(), DispatchDevice::Cube(_))
}

/// Without a back end for them there are none.
#[cfg(not(feature = "gpu"))]
fn on_gpu(_device: &Device) -> bool {
    false
}

/// Whether the kernels serve this tensor.
fn serves(tensor: &Tensor<4>) -> bool {
    usable(&tensor.device()) && tensor.dtype() == DType::F32
}

/// Whether the normalisations serve this tensor.
fn is_normalised(tensor: &Tensor<4>) -> bool {
    normalises(&tensor.device()) && tensor.dtype() == DType::F32
}

/// Convolution without bias, with `stride` and zero `padding` given vertically and horizontally, 3 x 3 ones that keep the size in
/// `blocks`.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, `w`: `[o, c, kh, kw]`, result: `[n, o, oh, ow]` with `oh = (h + 2 * padding - kh) / stride + 1`,
/// `ow` likewise. Where they do not fit, the framework's own convolution says so.
pub fn conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2], blocks: Blocks) -> Tensor<4> {
    match Geometry::new(x.dims(), w.dims(), stride, padding) {
        Some(geometry) if serves(&x) && serves(&w) => {
            let geometry = geometry.in_blocks(blocks);
            Tensor::from_dispatch(Dispatch::convolve(x.into_dispatch(), w.into_dispatch(), geometry))
        }
        _ => composed::conv2d(x, w, stride, padding),
    }
}

/// [`conv2d`] where every channel has one filter and sees no other channel.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, `w`: `[c, 1, kh, kw]`, result: `[n, c, oh, ow]` with sizes as in [`conv2d`].
pub fn depthwise_conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    match Geometry::depthwise(x.dims(), w.dims(), stride, padding) {
        Some(geometry) if serves(&x) && serves(&w) => {
            Tensor::from_dispatch(Dispatch::convolve(x.into_dispatch(), w.into_dispatch(), geometry))
        }
        _ => composed::depthwise_conv2d(x, w, stride, padding),
    }
}

/// 3 x 3 convolution without bias, stride 1, padding 1.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, `w`: `[o, c, 3, 3]`, result: `[n, o, h, w]`.
pub fn conv3x3(x: Tensor<4>, w: Tensor<4>) -> Tensor<4> {
    conv2d(x, w, [1, 1], [1, 1], Blocks::Small)
}

/// Batch normalisation in train mode with scale and shift (biased variance, epsilon 1e-5), then the rectifier; and the
/// means and biased variances of the batch, as constants.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, `gamma` and `beta`: `[c]`, results: `[n, c, h, w]` and twice `[c]`.
pub fn batch_norm(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    rectifier: Option<Rectifier>,
) -> (Tensor<4>, [Tensor<1>; 2]) {
    let [n, c, h, w] = z.dims();
    let fits = n * c * h * w > 0 && gamma.dims() == [c] && beta.dims() == [c];
    let floats = gamma.dtype() == DType::F32 && beta.dtype() == DType::F32;
    if !(fits && floats && is_normalised(&z)) {
        return composed::batch_normalise(z, gamma, beta, rectifier);
    }
    let moments = Tensor::<2>::from_dispatch(Dispatch::batch_moments(z.clone().inner().into_dispatch()));
    let measured = rows(&moments);
    let moments = if z.is_autodiff() { moments.autodiff() } else { moments };
    let (z, gamma, beta) = (z.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let manner = BatchNormMode { own: true, rectifier };
    let y = Dispatch::batch_normalise(z, moments.into_dispatch(), gamma, beta, manner);
    (Tensor::from_dispatch(y), measured)
}

/// The two rows of a tensor `[2, c]`.
fn rows(moments: &Tensor<2>) -> [Tensor<1>; 2] {
    let [_, c] = moments.dims();
    [0, 1].map(|row| moments.clone().slice([row..row + 1, 0..c]).reshape([c]))
}

/// Mean and biased variance of every channel over all images and pixels. Differentiable.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, results: `[c]`.
pub fn channel_moments(z: Tensor<4>) -> [Tensor<1>; 2] {
    let [n, c, h, w] = z.dims();
    if n * c * h * w == 0 || !is_normalised(&z) {
        return composed::channel_moments(z);
    }
    rows(&Tensor::from_dispatch(Dispatch::batch_moments(z.into_dispatch())))
}

/// Batch normalisation in eval mode: with given means and variances (epsilon 1e-5), scale and shift, then the rectifier. The
/// moments are constants.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, the others: `[c]`, result: `[n, c, h, w]`.
pub fn batch_norm_by(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    moments: [Tensor<1>; 2],
    rectifier: Option<Rectifier>,
) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let [mean, variance] = moments;
    let rows = [&gamma, &beta, &mean, &variance];
    let fits = n * c * h * w > 0 && rows.iter().all(|row| row.dims() == [c] && row.dtype() == DType::F32);
    if !(fits && is_normalised(&z)) {
        return composed::batch_normalise_by(z, gamma, beta, [mean, variance], rectifier);
    }
    let moments = Tensor::cat(vec![mean, variance], 0).reshape([2, c]).inner();
    // An operation takes tensors of one kind: constants join those that are tracked.
    let tracked = z.is_autodiff() || gamma.is_autodiff() || beta.is_autodiff();
    let (z, moments, gamma, beta) = if tracked {
        (z.autodiff(), moments.autodiff(), gamma.autodiff(), beta.autodiff())
    } else {
        (z, moments, gamma, beta)
    };
    Tensor::from_dispatch(Dispatch::batch_normalise(
        z.into_dispatch(),
        moments.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        BatchNormMode { own: false, rectifier },
    ))
}

/// The largest value of every window; the border counts as minus infinity.
///
/// The gradient goes to the first of the largest pixels.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, result: `[n, c, oh, ow]` with `oh = (h + 2 * padding - kernel) / stride + 1`, `ow` likewise.
pub fn max_pool(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let [_, c, _, _] = x.dims();
    match Geometry::new(x.dims(), [c, c, kernel, kernel], [stride; 2], [padding; 2]) {
        Some(windows) if max_pool::fits(&windows) && serves(&x) => {
            Tensor::from_dispatch(Dispatch::max_pool(x.into_dispatch(), windows))
        }
        _ => composed::max_pool(x, kernel, stride, padding),
    }
}

/// The mean of 2 x 2 blocks, odd rows and columns at the end left out.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, result: `[n, c, h / 2, w / 2]`.
pub fn avg_pool(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    if n * c * h * w > 0 && h.is_multiple_of(2) && w.is_multiple_of(2) && serves(&x) {
        Tensor::from_dispatch(Dispatch::avg_pool2(x.into_dispatch()))
    } else {
        composed::avg_pool2(x)
    }
}

/// Spatial attention of every image: `A[n, p] = sum_c |x[n, c, p]|^power` over the channels of every pixel, not normalised
/// (`DataDAM`, arXiv 2310.00093, equation of the attention map).
///
/// The gradient is `power |x|^(power - 1) sign(x) dA`, and zero where `x` is zero, for every power. Powers of 1 and more
/// are meant, whole ones up to 16 are taken by multiplication. Powers between 1/2 and 1 work too, but their gradient
/// grows without bound as a value nears zero (it stays finite in 32-bit floats); smaller ones are not supported.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, result: `[n, h * w]`, row by row.
pub fn attention(x: Tensor<4>, power: f32) -> Tensor<2> {
    if serves(&x) && x.dims().iter().product::<usize>() > 0 {
        Tensor::from_dispatch(Dispatch::spatial_attention(x.into_dispatch(), Power::new(power)))
    } else {
        composed::attention(x, power)
    }
}

/// Instance normalisation with scale and shift: biased variance, epsilon 1e-5.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, `gamma` and `beta`: `[c]`, result: `[n, c, h, w]`.
pub fn instance_norm(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
    normalise(z, gamma, beta, Epilogue::Nothing)
}

/// [`instance_norm`], then `ReLU`.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, `gamma` and `beta`: `[c]`, result: `[n, c, h, w]`.
pub fn norm_relu(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
    normalise(z, gamma, beta, Epilogue::Relu)
}

/// [`instance_norm`], then `ReLU`, then the mean of 2 x 2 blocks. Odd sizes lose their last row or column to the
/// pooling, in the composed form.
///
/// # Shapes
///
/// `z`: `[n, c, h, w]`, `gamma` and `beta`: `[c]`, result: `[n, c, h / 2, w / 2]`.
pub fn norm_relu_pool(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
    normalise(z, gamma, beta, Epilogue::ReluPool)
}

/// Layer norm of the rows of the last axis: biased variance.
///
/// # Shapes
///
/// `x`: `[n, t, c]`, `gamma` and `beta`: `[c]`, result: `[n, t, c]`.
pub fn normalise_rows(x: Tensor<3>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<3> {
    let [n, t, c] = x.dims();
    let fits = n * t * c > 0 && gamma.dims() == [c] && beta.dims() == [c];
    let floats = [x.dtype(), gamma.dtype(), beta.dtype()] == [DType::F32; 3];
    if fits && floats && usable(&x.device()) {
        // An operation takes tensors of one kind: constants join those that are tracked.
        let tracked = x.is_autodiff() || gamma.is_autodiff() || beta.is_autodiff();
        let (x, gamma, beta) =
            if tracked { (x.autodiff(), gamma.autodiff(), beta.autodiff()) } else { (x, gamma, beta) };
        let (x, gamma, beta) = (x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        Tensor::from_dispatch(Dispatch::normalise_rows(x, gamma, beta, epsilon as f32))
    } else {
        composed::normalise_rows(x, gamma, beta, epsilon)
    }
}

/// Rows times the rows of a matrix: `x w^T`.
///
/// # Shapes
///
/// `x`: `[n, i]`, `w`: `[o, i]`, result: `[n, o]`.
pub fn map_rows(x: Tensor<2>, w: Tensor<2>) -> Tensor<2> {
    let fits = x.dims()[1] == w.dims()[1] && [x.dims(), w.dims()].concat().iter().all(|&side| side > 0);
    if !(fits && [x.dtype(), w.dtype()] == [DType::F32; 2] && usable(&x.device())) {
        return x.matmul(w.transpose());
    }
    let tracked = x.is_autodiff() || w.is_autodiff();
    let (x, w) = if tracked { (x.autodiff(), w.autodiff()) } else { (x, w) };
    Tensor::from_dispatch(Dispatch::map_rows(x.into_dispatch(), w.into_dispatch()))
}

/// GELU, `x Phi(x)` with the distribution of the standard normal. Where it is composed, it is of the error function: the framework's own derivative
/// is elsewhere than on the CPU that of the approximation by a hyperbolic tangent, off by 6e-4.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if usable(&x.device()) && x.dtype() == DType::F32 && x.dims().iter().product::<usize>() > 0 {
        Tensor::from_dispatch(Dispatch::erf_gelu(x.into_dispatch()))
    } else {
        composed::gelu(x)
    }
}

/// Cross-entropy of logits with probabilities, averaged over the rows. On a GPU, with probabilities that nothing flows to, loss and gradient are
/// one kernel; composed elsewhere.
///
/// # Shapes
///
/// `logits` and `probabilities`: `[n, c]`, result: `[1]`.
pub fn cross_entropy(logits: Tensor<2>, probabilities: Tensor<2>) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    {
        use gpu::LossOps as _;
        let fits = logits.dims() == probabilities.dims() && logits.dims().iter().all(|&side| side > 0);
        let floats = logits.dtype() == DType::F32 && probabilities.dtype() == DType::F32;
        if fits && floats && !probabilities.is_autodiff() && on_gpu(&logits.device()) {
            let (logits, probabilities) = (logits.into_dispatch(), probabilities.into_dispatch());
            return Tensor::from_dispatch(Dispatch::cross_entropy(logits, probabilities));
        }
    }
    composed::cross_entropy(logits, probabilities)
}

/// Whether [`view`] serves this tensor.
#[cfg(feature = "gpu")]
pub fn serves_views(x: &Tensor<4>) -> bool {
    on_gpu(&x.device()) && x.dtype() == DType::F32 && x.dims().iter().all(|&side| side > 0)
}

/// A step of DSA of every image, on a GPU, or its transpose, which is not tracked; `coloured` says whether a step is a colour. Which numbers a step has,
/// `gpu/view.rs` says.
///
/// # Shapes
///
/// `x`: `[n, c, h, w]`, `steps`: `[n, FIELDS]`, result: as `x`.
#[cfg(feature = "gpu")]
pub fn view(x: Tensor<4>, steps: Tensor<2>, coloured: bool, transposed: bool) -> Tensor<4> {
    use gpu::ViewOps as _;
    let (x, steps) = (x.into_dispatch(), steps.into_dispatch());
    Tensor::from_dispatch(if transposed {
        Dispatch::view_gradient(x, steps, coloured)
    } else {
        Dispatch::view(x, steps, coloured)
    })
}

fn normalise(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, after: Epilogue) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let fits = n * c * h * w > 0 && gamma.dims() == [c] && beta.dims() == [c];
    let blocks = after != Epilogue::ReluPool || (h % 2 == 0 && w % 2 == 0);
    let floats = gamma.dtype() == DType::F32 && beta.dtype() == DType::F32;
    if fits && blocks && floats && is_normalised(&z) {
        let (z, gamma, beta) = (z.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        Tensor::from_dispatch(Dispatch::normalise(z, gamma, beta, after))
    } else {
        composed::normalise(z, gamma, beta, after)
    }
}
