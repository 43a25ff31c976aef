//! Sets under three label regimes.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, records, texts};

const KIND: &str = "--train-per-class 10 --device cpu --network convnet-d2-w8";

/// A sandbox with a teacher and a set of one image a class, made with hard labels.
fn ready() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.succeed("teacher train --subset scenes-easy --res 32 --epochs 2 --batch 16 --name one --train-per-class 10 --device cpu --network convnet-d2-w8");
    sandbox.succeed(&format!("run --method k-center --subset scenes-easy --ipc 1 --budget smoke {KIND}"));
    let bundle = records(&sandbox)[0].1["bundles"][0]["path"].as_str().unwrap().to_owned();
    (sandbox, format!("regimes results/{bundle} --teacher one --budget smoke --students 3 {KIND}"))
}

/// Every score is a record; a second call scores nothing, and steps and minibatches are equal in all rows but the full data on its own schedule.
#[test]
fn sets_and_controls_are_scored_once_and_at_equal_steps() {
    let (sandbox, command) = ready();
    let charts = "--format md --out table.md --charts charts";
    sandbox.succeed(&format!("{command} --without herding --plain {charts}"));
    let first = records(&sandbox);
    // One record of the run that made the set; set, random, full at S steps and full on its own schedule in four regimes.
    assert_eq!(first.len(), 1 + 16);
    let scored = first.iter().filter(|(path, _)| path.contains("regimes-sgd-"));
    for (path, record) in scored {
        let steps: Vec<u64> =
            record["students"].as_array().unwrap().iter().map(|student| student["steps"].as_u64().unwrap()).collect();
        assert_eq!(steps.len(), 3);
        if record["cell"]["method"] == "full" && record["cell"]["ipc"] == 0 {
            assert!(record["protocol"]["epoch_steps"].is_null(), "{path}");
        } else {
            assert_eq!((record["protocol"]["batch"].as_u64(), &steps[..]), (Some(10), &[21, 21, 21][..]), "{path}");
        }
        let asked = path.contains("-soft@1") || path.contains("-teacher@1");
        assert_eq!(record["cell"]["teacher"].is_string(), asked, "{path}");
    }
    let table = fs::read_to_string(sandbox.path().join("table.md")).unwrap();
    for words in ["k-center", "random", "full, S steps", "full, own schedule", "S = 21 steps of B = 10", "ARS"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains("not run"), "{table}");
    for chart in ["ranks", "saturation"] {
        let svg = fs::read_to_string(sandbox.path().join(format!("charts/regimes-sgd-{chart}-1.svg"))).unwrap();
        assert!(svg.starts_with("<svg"), "{chart}");
    }

    let (_, said) = texts(&sandbox.run(&format!("{command} --without herding --plain {charts}")));
    assert!(said.contains("the records exist"), "{said}");
    assert_eq!(records(&sandbox), first);
    assert_eq!(fs::read_to_string(sandbox.path().join("table.md")).unwrap(), table);
    sandbox.succeed("results validate");
    sandbox.succeed("leaderboard");
    sandbox.succeed("site --out site");
    let page = fs::read_to_string(sandbox.path().join("site/regimes.html")).unwrap();
    assert!(page.contains("full, own schedule") && page.contains("plots/ranks_regimes-sgd_ipc1_1.svg"), "{page}");

    // A row of another compute is named, by whatever hand it came.
    let (path, record) = first.iter().find(|(path, _)| path.contains("random_") && path.contains("-hard@1")).unwrap();
    let mut other = record.clone();
    other["students"][0]["steps"] = 999.into();
    fs::write(path, serde_json::to_string_pretty(&other).unwrap()).unwrap();
    let (_, said) = texts(&sandbox.run(&command));
    assert!(said.contains("999 steps of 10 images"), "{said}");
}

/// A stopped call keeps what is finished, and the next one ends with the records of a call that was left alone.
#[test]
fn a_stopped_call_goes_on() {
    let (sandbox, command) = ready();
    let command = format!("{command} --without herding,full,full-steps --protocol regimes-sgd");
    let mut child = sandbox.command(&command).stderr(std::process::Stdio::null()).spawn().unwrap();
    while records(&sandbox).len() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "the call ended before it could be stopped");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = records(&sandbox);
    assert!(kept.len() < 7, "nothing was left to do");
    sandbox.succeed(&command);
    let all = records(&sandbox);
    assert_eq!(all.len(), 7);
    assert!(kept.iter().all(|record| all.contains(record)));
    let whole = ready();
    whole.0.succeed(&command);
    let values = |records: Vec<(String, Value)>| records.into_iter().map(|(_, record)| record).collect::<Vec<_>>();
    assert_eq!(values(all), values(records(&whole.0)));
}

#[test]
fn what_cannot_share_a_table_is_refused() {
    let (sandbox, command) = ready();
    for (flags, expected) in [("--protocol no-kd", "no family of label regimes"), ("--teacher nobody", "nobody")] {
        let flags = if flags.starts_with("--teacher") {
            command.replace("--teacher one", flags)
        } else {
            format!("{command} {flags}")
        };
        let output = sandbox.run(&flags);
        let (_, said) = texts(&output);
        assert!(!output.status.success() && said.contains(expected), "{flags}: {said}");
    }
    let (_, said) =
        texts(&sandbox.run(&format!("run --method full --subset scenes-easy --ipc 1 {KIND} --budget smoke")));
    assert!(said.contains("trains on the whole training set"), "{said}");
    sandbox.succeed(&format!("run --method k-center --subset scenes-easy --ipc 1 --res 16 --budget smoke {KIND}"));
    let small = records(&sandbox).into_iter().find(|(path, _)| path.contains("_r16_")).unwrap().1;
    let small = small["bundles"][0]["path"].as_str().unwrap();
    let (_, said) = texts(&sandbox.run(&command.replacen("--teacher", &format!("results/{small} --teacher"), 1)));
    assert!(said.contains("as the first set is"), "{said}");
}
