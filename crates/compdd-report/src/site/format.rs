//! Numbers as the pages write them.

use crate::board::Entry;
use compdd_core::record::{percent, signed};

/// A difference of fractions in points, with its sign.
pub(super) fn points(fraction: f64) -> String {
    signed(fraction * 100.0, 2)
}

/// Mean and deviation in percent.
pub(super) fn spread(entry: &Entry) -> String {
    let summary = &entry.record.summary;
    percent::spread(summary.mean, summary.std)
}

/// The interval in percent; empty for one student.
pub(super) fn interval(entry: &Entry) -> String {
    percent::ends(entry.record.summary.interval, " – ")
}

/// Images per class, or that all are used.
pub(super) fn ipc(ipc: usize) -> String {
    if ipc == 0 { "full data".into() } else { format!("IPC {ipc}") }
}

/// Seconds as people say them.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 7200.0 => format!("{:.1} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0),
        s => format!("{s:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!([0.01, -0.0123, 0.0, -0.000_01].map(points), ["+1.00", "−1.23", "0.00", "0.00"]);
        assert_eq!([7.25, 130.0, 9000.0].map(duration), ["7.2 s", "2.2 min", "2.5 h"]);
        assert_eq!([ipc(0), ipc(10)], ["full data", "IPC 10"]);
    }
}
