use super::*;
use crate::record::{Flag, example};
use serde_json::json;
use std::fs;

fn record(method: &str, scores: &[f64]) -> Record {
    let ipc = if method == Cell::REFERENCE { 0 } else { 10 };
    example::record(Cell { method: method.into(), ipc, ..example::cell() }, scores)
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    (dir, store)
}

#[test]
fn a_cell_is_done_when_its_record_exists() {
    let (_dir, store) = store();
    let record = record("random", &[0.3, 0.35, 0.31]);
    assert!(!store.exists(&record.cell));
    assert!(store.list(&Query::default()).unwrap().is_empty());
    let path = store.save(&record, Some(&Timing::new(&record.id, "cpu"))).unwrap();
    assert!(store.exists(&record.cell));
    assert_eq!(store.load(&record.cell).unwrap().unwrap(), record);
    assert_eq!(store.find(&record.id).unwrap(), record);
    assert_eq!(store.find(&record.id[record.id.len() - 8..]).unwrap(), record);
    assert_eq!(store.relative(&path), format!("records/random/cifar10@1/{}.json", record.id));
    assert_eq!(store.validate().unwrap(), (1, vec![]));
}

#[test]
fn identical_runs_write_identical_bytes() {
    let (_a, first) = store();
    let (_b, second) = store();
    let one = first.save(&record("random", &[0.3, 0.1]), Some(&Timing::new("x", "cpu"))).unwrap();
    let two = second.save(&record("random", &[0.3, 0.1]), Some(&Timing::new("y", "gpu"))).unwrap();
    assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
}

#[test]
fn queries_select() {
    let (_dir, store) = store();
    for method in ["random", "herding"] {
        store.save(&record(method, &[0.3]), None).unwrap();
    }
    let query = |method: &str, subset: &str| Query {
        method: Some(method.into()),
        subset: Some(subset.into()),
        ..Query::default()
    };
    assert_eq!(store.list(&query("random", "cifar10")).unwrap().len(), 1);
    assert_eq!(store.list(&query("random", "cifar10@1")).unwrap().len(), 1);
    assert_eq!(store.list(&query("random", "cifar100")).unwrap().len(), 0);
    assert_eq!(store.list(&Query { ipc: Some(1), ..Query::default() }).unwrap().len(), 0);
    assert!(matches!(store.find("nothing"), Err(RecordError::UnknownRecord { .. })));
}

#[test]
fn flags_follow_from_the_content() {
    let mut few = record("random", &[0.3]);
    assert_eq!(few.flags, [Flag::FewStudents]);
    few.flag(Flag::ReducedBudget);
    few.flag(Flag::ReducedBudget);
    assert_eq!(few.flags, [Flag::ReducedBudget, Flag::FewStudents]);
    assert!(record("random", &[0.3; 5]).flags.is_empty());
}

#[test]
fn every_problem_is_listed() {
    let (_dir, store) = store();
    let mut bad = record("random", &[0.3, 0.35]);
    bad.summary.mean = 0.9;
    bad.flags.clear();
    bad.recipe = json!({"draws": 2});
    bad.students[1].seed = 0;
    let path = store.save(&bad, None).unwrap();
    let (_, problems) = store.validate().unwrap();
    let text = problems.iter().map(|p| p.what.as_str()).collect::<Vec<_>>().join("\n");
    for part in ["summary does not follow", "few-students", "recipe does not have", "share a seed"] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
    fs::rename(&path, path.with_file_name("other.json")).unwrap();
    fs::write(path.with_file_name("broken.json"), "{\n \"format\": \"compdd-record\",\n oops").unwrap();
    fs::write(path.with_file_name("newer.json"), r#"{"format": "compdd-record", "version": 7}"#).unwrap();
    let (count, problems) = store.validate().unwrap();
    assert_eq!(count, 3);
    let text = problems.iter().map(|p| p.what.as_str()).collect::<Vec<_>>().join("\n");
    for part in ["named `other`", "line 3, column 2", "version 7; this build reads versions 1 to 1", "belongs at"] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
}

#[test]
fn fields_are_checked_by_name() {
    let text = record("random", &[0.3]).to_json().unwrap();
    let parse = |text: &str| Record::parse(text, Path::new("r.json")).unwrap_err().to_string();
    assert!(parse(&text.replace("\"students\": [", "\"studnets\": [")).contains("unknown field `studnets`"));
    assert!(parse(&text.replace("\"accuracy\": 0.3", "\"accuracy\": 30.0")).contains("30 is not an accuracy"));
    assert!(parse(&text.replace("compdd-record", "compdd-bundle")).contains("not a compdd-record"));
    assert!(parse("").contains("line 1, column 0"));
}

#[test]
fn the_recovery_ratio_refers_to_the_full_record() {
    let (_dir, store) = store();
    let full = record("full", &[0.8; 5]);
    store.save(&full, None).unwrap();
    let mut small = record("random", &[0.2; 5]);
    let reference = store.reference(&small.cell).unwrap().unwrap();
    assert_eq!(reference.id, full.id);
    small.recover_from(&reference);
    assert!((small.recovery.as_ref().unwrap().ratio - 0.25).abs() < 1e-12);
    store.save(&small, None).unwrap();
    assert_eq!(store.validate().unwrap().1, vec![]);
    small.recovery.as_mut().unwrap().ratio = 0.5;
    store.save(&small, None).unwrap();
    assert_eq!(store.validate().unwrap().1.len(), 1);
}

#[test]
fn generated_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let update = std::env::var_os("COMPDD_UPDATE_SCHEMAS").is_some();
    for (name, schema) in [
        ("record.schema.json", Record::schema()),
        ("timing.schema.json", Timing::schema()),
        ("bundle.schema.json", crate::record::Manifest::schema()),
    ] {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == text,
            "{name} is out of date: run `COMPDD_UPDATE_SCHEMAS=1 cargo test --lib generated_schemas`"
        );
    }
}
