//! Many records, for what must stay fast.

use std::{error::Error, fs, path::Path};

use compdd::{
    record::{Accuracy, Budget, Cell, Fidelity, Record, Store, StudentRecord, Timing},
    subset::Subset,
};
use serde_json::json;

/// Writes so many records, each of a cell of its own; not by [`Store::save`], which waits for the disk.
pub fn records(root: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let store = Store::new(root);
    let methods = ["random", "herding", "k-center", "dc", "dsa", "dm", "datadam", "mtt", "datm", "edf"];
    let subsets = Subset::all();
    let subsets: Vec<&Subset> = subsets.iter().filter(|subset| subset.classes.len() == 10).collect();
    for number in 0..count {
        let subset = subsets[number / methods.len() % subsets.len()];
        let cell = Cell {
            method: methods[number % methods.len()].into(),
            subset: subset.id(),
            ipc: [1, 10, 50][number / 7 % 3],
            protocol: "no-kd@1".into(),
            network: "convnet-d5".into(),
            source: "convnet-d5".into(),
            resolution: 128,
            budget: Budget::Paper,
            fidelity: Fidelity::Paper,
            recipe_hash: String::new(),
            data_hash: "ab".repeat(32),
            seed: number as u64,
            students: 5,
            teacher: None,
            pruning: None,
        };
        let student = |place: usize| StudentRecord {
            seed: (number * 5 + place) as u64,
            draw: 0,
            accuracy: Accuracy::of_counts(100 + (number * 31 + place * 7) % 800, 1000),
            train_loss: 0.5,
            epochs: 1001,
            steps: 1001,
            best_on_test: None,
        };
        let recipe = json!({ "learning_rate": 0.01, "number": number });
        let data = json!({ "kind": "image-folder", "notes": [], "decode": { "antialias": true, "resize": "squash", "resolution": 128 } });
        let record = Record::new(cell, subset, (0..5).map(student).collect(), recipe, data)?;
        let mut timing = Timing::new(&record.id, "cpu");
        timing.distill_seconds = Some(number as f64);
        let path = store.record_path(&record.cell);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, record.to_json()?)?;
        fs::write(store.timing_path(&record.cell), serde_json::to_string_pretty(&timing)?)?;
    }
    Ok(())
}
