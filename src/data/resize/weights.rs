//! Which source pixels a target pixel is the mean of, along one side.

/// The weights of a run of target positions along one side, all with the same number of taps.
#[derive(Debug)]
pub(super) struct Weights {
    /// First source position of every target position.
    first: Vec<usize>,
    /// `taps` weights for every target position; they add up to one.
    values: Vec<f32>,
    /// Source positions that every target position reads.
    pub taps: usize,
}

impl Weights {
    /// Bilinear with half-pixel centres, of a side of `from` pixels brought to `to`, for the target positions
    /// `start..start + count`. With `antialias` the triangle widens with the shrinking factor.
    pub fn bilinear(from: usize, to: usize, (start, count): (usize, usize), antialias: bool) -> Self {
        let wanted = start..start + count;
        let spans: Vec<(usize, Vec<f32>)> = if antialias {
            wanted.map(|at| triangle(at, from, to)).collect()
        } else {
            wanted.map(|at| neighbours(at, from, to)).collect()
        };
        let taps = spans.iter().map(|(_, span)| span.len()).max().unwrap_or(1);
        let mut first = Vec::with_capacity(count);
        let mut values = vec![0.0; count * taps];
        for ((at, span), target) in spans.into_iter().zip(values.chunks_exact_mut(taps)) {
            // At the far edge the span begins earlier, so that every position may read `taps` pixels.
            let begin = at.min(from - taps);
            target[at - begin..at - begin + span.len()].copy_from_slice(&span);
            first.push(begin);
        }
        Self { first, values, taps }
    }

    /// Number of target positions.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// First source position and weights of the `i`-th target position.
    #[inline]
    pub fn of(&self, i: usize) -> (usize, &[f32]) {
        (self.first[i], &self.values[i * self.taps..(i + 1) * self.taps])
    }

    /// As [`of`](Self::of) for every target position; `taps` is the number of taps, for a caller that knows it as a constant.
    #[inline]
    pub fn all(&self, taps: usize) -> impl Iterator<Item = (usize, &[f32])> {
        self.first.iter().copied().zip(self.values.chunks_exact(taps))
    }

    /// Source positions that are read at all: from the first to before the last.
    pub fn reach(&self) -> std::ops::Range<usize> {
        let start = self.first.iter().min().copied().unwrap_or(0);
        start..self.first.iter().max().map_or(0, |last| last + self.taps)
    }
}

/// Pillow's and torch's antialiased bilinear filter, in double precision.
fn triangle(at: usize, from: usize, to: usize) -> (usize, Vec<f32>) {
    let scale = from as f64 / to as f64;
    let width = scale.max(1.0);
    let centre = (at as f64 + 0.5) * scale;
    let begin = (centre - width + 0.5).max(0.0) as usize;
    let end = ((centre + width + 0.5) as usize).min(from);
    let weights: Vec<f64> = (begin..end).map(|i| (1.0 - ((i as f64 - centre + 0.5) / width).abs()).max(0.0)).collect();
    let sum: f64 = weights.iter().sum();
    (begin, weights.into_iter().map(|weight| (weight / sum) as f32).collect())
}

/// The two nearest pixels, in single precision as in torch: on sides of tens of thousands of pixels it shows.
fn neighbours(at: usize, from: usize, to: usize) -> (usize, Vec<f32>) {
    let scale = from as f32 / to as f32;
    let position = (scale * (at as f32 + 0.5) - 0.5).max(0.0);
    let begin = (position as usize).min(from - 1);
    if begin + 1 == from {
        return (begin, vec![1.0]);
    }
    let second = (position - begin as f32).clamp(0.0, 1.0);
    (begin, vec![1.0 - second, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_and_stay_inside() {
        for antialias in [false, true] {
            for (from, to) in [(1, 7), (2, 3), (7, 7), (9, 4), (100, 3), (65_535, 4), (3, 1024)] {
                let weights = Weights::bilinear(from, to, (0, to), antialias);
                for i in 0..to {
                    let (first, values) = weights.of(i);
                    assert!(first + values.len() <= from, "{from} to {to}");
                    assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-3 && values.iter().all(|v| *v >= 0.0));
                }
            }
        }
    }

    #[test]
    fn a_side_that_stays_reads_itself() {
        let weights = Weights::bilinear(5, 5, (1, 3), true);
        for i in 0..3 {
            let (first, values) = weights.of(i);
            assert_eq!(values.iter().position(|v| *v == 1.0), Some(i + 1 - first));
        }
        assert_eq!(weights.len(), 3);
    }
}
