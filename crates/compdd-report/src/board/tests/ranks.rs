//! Ranks, by their definition and by their properties.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::board::{Entry, order};

fn ranks(results: &Results) -> Vec<(String, Option<usize>)> {
    board(results).entries.into_iter().map(|entry| (entry.record.cell.method.clone(), entry.rank)).collect()
}

#[test]
fn overlapping_intervals_share_a_rank_and_the_reference_has_none() {
    let results = Results::with(&[
        record("edf", &around(0.50, 0.002)),
        record("datm", &around(0.499, 0.002)),
        record("dm", &around(0.40, 0.002)),
        record("mtt", &[0.9]),
        scored(Cell { ipc: 0, ..cell("full") }, &around(0.8, 0.001)),
    ]);
    let expected = [("full", None), ("edf", Some(1)), ("datm", Some(1)), ("dm", Some(3)), ("mtt", None)];
    assert_eq!(ranks(&results), expected.map(|(method, rank)| (method.to_owned(), rank)));
}

#[test]
fn only_equal_conditions_are_ranked_together() {
    let base = cell("edf");
    let results = Results::with(
        &[
            base.clone(),
            Cell { ipc: 1, ..base.clone() },
            Cell { protocol: "no-kd-plain@1".into(), ..base.clone() },
            Cell { protocol: "no-kd@2".into(), ..base.clone() },
            Cell { network: "vgg11".into(), ..base.clone() },
            Cell { resolution: 64, ..base.clone() },
            Cell { subset: "cifar100@1".into(), ..base.clone() },
            Cell { budget: Budget::Quick, ..base },
        ]
        .into_iter()
        .enumerate()
        .map(|(place, cell)| scored(cell, &around(0.2 + 0.05 * place as f64, 0.001)))
        .collect::<Vec<_>>(),
    );
    let board = board(&results);
    assert_eq!(board.entries.len(), 8);
    assert!(
        board.entries.iter().all(|entry| entry.rank == Some(1)),
        "{}",
        board.sheet().write(crate::report::grid::Format::Term)
    );
}

/// Runs that differ in their seed are shown and ranked like any others; none is chosen.
#[test]
fn runs_of_another_seed_all_stand() {
    let one = record("edf", &around(0.5, 0.001));
    let two = scored(Cell { seed: 1, ..cell("edf") }, &around(0.4, 0.001));
    assert_eq!(ranks(&Results::with(&[one, two])), [("edf".into(), Some(1)), ("edf".into(), Some(2))]);
}

/// Entries of one group with these scores.
fn group(scores: &[Vec<f64>]) -> Vec<Entry> {
    let template = board(&Results::with(&[record("edf", &around(0.5, 0.01))])).entries.remove(0);
    let entry = |(seed, scores): (usize, &Vec<f64>)| Entry {
        record: Arc::new(scored(Cell { seed: seed as u64, ..cell("edf") }, scores)),
        ..template.clone()
    };
    let mut entries: Vec<Entry> = scores.iter().enumerate().map(entry).collect();
    entries.sort_by(order::compare);
    order::rank(&mut entries);
    entries
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ranks_follow_their_definition(scores in prop::collection::vec(prop::collection::vec(0.0..1.0_f64, 1..6), 1..12)) {
        let entries = group(&scores);
        for entry in &entries {
            let interval = entry.record.summary.interval;
            prop_assert_eq!(entry.rank.is_some(), interval.is_some());
            let Some(interval) = interval else { continue };
            let above = entries.iter().filter_map(|other| other.record.summary.interval).filter(|other| other.low > interval.high);
            prop_assert_eq!(entry.rank, Some(1 + above.count()));
        }
        prop_assert!(entries.windows(2).all(|pair| pair[0].record.summary.mean >= pair[1].record.summary.mean));
    }

    #[test]
    fn the_best_is_first_and_a_better_score_never_ranks_lower(scores in prop::collection::vec(prop::collection::vec(0.0..0.9_f64, 5), 2..10)) {
        let entries = group(&scores);
        prop_assert!(entries.iter().any(|entry| entry.rank == Some(1)));
        let last = entries.last().unwrap();
        let before = last.rank.unwrap();
        let mut raised = scores;
        let seed = last.record.cell.seed as usize;
        raised[seed].iter_mut().for_each(|score| *score += 0.05);
        let after = group(&raised).into_iter().find(|entry| entry.record.cell.seed == seed as u64).unwrap().rank.unwrap();
        prop_assert!(after <= before, "{} then {}", before, after);
    }

    #[test]
    fn neither_order_nor_strangers_matter(scores in prop::collection::vec(prop::collection::vec(0.0..1.0_f64, 2..5), 2..8), turn in 0..8_usize) {
        let mut turned = group(&scores);
        let entries = turned.clone();
        let by = turn % turned.len();
        turned.rotate_left(by);
        let mut stranger = turned[0].clone();
        Arc::make_mut(&mut stranger.record).cell.ipc = 50;
        turned.push(stranger);
        turned.sort_by(order::compare);
        order::rank(&mut turned);
        turned.retain(|entry| entry.record.cell.ipc == 10);
        prop_assert_eq!(turned, entries);
    }
}
