//! Named random streams: every draw of a run comes from `(seed, purpose, index)`.
//!
//! There is no global generator and no clock. Two streams with different names are independent; the same name always
//! yields the same values, on every machine, whatever else the run drew before. A run can therefore be resumed by
//! remembering *which* streams it used, not their state.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};

/// A reproducible source of random numbers, value-stable across platforms and versions.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha12Rng,
}

impl Stream {
    /// The stream of a run `seed`, named by its `purpose` (`"init"`, `"shuffle"`, ...) and an `index` (student, epoch, ...).
    pub fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("compdd random stream v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&index.to_le_bytes());
        hasher.update(purpose.as_bytes());
        Self { generator: ChaCha12Rng::from_seed(*hasher.finalize().as_bytes()) }
    }

    /// A seed for a family of streams below this one: `seed -> student 3 -> its own streams`.
    pub fn child_seed(seed: u64, purpose: &str, index: u64) -> u64 {
        Self::new(seed, purpose, index).bits()
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on `[0, 1)`, 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.generator.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform on `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// A standard normal value (Box-Muller, one value per two uniforms).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - f64::from(self.uniform())).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(self.uniform());
        (radius * angle.cos()) as f32
    }

    /// Uniform on `0..n` (multiply-shift of 64 bits; the bias is below `n / 2^64`). Zero when `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Fisher-Yates shuffle in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// The first `min(m, n)` of a random order of `0..n`: uniform without replacement. A smaller `m` gives a prefix of a larger
    /// one.
    pub fn sample(&mut self, n: usize, m: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for k in 0..m.min(n) {
            let pick = k + self.below(n - k);
            order.swap(k, pick);
        }
        order.truncate(m);
        order
    }

    /// A random order of `0..n`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_value_stable_and_independent() {
        let draw = |seed, name, index| {
            let mut s = Stream::new(seed, name, index);
            [s.bits(), s.bits()]
        };
        assert_eq!(draw(0, "init", 0), draw(0, "init", 0));
        assert_ne!(draw(0, "init", 0), draw(0, "init", 1));
        assert_ne!(draw(0, "init", 0), draw(1, "init", 0));
        assert_ne!(draw(0, "init", 0), draw(0, "shuffle", 0));
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let mut stream = Stream::new(7, "moments", 0);
        let n = 100_000;
        let mean = (0..n).map(|_| f64::from(stream.uniform())).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let second = (0..n).map(|_| f64::from(stream.normal()).powi(2)).sum::<f64>() / f64::from(n);
        assert!((second - 1.0).abs() < 0.03, "{second}");
    }

    #[test]
    fn permutation_holds_every_index_once() {
        let mut order = Stream::new(3, "p", 0).permutation(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
