//! The transpose of an augmentation: cotangents of its results back to cotangents of its images.
//!
//! Every operation is affine in the image given its draws, `x -> A x + b`. The pullback is `A'`, operation by operation
//! from the last to the first; `b` plays no part. The blends and the erasing mask are their own transposes; sampling
//! becomes scattering: each result returns its shares to the pixels it was read from.

use burn::tensor::{DType, Device, Tensor};
use rayon::prelude::*;

use super::{
    Draws,
    draws::{Lowered, Over, each},
    geometry::Map,
    host::{blend_image, blend_pixels, erase, taps, whole_columns, whole_row},
};
#[cfg(feature = "gpu")]
use {super::steps, crate::nn::kernels};

impl Draws {
    /// The transposed linear part of [`Draws::apply`], applied to `cotangent`: the gradient with respect to the images of
    /// the inner product of `apply(images)` with `cotangent`. It does not depend on the images. The result is not tracked. Operations on
    /// bytes have no derivative: behind one of them it is zero.
    ///
    /// # Shapes
    /// `cotangent` is `[n, c, h, w]` of the result of [`Draws::apply`]; the pullback has the shape of its images.
    pub fn pullback(&self, cotangent: Tensor<4>) -> Tensor<4> {
        let cotangent = cotangent.inner();
        if self.is_dsa() {
            return self.pull_dsa(cotangent);
        }
        self.runs().rev().fold(cotangent, |cotangent, run| match run {
            [op] if !op.is_dsa() => op.pullback(&cotangent),
            ops => Self::new(ops.to_vec()).pull_dsa(cotangent),
        })
    }

    /// [`pullback`](Self::pullback) of several draws of DSA, each of as many images of the batch, one after the other.
    ///
    /// # Panics
    /// Without any draws.
    pub fn pullback_each(draws: &[Self], cotangent: &Tensor<4>) -> Tensor<4> {
        let cotangent = cotangent.clone().inner();
        #[cfg(feature = "gpu")]
        if kernels::serves_views(&cotangent) && draws.iter().all(Self::is_dsa) {
            return steps::view(draws, cotangent, true);
        }
        each(draws, &cotangent, Self::pullback)
    }

    /// [`pullback`](Self::pullback) where all operations are those of DSA.
    fn pull_dsa(&self, cotangent: Tensor<4>) -> Tensor<4> {
        if self.ops().is_empty() {
            return cotangent;
        }
        #[cfg(feature = "gpu")]
        if kernels::serves_views(&cotangent) {
            return steps::view(std::slice::from_ref(self), cotangent, true);
        }
        let single = cotangent.dtype() == DType::F32;
        if single && cotangent.device() == Device::flex() {
            self.pull_direct(cotangent)
        } else {
            self.pull_tensor(&cotangent)
        }
    }

    /// The path of every device: the derivative at zero.
    pub(super) fn pull_tensor(&self, cotangent: &Tensor<4>) -> Tensor<4> {
        let x = cotangent.zeros_like().autodiff().require_grad();
        let mut gradients = (self.apply_tensor(x.clone()) * cotangent.clone()).sum().backward();
        x.grad_remove(&mut gradients).unwrap_or_else(|| cotangent.zeros_like())
    }

    /// The path of the CPU.
    pub(super) fn pull_direct(&self, cotangent: Tensor<4>) -> Tensor<4> {
        let [_, c, h, w] = cotangent.dims();
        let device = cotangent.device();
        let mut data = cotangent.into_data().convert::<f32>();
        match data.as_mut_slice::<f32>() {
            Ok(batch) => pull(&self.lowered(h, w), batch, [c, h, w]),
            Err(_) => return self.pull_tensor(&Tensor::from_data(data, &device)),
        }
        Tensor::from_data(data, &device)
    }
}

/// Pulls a batch of cotangents `[n, c, h, w]` back through `ops`, in place, image by image in parallel.
fn pull(ops: &[Lowered], batch: &mut [f32], [c, h, w]: [usize; 3]) {
    batch.par_chunks_mut(c * h * w).enumerate().for_each_init(Vec::new, |scratch, (i, image)| {
        for op in ops.iter().rev() {
            match op {
                Lowered::Shift(_) => {}
                Lowered::Blend { over: Over::Pixel, factor } => blend_pixels(image, c, factor[i]),
                Lowered::Blend { over: Over::Image, factor } => blend_image(image, factor[i]),
                Lowered::Erase(windows) => erase(image, windows[i], h, w),
                Lowered::Sample { maps, whole } => {
                    scratch.clear();
                    scratch.extend_from_slice(image);
                    image.fill(0.0);
                    if *whole {
                        return_pixels(scratch, image, maps[i], [c, h, w]);
                    } else {
                        scatter(scratch, image, maps[i], [c, h, w]);
                    }
                }
            }
        }
    });
}

/// The transpose of reading whole pixels.
fn return_pixels(from: &[f32], to: &mut [f32], map: Map, [c, h, w]: [usize; 3]) {
    let columns = whole_columns(map, h, w);
    for i in 0..h {
        let Some(row) = whole_row(map, i, h, w) else { continue };
        for k in 0..c {
            let line = &mut to[(k * h + row) * w..][..w];
            for (value, column) in from[(k * h + i) * w..][..w].iter().zip(&columns) {
                if let Some(column) = column {
                    line[*column] += value;
                }
            }
        }
    }
}

/// The transpose of bilinear sampling.
fn scatter(from: &[f32], to: &mut [f32], map: Map, [c, h, w]: [usize; 3]) {
    let plane = h * w;
    for p in 0..plane {
        let taps = taps(map, p / w, p % w, h, w);
        for k in 0..c {
            let value = from[k * plane + p];
            let to = &mut to[k * plane..][..plane];
            for (index, weight) in taps {
                to[index] += weight * value;
            }
        }
    }
}
