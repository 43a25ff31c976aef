//! Numbers as the pages write them.

use crate::board::Entry;

/// A fraction as percent, two decimals.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.2}", fraction * 100.0)
}

/// A difference of fractions in points, with its sign.
pub(super) fn points(fraction: f64) -> String {
    let value = format!("{:.2}", fraction.abs() * 100.0);
    match value.as_str() {
        "0.00" => value,
        _ if fraction < 0.0 => format!("−{value}"),
        _ => format!("+{value}"),
    }
}

/// Mean and deviation in percent.
pub(super) fn spread(entry: &Entry) -> String {
    let summary = &entry.record.summary;
    match summary.std {
        Some(std) => format!("{} ± {}", percent(summary.mean), percent(std)),
        None => percent(summary.mean),
    }
}

/// The interval in percent; empty for one student.
pub(super) fn interval(entry: &Entry) -> String {
    let interval = entry.record.summary.interval;
    interval.map(|ends| format!("{} – {}", percent(ends.low), percent(ends.high))).unwrap_or_default()
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
