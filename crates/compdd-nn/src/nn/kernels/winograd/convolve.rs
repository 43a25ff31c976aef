//! Forward convolution, and the gradient of the input, which is the same with the filters turned.

use rayon::prelude::*;

use super::super::geometry::Geometry;
use super::super::plan::Plan;
use super::super::scratch::{Output, Scratch, filled};
use super::super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::super::tile::{COLUMNS, ROWS, Tile, product};
use super::super::transpose::transpose;
use super::four::Four;
use super::tasks::{Cut, Source};
use super::tile::{Blocks, Passes, Square, both_ways};
use super::two::Two;

/// Which way a convolution runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the input to the output.
    Forward,
    /// From the output's gradient to the input's: the filters turned by half a turn, inputs and outputs exchanged.
    Backward,
}

per_isa! {
    /// Transforms `rows` x `across` blocks of `width` channels back to pixels, `width` floats each, row by row.
    unsafe fn restore(form: Blocks, from: *const f32, point: usize, rows: usize, across: usize, width: usize, to: *mut f32)
        => restore_body
}

#[inline(always)]
unsafe fn restore_body<L: Lanes>(
    form: Blocks,
    from: *const f32,
    point: usize,
    rows: usize,
    across: usize,
    width: usize,
    to: *mut f32,
) {
    // SAFETY: passed on from the caller.
    unsafe {
        match form {
            Blocks::Small => restore_blocks::<L, Two, 2, 4>(from, point, rows, across, width, to),
            Blocks::Large => restore_blocks::<L, Four, 4, 6>(from, point, rows, across, width, to),
        }
    }
}

#[inline(always)]
unsafe fn restore_blocks<L: Lanes, F: Passes<B, S>, const B: usize, const S: usize>(
    from: *const f32,
    point: usize,
    rows: usize,
    across: usize,
    width: usize,
    to: *mut f32,
) {
    let pitch = B * across * width;
    for r in 0..rows {
        for j in 0..across {
            for channel in (0..width).step_by(LANES) {
                // SAFETY: the caller promises `rows * across` blocks in both.
                unsafe {
                    let from = Square::new(from.add((r * across + j) * width + channel), S * point, point);
                    let to = Square::new(to.add(B * r * pitch + B * j * width + channel), pitch, width);
                    both_ways!(F::output::<L>, S => B, from, to);
                }
            }
        }
    }
}

per_isa! {
    /// Transforms the weights of `width` (a multiple of sixteen) results for one input channel: the taps at `from`.
    unsafe fn transform_weights(form: Blocks, from: Square<*const f32>, to: *mut f32, point: usize, width: usize) => weights_body
}

#[inline(always)]
unsafe fn weights_body<L: Lanes>(form: Blocks, from: Square<*const f32>, to: *mut f32, point: usize, width: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        match form {
            Blocks::Small => weights_points::<L, Two, 2, 4>(from, to, point, width),
            Blocks::Large => weights_points::<L, Four, 4, 6>(from, to, point, width),
        }
    }
}

#[inline(always)]
unsafe fn weights_points<L: Lanes, F: Passes<B, S>, const B: usize, const S: usize>(
    from: Square<*const f32>,
    to: *mut f32,
    point: usize,
    width: usize,
) {
    for channel in (0..width).step_by(LANES) {
        // SAFETY: the caller promises `width` floats at each tap and point.
        unsafe {
            let (from, to) = (Square { at: from.at.add(channel), ..from }, to.add(channel));
            both_ways!(F::weights::<L>, 3 => S, from, Square::new(to, S * point, point));
        }
    }
}

/// Transformed weights: for each panel of up to thirty-two results `[point][input channel][result of the panel]`.
fn transformed_weights(isa: Isa, form: Blocks, g: &Geometry, weight: &[f32], way: Way) -> Vec<f32> {
    let all = form.points();
    let (inputs, results) = if way == Way::Forward { (g.c, g.o) } else { (g.o, g.c) };
    // Distance in `weight` from one input channel to the next, and from one result to the next.
    let (input_step, result_step) = if way == Way::Forward { (9, 9 * g.c) } else { (9 * g.c, 9) };
    let wide = padded(results);
    let fill = |out: Output<'_>| {
        (0..inputs).into_par_iter().with_min_len(8).for_each(|input| {
            let mut taps = Scratch::take(9 * wide);
            if wide > results {
                taps.fill(0.0);
            }
            let from = weight[input * input_step..].as_ptr();
            // SAFETY: nine taps of this input channel in each of the results' filters, to nine rows of `wide`.
            unsafe { transpose(isa, from, result_step, results, 9, taps.as_mut_ptr(), wide) };
            for first in (0..wide).step_by(COLUMNS) {
                let width = COLUMNS.min(wide - first);
                // SAFETY: the panel starts at `first * inputs * all` and holds `all * inputs * width` floats, of
                // which this unit writes those of its own input channel.
                unsafe {
                    let to = out.as_ptr().add(first * inputs * all + input * width);
                    let from = Square::new(taps[first..].as_ptr(), 3 * wide, wide);
                    let from = if way == Way::Forward { from } else { from.turned(3) };
                    transform_weights(isa, form, from, to, inputs * width, width);
                }
            }
        });
    };
    // SAFETY: every input channel writes its row of every point of every panel.
    unsafe { filled(all * inputs * wide, fill) }
}

/// The results of a plan, `y[n, o, h, w]` from `x[n, c, h, w]`; or backwards, gradients of inputs from those of outputs.
/// Weights are `[o, c, 3, 3]` both times.
///
/// Maps and weights are transformed once each. A sum is taken before it is transformed back.
pub fn convolve(isa: Isa, g: &Geometry, plan: Plan<'_>, way: Way) -> Vec<f32> {
    let (inputs, results) = if way == Way::Forward { (g.c, g.o) } else { (g.o, g.c) };
    let form = g.blocks;
    let (all, side) = (form.points(), form.side());
    let points: Vec<Vec<f32>> =
        plan.weights.iter().map(|weight| transformed_weights(isa, form, g, weight, way)).collect();
    let cut = Cut::new(form, g.n, [g.h, g.w], inputs * plan.maps.len());
    let (plane, deep, wide) = (g.h * g.w, padded(inputs), padded(results));
    let across = cut.blocks[1];
    let fill = |out: Output<'_>| {
        (0..cut.tasks()).into_par_iter().for_each(|task| {
            let blocks = cut.blocks_of(task);
            let held = all * blocks * deep;
            let mut moved = Scratch::take(plan.maps.len() * held);
            for (maps, moved) in plan.maps.iter().zip(moved.chunks_exact_mut(held)) {
                let source = Source { maps, channels: inputs, border: true };
                // SAFETY: there is room for the task's blocks at each point.
                unsafe { source.transform(isa, &cut, task, moved.as_mut_ptr(), blocks * deep) };
            }
            let mut products = Scratch::take(plan.sums.len() * all * blocks * COLUMNS);
            let mut pixels = Scratch::take(side * side * blocks * COLUMNS);
            for first in (0..wide).step_by(COLUMNS) {
                let width = COLUMNS.min(wide - first);
                let each = all * blocks * width;
                for point in 0..all {
                    for (sum, products) in plan.sums.iter().zip(products.chunks_exact_mut(each)) {
                        for (k, &(map, weight)) in sum.iter().enumerate() {
                            for block in (0..blocks).step_by(ROWS) {
                                let tile = Tile {
                                    a: moved[map * held + (point * blocks + block) * deep..].as_ptr(),
                                    a_row: deep,
                                    a_step: 1,
                                    b: points[weight][(first * all + point * width) * inputs..].as_ptr(),
                                    b_step: width,
                                    terms: inputs,
                                    c: products[(point * blocks + block) * width..].as_mut_ptr(),
                                    c_row: width,
                                    accumulate: k > 0,
                                };
                                // SAFETY: up to eight blocks of `deep` floats, the weights of one point, and the
                                // products' rows.
                                unsafe { product(isa, &tile, ROWS.min(blocks - block), width / LANES) };
                            }
                        }
                    }
                }
                let used = width.min(results - first);
                for (which, span) in (0..plan.sums.len()).flat_map(|s| cut.spans(task).map(move |span| (s, span))) {
                    let from = products[which * each + span.at * width..].as_ptr();
                    // SAFETY: the span's blocks at each point, and room for their pixels.
                    unsafe { restore(isa, form, from, blocks * width, span.rows, across, width, pixels.as_mut_ptr()) };
                    let rows = (side * span.rows).min(g.h - side * span.first);
                    for i in 0..rows {
                        let map = (which * g.n + span.image) * results + first;
                        // SAFETY: `w` pixels of `width` floats are read; row `side * first + i` of `used` planes is
                        // written, by this task alone.
                        unsafe {
                            let to = out.as_ptr().add(map * plane + (side * span.first + i) * g.w);
                            transpose(isa, pixels[side * i * across * width..].as_ptr(), width, g.w, used, to, plane);
                        }
                    }
                }
            }
        });
    };
    // SAFETY: the tasks cover all rows of all maps of all results, each for all channels.
    unsafe { filled(plan.sums.len() * g.n * results * plane, fill) }
}
