//! What only shows when all records are there.

use std::collections::HashMap;

use super::Entry;
use compdd_core::record::Problem;

/// Cells that stand there twice, lists of one name with different classes, and recovery ratios whose reference says something else.
///
/// Two records are the same cell when their ids are: then they are the same experiment, and which of them to show is for their owner to
/// say. Records that differ in the seed of the run are different cells; all are shown, as hiding one would be choosing the best.
pub(super) fn together(entries: &[Entry]) -> Vec<Problem> {
    let mut by_id: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len());
    let mut problems = Vec::new();
    for entry in entries {
        if let Some(first) = by_id.insert(&entry.record.id, entry) {
            let what = format!("this cell is in {} as well: keep one of them", first.file.display());
            problems.push(Problem { path: entry.file.clone(), what });
        }
    }
    let mut lists: HashMap<&str, &Entry> = HashMap::new();
    for entry in entries {
        let first = lists.entry(&entry.record.subset.id).or_insert(entry);
        if first.record.subset.classes != entry.record.subset.classes {
            let (id, other) = (&entry.record.subset.id, first.file.display());
            let what = format!("`{id}` has other classes than in {other}: two lists of one name cannot be compared");
            problems.push(Problem { path: entry.file.clone(), what });
        }
    }
    for entry in entries {
        let Some(recovery) = &entry.record.recovery else { continue };
        let Some(reference) = by_id.get(recovery.reference.as_str()) else { continue };
        if (reference.record.summary.mean - recovery.reference_mean).abs() > 1e-9 {
            let what = format!("the reference `{}` has another mean than recorded", recovery.reference);
            problems.push(Problem { path: entry.file.clone(), what });
        }
    }
    problems
}
