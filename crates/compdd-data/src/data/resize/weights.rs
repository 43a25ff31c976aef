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
        let span = if antialias { triangle_span } else { neighbours_span };
        let taps = wanted.clone().map(|at| span(at, from, to)).map(|(begin, end)| end - begin).max().unwrap_or(1);
        let mut first = Vec::with_capacity(count);
        let mut values = vec![0.0; count * taps];
        for (at, target) in wanted.zip(values.chunks_exact_mut(taps)) {
            let (begin, end) = span(at, from, to);
            // At the far edge the span begins earlier, so that every position may read `taps` pixels.
            let earlier = begin.min(from - taps);
            let weights = &mut target[begin - earlier..end - earlier];
            if antialias {
                triangle(at, from, to, begin, weights);
            } else {
                neighbours(at, from, to, begin, weights);
            }
            first.push(earlier);
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

    /// First source positions and weights of all target positions, `group` of them at a time; `taps` is the number of taps, for a caller
    /// that knows it as a constant.
    #[inline]
    pub fn groups(&self, group: usize, taps: usize) -> impl Iterator<Item = (&[usize], &[f32])> {
        self.first.chunks(group).zip(self.values.chunks(group * taps))
    }

    /// Source positions that are read at all: from the first to before the last.
    pub fn reach(&self) -> std::ops::Range<usize> {
        let start = self.first.iter().min().copied().unwrap_or(0);
        start..self.first.iter().max().map_or(0, |last| last + self.taps)
    }
}

/// Centre and half width of a target pixel, in source pixels.
fn window(at: usize, from: usize, to: usize) -> (f64, f64) {
    let scale = from as f64 / to as f64;
    ((at as f64 + 0.5) * scale, scale.max(1.0))
}

/// The source pixels under Pillow's and torch's antialiased bilinear filter.
fn triangle_span(at: usize, from: usize, to: usize) -> (usize, usize) {
    let (centre, width) = window(at, from, to);
    ((centre - width + 0.5).max(0.0) as usize, ((centre + width + 0.5) as usize).min(from))
}

/// Their weights, in double precision.
fn triangle(at: usize, from: usize, to: usize, begin: usize, into: &mut [f32]) {
    let (centre, width) = window(at, from, to);
    let weight = |i: usize| (1.0 - (((begin + i) as f64 - centre + 0.5) / width).abs()).max(0.0);
    let sum: f64 = (0..into.len()).map(weight).sum();
    for (i, value) in into.iter_mut().enumerate() {
        *value = (weight(i) / sum) as f32;
    }
}

/// Where a target pixel lies among the source pixels, in single precision as in torch: on sides of tens of thousands of pixels it shows.
fn position(at: usize, from: usize, to: usize) -> f32 {
    let scale = from as f32 / to as f32;
    (scale * (at as f32 + 0.5) - 0.5).max(0.0)
}

/// The two nearest source pixels; at the far edge the last one alone.
fn neighbours_span(at: usize, from: usize, to: usize) -> (usize, usize) {
    let begin = (position(at, from, to) as usize).min(from - 1);
    (begin, (begin + 2).min(from))
}

/// Their weights.
fn neighbours(at: usize, from: usize, to: usize, begin: usize, into: &mut [f32]) {
    match into {
        [first, second] => {
            *second = (position(at, from, to) - begin as f32).clamp(0.0, 1.0);
            *first = 1.0 - *second;
        }
        only => only.fill(1.0),
    }
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
