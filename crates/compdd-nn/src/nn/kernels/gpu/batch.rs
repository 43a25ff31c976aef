//! Batch normalisation and the rectifier in one launch, its moments in two; backwards in three: the planes, the sums over images, the maps.
//!
//! As on the CPU ([`batch`](super::super::batch)), with `n = (z - mean) / sqrt(variance + 1e-5)`: `y = gamma n + beta`, then `max(y, 0)` or
//! `min(max(y, 0), 6)`. Backwards, with `p` the gradient of `y` after the mask: `dgamma = sum(p n)`, `dbeta = sum(p)`, and
//! `dz = gamma (p - dbeta / m - n dgamma / m) / sqrt(variance + 1e-5)` where the moments move with the batch, without the last two terms where they stand.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::batch::{BatchNormMode, Rectifier};
use super::super::batch_ops::of_moments;
use super::super::norm::EPSILON;
use super::norm::{affine_gradients, covariance, mean};
use super::{cubes, empty, total, units};

/// Units of a cube of a kernel that has one for each value.
const EACH: usize = 256;

/// The upper bound of [`Rectifier::Relu6`].
const SIX: f32 = 6.0;

/// The mean of every plane, then its biased variance: `[n, c, 2]`.
#[cube(launch)]
fn plane_moments(z: &[f32], moments: &mut [f32], size: usize, #[comptime] units: usize) {
    let place = CUBE_POS;
    if place * size >= z.len() {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = place * size;
    let centre = mean(z, start, size, &mut shared, units);
    let variance = covariance(z, start, start, centre, centre, size, &mut shared, units);
    if UNIT_POS == 0 {
        moments[2 * place] = centre;
        moments[2 * place + 1] = variance;
    }
}

/// The moments of every channel from those of its planes.
#[cube(launch)]
fn channel_moments(planes: &[f32], moments: &mut [f32]) {
    let channel = ABSOLUTE_POS;
    let channels = moments.len() / 2;
    if channel >= channels {
        terminate!();
    }
    let count = f32::cast_from(planes.len() / moments.len());
    let mut sum = 0.0f32;
    let mut plane = channel;
    while 2 * plane < planes.len() {
        sum += planes[2 * plane];
        plane += channels;
    }
    let centre = sum / count;
    let mut spread = 0.0f32;
    plane = channel;
    while 2 * plane < planes.len() {
        let apart = planes[2 * plane] - centre;
        spread += planes[2 * plane + 1] + apart * apart;
        plane += channels;
    }
    moments[channel] = centre;
    moments[channels + channel] = spread / count;
}

/// The gradient of value `i` before the rectifier: where the result `y` is inside its bounds.
#[cube]
fn passed(dy: f32, y: f32, #[comptime] relu: bool, #[comptime] six: bool) -> f32 {
    let mut gradient = dy;
    if comptime!(relu) {
        gradient = select(y > 0.0f32, gradient, 0.0f32);
    }
    if comptime!(six) {
        gradient = select(y < SIX, gradient, 0.0f32);
    }
    gradient
}

#[cube(launch)]
fn forward_kernel(
    z: &[f32],
    moments: &[f32],
    gamma: &[f32],
    beta: &[f32],
    y: &mut [f32],
    size: usize,
    #[comptime] relu: bool,
    #[comptime] six: bool,
) {
    let i = ABSOLUTE_POS;
    if i >= z.len() {
        terminate!();
    }
    let channels = gamma.len();
    let channel = i / size % channels;
    let scale = gamma[channel] / f32::sqrt(moments[channels + channel] + EPSILON);
    let mut value = (z[i] - moments[channel]) * scale + beta[channel];
    if comptime!(relu) {
        // What is not a number stays what it is.
        value = select(value < 0.0f32, 0.0f32, value);
    }
    if comptime!(six) {
        value = select(value > SIX, SIX, value);
    }
    y[i] = value;
}

/// Two sums over every plane, `[n, c, 2]`: of the gradients times the normal values, and of the gradients.
#[cube(launch)]
fn plane_sums(
    z: &[f32],
    moments: &[f32],
    gamma: &[f32],
    beta: &[f32],
    dy: &[f32],
    sums: &mut [f32],
    size: usize,
    #[comptime] units: usize,
    #[comptime] relu: bool,
    #[comptime] six: bool,
) {
    let place = CUBE_POS;
    if place * size >= z.len() {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let channels = gamma.len();
    let channel = place % channels;
    let inverse = 1.0f32 / f32::sqrt(moments[channels + channel] + EPSILON);
    let mut product = 0.0f32;
    let mut sum = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < size {
        let at = place * size + i;
        let normal = (z[at] - moments[channel]) * inverse;
        let p = passed(dy[at], normal * gamma[channel] + beta[channel], relu, six);
        product += p * normal;
        sum += p;
        i += units;
    }
    let product = total(product, &mut shared, units);
    let sum = total(sum, &mut shared, units);
    if UNIT_POS == 0 {
        sums[2 * place] = product;
        sums[2 * place + 1] = sum;
    }
}

#[cube(launch)]
fn backward_kernel(
    z: &[f32],
    moments: &[f32],
    gamma: &[f32],
    beta: &[f32],
    dy: &[f32],
    dgamma: &[f32],
    dbeta: &[f32],
    dz: &mut [f32],
    size: usize,
    #[comptime] own: bool,
    #[comptime] relu: bool,
    #[comptime] six: bool,
) {
    let i = ABSOLUTE_POS;
    if i >= z.len() {
        terminate!();
    }
    let channels = gamma.len();
    let channel = i / size % channels;
    let inverse = 1.0f32 / f32::sqrt(moments[channels + channel] + EPSILON);
    let normal = (z[i] - moments[channel]) * inverse;
    let mut p = passed(dy[i], normal * gamma[channel] + beta[channel], relu, six);
    if comptime!(own) {
        let count = f32::cast_from(z.len() / channels);
        p -= dbeta[channel] / count + normal * (dgamma[channel] / count);
    }
    dz[i] = p * gamma[channel] * inverse;
}

/// The gradient of the maps from those of their moments: `(dmean + 2 dvariance (z - mean)) / m`.
#[cube(launch)]
fn moments_gradient_kernel(z: &[f32], moments: &[f32], gradients: &[f32], dz: &mut [f32], size: usize) {
    let i = ABSOLUTE_POS;
    if i >= z.len() {
        terminate!();
    }
    let channels = moments.len() / 2;
    let channel = i / size % channels;
    let count = f32::cast_from(z.len() / channels);
    let centred = z[i] - moments[channel];
    dz[i] = (gradients[channel] + 2.0f32 * gradients[channels + channel] * centred) / count;
}

/// Whether it rectifies, and whether it bounds from above.
fn switches(rectifier: Option<Rectifier>) -> (bool, bool) {
    (rectifier.is_some(), rectifier == Some(Rectifier::Relu6))
}

/// Means and biased variances of the channels: `[2, c]`.
pub fn moments(z: CubeTensor) -> CubeTensor {
    let [n, c, h, w] = z.shape().dims();
    let (planes, moments) = (empty(&z, Shape::new([n, c, 2])), empty(&z, of_moments(&z.shape())));
    let units = units(h * w);
    plane_moments::launch(
        &moments.client,
        cubes(n * c),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        planes.clone().into_buffer_arg(),
        h * w,
        units,
    );
    channel_moments::launch(
        &moments.client,
        cubes(c.div_ceil(64)),
        CubeDim::new_1d(64),
        planes.into_buffer_arg(),
        moments.clone().into_buffer_arg(),
    );
    moments
}

/// The gradient of the maps from those of their moments, `[2, c]`.
pub fn moments_gradient([z, moments, gradients]: [CubeTensor; 3]) -> CubeTensor {
    let [n, c, h, w] = z.shape().dims();
    let dz = empty(&z, z.shape());
    moments_gradient_kernel::launch(
        &dz.client,
        cubes((n * c * h * w).div_ceil(EACH)),
        CubeDim::new_1d(EACH as u32),
        z.into_buffer_arg(),
        moments.into_buffer_arg(),
        gradients.into_buffer_arg(),
        dz.clone().into_buffer_arg(),
        h * w,
    );
    dz
}

/// The normalised maps.
pub fn forward([z, moments, gamma, beta]: [CubeTensor; 4], rectifier: Option<Rectifier>) -> CubeTensor {
    let [n, c, h, w] = z.shape().dims();
    let (y, (relu, six)) = (empty(&z, z.shape()), switches(rectifier));
    forward_kernel::launch(
        &y.client,
        cubes((n * c * h * w).div_ceil(EACH)),
        CubeDim::new_1d(EACH as u32),
        z.into_buffer_arg(),
        moments.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        y.clone().into_buffer_arg(),
        h * w,
        relu,
        six,
    );
    y
}

/// The gradients of `z`, `gamma` and `beta` from the gradient `dy` of the result.
pub fn backward(
    operands: [CubeTensor; 5],
    BatchNormMode { own, rectifier }: BatchNormMode,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [n, c, h, w] = operands[0].shape().dims();
    let (units, (relu, six)) = (units(h * w), switches(rectifier));
    let (dz, sums) = (empty(&operands[0], operands[0].shape()), empty(&operands[0], Shape::new([n, c, 2])));
    let [z, moments, gamma, beta, dy] = operands.clone().map(CubeTensor::into_buffer_arg);
    plane_sums::launch(
        &dz.client,
        cubes(n * c),
        CubeDim::new_1d(units as u32),
        z,
        moments,
        gamma,
        beta,
        dy,
        sums.clone().into_buffer_arg(),
        h * w,
        units,
        relu,
        six,
    );
    let (dgamma, dbeta) = affine_gradients(sums);
    let [z, moments, gamma, beta, dy] = operands.map(CubeTensor::into_buffer_arg);
    backward_kernel::launch(
        &dz.client,
        cubes((n * c * h * w).div_ceil(EACH)),
        CubeDim::new_1d(EACH as u32),
        z,
        moments,
        gamma,
        beta,
        dy,
        dgamma.clone().into_buffer_arg(),
        dbeta.clone().into_buffer_arg(),
        dz.clone().into_buffer_arg(),
        h * w,
        own,
        relu,
        six,
    );
    (dz, dgamma, dbeta)
}
