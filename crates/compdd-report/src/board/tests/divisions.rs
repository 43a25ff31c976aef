//! What opens the division.

use super::*;
use crate::board::Division;
use compdd_core::record::Flag;

fn judged(record: &Record) -> (Division, Vec<String>) {
    let entry = board(&Results::with(std::slice::from_ref(record))).entries.remove(0);
    (entry.division, entry.reasons)
}

#[test]
fn every_rule_of_the_closed_division() {
    let good = record("edf", &around(0.5, 0.01));
    assert_eq!(judged(&good), (Division::Closed, vec![]));
    let mut changed = good.clone();
    changed.protocol["epochs"] = 2000.into();
    let mut flagged = good.clone();
    for flag in [Flag::ChangedRecipe, Flag::GivenExperts, Flag::BestOnTest, Flag::Imported, Flag::SkippedFiles] {
        flagged.flag(flag);
    }
    let mut reduced = good.clone();
    reduced.flag(Flag::ReducedBudget);
    let mut own = good.clone();
    own.cell.subset = "imagenette@mine".into();
    own.subset.id = own.cell.subset.clone();
    own.id = own.cell.id();
    let mut defined = good.clone();
    defined.protocol_hash = Some("00".repeat(32));
    let mut short = good.clone();
    short.students[0].epochs = 100;
    let nameless = Record { bundles: Vec::new(), ..good };
    let others = [
        changed,
        flagged,
        reduced,
        own,
        nameless,
        defined,
        short,
        record("new-method", &around(0.5, 0.01)),
        record("edf", &[0.5; 4]),
        scored(Cell { budget: Budget::Smoke, ..cell("edf") }, &[0.5; 2]),
        scored(Cell { protocol: "house@1".into(), ..cell("edf") }, &[0.5; 5]),
    ];
    let text = others.iter().map(|record| {
        let (division, reasons) = judged(record);
        assert_eq!(division, Division::Open);
        reasons.join("; ")
    });
    insta::assert_snapshot!("reasons", text.collect::<Vec<_>>().join("\n"));
}

/// What a protocol says for the set and the network of a record is its built-in setting, and nothing else is.
#[test]
fn settings_that_depend_on_the_set_are_those_of_the_record() {
    let rded = |network: &str, ipc| {
        let cell =
            Cell { protocol: "kd-rded@1".into(), network: network.into(), source: network.into(), ipc, ..cell("edf") };
        scored(Cell { teacher: Some("ab".repeat(32)), ..cell }, &[0.5; 5])
    };
    let closed = rded("vgg11", 50);
    assert_eq!((closed.protocol["batch"].as_u64(), judged(&closed).0), (Some(100), Division::Closed));
    let mut other = closed.clone();
    other.protocol["batch"] = 50.into();
    let mut another = closed;
    another.protocol["learning_rate"] = 0.001.into();
    for record in [other, another, rded("lenet", 50)] {
        assert_eq!(judged(&record), (Division::Open, vec!["the settings are not those of `kd-rded@1`".to_owned()]));
    }
}

/// Settings that came later than a record are not in it; it has them at their built-in values.
#[test]
fn older_records_stay_closed() {
    let mut old = record("edf", &[0.5; 5]);
    old.protocol.as_object_mut().unwrap().remove("test_batch");
    assert_eq!(judged(&old).0, Division::Closed);
}

#[test]
fn divisions_can_be_asked_for() {
    let mut open = record("dm", &[0.4; 5]);
    open.flag(Flag::ChangedRecipe);
    let results = Results::with(&[record("edf", &[0.5; 5]), open]);
    for (word, method) in [("closed", "edf"), ("open", "dm")] {
        let filter = Filter { division: Some(word.parse().unwrap()), ..Filter::default() };
        let board = super::open(&[&results], &filter);
        assert_eq!(board.entries.iter().map(|entry| entry.record.cell.method.as_str()).collect::<Vec<_>>(), [method]);
    }
    assert!("ajar".parse::<Division>().is_err());
}
