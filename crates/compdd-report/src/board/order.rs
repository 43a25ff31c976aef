//! Order and ranks.

use std::cmp::Ordering;

use super::Entry;

/// By group, then the best first; entries with equal means by id, so that the order never depends on the folder.
pub(super) fn compare(a: &Entry, b: &Entry) -> Ordering {
    let mean = |entry: &Entry| entry.record.summary.mean;
    a.group().cmp(&b.group()).then_with(|| mean(b).total_cmp(&mean(a))).then_with(|| a.record.id.cmp(&b.record.id))
}

/// Gives every competitor its rank: 1 and the number of competitors of its group whose interval lies wholly above its own. Entries
/// whose intervals overlap are told apart by neither, so that a better mean alone is no better rank.
pub(super) fn rank(entries: &mut [Entry]) {
    for group in entries.chunk_by_mut(|a, b| a.group() == b.group()) {
        let competes = |entry: &Entry| entry.record.summary.interval.filter(|_| !entry.is_reference());
        let mut lows: Vec<f64> = group.iter().filter_map(competes).map(|interval| interval.low).collect();
        lows.sort_by(f64::total_cmp);
        for entry in group {
            entry.rank = competes(entry)
                .map(|interval| 1 + lows.len() - lows.partition_point(|low| low.total_cmp(&interval.high).is_le()));
        }
    }
}
