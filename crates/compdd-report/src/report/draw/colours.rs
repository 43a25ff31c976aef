//! Values as colours: a map that is even to the eye, from dark violet by blue and green to light yellow.

use std::sync::LazyLock;

use super::style::Colour;

const LEVELS: usize = 256;

static TABLE: LazyLock<[Colour; LEVELS]> =
    LazyLock::new(|| std::array::from_fn(|level| shade(level as f64 / (LEVELS - 1) as f64)));

/// The colour of a value in `[0, 1]`; what lies outside has that of the nearest end.
///
/// Lightness and hue change evenly in Oklab (Ottosson, <https://bottosson.github.io/posts/oklab/>), so that equal steps of the value are
/// equal steps to the eye, in grey too.
pub fn colour(value: f32) -> Colour {
    TABLE[(value.clamp(0.0, 1.0) * (LEVELS - 1) as f32).round() as usize]
}

/// The colour of lightness and hue, as strong as the screen can show it, up to a limit.
fn shade(value: f64) -> Colour {
    let (lightness, hue) = (0.24 + 0.70 * value, (305.0 - 200.0 * value).to_radians());
    let mut chroma = 0.15;
    loop {
        let linear = linear([lightness, chroma * hue.cos(), chroma * hue.sin()]);
        if chroma <= 0.0 || linear.iter().all(|part| (0.0..=1.0).contains(part)) {
            return linear.map(gamma);
        }
        chroma -= 0.001;
    }
}

/// Linear red, green and blue of a colour in Oklab, by the published matrices.
fn linear([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
    ]
}

/// A byte as sRGB stores it.
fn gamma(linear: f64) -> u8 {
    let value = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}
