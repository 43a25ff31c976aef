//! Classes that come step by step.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::support::{Sandbox, texts};

const KIND: &str = "--train-per-class 10 --device cpu --network convnet-d2-w8";

fn ready() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("run --method random --subset scenes-easy --ipc 1 --budget smoke {KIND}"));
    let bundle = sandbox.bundle("results").display().to_string();
    (sandbox, format!("{bundle} --budget smoke --seeds 2 {KIND}"))
}

/// After the last step all classes are known, and the student is that of `compdd eval`; every accuracy is measured once.
#[test]
fn the_last_step_is_the_usual_score() {
    let (sandbox, set) = ready();
    let command = format!("incremental {set} --steps 2,5");
    let lines = sandbox.succeed(&format!("{command} --json"));
    let reports: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let record = sandbox.succeed(&format!("eval {set} --json"));
    let record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    assert_eq!(reports.len(), 2);
    for (report, known) in reports.iter().zip([vec![5, 10], vec![2, 4, 6, 8, 10]]) {
        assert_eq!(report["known"], serde_json::json!(known));
        assert_eq!((&report["cell"], &report["orders"]), (&record["cell"], &reports[0]["orders"]));
        for (student, order) in report["orders"].as_array().unwrap().iter().enumerate() {
            let classes: BTreeSet<u64> =
                order.as_array().unwrap().iter().map(|class| class.as_u64().unwrap()).collect();
            assert_eq!(classes, (0..10).collect());
            let accuracies = report["accuracies"][student].as_array().unwrap();
            assert_eq!(accuracies.len(), known.len());
            assert_eq!(accuracies.last().unwrap(), &record["students"][student]["accuracy"]);
            // Of two known classes one is right by chance in half of the images.
            assert!(accuracies[0].as_f64().unwrap() > accuracies.last().unwrap().as_f64().unwrap() - 0.05);
        }
    }
    let folder = sandbox.path().join("results/incremental/random/scenes-easy@1");
    let files = || -> BTreeSet<(String, String)> {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
    };
    let first = files();
    assert_eq!(first.len(), 2);
    let table = sandbox.succeed(&format!("{command} --format md"));
    for words in ["steps", "average", "random, IPC 1", "budget smoke"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert_eq!(files(), first);
    // From a report that was cut off after a step, the same bytes.
    for (path, text) in &first {
        let mut cut: Value = serde_json::from_str(text).unwrap();
        cut["accuracies"].as_array_mut().unwrap().pop();
        cut["accuracies"][0].as_array_mut().unwrap().pop();
        fs::write(path, cut.to_string()).unwrap();
    }
    sandbox.succeed(&command);
    assert_eq!(files(), first);
    sandbox.succeed("results validate");
}

#[test]
fn more_steps_than_classes_are_refused() {
    let (sandbox, set) = ready();
    let (_, said) = texts(&sandbox.run(&format!("incremental {set} --steps 11")));
    assert!(said.contains("--steps 11") && said.contains("images of 10 classes"), "{said}");
}
