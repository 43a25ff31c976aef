//! What the two loops of an iteration look at: the network's accuracy on real training images, and how much it has moved.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How a measured accuracy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Smoothing {
    /// With a tenth of the smoothing before it: the released code does not set its sum back. A steady accuracy reads as ten
    /// ninths of itself.
    Released,
    /// As it is.
    Plain,
}

/// The readings of an iteration, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccuracyMonitor {
    smoothing: Smoothing,
    last: f64,
}

impl AccuracyMonitor {
    pub fn new(smoothing: Smoothing) -> Self {
        Self { smoothing, last: 0.0 }
    }

    /// What an accuracy between 0 and 1 reads as.
    pub fn read(&mut self, accuracy: f64) -> f64 {
        self.last = match self.smoothing {
            Smoothing::Released => accuracy + self.last / 10.0,
            Smoothing::Plain => accuracy,
        };
        self.last
    }
}

/// The last readings.
#[derive(Clone, Debug)]
pub(super) struct Window {
    size: usize,
    readings: VecDeque<f64>,
}

impl Window {
    pub fn new(size: usize) -> Self {
        Self { size, readings: VecDeque::new() }
    }

    pub fn push(&mut self, smoothing: f64) {
        self.readings.push_back(smoothing);
        if self.readings.len() > self.size {
            self.readings.pop_front();
        }
    }

    pub fn is_full(&self) -> bool {
        self.readings.len() == self.size
    }

    /// The largest smoothing less the smallest; 0 without any.
    pub fn spread(&self) -> f64 {
        let fold = |f: fn(f64, f64) -> f64| self.readings.iter().copied().reduce(f);
        fold(f64::max).zip(fold(f64::min)).map_or(0.0, |(high, low)| high - low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_accuracy_reads_as_ten_ninths_of_itself() {
        let mut monitor = AccuracyMonitor::new(Smoothing::Released);
        assert!((monitor.read(0.45) - 0.45).abs() < 1e-12);
        assert!((monitor.read(0.45) - 0.495).abs() < 1e-12);
        let last = (0..20).map(|_| monitor.read(0.45)).last().unwrap();
        assert!((last - 0.5).abs() < 1e-12);
        let mut plain = AccuracyMonitor::new(Smoothing::Plain);
        assert_eq!([0.1, 0.3, 0.2].map(|accuracy| plain.read(accuracy)), [0.1, 0.3, 0.2]);
    }

    #[test]
    fn windows_keep_the_last_readings() {
        let mut window = Window::new(3);
        assert_eq!((window.is_full(), window.spread()), (false, 0.0));
        for (smoothing, full, spread) in [(0.5, false, 0.0), (0.2, false, 0.3), (0.3, true, 0.3), (0.25, true, 0.1)] {
            window.push(smoothing);
            assert!(window.is_full() == full && (window.spread() - spread).abs() < 1e-12, "{window:?}");
        }
    }
}
