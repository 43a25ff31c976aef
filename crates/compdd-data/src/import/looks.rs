//! What normalised or whitened images look like as numbers, so that a forgotten or a superfluous whitening is noticed: the scores of a set
//! in the wrong space are bad, and nothing else says why.
//!
//! Pictures that were normalised by the moments of their training set deviate by about 1, and a pixel is like its neighbour; ZCA takes both
//! away. Images that a method changed a lot may be anything, so a doubt is a remark and no error.

/// Deviation of images and likeness of their neighbouring pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    deviation: f64,
    /// Correlation of a pixel with the one to its right, -1 to 1.
    likeness: f64,
}

/// Below it images are hardly normalised. Images of CIFAR-10 deviate by 1.24, whitened ones by 0.28.
const SMALL: f64 = 0.6;
/// Above it pixels are those of pictures: 0.93 for images of CIFAR-10, 0.61 for whitened ones.
const PICTURES: f64 = 0.7;

impl Looks {
    /// Of images `[N, 3, H, W]`, about the mean of each channel.
    pub fn of(images: &[f32], shape: [usize; 4]) -> Self {
        let [_, channels, height, width] = shape;
        let plane = (height * width).max(1);
        let mut means = vec![(0.0, 0.0); channels.max(1)];
        let channel = |i: usize| i % channels.max(1);
        for (i, block) in images.chunks_exact(plane).enumerate() {
            let (sum, count) = &mut means[channel(i)];
            *sum += block.iter().map(|value| f64::from(*value)).sum::<f64>();
            *count += block.len() as f64;
        }
        let (mut squares, mut products, mut pairs) = (0.0, 0.0, 0.0_f64);
        for (i, block) in images.chunks_exact(plane).enumerate() {
            let (sum, count) = means[channel(i)];
            let mean = sum / f64::max(count, 1.0);
            let off = |value: &f32| f64::from(*value) - mean;
            squares += block.iter().map(|value| off(value).powi(2)).sum::<f64>();
            for row in block.chunks_exact(width.max(1)) {
                products += row.windows(2).map(|pair| off(&pair[0]) * off(&pair[1])).sum::<f64>();
                pairs += row.len().saturating_sub(1) as f64;
            }
        }
        let variance = squares / (images.len() as f64).max(1.0);
        Self { deviation: variance.sqrt(), likeness: products / pairs.max(1.0) / variance.max(f64::MIN_POSITIVE) }
    }

    /// A remark where images do not look like what they were declared to be; `within_one`: all values lie from -1 to 1.
    pub fn doubt(self, whitened: bool, within_one: bool) -> Option<String> {
        let Self { deviation, likeness } = self;
        let pictures = likeness > PICTURES;
        let (found, question) = match (whitened, pictures) {
            (false, false) if deviation < SMALL => {
                ("normalised images deviate by about 1", "were they whitened? then give --zca and --data")
            }
            (false, true) if within_one => {
                ("they lie from -1 to 1", "were pixels scaled to that? then give --values signed")
            }
            (true, true) if deviation > SMALL => (
                "whitened images deviate by less, and their pixels are not alike",
                "are they normalised? then leave out --zca",
            ),
            _ => return None,
        };
        Some(format!(
            "the values deviate by {deviation:.2} and neighbouring pixels correlate by {likeness:.2}, but {found}: {question}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth images, and the same with pixels that have nothing to do with their neighbours.
    fn images(scale: f32, smooth: bool) -> Vec<f32> {
        let value =
            |i: usize| if smooth { ((i % 16) as f32 / 4.0).sin() } else { (i * 7919 % 101) as f32 / 29.0 - 1.75 };
        (0..10 * 3 * 256).map(|i| scale * value(i)).collect()
    }

    fn doubt(scale: f32, smooth: bool, whitened: bool) -> String {
        let images = images(scale, smooth);
        let within_one = images.iter().all(|value| value.abs() <= 1.0);
        Looks::of(&images, [10, 3, 16, 16]).doubt(whitened, within_one).unwrap_or_default()
    }

    #[test]
    fn the_wrong_space_is_doubted() {
        assert!(doubt(0.28, false, false).ends_with("then give --zca and --data"));
        assert!(doubt(0.9, true, false).ends_with("then give --values signed"));
        assert!(doubt(1.5, true, true).ends_with("then leave out --zca"));
    }

    #[test]
    fn the_right_one_is_not() {
        for (scale, smooth, whitened) in
            [(1.5, true, false), (1.0, false, false), (0.28, false, true), (1.0, false, true)]
        {
            assert_eq!(doubt(scale, smooth, whitened), "", "{scale} {smooth} {whitened}");
        }
    }

    /// The values of a channel are taken about its own mean.
    #[test]
    fn moments_are_those_of_channels() {
        let shifted: Vec<f32> =
            (0..2 * 3 * 4).map(|i| (i / 4 % 3) as f32 * 10.0 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let looks = Looks::of(&shifted, [2, 3, 2, 2]);
        assert!((looks.deviation - 1.0).abs() < 1e-12 && (looks.likeness + 1.0).abs() < 1e-12, "{looks:?}");
    }
}
