//! Draws from Beta(alpha, alpha), the law of the share that an image keeps in a mix.
//!
//! Source: Gamma draws of Marsaglia and Tsang (ACM TOMS 26, 2000), of which a Beta draw is a ratio; below a shape of one, the draw of the shape
//! one higher times a power of a uniform number (their section 6).

use compdd_core::{protocol::MixConfig, rng::Stream};

/// The share that an image keeps, where chance has a minibatch mixed.
pub(super) fn share(config: &MixConfig, stream: &mut Stream) -> Option<f32> {
    let mixes = config.probability > 0.0 && stream.uniform() < config.probability;
    mixes.then(|| symmetric(config.alpha, stream))
}

/// One draw from Beta(alpha, alpha), in [0, 1]. Beta(1, 1) is uniform and takes one number of the stream.
fn symmetric(alpha: f32, stream: &mut Stream) -> f32 {
    if alpha == 1.0 {
        return stream.uniform();
    }
    let [a, b] = [(); 2].map(|()| gamma(f64::from(alpha), stream));
    // Both can underflow at a tiny alpha, where all the mass is at the two ends.
    if a + b > 0.0 { (a / (a + b)) as f32 } else { (stream.bits() >> 63) as f32 }
}

/// One draw from Gamma(shape, 1).
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    // Above zero, so that the power and the logarithm are finite.
    let open = |stream: &mut Stream| 1.0 - f64::from(stream.uniform());
    if shape < 1.0 {
        let power = open(stream).powf(1.0 / shape);
        return gamma(shape + 1.0, stream) * power;
    }
    let d = shape - 1.0 / 3.0;
    let c = (9.0 * d).sqrt().recip();
    loop {
        let x = f64::from(stream.normal());
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && open(stream).ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_law() {
        for alpha in [0.1, 0.8, 1.0, 3.0] {
            let mut stream = Stream::new(0, "beta", 0);
            let draws: Vec<f64> = (0..50_000).map(|_| f64::from(symmetric(alpha, &mut stream))).collect();
            assert!(draws.iter().all(|v| (0.0..=1.0).contains(v)));
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance = draws.iter().map(|v| (v - 0.5).powi(2)).sum::<f64>() / draws.len() as f64;
            let expected = 1.0 / (4.0 * (2.0 * f64::from(alpha) + 1.0));
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            assert!((variance / expected - 1.0).abs() < 0.03, "{alpha}: {variance} {expected}");
        }
    }

    #[test]
    fn a_uniform_share_takes_one_number() {
        let (mut a, mut b) = (Stream::new(3, "beta", 0), Stream::new(3, "beta", 0));
        assert_eq!(symmetric(1.0, &mut a), b.uniform());
        assert_eq!(a.bits(), b.bits());
        assert!([0.0, 1.0].contains(&symmetric(1e-6, &mut a)));
    }
}
