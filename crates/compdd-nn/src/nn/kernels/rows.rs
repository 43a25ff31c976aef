//! Layer norm of rows, such as the channels of a token or of a pixel: `y = gamma (x - mean) / sqrt(var + epsilon) + beta` over the values of a
//! row, with the biased variance, and its gradients. A row is read from memory once.

use rayon::prelude::*;

use super::norm::{each_group, read, total, write};
use super::scratch::{Output, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// Values of a task, about; results do not depend on threads, but on this they do.
const GRAIN: usize = 32768;

/// Rows of a task.
fn grain(width: usize) -> usize {
    (GRAIN / width).max(1)
}

/// The normalised rows.
pub fn forward(isa: Isa, x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32) -> Vec<f32> {
    let size = grain(gamma.len()) * gamma.len();
    let fill = |out: Output<'_>| {
        x.par_chunks(size).enumerate().for_each(|(i, x)| {
            // SAFETY: each chunk of rows is written by its own unit, all of it.
            unsafe { values(isa, x, gamma, beta, epsilon, out.part(i * size, x.len()).as_mut_ptr().cast()) }
        });
    };
    // SAFETY: all rows are covered.
    unsafe { filled(x.len(), fill) }
}

/// Gradients of the rows, gamma and beta from the gradient `dy` of the result.
pub fn backward(isa: Isa, x: &[f32], gamma: &[f32], dy: &[f32], epsilon: f32) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let (width, size) = (gamma.len(), grain(gamma.len()) * gamma.len());
    let mut shares = vec![0.0_f32; x.len().div_ceil(size) * 2 * width];
    let fill = |out: Output<'_>| {
        let chunks = x.par_chunks(size).zip(dy.par_chunks(size)).zip(shares.par_chunks_mut(2 * width));
        chunks.enumerate().for_each(|(i, ((x, dy), share))| {
            let (dgamma, dbeta) = share.split_at_mut(width);
            // SAFETY: each chunk of gradients is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * size, x.len()).as_mut_ptr().cast();
                slopes(isa, x, gamma, dy, epsilon, to, dgamma, dbeta);
            }
        });
    };
    // SAFETY: all rows are covered.
    let dx = unsafe { filled(x.len(), fill) };
    let mut sums = vec![0.0; 2 * width];
    for share in shares.chunks_exact(2 * width) {
        sums.iter_mut().zip(share).for_each(|(sum, share)| *sum += share);
    }
    let dbeta = sums.split_off(width);
    (dx, sums, dbeta)
}

/// Mean and inverse deviation of a row, in two passes.
#[inline(always)]
unsafe fn moments<L: Lanes>(row: &[f32], epsilon: f32) -> [f32; 2] {
    // SAFETY: groups lie inside the row.
    unsafe {
        let (mut sum, from, count) = (L::splat(0.0), row.as_ptr(), row.len() as f32);
        each_group!(row.len(), |at, count| {
            sum = sum.add(read::<L>(from.add(at), count, 0.0));
        });
        let mean = total(sum) / count;
        let (mut square, centre) = (L::splat(0.0), L::splat(mean));
        each_group!(row.len(), |at, count| {
            let centred = read::<L>(from.add(at), count, mean).sub(centre);
            square = centred.mul_add(centred, square);
        });
        [mean, 1.0 / (total(square) / count + epsilon).sqrt()]
    }
}

per_isa! {
    /// A chunk of [`forward`].
    unsafe fn values(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, to: *mut f32) => values_body
}

#[inline(always)]
unsafe fn values_body<L: Lanes>(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, to: *mut f32) {
    for (number, row) in x.chunks_exact(gamma.len()).enumerate() {
        // SAFETY: groups lie inside the row, gamma and beta, which are as long; the caller promises as much room.
        unsafe {
            let to = to.add(number * row.len());
            let [mean, inverse] = moments::<L>(row, epsilon).map(|value| L::splat(value));
            each_group!(row.len(), |at, count| {
                let normal = read::<L>(row.as_ptr().add(at), count, 0.0).sub(mean).mul(inverse);
                let gamma = read::<L>(gamma.as_ptr().add(at), count, 0.0);
                let beta = read::<L>(beta.as_ptr().add(at), count, 0.0);
                write(normal.mul_add(gamma, beta), to.add(at), count);
            });
        }
    }
}

per_isa! {
    /// A chunk of [`backward`]; `dgamma` and `dbeta` receive its share of these gradients.
    unsafe fn slopes(
        x: &[f32], gamma: &[f32], dy: &[f32], epsilon: f32, to: *mut f32, dgamma: &mut [f32], dbeta: &mut [f32],
    ) => slopes_body
}

#[inline(always)]
unsafe fn slopes_body<L: Lanes>(
    x: &[f32],
    gamma: &[f32],
    dy: &[f32],
    epsilon: f32,
    to: *mut f32,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let width = gamma.len();
    for (number, (row, dy)) in x.chunks_exact(width).zip(dy.chunks_exact(width)).enumerate() {
        // SAFETY: groups lie inside rows that are all as long; the caller promises as much room.
        unsafe {
            let to = to.add(number * width);
            let [mean, inverse] = moments::<L>(row, epsilon).map(|value| L::splat(value));
            let (mut sum, mut product) = (L::splat(0.0), L::splat(0.0));
            each_group!(width, |at, count| {
                // What lies beyond a row has no gradient, and counts nowhere.
                let d = read::<L>(dy.as_ptr().add(at), count, 0.0);
                let normal = read::<L>(row.as_ptr().add(at), count, 0.0).sub(mean).mul(inverse);
                let (dg, db) = (dgamma.as_mut_ptr().add(at), dbeta.as_mut_ptr().add(at));
                write(d.mul_add(normal, read::<L>(dg, count, 0.0)), dg, count);
                write(d.add(read::<L>(db, count, 0.0)), db, count);
                let scaled = d.mul(read::<L>(gamma.as_ptr().add(at), count, 0.0));
                sum = sum.add(scaled);
                product = scaled.mul_add(normal, product);
            });
            let [sum, product] = [sum, product].map(|part| L::splat(total(part) / width as f32));
            each_group!(width, |at, count| {
                let scaled =
                    read::<L>(dy.as_ptr().add(at), count, 0.0).mul(read::<L>(gamma.as_ptr().add(at), count, 0.0));
                let normal = read::<L>(row.as_ptr().add(at), count, 0.0).sub(mean).mul(inverse);
                write(scaled.sub(sum).sub(normal.mul(product)).mul(inverse), to.add(at), count);
            });
        }
    }
}
