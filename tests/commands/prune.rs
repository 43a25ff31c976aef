//! `compdd prune` and `--prune`: scores, what is kept of them, and the runs, experts and teachers that see the rest.

use std::path::PathBuf;

use crate::support::{Sandbox, records, texts};

const SCORE: &str = "prune score --subset scenes-easy --res 16 --network convnet-d2-w8 --train-per-class 8 --trials 1 --epochs 2 --batch 16 --device cpu";
const RUN: &str = "run --method random --subset scenes-easy --ipc 1 --res 16 --network convnet-d2-w8 --train-per-class 8 --budget smoke --seeds 1 --device cpu";

fn files(sandbox: &Sandbox, folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.path().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn scores_are_made_once_shown_and_compared() {
    let sandbox = Sandbox::new();
    let first = sandbox.succeed(SCORE);
    for criterion in ["loss", "loss-initial", "el2n", "forgetting", "margin"] {
        assert!(first.contains(criterion), "{first}");
    }
    assert_eq!(sandbox.succeed(&SCORE.replace("score", "score --criterion el2n")), first, "one training gives both");
    let scores = files(&sandbox, "results/scores");
    let [file] = &scores[..] else { panic!("{scores:?}") };
    let file = file.display();
    assert_eq!(sandbox.succeed(&format!("prune show {file}")), first);
    let shares = sandbox.succeed(&format!("prune show {file} --prune loss:0.75"));
    assert_eq!(shares.lines().count(), 11, "{shares}");
    assert!(shares.lines().skip(1).all(|line| line.split_whitespace().any(|word| word == "2")), "{shares}");
    sandbox.succeed(&SCORE.replace("score", "score --criterion craig"));
    let craig =
        files(&sandbox, "results/scores").into_iter().find(|path| path.to_string_lossy().contains("craig")).unwrap();
    let agree = sandbox.succeed(&format!("prune agree {file} {} --removed 0.5", craig.display()));
    assert_eq!(agree.lines().count(), 1 + 11 * 10 / 2, "{agree}");
}

#[test]
fn a_run_sees_what_is_kept_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.succeed(RUN);
    sandbox.succeed(&format!("{RUN} --prune loss:0"));
    let plain = records(&sandbox);
    assert_eq!(plain.len(), 1, "a share of nothing is no pruning");
    assert!(plain[0].1["cell"].get("pruning").is_none() && !sandbox.path().join("results/scores").exists());

    sandbox.succeed(&format!("{RUN} --prune loss:0.5"));
    sandbox.succeed(&format!("{RUN} --prune loss:0.5:low"));
    let all = records(&sandbox);
    assert_eq!(all.len(), 3);
    let pruned: Vec<_> = all.iter().filter(|(path, _)| path.contains("_smoke_pruned_")).collect();
    assert_eq!(pruned.len(), 2);
    for (_, record) in &pruned {
        let pruning = &record["cell"]["pruning"];
        assert_eq!(pruning["images"], 40);
        assert_eq!(record["cell"]["data_hash"], plain[0].1["cell"]["data_hash"], "it compares with the unpruned one");
        let bundle = sandbox.path().join("results").join(record["bundles"][0]["path"].as_str().unwrap());
        let manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(bundle.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["provenance"]["pruning"], *pruning);
    }
    assert_ne!(pruned[0].1["cell"]["pruning"]["kept"], pruned[1].1["cell"]["pruning"]["kept"]);
    assert_eq!(files(&sandbox, "results/scores").len(), 1, "both sides share the scores");
    sandbox.succeed("results validate");
}

/// The same images are kept for experts, teachers and distillation: experts that were trained beforehand are found by the run.
#[test]
fn experts_and_teachers_see_what_is_kept() {
    let sandbox = Sandbox::new();
    let common = "--subset scenes-easy --res 16 --network convnet-d2-w8 --train-per-class 8 --device cpu";
    let rule = "--prune random:0.5";
    sandbox.succeed(&format!("experts train {common} --experts 1 --epochs 1 --batch 16"));
    sandbox.succeed(&format!("experts train {common} --experts 1 --epochs 1 --batch 16 {rule}"));
    assert_eq!(files(&sandbox, "results/experts").len(), 2, "they have addresses of their own");
    let output = sandbox.run(&format!("teacher train {common} --epochs 1 --batch 16 {rule}"));
    let (_, err) = texts(&output);
    assert!(output.status.success() && err.contains("40 of 70 training images are kept"), "{err}");
}

#[test]
fn mistakes_are_named() {
    let sandbox = Sandbox::new();
    for (arguments, words) in [
        (format!("{RUN} --prune lss:0.5"), ["lss", "loss-initial"]),
        (format!("{RUN} --prune loss:1.5"), ["1.5", "below 1"]),
        (format!("{RUN} --prune loss:0.5..0.2"), ["0.5..0.2", "0.9..1"]),
        (format!("{RUN} --prune complexity:0.5"), ["complexity", "--prune-scores"]),
        (format!("{RUN} --prune loss:0.5 --prune-scores nowhere.parquet"), ["nowhere.parquet", "read"]),
        (format!("{SCORE} --criterion glister"), ["glister", "--removed"]),
        (format!("{SCORE} --criterion random"), ["random", "--seed"]),
        (SCORE.replace("--trials 1", "--trials 0"), ["trials", "1 or more"]),
    ] {
        let output = sandbox.run(&arguments);
        let (out, err) = texts(&output);
        assert!(!output.status.success() && words.iter().all(|word| err.contains(word)), "{arguments}\n{out}{err}");
    }
}

/// The same method at several shares as a suite, and what may be removed.
#[test]
fn a_suite_of_shares_says_what_is_harmless() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "shares.toml",
        r#"
name = "shares"
summary = "for tests"

[[matrix]]
group = "shares"
method = "random"
subset = "scenes-easy"
ipc = 1
network = "convnet-d2-w8"
budget = "smoke"
resolution = 16
students = 1
train_per_class = 8
seed = [0, 1]
prune = ["loss:0", "loss:0.5", "random:0.5", "loss:0.5..1"]
"#,
    );
    sandbox.succeed("suite run shares.toml --devices cpu --processes 2");
    let kept = records(&sandbox);
    assert_eq!(kept.len(), 8);
    sandbox.succeed("suite run shares.toml --devices cpu");
    assert_eq!(records(&sandbox).len(), 8);
    sandbox.succeed(&format!("{RUN} --prune loss:0.5 --seed 1"));
    assert_eq!(records(&sandbox).len(), 8, "a run of the same flags has the same address");
    let table = sandbox.succeed("prune harmless --method random --budget smoke --chart curve.svg");
    for words in ["loss:high", "random:high", "loss:0.5..1", "n counts sets"] {
        assert!(table.contains(words), "{table}");
    }
    assert!(sandbox.path().join("curve.svg").is_file());
}

#[test]
fn scores_are_drawn_and_cut_into_strata() {
    let sandbox = Sandbox::new();
    sandbox.succeed(SCORE);
    let file = files(&sandbox, "results/scores").remove(0);
    let file = file.display();
    sandbox.succeed(&format!("prune plot {file} --prune loss:0.75 --out order.svg"));
    let images = "--train-per-class 8 --strata 4 --images 10 --out strata.png";
    let table = sandbox.succeed(&format!("prune strata {file} {images}"));
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("loss:0.25..0.5"), "{table}");
    assert!(sandbox.path().join("order.svg").is_file() && sandbox.path().join("strata.png").is_file());
    let (_, err) = texts(&sandbox.run(&format!("prune strata {file} --train-per-class 9 --out other.png")));
    assert!(err.contains("other training images") && !sandbox.path().join("other.png").exists(), "{err}");
}

#[test]
fn effects_are_held_against_leaving_out() {
    let sandbox = Sandbox::new();
    let common =
        "--subset scenes-easy --res 16 --network convnet-d2-w8 --train-per-class 8 --ipc 2 --batch 8 --batches 3";
    for method in ["dc", "dm"] {
        let table = sandbox.succeed(&format!("prune effects {common} --method {method} --device cpu"));
        assert_eq!(table.lines().count(), 5, "{table}");
        let norm = table.lines().find(|line| line.starts_with("norm")).unwrap();
        let error: f64 = norm.split_whitespace().last().unwrap().parse().unwrap();
        assert!(if method == "dm" { error < 0.5 } else { error < 25.0 }, "{table}");
    }
    let (_, err) = texts(&sandbox.run(&format!("prune effects {} --device cpu", common.replace("--ipc 2", "--ipc 9"))));
    assert!(err.contains("8 training images") && err.contains('9'), "{err}");
}
