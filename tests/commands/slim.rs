//! Channels that are taken away.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, texts};

const KIND: &str = "--train-per-class 10 --device cpu --network convnet-d2-bn-w8";

fn ready() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("run --method random --subset scenes-easy --ipc 1 --budget smoke {KIND}"));
    let bundle = sandbox.bundle("results").display().to_string();
    (sandbox, bundle)
}

/// Every share is cut from the whole network and measured once; a report that was cut off, and one that grows, end with the same bytes. Where
/// students begin makes a difference.
#[test]
fn channels_go_and_every_accuracy_is_measured_once() {
    let (sandbox, set) = ready();
    sandbox.succeed(&format!("teacher train --subset scenes-easy --epochs 30 --batch 16 --name start {KIND}"));
    let command = |shares: &str| format!("slim {set} --start start --shares {shares} --budget smoke --seeds 2 {KIND}");
    let report = |shares: &str| -> Value {
        serde_json::from_str(&sandbox.succeed(&format!("{} --json", command(shares)))).unwrap()
    };
    let folder = sandbox.path().join("results/slimming/random/scenes-easy@1");
    let file = || {
        let entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), 1);
        (entries[0].clone(), fs::read_to_string(&entries[0]).unwrap())
    };
    let whole = report("0.25,0.5");
    assert_eq!((&whole["channels"], &whole["start"]["name"]), (&Value::from(16), &Value::from("start")));
    for student in whole["students"].as_array().unwrap() {
        let left: Vec<u64> =
            student["cuts"].as_array().unwrap().iter().map(|cut| cut["channels"].as_u64().unwrap()).collect();
        assert_eq!(left, [12, 8]);
        assert!(student["weighed"].as_f64().unwrap() > 0.1, "{student}");
    }
    let (path, first) = file();
    let mut short: Value = serde_json::from_str(&first).unwrap();
    short["students"].as_array_mut().unwrap().pop();
    short["students"][0]["cuts"].as_array_mut().unwrap().pop();
    fs::write(&path, short.to_string()).unwrap();
    assert_eq!(report("0.25"), {
        let mut asked = whole.clone();
        for student in asked["students"].as_array_mut().unwrap() {
            student["cuts"].as_array_mut().unwrap().truncate(1);
        }
        asked
    });
    assert_eq!(report("0.25,0.5"), whole);
    let table = sandbox.succeed(&format!("{} --format md", command("0.25,0.5")));
    for words in ["channels gone", "weighed", "tuned", "from start of scenes-easy@1"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    sandbox.succeed("results validate");
    assert_ne!(report("0.5")["students"], {
        let fresh = sandbox.succeed(&format!("{} --json", command("0.5").replace("--start start", "")));
        serde_json::from_str::<Value>(&fresh).unwrap()["students"].clone()
    });
}

#[test]
fn what_cannot_lose_channels_is_refused() {
    let (sandbox, set) = ready();
    sandbox.succeed("teacher train --subset scenes-easy --network convnet-d1-bn-w8 --epochs 1 --name other --train-per-class 10 --device cpu");
    for (flags, reason) in [
        ("--network convnet-d2-w8", "has no batch norm"),
        ("--network convnet-d2-bn-w8 --start other", "is a convnet-d1-w8-bn"),
        ("--network convnet-d2-bn-w8 --start nobody", "nobody"),
        ("--network convnet-d2-bn-w8 --shares 1", "--shares"),
        ("--network convnet-d2-bn-w8 --shares 0", "--shares 0"),
        ("--network convnet-d2-bn-w8 --penalty 2", "--penalty 2"),
    ] {
        let output = sandbox.run(&format!("slim {set} --budget smoke --train-per-class 10 --device cpu {flags}"));
        let (_, said) = texts(&output);
        assert!(!output.status.success() && said.contains(reason), "{flags}: {said}");
    }
}
