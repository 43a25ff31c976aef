//! `compdd table` as a person uses it.

use compdd::{
    record::{Accuracy, Budget, Cell, Fidelity, Record, Store, StudentRecord},
    subset::Subset,
};

use crate::support::{Sandbox, settings, texts};

/// Saves EDF on `ImageNette`, one image per class, scored with a protocol.
fn save(sandbox: &Sandbox, ipc: usize, protocol: &str) -> Record {
    let cell = Cell {
        method: "edf".into(),
        subset: "imagenette@1".into(),
        ipc,
        protocol: protocol.into(),
        network: "convnet-d5".into(),
        source: "convnet-d5".into(),
        resolution: 128,
        budget: Budget::Paper,
        fidelity: Fidelity::Paper,
        recipe_hash: String::new(),
        data_hash: "ab".repeat(32),
        seed: 0,
        students: 5,
        teacher: None,
        pruning: None,
    };
    let student = |seed: u64| StudentRecord {
        seed,
        draw: 0,
        accuracy: Accuracy::new(0.52 + 0.002 * seed as f64).unwrap(),
        train_loss: 0.01,
        epochs: 1001,
        steps: 1001,
        best_on_test: None,
    };
    let subset = Subset::find("imagenette").unwrap();
    let record =
        Record::new(cell, &subset, (0..5).map(student).collect(), serde_json::json!({}), serde_json::json!({}))
            .unwrap();
    Store::new(sandbox.path().join("results")).save(&record, None).unwrap();
    record
}

#[test]
fn tables_are_listed_shown_and_written() {
    let sandbox = Sandbox::new();
    settings().bind(|| {
        insta::assert_snapshot!("table_list", sandbox.succeed("table list"));
        insta::assert_snapshot!("table_edf_12", sandbox.succeed("table edf:12"));
    });
    let record = save(&sandbox, 1, "no-kd@1");
    let shown = sandbox.succeed("table edf:12 edf:1");
    assert!(shown.contains("measured") && shown.contains(&record.id), "{shown}");
    let list = sandbox.succeed("table list");
    let row = list.lines().find(|line| line.starts_with("edf:1 ")).unwrap();
    assert_eq!(row.split_whitespace().take(5).collect::<Vec<_>>(), ["edf:1", "175", "150", "1", "0"]);
    sandbox.succeed("table --all --format html --out tables.html");
    let page = std::fs::read_to_string(sandbox.path().join("tables.html")).unwrap();
    assert!(page.contains(&record.page()) && page.matches("<table ").count() > 60);
    let published = sandbox.succeed("table edf:1 --mode published --format csv");
    assert!(published.starts_with("id,paper,table,method,") && !published.contains(&record.id), "{published}");
}

#[test]
fn what_cannot_be_shown_says_what_to_do() {
    let sandbox = Sandbox::new();
    let refused = |arguments: &str, parts: &[&str]| {
        let output = sandbox.run(arguments);
        let (out, err) = texts(&output);
        assert!(!output.status.success() && out.is_empty(), "{arguments}\n{out}{err}");
        for part in parts {
            assert!(err.contains(part), "{arguments}\n{err}");
        }
    };
    refused("table edf:111", &["there is no table `edf:111`", "did you mean", "edf:11"]);
    refused("table", &["no table was named", "--all"]);
    refused("table edf:1 --mode all", &["--mode all", "published, measured, both"]);
    refused("table edf:1 --format pdf", &["--format pdf", "latex"]);
    refused("table edf:1 --protocol-version no-kd@9", &["--protocol-version no-kd@9", "no records"]);
    save(&sandbox, 1, "no-kd@1");
    save(&sandbox, 10, "no-kd@2");
    refused("table edf:1", &["no-kd@1 and no-kd@2", "--protocol-version no-kd@1"]);
    let one = sandbox.succeed("table edf:1 --protocol-version no-kd@2");
    assert!(one.contains("scored with no-kd@2"), "{one}");
}
