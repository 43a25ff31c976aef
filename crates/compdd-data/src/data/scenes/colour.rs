//! Colours of the scenes: tones by hue, in one-hue or two-hue pairs.

use compdd_core::rng::Stream;

/// Red, green, blue on the scale 0..1.
pub type Rgb = [f32; 3];

/// How the two tones of a piece relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A light and a dark tone of one hue.
    OneHue,
    /// A light and a dark tone of opposite hues.
    TwoHues,
}

impl Scheme {
    /// Two tones of a random hue in random order; light and dark follow the same law in both schemes.
    pub fn draw(self, stream: &mut Stream) -> [Rgb; 2] {
        let hue = stream.uniform();
        let away = 0.5 + stream.range(-0.06, 0.06);
        let light = (stream.range(0.45, 0.8), stream.range(0.8, 1.0));
        let dark = (stream.range(0.6, 0.95), stream.range(0.3, 0.5));
        let second = match self {
            Self::OneHue => hue,
            Self::TwoHues => hue + away,
        };
        let mut tones = [from_hsv(hue, light), from_hsv(second, dark)];
        if stream.uniform() < 0.5 {
            tones.reverse();
        }
        tones
    }

    /// Either scheme, for pieces that mean nothing.
    pub fn any(stream: &mut Stream) -> Self {
        if stream.uniform() < 0.5 { Self::OneHue } else { Self::TwoHues }
    }
}

/// A colour by hue (turns), saturation and value.
fn from_hsv(hue: f32, (saturation, value): (f32, f32)) -> Rgb {
    let channel = |offset: f32| {
        let sixth = (offset + hue * 6.0).rem_euclid(6.0);
        value - value * saturation * sixth.min(4.0 - sixth).clamp(0.0, 1.0)
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

/// `a` at 0, `b` at 1.
pub fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_where_they_belong() {
        let cases = [
            (0.0, 1.0, 1.0, [1.0, 0.0, 0.0]),
            (1.0 / 3.0, 1.0, 1.0, [0.0, 1.0, 0.0]),
            (2.0 / 3.0, 0.5, 0.8, [0.4, 0.4, 0.8]),
            (1.5, 0.0, 0.7, [0.7; 3]),
        ];
        for (hue, saturation, value, expected) in cases {
            let found = from_hsv(hue, (saturation, value));
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
        }
    }
}
