//! What is recovered on easy and on hard lists, from records.

use std::{borrow::Borrow, collections::BTreeMap};

use super::{
    super::{
        ReportError,
        chart::{Measured, RecoveryPoint, RecoveryValues},
    },
    compare::{Aspect, alone, distilled, names, origin, same},
};
use compdd_core::{
    record::{Record, Recovery},
    subset::{Difficulty, Subset},
};

/// A record with its recovery ratio.
type Recovered<'a> = (&'a Record, &'a Recovery);

/// Pairs the records of the easy and the hard list of each category, by method. Records without recovery ratio are left out.
///
/// # Errors
/// When the records differ in IPC, protocol, resolution, budget or network, when a list has two records of a method, and when no category has both.
pub fn recovery(records: &[impl Borrow<Record>]) -> Result<RecoveryValues, ReportError> {
    let known = |record: &&Record| record.recovery.is_some() && list_of(record).is_some();
    let all: Vec<&Record> = distilled(records)?.into_iter().filter(known).collect();
    same(&all, &[Aspect::Ipc, Aspect::Protocol, Aspect::Resolution, Aspect::Budget, Aspect::Network])?;
    let mut lists: BTreeMap<(String, String), [Vec<Recovered<'_>>; 2]> = BTreeMap::new();
    for (record, name) in all.iter().zip(names(&all, &[Aspect::Subset])) {
        let (Some(recovery), Some((category, difficulty))) = (&record.recovery, list_of(record)) else { continue };
        let pair = lists.entry((name, category)).or_default();
        pair[usize::from(difficulty == Difficulty::Hard)].push((record, recovery));
    }
    let (mut points, mut shown, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for ((method, category), pair) in lists.into_iter().filter(|(_, pair)| pair.iter().all(|list| !list.is_empty())) {
        for (list, word) in pair.iter().zip(["easy", "hard"]) {
            let records: Vec<&Record> = list.iter().map(|(record, _)| *record).collect();
            alone(&format!("{method} on {category}-{word}"), &records)?;
        }
        if let [[(easy, of_easy)], [(hard, of_hard)]] = [pair[0].as_slice(), pair[1].as_slice()] {
            shown.extend([*easy, *hard]);
            references.extend([&of_easy.reference, &of_hard.reference].map(Clone::clone));
            points.push(RecoveryPoint { method, category, easy: share(easy, of_easy), hard: share(hard, of_hard) });
        }
    }
    if points.is_empty() {
        return Err(ReportError::NoRecord {
            why: "no method has a recovery ratio on both lists of a category".to_owned(),
            help: "run a method and `full` on both, such as --subset bird-easy and --subset bird-hard".to_owned(),
        });
    }
    Ok(RecoveryValues { points, origin: origin(&shown).with(references) })
}

/// Category and difficulty of the list that a record is about.
fn list_of(record: &Record) -> Option<(String, Difficulty)> {
    let slug = record.cell.subset.split('@').next()?;
    let word = |difficulty: Difficulty| slug.strip_suffix(difficulty.slug())?.strip_suffix('-').map(str::to_owned);
    Subset::known(&record.cell.subset).ok()?;
    let of = |difficulty| word(difficulty).map(|category| (category, difficulty));
    of(Difficulty::Easy).or_else(|| of(Difficulty::Hard))
}

fn share(record: &Record, recovery: &Recovery) -> Measured {
    let of = |value: f64| value / recovery.reference_mean;
    let interval = record.summary.interval.map(|interval| [of(interval.low), of(interval.high)]);
    Measured { mean: recovery.ratio, interval }
}
