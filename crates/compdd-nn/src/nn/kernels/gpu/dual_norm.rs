//! Instance normalisation of duals with what follows, in one launch; backwards in two. The formulas are those of the CPU
//! ([`norm`](super::super::dual::norm)); a cube has a plane and the plane of its tangents.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::norm::{EPSILON, Epilogue};
use super::norm::{affine_gradients, corner, covariance, mean, passed, rectified, switches};
use super::{cubes, empty, total, units};

#[cube(launch)]
fn forward_kernel(
    z: &[f32],
    gamma: &[f32],
    beta: &[f32],
    gamma_tangent: &[f32],
    beta_tangent: &[f32],
    y: &mut [f32],
    size: usize,
    width: usize,
    #[comptime] units: usize,
    #[comptime] relu: bool,
    #[comptime] pool: bool,
) {
    let place = CUBE_POS;
    let half = z.len() / 2;
    if place * size >= half {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = place * size;
    let along = half + start;
    let centre = mean(z, start, size, &mut shared, units);
    let drift = mean(z, along, size, &mut shared, units);
    let variance = covariance(z, start, start, centre, centre, size, &mut shared, units);
    let product = covariance(z, start, along, centre, drift, size, &mut shared, units);
    let channel = place % gamma.len();
    let inverse = 1.0f32 / f32::sqrt(variance + EPSILON);
    let scale = gamma[channel] * inverse;
    let turn = (gamma_tangent[channel] - scale * inverse * product) * inverse;
    let shift = beta[channel];
    let shift_along = beta_tangent[channel];
    let mut i = UNIT_POS as usize;
    if comptime!(pool) {
        while i < size / 4 {
            let at = corner(i, width);
            let mut sum = 0.0f32;
            let mut sum_along = 0.0f32;
            #[unroll]
            for row in 0..2usize {
                #[unroll]
                for column in 0..2usize {
                    let pixel = at + row * width + column;
                    let c = z[start + pixel] - centre;
                    let value = c * scale + shift;
                    let tangent = (z[along + pixel] - drift) * scale + c * turn + shift_along;
                    sum += rectified(value, relu);
                    sum_along += select(value > 0.0f32, tangent, 0.0f32);
                }
            }
            y[start / 4 + i] = sum * 0.25f32;
            y[along / 4 + i] = sum_along * 0.25f32;
            i += units;
        }
    } else {
        while i < size {
            let c = z[start + i] - centre;
            let value = c * scale + shift;
            let tangent = (z[along + i] - drift) * scale + c * turn + shift_along;
            y[start + i] = rectified(value, relu);
            y[along + i] = if comptime!(relu) { select(value > 0.0f32, tangent, 0.0f32) } else { tangent };
            i += units;
        }
    }
}

#[cube(launch)]
fn backward_kernel(
    z: &[f32],
    gamma: &[f32],
    beta: &[f32],
    gamma_tangent: &[f32],
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
    let half = z.len() / 2;
    if place * size >= half {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = place * size;
    let along = half + start;
    let centre = mean(z, start, size, &mut shared, units);
    let drift = mean(z, along, size, &mut shared, units);
    let variance = covariance(z, start, start, centre, centre, size, &mut shared, units);
    let product = covariance(z, start, along, centre, drift, size, &mut shared, units);
    let channel = place % gamma.len();
    let factor = gamma[channel];
    // `r`, `gamma r`, `r s` and `k` of the formulas.
    let inverse = 1.0f32 / f32::sqrt(variance + EPSILON);
    let scale = factor * inverse;
    let overlap = inverse * inverse * product;
    let turn = gamma_tangent[channel] - factor * overlap;
    let shift = beta[channel];

    let mut p_sum = 0.0f32;
    let mut q_sum = 0.0f32;
    let mut p_value = 0.0f32;
    let mut q_value = 0.0f32;
    let mut q_tangent = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < size {
        let c = z[start + i] - centre;
        let value = c * scale + shift;
        let p = passed(dy, value, i, start, width, relu, pool);
        let q = passed(dy, value, i, along, width, relu, pool);
        p_sum += p;
        q_sum += q;
        p_value += p * c;
        q_value += q * c;
        q_tangent += q * (z[along + i] - drift);
        i += units;
    }
    let count = f32::cast_from(size);
    let p_mean = total(p_sum, &mut shared, units) / count;
    let q_mean = total(q_sum, &mut shared, units) / count;
    let p_along = inverse * total(p_value, &mut shared, units) / count;
    let q_along = inverse * total(q_value, &mut shared, units) / count;
    let q_across = inverse * total(q_tangent, &mut shared, units) / count;
    if UNIT_POS == 0 {
        sums[2 * place] = count * (p_along + q_across - overlap * q_along);
        sums[2 * place + 1] = count * p_mean;
    }
    let bend = factor * (p_along + q_across) + (turn - 2.0f32 * factor * overlap) * q_along;
    let level = inverse * (factor * p_mean + turn * q_mean);
    i = UNIT_POS as usize;
    while i < size {
        let c = z[start + i] - centre;
        let tangent = z[along + i] - drift;
        let value = c * scale + shift;
        let p = passed(dy, value, i, start, width, relu, pool);
        let q = passed(dy, value, i, along, width, relu, pool);
        dz[start + i] =
            scale * p + turn * inverse * q - scale * inverse * q_along * tangent - level - inverse * inverse * bend * c;
        dz[along + i] = scale * (q - q_mean - inverse * c * q_along);
        i += units;
    }
}

/// Writes the normalised duals to `y`.
pub fn forward(operands: [CubeTensor; 5], y: &CubeTensor, after: Epilogue) {
    let [z, gamma, beta, gamma_tangent, beta_tangent] = operands;
    let [n, c, h, w] = z.shape().dims();
    let (units, (relu, pool)) = (units(h * w), switches(after));
    forward_kernel::launch(
        &y.client,
        cubes(n / 2 * c),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        gamma_tangent.into_buffer_arg(),
        beta_tangent.into_buffer_arg(),
        y.clone().into_buffer_arg(),
        h * w,
        w,
        units,
        relu,
        pool,
    );
}

/// The gradients of `z`, `gamma` and `beta` from the gradient `dy` of the result.
pub fn backward(operands: [CubeTensor; 5], after: Epilogue) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [z, gamma, beta, gamma_tangent, dy] = operands;
    let [n, c, h, w] = z.shape().dims();
    let (units, (relu, pool)) = (units(h * w), switches(after));
    let (dz, sums) = (empty(&z, z.shape()), empty(&z, Shape::new([n / 2, c, 2])));
    backward_kernel::launch(
        &dz.client,
        cubes(n / 2 * c),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        gamma_tangent.into_buffer_arg(),
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
