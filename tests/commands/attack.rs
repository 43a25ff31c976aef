//! Students of stored sets under attack.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, texts};

const KIND: &str = "--train-per-class 10 --device cpu --network convnet-d2-w8";

/// A sandbox with a set of one image a class.
fn ready() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("run --method random --subset scenes-easy --ipc 1 --budget smoke {KIND}"));
    let bundle = sandbox.bundle("results").display().to_string();
    (sandbox, format!("attack {bundle} --budget smoke --seeds 2 --images 25 --iterations 6 {KIND}"))
}

fn accuracies(report: &Value) -> Vec<f64> {
    report.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// All attacks leave less than there was, the larger epsilon less than the smaller; what was made is found again, bit by bit.
#[test]
fn every_attack_is_made_once() {
    let (sandbox, command) = ready();
    let all = "fgsm,pgd,cw,vmi,jitter,apgd-ce,apgd-dlr,apgd-t,square,autoattack";
    let command = format!("{command} --attacks {all} --epsilon 1/255,0.2");
    let report: Value = serde_json::from_str(&sandbox.succeed(&format!("{command} --json"))).unwrap();
    let (clean, attacks) = (accuracies(&report["clean"]), report["attacks"].as_array().unwrap());
    assert_eq!((clean.len(), attacks.len()), (2, 9 * 2 + 1));
    assert_eq!(report["images"].as_array().unwrap().len(), 25);
    for attacked in attacks {
        let left = accuracies(&attacked["students"]);
        assert!(left.iter().zip(&clean).all(|(left, clean)| left <= clean), "{attacked}");
        if attacked["attack"] != "cw" && attacked["epsilon"] == "0.2" {
            let near = attacks.iter().find(|near| near["attack"] == attacked["attack"] && near["epsilon"] == "1/255");
            let near = accuracies(&near.unwrap()["students"]);
            assert!(left.iter().sum::<f64>() < near.iter().sum::<f64>(), "{attacked}");
        }
    }
    let autoattack = attacks.iter().find(|it| it["attack"] == "autoattack" && it["epsilon"] == "0.2").unwrap();
    assert_eq!(autoattack["settings"].as_array().unwrap().len(), 3);

    let folder = sandbox.path().join("results/attacks/random/scenes-easy@1");
    let files = || -> Vec<(String, String)> {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
    };
    let first = files();
    assert_eq!(first.len(), 1);
    let table = sandbox.succeed(&format!("{command} --format md"));
    for words in ["clean", "fgsm", "1/255", "without FAB", "25 test images", "budget smoke"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert_eq!(files(), first);
    // From nothing, the same bytes; the record of the students has nothing to do with it.
    fs::remove_dir_all(sandbox.path().join("results/attacks")).unwrap();
    fs::remove_dir_all(sandbox.path().join("results/students")).unwrap();
    sandbox.succeed(&command);
    assert_eq!(files(), first);
    sandbox.succeed("results validate");
}

/// The students are those of `compdd eval`.
#[test]
fn the_students_are_those_that_are_scored() {
    let (sandbox, command) = ready();
    let command = command.replace(" --images 25", "");
    let report: Value = serde_json::from_str(&sandbox.succeed(&format!("{command} --attacks fgsm --json"))).unwrap();
    let bundle = sandbox.bundle("results").display().to_string();
    let record = sandbox.succeed(&format!("eval {bundle} --budget smoke --seeds 2 --json {KIND}"));
    let record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    assert_eq!(report["cell"], record["cell"]);
    let scored: Vec<f64> =
        record["students"].as_array().unwrap().iter().map(|student| student["accuracy"].as_f64().unwrap()).collect();
    assert_eq!(accuracies(&report["clean"]), scored);
}

#[test]
fn what_cannot_be_is_named() {
    let (sandbox, command) = ready();
    for (flags, words) in [
        ("--attacks fab", "there is no attack `fab`"),
        ("--epsilon 3", "unknown epsilon `3`"),
        ("--checks --protocol kd-edc --teacher x", "students are asked after their last epoch"),
    ] {
        let output = sandbox.run(&format!("{command} {flags}"));
        let (_, said) = texts(&output);
        assert!(!output.status.success() && said.contains(words), "{flags}: {said}");
    }
}
