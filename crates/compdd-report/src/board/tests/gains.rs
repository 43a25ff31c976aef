//! Recovery, HLR and IOR.

use super::*;
use crate::board::{Entry, StoredSet};

fn find<'a>(board: &'a Board, method: &str) -> &'a Entry {
    board.entries.iter().find(|entry| entry.record.cell.method == method).unwrap()
}

fn full(mean: f64) -> Record {
    scored(Cell { ipc: 0, ..cell("full") }, &[mean; 5])
}

#[test]
fn gains_are_differences_under_the_same_conditions() {
    let results = Results::with(&[full(0.8), record("random", &[0.3; 5]), record("dm", &[0.5; 5])]);
    let board = board(&results);
    let dm = find(&board, "dm");
    let near = |found: Option<f64>, wanted: f64| assert!((found.unwrap() - wanted).abs() < 1e-12, "{found:?}");
    near(dm.recovery.as_ref().map(|recovery| recovery.ratio), 0.625);
    near(dm.hlr, 0.3);
    near(dm.ior, 0.2);
    // exp(-0.05) = 0.951229, 1/e = 0.367879, e - 1/e = 2.350402
    near(dm.lrs().map(|lrs| (lrs * 1e6).round() / 1e6), 0.248_192);
    let random = find(&board, "random");
    assert_eq!((random.ior, random.lrs()), (None, None));
    near(random.hlr, 0.5);
    let reference = find(&board, "full");
    assert_eq!((&reference.recovery, reference.hlr, reference.ior), (&None, None, None));
    assert_eq!(reference.set, StoredSet::Reference);
}

#[test]
fn other_images_networks_and_budgets_are_no_baseline() {
    let base = cell("random");
    for other in [
        Cell { data_hash: "ef".repeat(32), ..base.clone() },
        Cell { network: "vgg11".into(), ..base.clone() },
        Cell { budget: Budget::Quick, ..base.clone() },
        Cell { protocol: "no-kd-plain@1".into(), ..base.clone() },
        Cell { ipc: 1, ..base },
    ] {
        let reference = Cell { method: "full".into(), ..other.clone() };
        let far = Results::with(&[scored(other.clone(), &[0.3; 5]), record("dm", &[0.5; 5])]);
        assert_eq!(find(&board(&far), "dm").ior, None, "{other:?}");
        if other.ipc == 10 {
            let far = Results::with(&[scored(reference, &[0.8; 5]), record("dm", &[0.5; 5])]);
            let board = board(&far);
            assert_eq!((find(&board, "dm").hlr, &find(&board, "dm").recovery), (None, &None), "{other:?}");
        }
    }
}

/// Whoever could add a reference would move everybody's gains.
#[test]
fn baselines_come_from_the_own_folder_alone() {
    let own = Results::with(&[full(0.8), record("random", &[0.3; 5]), record("dm", &[0.5; 5])]);
    let theirs = Results::default();
    theirs.keep(scored(Cell { seed: 1, ..cell("random") }, &[0.05; 6]), hard());
    theirs.save(&scored(Cell { ipc: 0, seed: 1, ..cell("full") }, &[0.55; 6]));
    let both = open(&[&own, &theirs], &Filter::default());
    let alone = board(&own);
    for method in ["dm", "full"] {
        let (one, other) = (find(&alone, method), find(&both, method));
        assert_eq!((&one.recovery, one.hlr, one.ior), (&other.recovery, other.hlr, other.ior), "{method}");
    }
    assert_eq!((both.entries.len(), both.aside.len()), (4, 1), "their random competes, their reference does not");
}

/// Of several references the one with the most students counts.
#[test]
fn the_reference_with_the_most_students_counts() {
    let few = scored(Cell { ipc: 0, seed: 1, ..cell("full") }, &[0.9; 2]);
    let results = Results::with(&[full(0.8), few, record("dm", &[0.4; 5])]);
    assert!((find(&board(&results), "dm").hlr.unwrap() - 0.4).abs() < 1e-12);
}

/// Students of a teacher read no label of the set.
#[test]
fn a_teacher_leaves_no_hard_label_recovery() {
    let taught = |method: &str, ipc: usize| {
        let teacher = Some("ab".repeat(32));
        scored(Cell { protocol: "kd-online@1".into(), ipc, teacher, ..cell(method) }, &around(0.5, 0.01))
    };
    let board = board(&Results::with(&[taught("full", 0), taught("dm", 10)]));
    let dm = find(&board, "dm");
    assert!(dm.recovery.is_some() && dm.hlr.is_none() && dm.lrs().is_none());
}

#[test]
fn soft_labels_have_no_hard_label_recovery() {
    let results = Results::with(&[full(0.8)]);
    let soft = Labels::Logits { values: vec![0.1; 100], classes: 10 };
    let (kept, _) = results.keep(record("edf", &[0.5; 5]), soft);
    results.keep(record("dm", &[0.5; 5]), hard());
    let mut unknown = record("datm", &[0.5; 5]);
    unknown.recipe = json!({"labels": "soft"});
    unknown.cell.recipe_hash = compdd_core::record::hash::value(&unknown.recipe);
    unknown.id = unknown.cell.id();
    results.save(&unknown);
    let board = board(&results);
    assert_eq!(["edf", "dm", "datm"].map(|method| find(&board, method).hlr.is_some()), [false, true, false]);
    let StoredSet::Kept { bytes, label_bytes, .. } = find(&board, "edf").set else { panic!("{kept:?}") };
    assert!(bytes > label_bytes && label_bytes == 400);
    assert_eq!(find(&board, "datm").set, StoredSet::ScoreOnly);
}
