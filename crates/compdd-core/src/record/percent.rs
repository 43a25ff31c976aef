//! Fractions as tables write them: percent, two decimals.

use super::Interval;

/// A fraction: `52.60`.
pub fn percent(fraction: f64) -> String {
    format!("{:.2}", fraction * 100.0)
}

/// A mean and its deviation, where there is one: `52.60 ± 0.50`.
pub fn spread(mean: f64, std: Option<f64>) -> String {
    std.map_or_else(|| percent(mean), |std| format!("{} ± {}", percent(mean), percent(std)))
}

/// The ends of an interval, with a word or a sign between them; empty where there is none.
pub fn ends(interval: Option<Interval>, between: &str) -> String {
    interval.map(|ends| format!("{}{between}{}", percent(ends.low), percent(ends.high))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_has_two_decimals() {
        assert_eq!((spread(0.526, Some(0.005)), spread(0.526, None)), ("52.60 ± 0.50".into(), "52.60".into()));
        let interval = Interval { low: 0.5215, high: 0.53 };
        assert_eq!((ends(Some(interval), " to "), ends(None, " to ")), ("52.15 to 53.00".into(), String::new()));
    }
}
