//! Entries of a record that follow from others and were written anew, and what is said about them.

use super::*;
use crate::record::{Published, Recovery};

#[test]
fn every_forged_entry_is_named() {
    let cases = [
        (
            "other epochs",
            with_record(|record| {
                for student in &mut record.students {
                    (student.epochs, student.steps) = (9, 9);
                }
            }),
        ),
        ("impossible steps", with_record(|record| record.students[0].steps = usize::MAX)),
        ("an impossible loss", with_record(|record| record.students[0].train_loss = 1.7e308)),
        ("an impossible accuracy", with_record(|record| *record = scored(record.cell.clone(), &[0.123_456_789; 5]))),
        (
            "equal accuracies",
            with_record(|record| {
                *record = Record { bundles: record.bundles.clone(), ..scored(record.cell.clone(), &[0.4; 5]) }
            }),
        ),
        ("a note", with_record(|record| record.subset.notes.push("verified by the maintainers".into()))),
        (
            "an invented published value",
            with_record(|record| {
                let source = "Liu et al., CVPR 2025, table 1".into();
                record.published.push(Published { source, mean: 0.05, std: None });
            }),
        ),
        (
            "an invented reference",
            with_record(|record| {
                let mean = record.summary.mean;
                record.recovery =
                    Some(Recovery { ratio: mean / 0.01, reference_mean: 0.01, reference: "full_x".into() });
            }),
        ),
        ("no word about the images", with_record(|record| record.data = serde_json::json!({}))),
        ("other images", with_record(|record| record.data["test"]["hash"] = "0".into())),
        (
            "a protocol of one's own under a known name",
            with_record(|record| record.protocol_hash = Some("00".repeat(32))),
        ),
        (
            "too many images a class",
            with_record(|record| {
                let cell = Cell { ipc: usize::MAX / 2 + 2, ..record.cell.clone() };
                *record = Record { bundles: record.bundles.clone(), ..scored(cell, &around(0.4, 0.005)) };
            }),
        ),
        (
            "too many students",
            with_record(|record| {
                record.students = vec![record.students[0].clone(); 101];
            }),
        ),
        (
            "a subset of another version",
            with_record(|record| {
                record.cell.subset = "cifar10@2".into();
                record.subset.id = "cifar10@2".into();
                record.id = record.cell.id();
            }),
        ),
        (
            "an unknown method",
            with_record(|record| {
                let cell = Cell { method: "new-method".into(), ..record.cell.clone() };
                *record = Record { bundles: record.bundles.clone(), ..scored(cell, &around(0.4, 0.005)) };
            }),
        ),
        ("a learning rate that nothing survives", with_set(|set| set.learning_rate = 3e38)),
    ];
    settings().bind(|| insta::assert_snapshot!("forgeries", transcript(&cases)));
}
