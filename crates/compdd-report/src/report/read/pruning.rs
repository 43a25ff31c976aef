//! A method on pruned training images, from records: how much may be removed before anything is lost.
//!
//! The rule is that of the maximum pruning ratio in the supplement of `BiLP` (arXiv 2305.18381): the method is run several times on all training images, and a
//! share is harmless if its mean lies within one standard deviation of theirs. A higher mean is harmless here as well.

use std::collections::BTreeMap;

use super::{
    super::{
        ReportError,
        chart::{PruningCurve, PruningPoint, PruningValues, Repeats},
    },
    compare::{Aspect, distilled, origin, same},
};
use compdd_core::{
    pruning::{Share, Side},
    record::Record,
};

/// Reads the curves of one method from records that differ in seed and pruning alone. With several sets on all training images, a repetition is a set and
/// its accuracy the mean over its students; with one set, repetitions are its students.
///
/// # Errors
/// When the records differ in anything else, when none is of all training images, or none of pruned ones.
pub fn pruning(records: &[Record]) -> Result<PruningValues, ReportError> {
    let shown = distilled(records)?;
    same(&shown, &Aspect::ALL)?;
    let mut recipes: Vec<String> = shown.iter().map(|record| record.cell.recipe_hash[..8].to_owned()).collect();
    recipes.sort();
    recipes.dedup();
    if recipes.len() > 1 {
        return Err(ReportError::Mixed { what: "recipes", flag: "--shipped or --record", found: recipes });
    }
    let (pruned, whole): (Vec<&Record>, Vec<&Record>) = shown.iter().partition(|record| record.cell.pruning.is_some());
    let missing = |what: &str, how: &str| ReportError::NoRecord { why: what.to_owned(), help: how.to_owned() };
    if whole.is_empty() {
        return Err(missing("no record is of all training images", "score the method without --prune as well"));
    }
    if pruned.is_empty() {
        return Err(missing(
            "no record is of pruned training images",
            "score the method with --prune, at several shares",
        ));
    }
    let sets = whole.len() > 1;
    let repeats = |records: &[&Record]| {
        let students =
            |record: &&Record| record.students.iter().map(|student| student.accuracy.fraction()).collect::<Vec<_>>();
        if sets {
            Repeats(records.iter().map(|record| record.summary.mean).collect())
        } else {
            Repeats(records.iter().flat_map(students).collect())
        }
    };
    let all = repeats(&whole);
    let least = all.mean() - all.deviation().unwrap_or(0.0);
    let mut curves: BTreeMap<String, BTreeMap<Share, Vec<&Record>>> = BTreeMap::new();
    for record in pruned {
        let Some(pruning) = &record.cell.pruning else { continue };
        let rule = pruning.rule;
        let name = match rule.side {
            Side::Around(_) => rule.to_string(),
            side => format!("{}:{side}", rule.criterion),
        };
        curves.entry(name).or_default().entry(rule.removed).or_default().push(record);
    }
    let point = |(removed, records): (Share, Vec<&Record>)| {
        let repeats = repeats(&records);
        let kept = records[0].cell.pruning.as_ref().map_or(0, |pruning| pruning.images);
        PruningPoint { removed: removed.value(), kept, harmless: repeats.mean() >= least, repeats }
    };
    let curve = |(name, shares): (String, BTreeMap<Share, Vec<&Record>>)| PruningCurve {
        name,
        points: shares.into_iter().map(point).collect(),
    };
    Ok(PruningValues {
        whole: all,
        curves: curves.into_iter().map(curve).collect(),
        of: if sets { "sets" } else { "students" },
        origin: origin(&shown),
    })
}
