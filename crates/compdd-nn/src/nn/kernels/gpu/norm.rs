//! Instance normalisation, the `ReLU` and the 2 x 2 average pooling in one launch; backwards in two: the planes, then the sums over images.
//!
//! As on the CPU ([`norm`](super::super::norm)), with `n = (z - mean) / sqrt(var + 1e-5)`: `y = gamma n + beta`, then `max(y, 0)`, then means of
//! blocks. Backwards, with `p` the gradient of `y` after the mask: `dz = gamma (p - mean(p) - n mean(p n)) / sqrt(var + 1e-5)`,
//! `dgamma = sum(p n)`, `dbeta = sum(p)`.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::norm::{EPSILON, Epilogue};
use super::{cubes, empty, total, units};

/// The mean of the `size` values from `start`.
#[cube]
pub fn mean(z: &[f32], start: usize, size: usize, shared: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let mut sum = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < size {
        sum += z[start + i];
        i += units;
    }
    total(sum, shared, units) / f32::cast_from(size)
}

/// The mean product of two planes, that start at `one` and `other`, each from its mean: the biased variance where they are the same.
#[cube]
pub fn covariance(
    z: &[f32],
    one: usize,
    other: usize,
    one_mean: f32,
    other_mean: f32,
    size: usize,
    shared: &mut Shared<[f32]>,
    #[comptime] units: usize,
) -> f32 {
    let mut sum = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < size {
        sum += (z[one + i] - one_mean) * (z[other + i] - other_mean);
        i += units;
    }
    total(sum, shared, units) / f32::cast_from(size)
}

/// The block of pixel `i` of the plane from `start`: its place among the blocks of all planes.
#[cube]
fn block(i: usize, start: usize, width: usize) -> usize {
    start / 4 + i / width / 2 * (width / 2) + i % width / 2
}

/// The first pixel of a block: its number in the plane.
#[cube]
pub fn corner(block: usize, width: usize) -> usize {
    let across = width / 2;
    block / across * 2 * width + block % across * 2
}

/// The gradient of pixel `i` before the epilogue: of the result `dy`, where the value `y` let it pass.
#[cube]
pub fn passed(
    dy: &[f32],
    y: f32,
    i: usize,
    start: usize,
    width: usize,
    #[comptime] relu: bool,
    #[comptime] pool: bool,
) -> f32 {
    let gradient = if comptime!(pool) { dy[block(i, start, width)] * 0.25f32 } else { dy[start + i] };
    if comptime!(relu) { select(y > 0.0f32, gradient, 0.0f32) } else { gradient }
}

/// `max(y, 0)`, of what is not a number itself.
#[cube]
pub fn rectified(y: f32, #[comptime] relu: bool) -> f32 {
    if comptime!(relu) { select(y < 0.0f32, 0.0f32, y) } else { y }
}

#[cube(launch)]
fn forward_kernel(
    z: &[f32],
    gamma: &[f32],
    beta: &[f32],
    y: &mut [f32],
    size: usize,
    width: usize,
    #[comptime] units: usize,
    #[comptime] relu: bool,
    #[comptime] pool: bool,
) {
    let place = CUBE_POS;
    if place * size >= z.len() {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = place * size;
    let centre = mean(z, start, size, &mut shared, units);
    let variance = covariance(z, start, start, centre, centre, size, &mut shared, units);
    let inverse = 1.0f32 / f32::sqrt(variance + EPSILON);
    let scale = gamma[place % gamma.len()] * inverse;
    let shift = beta[place % gamma.len()];
    let mut i = UNIT_POS as usize;
    if comptime!(pool) {
        while i < size / 4 {
            let at = start + corner(i, width);
            let mut sum = 0.0f32;
            #[unroll]
            for row in 0..2usize {
                #[unroll]
                for column in 0..2usize {
                    sum += rectified((z[at + row * width + column] - centre) * scale + shift, relu);
                }
            }
            y[start / 4 + i] = sum * 0.25f32;
            i += units;
        }
    } else {
        while i < size {
            y[start + i] = rectified((z[start + i] - centre) * scale + shift, relu);
            i += units;
        }
    }
}

#[cube(launch)]
fn backward_kernel(
    z: &[f32],
    gamma: &[f32],
    beta: &[f32],
    dy: &[f32],
    dz: &mut [f32],
    sums: &mut [f32],
    size: usize,
    width: usize,
    #[comptime] units: usize,
    #[comptime] relu: bool,
    #[comptime] pool: bool,
) {
    let place = CUBE_POS;
    if place * size >= z.len() {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = place * size;
    let centre = mean(z, start, size, &mut shared, units);
    let variance = covariance(z, start, start, centre, centre, size, &mut shared, units);
    let inverse = 1.0f32 / f32::sqrt(variance + EPSILON);
    let scale = gamma[place % gamma.len()] * inverse;
    let shift = beta[place % gamma.len()];
    let mut sum = 0.0f32;
    let mut product = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < size {
        let value = z[start + i] - centre;
        let p = passed(dy, value * scale + shift, i, start, width, relu, pool);
        sum += p;
        product += p * (value * inverse);
        i += units;
    }
    let sum = total(sum, &mut shared, units);
    let product = total(product, &mut shared, units);
    if UNIT_POS == 0 {
        sums[2 * place] = product;
        sums[2 * place + 1] = sum;
    }
    let count = f32::cast_from(size);
    i = UNIT_POS as usize;
    while i < size {
        let value = z[start + i] - centre;
        let p = passed(dy, value * scale + shift, i, start, width, relu, pool);
        dz[start + i] = scale * (p - sum / count - value * inverse * (product / count));
        i += units;
    }
}

/// Sums over the images, of two sums a plane.
#[cube(launch)]
fn over_images(sums: &[f32], dgamma: &mut [f32], dbeta: &mut [f32]) {
    let channel = ABSOLUTE_POS;
    let channels = dgamma.len();
    if channel >= channels {
        terminate!();
    }
    let mut scale = 0.0f32;
    let mut shift = 0.0f32;
    let mut plane = channel;
    while 2 * plane < sums.len() {
        scale += sums[2 * plane];
        shift += sums[2 * plane + 1];
        plane += channels;
    }
    dgamma[channel] = scale;
    dbeta[channel] = shift;
}

/// What an epilogue is to a kernel: whether it rectifies, whether it pools.
pub fn switches(after: Epilogue) -> (bool, bool) {
    (after != Epilogue::Nothing, after == Epilogue::ReluPool)
}

/// The gradients of scales and shifts, `[c]`, from two sums of every plane, `[n, c, 2]`.
pub fn affine_gradients(sums: CubeTensor) -> (CubeTensor, CubeTensor) {
    let [_, c, _] = sums.shape().dims();
    let (dgamma, dbeta) = (empty(&sums, Shape::new([c])), empty(&sums, Shape::new([c])));
    over_images::launch(
        &sums.client.clone(),
        cubes(c.div_ceil(64)),
        CubeDim::new_1d(64),
        sums.into_buffer_arg(),
        dgamma.clone().into_buffer_arg(),
        dbeta.clone().into_buffer_arg(),
    );
    (dgamma, dbeta)
}

/// Writes the normalised maps to `y`.
pub fn forward([z, gamma, beta]: [CubeTensor; 3], y: &CubeTensor, after: Epilogue) {
    let [n, c, h, w] = z.shape().dims();
    let (units, (relu, pool)) = (units(h * w), switches(after));
    forward_kernel::launch(
        &y.client,
        cubes(n * c),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        y.clone().into_buffer_arg(),
        h * w,
        w,
        units,
        relu,
        pool,
    );
}

/// The gradients of `z`, `gamma` and `beta` from the gradient `dy` of the result.
pub fn backward([z, gamma, beta, dy]: [CubeTensor; 4], after: Epilogue) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [n, c, h, w] = z.shape().dims();
    let (units, (relu, pool)) = (units(h * w), switches(after));
    let (dz, sums) = (empty(&z, z.shape()), empty(&z, Shape::new([n, c, 2])));
    backward_kernel::launch(
        &dz.client,
        cubes(n * c),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        dy.into_buffer_arg(),
        dz.clone().into_buffer_arg(),
        sums.clone().into_buffer_arg(),
        h * w,
        w,
        units,
        relu,
        pool,
    );
    let (dgamma, dbeta) = affine_gradients(sums);
    (dz, dgamma, dbeta)
}
