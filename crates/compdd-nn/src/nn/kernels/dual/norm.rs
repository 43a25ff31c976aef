//! Instance normalisation of duals, fused with the `ReLU` and the 2 x 2 average pooling that follow it.
//!
//! A plane of `m = h * w` values `z` and the plane of their tangents `z'` are read together. With `c = z - mean`, `c' =
//! z' - mean'`, `r = (var + 1e-5)^-1/2`, `s = r mean(c c')` and `k = gamma' - gamma r s`:
//!
//! ```text
//! y  = gamma r c + beta
//! y' = gamma r c' + k r c + beta'
//! ```
//!
//! then `max(y, 0)` and `y'` where `y > 0`, then the means of 2 x 2 blocks. Backwards, with `p` and `q` the gradients of
//! `y` and `y'` after the mask, `P = mean(p)`, `Q = mean(q)`, `Pn = r mean(p c)`, `Qn = r mean(q c)`, `Qt = mean(q c')`:
//!
//! ```text
//! dbeta  = m P
//! dgamma = m (Pn + r Qt - r s Qn)
//! dz'    = gamma r (q - Q - r c Qn)
//! dz     = gamma r p + k r q - gamma r^2 Qn c' - r (gamma P + k Q) - r^2 T c
//! T      = gamma Pn + gamma r Qt + (k - 2 gamma r s) Qn
//! ```
//!
//! (`dz'` is the gradient of an instance norm; `dz` that of `gamma p + k q - gamma r Qn c'` through `r c`, and that of
//! `q` through `r` in the tangent.)

use rayon::prelude::*;

use super::super::norm::{EPSILON, Epilogue, Maps, each_group, halve_blocks, halve_rows, read, spread, write};
use super::super::scratch::{Output, Scratch, filled};
use super::super::simd::{Isa, LANES, Lanes, per_isa};
use super::way::{Way, each_gradient};

/// Values a task should take at least, of each half.
const GRAIN: usize = 16384;

/// Scales and shifts of the channels with their tangents.
#[derive(Clone, Copy)]
pub struct Affine<'a> {
    /// Scales.
    pub gamma: &'a [f32],
    /// Shifts.
    pub beta: &'a [f32],
    /// Tangents of the scales.
    pub gamma_tangent: &'a [f32],
    /// Tangents of the shifts.
    pub beta_tangent: &'a [f32],
}

/// The parameters of one channel.
#[derive(Clone, Copy)]
struct Channel {
    gamma: f32,
    beta: f32,
    gamma_tangent: f32,
    beta_tangent: f32,
}

impl Affine<'_> {
    fn channel(&self, i: usize) -> Channel {
        Channel {
            gamma: self.gamma[i],
            beta: self.beta[i],
            gamma_tangent: self.gamma_tangent[i],
            beta_tangent: self.beta_tangent[i],
        }
    }
}

/// The normalised duals: `[2n, c, h, w]`, or `[2n, c, h / 2, w / 2]` when pooling. `maps.n` is `2n`.
pub fn forward(isa: Isa, maps: Maps, z: &[f32], affine: Affine<'_>, after: Epilogue) -> Vec<f32> {
    let (plane, results, pairs) = (maps.h * maps.w, maps.results(after), maps.n / 2 * maps.c);
    let (z, along) = z.split_at(pairs * plane);
    let fill = |out: Output<'_>| {
        (0..pairs).into_par_iter().with_min_len((GRAIN / plane).max(1)).for_each(|i| {
            let (z, along, channel) =
                (&z[i * plane..][..plane], &along[i * plane..][..plane], affine.channel(i % maps.c));
            // SAFETY: each pair of planes of results is written by its own unit, all of it.
            unsafe {
                let to = [i, pairs + i].map(|i| out.part(i * results, results).as_mut_ptr().cast());
                forward_pair(isa, [z, along], maps.w, channel, after, to);
            }
        });
    };
    // SAFETY: all planes of both halves are covered.
    unsafe { filled(2 * pairs * results, fill) }
}

/// Gradients of `z`, `gamma` and `beta` from the gradient `dy` of the result.
pub fn backward(
    isa: Isa,
    maps: Maps,
    z: &[f32],
    affine: Affine<'_>,
    dy: &[f32],
    after: Epilogue,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let (plane, results, pairs) = (maps.h * maps.w, maps.results(after), maps.n / 2 * maps.c);
    let ((z, along), (dy, dy_along)) = (z.split_at(pairs * plane), dy.split_at(pairs * results));
    let mut sums = vec![[0.0_f32; 2]; pairs];
    let fill = |out: Output<'_>| {
        sums.par_iter_mut().enumerate().with_min_len((GRAIN / plane).max(1)).for_each(|(i, sums)| {
            let (z, along, channel) =
                (&z[i * plane..][..plane], &along[i * plane..][..plane], affine.channel(i % maps.c));
            let dy = [&dy[i * results..][..results], &dy_along[i * results..][..results]];
            // SAFETY: each pair of planes of gradients is written by its own unit, all of it.
            unsafe {
                let to = [i, pairs + i].map(|i| out.part(i * plane, plane).as_mut_ptr().cast());
                backward_pair(isa, [z, along], maps.w, channel, dy, after, to, sums);
            }
        });
    };
    // SAFETY: all planes of both halves are covered.
    let dz = unsafe { filled(2 * pairs * plane, fill) };
    let (mut dgamma, mut dbeta) = (vec![0.0; maps.c], vec![0.0; maps.c]);
    for image in sums.chunks_exact(maps.c) {
        for ((g, b), [dg, db]) in dgamma.iter_mut().zip(&mut dbeta).zip(image) {
            *g += dg;
            *b += db;
        }
    }
    (dz, dgamma, dbeta)
}

/// Sum of all lanes, by halves.
#[inline(always)]
unsafe fn total<L: Lanes>(value: L) -> f32 {
    let mut lanes = [0.0; LANES];
    // SAFETY: sixteen lanes.
    unsafe { value.store(lanes.as_mut_ptr()) };
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
    }
    lanes[0]
}

/// How a pair of planes is normalised: `y = c * scale + beta`, `y' = c' * scale + (c * drift + beta')`.
#[derive(Clone, Copy)]
struct Pair<L> {
    mean: [L; 2],
    /// `r`.
    inverse: f32,
    /// `s`.
    overlap: f32,
    /// `gamma r`.
    scale: f32,
    /// `k r`.
    drift: f32,
    channel: Channel,
}

impl<L: Lanes> Pair<L> {
    /// The statistics of values and tangents, in two passes.
    #[inline(always)]
    unsafe fn new([z, along]: [&[f32]; 2], channel: Channel) -> Self {
        // SAFETY: groups lie inside the planes, which are of one size.
        unsafe {
            let (from, from_along, m) = (z.as_ptr(), along.as_ptr(), z.len() as f32);
            let zero = L::splat(0.0);
            let (mut sum, mut sum_along) = ([zero; 2], [zero; 2]);
            each_group!(z.len(), |at, count| {
                sum[0] = sum[0].add(read::<L>(from.add(at), count, 0.0));
                sum_along[0] = sum_along[0].add(read::<L>(from_along.add(at), count, 0.0));
                sum.swap(0, 1);
                sum_along.swap(0, 1);
            });
            let (mean, mean_along) = (total(sum[0].add(sum[1])) / m, total(sum_along[0].add(sum_along[1])) / m);
            let centre = [L::splat(mean), L::splat(mean_along)];
            let (mut square, mut product) = ([zero; 2], [zero; 2]);
            each_group!(z.len(), |at, count| {
                let c = read::<L>(from.add(at), count, mean).sub(centre[0]);
                let c_along = read::<L>(from_along.add(at), count, mean_along).sub(centre[1]);
                square[0] = c.mul_add(c, square[0]);
                product[0] = c.mul_add(c_along, product[0]);
                square.swap(0, 1);
                product.swap(0, 1);
            });
            let inverse = 1.0 / (total(square[0].add(square[1])) / m + EPSILON).sqrt();
            let overlap = inverse * (total(product[0].add(product[1])) / m);
            let scale = channel.gamma * inverse;
            let drift = inverse * (channel.gamma_tangent - scale * overlap);
            Self { mean: centre, inverse, overlap, scale, drift, channel }
        }
    }
}

/// The two lines of the forward formulas on one group.
#[derive(Clone, Copy)]
struct Lines<L> {
    mean: [L; 2],
    scale: L,
    drift: L,
    beta: [L; 2],
}

impl<L: Lanes> Lines<L> {
    #[inline(always)]
    unsafe fn new(pair: &Pair<L>) -> Self {
        // SAFETY: arithmetic only.
        unsafe {
            Self {
                mean: pair.mean,
                scale: L::splat(pair.scale),
                drift: L::splat(pair.drift),
                beta: [L::splat(pair.channel.beta), L::splat(pair.channel.beta_tangent)],
            }
        }
    }

    /// `y` and `y'`.
    #[inline(always)]
    unsafe fn at(&self, z: L, along: L) -> [L; 2] {
        // SAFETY: arithmetic only.
        unsafe {
            let (c, c_along) = (z.sub(self.mean[0]), along.sub(self.mean[1]));
            [c.mul_add(self.scale, self.beta[0]), c_along.mul_add(self.scale, c.mul_add(self.drift, self.beta[1]))]
        }
    }

    /// The same after the `ReLU`.
    #[inline(always)]
    unsafe fn rectified(&self, z: L, along: L) -> [L; 2] {
        // SAFETY: arithmetic only.
        unsafe {
            let [y, y_along] = self.at(z, along);
            [y.relu(), y_along.where_positive(y)]
        }
    }

    /// A group of `c` and `c'`.
    #[inline(always)]
    unsafe fn centred(&self, from: [*const f32; 2], at: usize, count: usize) -> (L, L) {
        // SAFETY: the caller promises `count` values in both planes.
        unsafe {
            let (z, along) = (read::<L>(from[0].add(at), count, 0.0), read::<L>(from[1].add(at), count, 0.0));
            (z.sub(self.mean[0]), along.sub(self.mean[1]))
        }
    }

    /// What the `ReLU` lets through of the gradients at a group of `c`.
    #[inline(always)]
    unsafe fn masked(&self, c: L, p: L, q: L, after: Epilogue) -> (L, L) {
        if after == Epilogue::Nothing {
            return (p, q);
        }
        // SAFETY: arithmetic only.
        unsafe {
            let y = c.mul_add(self.scale, self.beta[0]);
            (p.where_positive(y), q.where_positive(y))
        }
    }
}

per_isa! {
    /// One pair of planes of [`forward`], values and tangents.
    unsafe fn forward_pair(z: [&[f32]; 2], w: usize, channel: Channel, after: Epilogue, to: [*mut f32; 2]) => forward_body
}

#[inline(always)]
unsafe fn forward_body<L: Lanes>(z: [&[f32]; 2], w: usize, channel: Channel, after: Epilogue, to: [*mut f32; 2]) {
    // SAFETY: the caller promises room for all the results of both planes; groups lie inside the planes, the rows and
    // the results.
    unsafe {
        let lines = Lines::<L>::new(&Pair::new(z, channel));
        let (len, from) = (z[0].len(), z.map(<[f32]>::as_ptr));
        match after {
            Epilogue::Nothing => {
                each_group!(len, |at, count| {
                    let y = lines.at(read(from[0].add(at), count, 0.0), read(from[1].add(at), count, 0.0));
                    write(y[0], to[0].add(at), count);
                    write(y[1], to[1].add(at), count);
                });
            }
            Epilogue::Relu => {
                each_group!(len, |at, count| {
                    let y = lines.rectified(read(from[0].add(at), count, 0.0), read(from[1].add(at), count, 0.0));
                    write(y[0], to[0].add(at), count);
                    write(y[1], to[1].add(at), count);
                });
            }
            Epilogue::ReluPool if w.is_multiple_of(LANES) => {
                let mut rows = Scratch::take(len);
                let (values, tangents) = rows.split_at_mut(len / 2);
                for row in 0..len / (2 * w) {
                    for at in (0..w).step_by(LANES) {
                        let (upper, lower) = (2 * row * w + at, (2 * row + 1) * w + at);
                        let above = lines.rectified(L::load(from[0].add(upper)), L::load(from[1].add(upper)));
                        let below = lines.rectified(L::load(from[0].add(lower)), L::load(from[1].add(lower)));
                        above[0].add(below[0]).store(values.as_mut_ptr().add(row * w + at));
                        above[1].add(below[1]).store(tangents.as_mut_ptr().add(row * w + at));
                    }
                }
                halve_rows::<L>(values, to[0]);
                halve_rows::<L>(tangents, to[1]);
            }
            Epilogue::ReluPool => {
                let mut both = Scratch::take(2 * len);
                let (values, tangents) = both.split_at_mut(len);
                each_group!(len, |at, count| {
                    let y = lines.rectified(read(from[0].add(at), count, 0.0), read(from[1].add(at), count, 0.0));
                    write(y[0], values.as_mut_ptr().add(at), count);
                    write(y[1], tangents.as_mut_ptr().add(at), count);
                });
                halve_blocks(values, w, to[0]);
                halve_blocks(tangents, w, to[1]);
            }
        }
    }
}

per_isa! {
    /// One pair of planes of [`backward`]; `sums` receives its share of the gradients of gamma and beta.
    unsafe fn backward_pair(
        z: [&[f32]; 2], w: usize, channel: Channel, dy: [&[f32]; 2], after: Epilogue, to: [*mut f32; 2], sums: &mut [f32; 2],
    ) => backward_body
}

#[inline(always)]
unsafe fn backward_body<L: Lanes>(
    z: [&[f32]; 2],
    w: usize,
    channel: Channel,
    dy: [&[f32]; 2],
    after: Epilogue,
    to: [*mut f32; 2],
    sums: &mut [f32; 2],
) {
    // SAFETY: the caller promises room for one gradient per value and tangent, and as many output gradients as results;
    // groups lie inside.
    unsafe {
        let pair = Pair::<L>::new(z, channel);
        let (lines, len, from) = (Lines::new(&pair), z[0].len(), z.map(<[f32]>::as_ptr));
        let way = Way::new(len, w, after);
        let mut source = dy.map(<[f32]>::as_ptr);
        if way == Way::Spread {
            spread::<L>(dy[0], w, to[0]);
            spread::<L>(dy[1], w, to[1]);
            source = to.map(<*mut f32>::cast_const);
        }
        let zero = L::splat(0.0);
        let (mut p_sum, mut q_sum, mut p_c, mut q_c, mut q_along) = (zero, zero, zero, zero, zero);
        each_gradient!(way, len, w, source, |at, count, p, q| {
            let (c, c_along) = lines.centred(from, at, count);
            let (p, q) = lines.masked(c, p, q, after);
            (p_sum, q_sum) = (p_sum.add(p), q_sum.add(q));
            (p_c, q_c, q_along) = (p.mul_add(c, p_c), q.mul_add(c, q_c), q.mul_add(c_along, q_along));
        });
        let (r, s, m) = (pair.inverse, pair.overlap, len as f32);
        let (p_sum, q_sum, p_c, q_c, q_along) = (total(p_sum), total(q_sum), total(p_c), total(q_c), total(q_along));
        *sums = [r * (p_c + q_along - r * s * q_c), p_sum];
        let (p_mean, q_mean, p_n, q_n, q_t) = (p_sum / m, q_sum / m, r * p_c / m, r * q_c / m, q_along / m);
        let turn = channel.gamma * (p_n + r * q_t) + (pair.drift / r - 2.0 * pair.scale * s) * q_n;
        let (lean, tilt) = (L::splat(r * q_n), L::splat(-(r * pair.scale * q_n)));
        let (shift, q_mean) = (L::splat(-(pair.scale * p_mean + pair.drift * q_mean)), L::splat(q_mean));
        let turn = L::splat(-(r * r * turn));
        each_gradient!(way, len, w, source, |at, count, p, q| {
            let (c, c_along) = lines.centred(from, at, count);
            let (p, q) = lines.masked(c, p, q, after);
            let dz = p.mul_add(lines.scale, q.mul_add(lines.drift, c_along.mul_add(tilt, c.mul_add(turn, shift))));
            write(dz, to[0].add(at), count);
            write(q.sub(q_mean).sub(c.mul(lean)).mul(lines.scale), to[1].add(at), count);
        });
    }
}
