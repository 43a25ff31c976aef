//! Batch normalisation with scale and shift, fused with the `ReLU` or `ReLU6` that may follow it: by the batch's own moments (train mode) or by given
//! ones (eval mode).
//!
//! Per channel, over the `m = n * h * w` values of all images: `y = gamma * (z - mean) / sqrt(variance + 1e-5) + beta` with
//! the biased variance, then `max(y, 0)` or `min(max(y, 0), 6)` where asked for (Ioffe and Szegedy, arXiv 1502.03167, algorithm 1). The
//! statistics are one pass over the maps, the values another; so are the gradients of gamma and beta, and that of the maps. The moments have a
//! gradient of their own, for losses that compare them.

use rayon::prelude::*;

use super::norm::{EPSILON, Maps, each_group, read, total, write};
use super::scratch::{Output, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// What may follow the normalisation. Gradients pass where the result is inside the bounds, not on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rectifier {
    /// `max(y, 0)`.
    Relu,
    /// `min(max(y, 0), 6)`.
    Relu6,
}

/// How a batch is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchNormMode {
    /// Whether the moments are those of the batch itself and move with it; given ones stand.
    pub own: bool,
    /// What follows.
    pub rectifier: Option<Rectifier>,
}

/// What a batch is normalised with, one value per channel each.
#[derive(Clone, Copy)]
pub struct Channels<'a> {
    mean: &'a [f32],
    variance: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
}

impl<'a> Channels<'a> {
    /// From the [`moments`] of a batch, scales and shifts.
    pub fn new(moments: &'a [f32], gamma: &'a [f32], beta: &'a [f32]) -> Self {
        let (mean, variance) = moments.split_at(gamma.len());
        Self { mean, variance, gamma, beta }
    }
    /// The standard deviation's inverse of a channel.
    fn inverse(self, channel: usize) -> f32 {
        1.0 / (self.variance[channel] + EPSILON).sqrt()
    }

    /// How the planes of a channel become results.
    fn affine(self, channel: usize, rectifier: Option<Rectifier>) -> Affine {
        let scale = self.gamma[channel] * self.inverse(channel);
        Affine { mean: self.mean[channel], scale, beta: self.beta[channel], rectifier }
    }
}

/// `y = (z - mean) * scale + beta`, and what follows.
#[derive(Clone, Copy)]
struct Affine {
    mean: f32,
    scale: f32,
    beta: f32,
    rectifier: Option<Rectifier>,
}

/// The upper bound of [`Rectifier::Relu6`].
const SIX: f32 = 6.0;

impl Affine {
    /// The results before the rectifier.
    #[inline(always)]
    unsafe fn value<L: Lanes>(self, z: L) -> L {
        // SAFETY: arithmetic only.
        unsafe { z.sub(L::splat(self.mean)).mul_add(L::splat(self.scale), L::splat(self.beta)) }
    }
}

/// The means of the channels, then their biased variances: `[2, c]`. Those of the planes are taken first, each in two passes, and put together in
/// double precision.
pub fn moments(isa: Isa, maps: Maps, z: &[f32]) -> Vec<f32> {
    let plane = maps.h * maps.w;
    let planes = each_plane(maps, |i, to| {
        // SAFETY: arithmetic on the plane.
        unsafe { moments_plane(isa, &z[i * plane..(i + 1) * plane], to) };
    });
    let of = |channel: usize| planes.iter().skip(channel).step_by(maps.c);
    let channel = |channel: usize| {
        let mean = of(channel).map(|[mean, _]| f64::from(*mean)).sum::<f64>() / maps.n as f64;
        let spread = |[own, squares]: &[f32; 2]| {
            f64::from(*squares) + plane as f64 * (f64::from(*own) - mean) * (f64::from(*own) - mean)
        };
        (mean as f32, (of(channel).map(spread).sum::<f64>() / (maps.n * plane) as f64) as f32)
    };
    let (means, variances): (Vec<_>, Vec<_>) = (0..maps.c).map(channel).unzip();
    [means, variances].concat()
}

/// Gradient of the maps from those of their [`moments`], `[2, c]`: `(dmean + 2 dvariance (z - mean)) / m`.
pub fn moments_gradient(isa: Isa, maps: Maps, z: &[f32], moments: &[f32], gradients: &[f32]) -> Vec<f32> {
    let count = (maps.n * maps.h * maps.w) as f32;
    let (dmean, dvariance) = gradients.split_at(maps.c);
    fill_planes(maps, |i, range, to| {
        let channel = i % maps.c;
        let (scale, beta) = (2.0 * dvariance[channel] / count, dmean[channel] / count);
        let affine = Affine { mean: moments[channel], scale, beta, rectifier: None };
        // SAFETY: there is room for as many results as the plane has values.
        unsafe { normalise_plane(isa, &z[range], affine, to) };
    })
}

/// The normalised maps: `[n, c, h, w]`.
pub fn forward(isa: Isa, maps: Maps, z: &[f32], channels: Channels<'_>, rectifier: Option<Rectifier>) -> Vec<f32> {
    fill_planes(maps, |i, range, to| {
        let affine = channels.affine(i % maps.c, rectifier);
        // SAFETY: there is room for as many results as the plane has values.
        unsafe { normalise_plane(isa, &z[range], affine, to) };
    })
}

/// Gradients of the maps, of gamma and of beta from the gradient `dy` of the result.
pub fn backward(
    isa: Isa,
    maps: Maps,
    z: &[f32],
    channels: Channels<'_>,
    dy: &[f32],
    BatchNormMode { own, rectifier }: BatchNormMode,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let plane = maps.h * maps.w;
    let planes = each_plane(maps, |i, to| {
        let (range, affine) = (i * plane..(i + 1) * plane, channels.affine(i % maps.c, rectifier));
        // SAFETY: as many gradients as values.
        unsafe { sums_plane(isa, &z[range.clone()], &dy[range], affine, to) };
    });
    let sum = |channel: usize, what: usize| {
        planes.iter().skip(channel).step_by(maps.c).map(|sums| f64::from(sums[what])).sum::<f64>()
    };
    let gradients = |channel| {
        let inverse = f64::from(channels.inverse(channel));
        ((sum(channel, 0) * inverse) as f32, sum(channel, 1) as f32)
    };
    let (dgamma, dbeta): (Vec<_>, Vec<_>) = (0..maps.c).map(gradients).unzip();
    let count = (maps.n * plane) as f32;
    let moving = |sum: f32| if own { sum / count } else { 0.0 };
    let dz = fill_planes(maps, |i, range, to| {
        let channel = i % maps.c;
        let slope = moving(dgamma[channel]) * channels.inverse(channel);
        let (affine, shift) = (channels.affine(channel, rectifier), moving(dbeta[channel]));
        // SAFETY: as many gradients as values, and room for as many.
        unsafe { gradient_plane(isa, &z[range.clone()], &dy[range], affine, shift, slope, to) };
    });
    (dz, dgamma, dbeta)
}

/// Two figures of every plane.
fn each_plane(maps: Maps, figures: impl Fn(usize, &mut [f32; 2]) + Sync) -> Vec<[f32; 2]> {
    let mut planes = vec![[0.0_f32; 2]; maps.n * maps.c];
    planes.par_iter_mut().enumerate().with_min_len(maps.grain()).for_each(|(i, to)| figures(i, to));
    planes
}

/// Maps made plane by plane: `make` gets the number of the plane, where it lies, and where its result goes, all of which
/// it writes.
fn fill_planes(maps: Maps, make: impl Fn(usize, std::ops::Range<usize>, *mut f32) + Sync) -> Vec<f32> {
    let plane = maps.h * maps.w;
    let fill = |out: Output<'_>| {
        (0..maps.n * maps.c).into_par_iter().with_min_len(maps.grain()).for_each(|i| {
            // SAFETY: each plane is written by its own unit.
            let to = unsafe { out.part(i * plane, plane) };
            make(i, i * plane..(i + 1) * plane, to.as_mut_ptr().cast());
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(maps.n * maps.c * plane, fill) }
}

per_isa! {
    /// Mean of a plane, and the sum of the squared differences from it.
    unsafe fn moments_plane(z: &[f32], to: &mut [f32; 2]) => moments_plane_body
}

#[inline(always)]
unsafe fn moments_plane_body<L: Lanes>(z: &[f32], to: &mut [f32; 2]) {
    // SAFETY: groups lie inside the plane.
    unsafe {
        let (mut even, mut odd) = (L::splat(0.0), L::splat(0.0));
        each_group!(z.len(), |at, count| {
            even = even.add(read::<L>(z.as_ptr().add(at), count, 0.0));
            std::mem::swap(&mut even, &mut odd);
        });
        let mean = total(even.add(odd)) / z.len() as f32;
        let (mut even, mut odd, centre) = (L::splat(0.0), L::splat(0.0), L::splat(mean));
        each_group!(z.len(), |at, count| {
            let centred = read::<L>(z.as_ptr().add(at), count, mean).sub(centre);
            even = centred.mul_add(centred, even);
            std::mem::swap(&mut even, &mut odd);
        });
        *to = [mean, total(even.add(odd))];
    }
}

per_isa! {
    /// One plane of [`forward`].
    unsafe fn normalise_plane(z: &[f32], affine: Affine, to: *mut f32) => normalise_plane_body
}

#[inline(always)]
unsafe fn normalise_plane_body<L: Lanes>(z: &[f32], affine: Affine, to: *mut f32) {
    // SAFETY: groups lie inside the plane; the caller promises room for as many results.
    unsafe {
        each_group!(z.len(), |at, count| {
            let y = affine.value(read::<L>(z.as_ptr().add(at), count, 0.0));
            let y = match affine.rectifier {
                None => y,
                Some(Rectifier::Relu) => y.relu(),
                Some(Rectifier::Relu6) => y.relu().at_most(L::splat(SIX)),
            };
            write(y, to.add(at), count);
        });
    }
}

/// The gradients that reach the normalisation: those where the result is inside the rectifier's bounds.
#[inline(always)]
unsafe fn passed<L: Lanes>(dy: L, z: L, affine: Affine) -> L {
    // SAFETY: arithmetic only.
    unsafe {
        let y = affine.value(z);
        match affine.rectifier {
            None => dy,
            Some(Rectifier::Relu) => dy.where_positive(y),
            Some(Rectifier::Relu6) => dy.where_positive(y).where_positive(L::splat(SIX).sub(y)),
        }
    }
}

per_isa! {
    /// Sums over a plane of the gradients times the centred values, and of the gradients.
    unsafe fn sums_plane(z: &[f32], dy: &[f32], affine: Affine, to: &mut [f32; 2]) => sums_plane_body
}

#[inline(always)]
unsafe fn sums_plane_body<L: Lanes>(z: &[f32], dy: &[f32], affine: Affine, to: &mut [f32; 2]) {
    // SAFETY: groups lie inside the plane, which has as many gradients.
    unsafe {
        let (mut product, mut shift) = (L::splat(0.0), L::splat(0.0));
        each_group!(z.len(), |at, count| {
            let z = read::<L>(z.as_ptr().add(at), count, 0.0);
            let d = passed(read::<L>(dy.as_ptr().add(at), count, 0.0), z, affine);
            product = d.mul_add(z.sub(L::splat(affine.mean)), product);
            shift = shift.add(d);
        });
        *to = [total(product), total(shift)];
    }
}

per_isa! {
    /// One plane of the gradient of the maps in [`backward`]: `scale * (d - shift - slope * (z - mean))`.
    unsafe fn gradient_plane(
        z: &[f32], dy: &[f32], affine: Affine, shift: f32, slope: f32, to: *mut f32,
    ) => gradient_plane_body
}

#[inline(always)]
unsafe fn gradient_plane_body<L: Lanes>(z: &[f32], dy: &[f32], affine: Affine, shift: f32, slope: f32, to: *mut f32) {
    // SAFETY: groups lie inside the plane, which has as many gradients; the caller promises room for as many results.
    unsafe {
        each_group!(z.len(), |at, count| {
            let z = read::<L>(z.as_ptr().add(at), count, 0.0);
            let d = passed(read::<L>(dy.as_ptr().add(at), count, 0.0), z, affine);
            let straight = z.sub(L::splat(affine.mean)).mul(L::splat(slope));
            write(d.sub(L::splat(shift)).sub(straight).mul(L::splat(affine.scale)), to.add(at), count);
        });
    }
}
