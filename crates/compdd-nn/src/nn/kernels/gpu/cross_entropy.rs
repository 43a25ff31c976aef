//! Softmax cross-entropy with target probabilities: the loss of every row and its gradient in one launch, a cube for each row.
//!
//! With `q = softmax(z)` and the target `p` of a row: `l = sum_c p_c (log sum_d exp(z_d) - z_c)`, `dz = (q sum_c p_c - p) / n` for the mean over
//! `n` rows.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{cubes, empty, total, units};

/// The largest value of a row, known to every unit.
#[cube]
fn largest(z: &[f32], start: usize, classes: usize, shared: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    let mut top = z[start];
    let mut i = unit;
    while i < classes {
        top = select(z[start + i] > top, z[start + i], top);
        i += units;
    }
    shared[unit] = top;
    sync_cube();
    let mut half = (units / 2).runtime();
    while half > 0 {
        if unit < half {
            let other = shared[unit + half];
            shared[unit] = select(other > shared[unit], other, shared[unit]);
        }
        sync_cube();
        half /= 2;
    }
    shared[0]
}

#[cube(launch)]
fn rows_kernel(z: &[f32], p: &[f32], losses: &mut [f32], dz: &mut [f32], classes: usize, #[comptime] units: usize) {
    let row = CUBE_POS;
    let rows = losses.len();
    if row >= rows {
        terminate!();
    }
    let mut shared = Shared::<[f32]>::new_slice(units);
    let start = row * classes;
    let top = largest(z, start, classes, &mut shared, units);
    let mut sum = 0.0f32;
    let mut mass = 0.0f32;
    let mut i = UNIT_POS as usize;
    while i < classes {
        sum += (z[start + i] - top).exp();
        mass += p[start + i];
        i += units;
    }
    let sum = total(sum, &mut shared, units);
    let mass = total(mass, &mut shared, units);
    let level = sum.ln();
    let mut loss = 0.0f32;
    i = UNIT_POS as usize;
    while i < classes {
        let z = z[start + i] - top;
        let p = p[start + i];
        loss += p * (level - z);
        dz[start + i] = (z.exp() / sum * mass - p) / f32::cast_from(rows);
        i += units;
    }
    let loss = total(loss, &mut shared, units);
    if UNIT_POS == 0 {
        losses[row] = loss;
    }
}

/// The losses of the rows, `[n]`, and the gradient of their mean, `[n, c]`.
pub fn rows(z: CubeTensor, p: CubeTensor) -> (CubeTensor, CubeTensor) {
    let [n, c] = z.shape().dims();
    let (losses, dz, units) = (empty(&z, Shape::new([n])), empty(&z, z.shape()), units(c));
    rows_kernel::launch(
        &losses.client,
        cubes(n),
        CubeDim::new_1d(units as u32),
        z.into_buffer_arg(),
        p.into_buffer_arg(),
        losses.clone().into_buffer_arg(),
        dz.clone().into_buffer_arg(),
        c,
        units,
    );
    (losses, dz)
}
