//! What a record's neighbours make of it: recovery, hard-label recovery, improvement over random.

use std::collections::HashMap;

use super::{Entry, StoredSet, dd_ranking};
use compdd_core::record::{Cell, Conditions, Flag, LabelKind, Record};

/// The records that others are measured against, by their conditions: one's own, since whoever could add one would move everybody's gains.
struct Baselines<'a> {
    full: HashMap<Conditions<'a>, &'a Record>,
    random: HashMap<(Conditions<'a>, usize), &'a Record>,
}

impl<'a> Baselines<'a> {
    fn among(entries: &'a [Entry]) -> Self {
        let mut records: Vec<&Record> =
            entries.iter().filter(|entry| !entry.foreign).map(|entry| &*entry.record).collect();
        records.sort_by(|a, b| b.precedence().cmp(&a.precedence()));
        let of = |method: &'static str| records.iter().copied().filter(move |record| record.cell.method == method);
        Self {
            full: of(Cell::REFERENCE)
                .filter(|record| record.cell.is_baseline())
                .map(|record| (record.cell.conditions(), record))
                .collect(),
            random: of("random")
                .filter(|record| record.cell.pruning.is_none())
                .map(|record| ((record.cell.conditions(), record.cell.ipc), record))
                .collect(),
        }
    }
}

/// Sets recovery, HLR and IOR of every entry that has them. All compare accuracies under the same [`Conditions`]: subset, images,
/// protocol, network, resolution and budget.
pub(super) fn work_out(entries: &mut [Entry]) {
    let baselines = Baselines::among(entries);
    let gains: Vec<_> = entries
        .iter()
        .map(|entry| {
            let (record, conditions) = (&entry.record, entry.record.cell.conditions());
            let competes = !entry.is_reference();
            let full = baselines.full.get(&conditions).filter(|_| competes);
            let random = baselines.random.get(&(conditions, record.cell.ipc));
            let random = random.filter(|_| competes && record.cell.method != "random");
            (
                full.and_then(|full| record.recovery_from(full)),
                full.filter(|_| has_hard_labels(entry))
                    .map(|full| dd_ranking::hlr(full.summary.mean, record.summary.mean)),
                random.map(|random| dd_ranking::ior(record.summary.mean, random.summary.mean)),
            )
        })
        .collect();
    for (entry, (recovery, hlr, ior)) in entries.iter_mut().zip(gains) {
        (entry.recovery, entry.hlr, entry.ior) = (recovery, hlr, ior);
    }
}

/// Whether students learned from hard labels: never where a teacher was asked. What the bundle says, or the recipe where the bundle is not kept: methods that make soft labels have an entry `labels`. Of a set that
/// was made elsewhere the recipe says nothing.
fn has_hard_labels(entry: &Entry) -> bool {
    if entry.record.cell.teacher.is_some() {
        return false;
    }
    match entry.set {
        StoredSet::Kept { labels, .. } => labels == LabelKind::Hard,
        StoredSet::Reference => false,
        StoredSet::ScoreOnly => {
            let labels = entry.record.recipe.get("labels").and_then(|labels| labels.as_str());
            labels.unwrap_or("hard") == "hard" && !entry.record.flags.contains(&Flag::Imported)
        }
    }
}
