//! From a picture to pixels: supersampled, painted back to front, averaged.

use super::{
    Scene,
    colour::Rgb,
    compose::{Picture, Piece},
};

/// Samples per side that a picture is painted with at least, whatever its resolution.
const FINEST: usize = 128;

/// Renders a picture `side` pixels wide and high.
pub fn render(picture: &Picture, side: usize) -> Scene {
    let fold = FINEST.div_ceil(side).clamp(2, 8);
    let samples = side * fold;
    let mut canvas = vec![[0.0_f32; 3]; samples * samples];
    for y in 0..side {
        for x in 0..side {
            let colour = picture.background.colour([(x as f32 + 0.5) / side as f32, (y as f32 + 0.5) / side as f32]);
            for row in y * fold..(y + 1) * fold {
                canvas[row * samples + x * fold..][..fold].fill(colour);
            }
        }
    }
    for piece in &picture.clutter {
        cover(piece, samples, |at, colour| canvas[at] = colour);
    }
    let mut covered = vec![0_usize; side * side];
    cover(&picture.object, samples, |at, colour| {
        canvas[at] = colour;
        covered[at / samples / fold * side + at % samples / fold] += 1;
    });
    Scene {
        pixels: average(&canvas, side, fold, |value| (value - 0.5) * picture.gain + 0.5 + picture.lift),
        mask: covered.into_iter().map(|count| 2 * count >= fold * fold).collect(),
    }
}

/// Calls `paint` for every sample inside a piece.
fn cover(piece: &Piece, samples: usize, mut paint: impl FnMut(usize, Rgb)) {
    let reach = piece.reach();
    let range = |centre: f32| {
        let bound = |value: f32| (value * samples as f32).clamp(0.0, samples as f32);
        bound(centre - reach).floor() as usize..bound(centre + reach).ceil() as usize
    };
    let lens = piece.lens();
    let scale = 1.0 / samples as f32;
    for y in range(piece.centre[1]) {
        for x in range(piece.centre[0]) {
            let point = [(x as f32 + 0.5) * scale, (y as f32 + 0.5) * scale];
            if let Some(local) = lens(point) {
                paint(y * samples + x, piece.colour(local));
            }
        }
    }
}

/// Mean of every `fold x fold` square of samples, through `curve`, as planar bytes.
fn average(canvas: &[Rgb], side: usize, fold: usize, curve: impl Fn(f32) -> f32) -> Vec<u8> {
    let area = side * side;
    let mut pixels = vec![0; 3 * area];
    for y in 0..side {
        for x in 0..side {
            let mut sum = [0.0; 3];
            for row in 0..fold {
                for sample in &canvas[(y * fold + row) * side * fold + x * fold..][..fold] {
                    (0..3).for_each(|c| sum[c] += sample[c]);
                }
            }
            for (c, total) in sum.into_iter().enumerate() {
                let value = curve(total / (fold * fold) as f32);
                pixels[c * area + y * side + x] = (value * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    }
    pixels
}
