//! What only shows when all records are there.

use std::collections::{HashMap, HashSet};

use super::Entry;
use compdd_core::record::Problem;

/// Takes the records of a further folder among those that are there, but for cells that stand there already, lists whose name has other
/// classes there, and recovery ratios whose reference says something else: of those a problem each. The record that was there first stays.
///
/// Two records are the same cell when their ids are: then they are the same experiment, and which of them to show is for their owner to
/// say. Records that differ in the seed of the run are different cells; all are shown, as hiding one would be choosing the best.
pub(super) fn admit(entries: &mut Vec<Entry>, new: Vec<Entry>, problems: &mut Vec<Problem>) {
    let mut refused = HashSet::new();
    {
        let mut refuse = |entry: &Entry, what: String| {
            refused.insert(entry.file.clone());
            problems.push(Problem { path: entry.file.clone(), what });
        };
        let mut by_id: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len() + new.len());
        let mut lists: HashMap<&str, &Entry> = HashMap::new();
        for entry in entries.iter() {
            by_id.insert(&entry.record.id, entry);
            lists.entry(&entry.record.subset.id).or_insert(entry);
        }
        for entry in &new {
            let first = by_id.entry(&entry.record.id).or_insert(entry);
            if !std::ptr::eq(*first, entry) {
                refuse(entry, format!("this cell is in {} as well: keep one of them", first.file.display()));
            }
            let first = lists.entry(&entry.record.subset.id).or_insert(entry);
            if first.record.subset.classes != entry.record.subset.classes {
                let (id, other) = (&entry.record.subset.id, first.file.display());
                let what =
                    format!("`{id}` has other classes than in {other}: two lists of one name cannot be compared");
                refuse(entry, what);
            }
        }
        for entry in &new {
            let Some(recovery) = &entry.record.recovery else { continue };
            let Some(reference) = by_id.get(recovery.reference.as_str()) else { continue };
            if (reference.record.summary.mean - recovery.reference_mean).abs() > 1e-9 {
                refuse(entry, format!("the reference `{}` has another mean than recorded", recovery.reference));
            }
        }
    }
    entries.extend(new.into_iter().filter(|entry| !refused.contains(&entry.file)));
}
