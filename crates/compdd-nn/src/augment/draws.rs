//! A drawn augmentation: recorded, replayed, applied.

use burn::tensor::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use super::{
    DsaConfig, Op, Token, colour,
    geometry::{self, Map, Window},
    host, resample,
};
#[cfg(feature = "gpu")]
use {super::steps, crate::nn::kernels};

/// The operations of one minibatch with the parameters of every image, in the order they are applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Draws {
    ops: Vec<Op>,
}

/// What a mean is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The channels of one pixel.
    Pixel,
    /// The whole image.
    Image,
}

/// An operation reduced to one of four affine forms: what both execution paths read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lowered {
    /// `x + s`.
    Shift(Vec<f32>),
    /// `(x - m) f + m`.
    Blend { over: Over, factor: Vec<f32> },
    /// Zero inside a window.
    Erase(Vec<Window>),
    /// Bilinear sampling with zero fill; `whole` when every map lands on whole pixels.
    Sample { maps: Vec<Map>, whole: bool },
}

impl Draws {
    /// Operations drawn elsewhere, for example read back from a record.
    pub fn new(ops: Vec<Op>) -> Self {
        Self { ops }
    }

    /// One token replayed from recorded raw draws, the slots of its operations one after the other (see
    /// [`Op::from_slots`]).
    pub fn replay(config: &DsaConfig, token: Token, shape: [usize; 3], slots: &[Vec<f32>]) -> Self {
        let mut used = 0;
        let ops = super::config::kinds(token).iter().map(|&kind| {
            let count = kind.distributions(config, shape).len();
            used += count;
            Op::from_slots(kind, config, shape, &slots[used - count..used])
        });
        Self { ops: ops.collect() }
    }

    /// The operations in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The operations in order, taken out.
    pub(super) fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// Applies the operations to a batch: the same draws make the same images of the same images. Differentiable but for those on bytes;
    /// values are never clamped.
    ///
    /// # Shapes
    /// `x` is `[n, c, h, w]` with the `n`, `h` and `w` the draws were made for, and so is the result, unless it is resized.
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        if self.is_dsa() {
            return self.apply_dsa(x);
        }
        self.runs().fold(x, |x, run| match run {
            [op] if !op.is_dsa() => op.apply(x),
            ops => Self::new(ops.to_vec()).apply_dsa(x),
        })
    }

    /// [`apply`](Self::apply) of several draws of DSA, each to as many images of the batch, one after the other.
    ///
    /// # Panics
    /// Without any draws.
    pub fn apply_each(draws: &[Self], x: &Tensor<4>) -> Tensor<4> {
        #[cfg(feature = "gpu")]
        if kernels::serves_views(x) && draws.iter().all(Self::is_dsa) {
            return steps::view(draws, x.clone(), false);
        }
        each(draws, x, Self::apply)
    }

    /// Whether all operations are those of DSA.
    pub(super) fn is_dsa(&self) -> bool {
        self.ops.iter().all(Op::is_dsa)
    }

    /// [`apply`](Self::apply) where all operations are those of DSA.
    fn apply_dsa(&self, x: Tensor<4>) -> Tensor<4> {
        if self.ops.is_empty() {
            return x;
        }
        #[cfg(feature = "gpu")]
        if kernels::serves_views(&x) {
            return steps::view(std::slice::from_ref(self), x, false);
        }
        let (device, single) = (x.device(), x.dtype() == DType::F32);
        if single && device == Device::flex() && !device.is_autodiff() {
            self.apply_direct(x)
        } else {
            self.apply_tensor(x)
        }
    }

    /// The path of every device for operations of DSA, composed of tensor operations.
    pub(super) fn apply_tensor(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        self.lowered(h, w).into_iter().fold(x, |x, op| match op {
            Lowered::Shift(shift) => {
                let shift = colour::per_image(&shift, &x);
                x + shift
            }
            Lowered::Blend { over, factor } => colour::blend(x, over, &factor),
            Lowered::Erase(windows) => colour::erase(x, &windows),
            Lowered::Sample { maps, whole } => resample::resample(x, &maps, whole),
        })
    }

    /// The path of plain tensors on the CPU for operations of DSA.
    pub(super) fn apply_direct(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, c, h, w] = x.dims();
        let device = x.device();
        let mut data = x.into_data().convert::<f32>();
        match data.as_mut_slice::<f32>() {
            Ok(batch) => self.apply_host(batch, [c, h, w]),
            Err(_) => return self.apply_tensor(Tensor::from_data(data, &device)),
        }
        Tensor::from_data(data, &device)
    }

    /// Applies the operations in place to a batch in host memory, `[n, c, h, w]` with `shape` = `[c, h, w]`.
    ///
    /// # Panics
    /// When an operation is not one of DSA's.
    pub fn apply_host(&self, batch: &mut [f32], shape: [usize; 3]) {
        assert!(self.is_dsa(), "only DSA is applied in place");
        host::apply(&self.lowered(shape[1], shape[2]), batch, shape);
    }

    /// The affine forms of the operations of DSA on images of `h` by `w`.
    pub(super) fn lowered(&self, h: usize, w: usize) -> Vec<Lowered> {
        self.ops.iter().filter_map(|op| op.lower(h, w)).collect()
    }
}

/// Each of several draws, of as many images of a batch, one after the other.
pub(super) fn each(draws: &[Draws], x: &Tensor<4>, f: impl Fn(&Draws, Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    if draws.iter().all(|draws| draws.ops.is_empty()) {
        return x.clone();
    }
    let n = x.dims()[0] / draws.len();
    let parts = draws.iter().enumerate().map(|(place, draws)| f(draws, x.clone().narrow(0, place * n, n)));
    Tensor::cat(parts.collect(), 0)
}

impl Op {
    /// The affine form of an operation of DSA on images of `h` by `w`.
    fn lower(&self, h: usize, w: usize) -> Option<Lowered> {
        let sample = |maps, whole| Lowered::Sample { maps, whole };
        Some(match self {
            Self::Brightness { shift } => Lowered::Shift(shift.clone()),
            Self::Saturation { factor } => Lowered::Blend { over: Over::Pixel, factor: factor.clone() },
            Self::Contrast { factor } => Lowered::Blend { over: Over::Image, factor: factor.clone() },
            Self::Cutout { side, rows, columns } => Lowered::Erase(geometry::windows(*side, rows, columns, h, w)),
            Self::Crop { rows, columns } => sample(geometry::shifted(rows, columns, h, w), true),
            Self::Flip { mirrored } => sample(geometry::mirrored(mirrored, h, w), true),
            Self::Scale { columns, rows } => sample(geometry::stretched(columns, rows, h, w), false),
            Self::Rotate { angle, align_corners } => sample(geometry::rotated(angle, *align_corners, h, w), false),
            _ => return None,
        })
    }
}
