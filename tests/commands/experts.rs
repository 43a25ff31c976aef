//! `compdd experts`: train, list, verify, import.

use std::{fmt::Write as _, path::Path};

use crate::support::{Sandbox, settings, texts};

const TRAIN: &str = "experts train --subset scenes-easy --res 16 --network convnet-d2-w8 --experts 2 --epochs 3 --train-per-class 4 --batch 16 --device cpu";

fn released(name: &str) -> String {
    format!("{}/tests/data/import/experts/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Snapshots without content addresses and durations.
fn stable() -> insta::Settings {
    let mut settings = settings();
    settings.add_filter("d2-(w8|w16)-[0-9a-f]{8}", "d2-$1-[HASH]");
    settings.add_filter("w2-imported-[0-9a-f]{8}", "w2-imported-[HASH]");
    settings.add_filter(r"\(\d+ s\)", "([TIME])");
    settings.add_filter(r" +[\d.]+ % \([\d.]+ to [\d.]+\)", "  [ACCURACY]");
    settings
}

#[test]
fn experts_are_trained_listed_and_verified() {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    let mut note = |arguments: &str| {
        let output = sandbox.run(arguments);
        let (out, err) = texts(&output);
        writeln!(text, "$ compdd {arguments}\n{out}{err}").unwrap();
        assert!(output.status.success(), "compdd {arguments}\n{out}{err}");
    };
    note(TRAIN);
    note(TRAIN);
    note(
        &TRAIN
            .replace("--experts 2", "--experts 3 --keep 0-1,3 --optimizer gsam --precision bf16")
            .replace("d2-w8", "d2-w16"),
    );
    let import = format!(
        "experts import {} --subset scenes-easy --res 8 --network convnet-d1-w2",
        released("replay_buffer_0.pt")
    );
    note(&import);
    note("experts list");
    note("experts verify");
    note("experts verify --deep --train-per-class 4 --device cpu");
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[REPOSITORY]");
    stable().bind(|| insta::assert_snapshot!("experts", text));
}

fn trained() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.succeed(TRAIN);
    sandbox
}

/// The buffer of `trained`.
fn buffer(sandbox: &Sandbox) -> std::path::PathBuf {
    std::fs::read_dir(sandbox.path().join("results/experts")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn damage_is_found() {
    let sandbox = trained();
    let file = buffer(&sandbox).join("expert-0001.safetensors");
    let whole = std::fs::read(&file).unwrap();
    let mut text = String::new();
    let mut damage = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let output = sandbox.run("experts verify");
        assert!(!output.status.success());
        let (out, err) = texts(&output);
        writeln!(text, "{out}{err}").unwrap();
    };
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    damage(&flipped);
    damage(&whole[..whole.len() - 1]);
    damage(b"");
    let mut settings = stable();
    settings.add_filter("[0-9a-f]{64}", "[HASH]");
    settings.bind(|| insta::assert_snapshot!("experts_damage", text));
    std::fs::remove_file(&file).unwrap();
    sandbox.succeed(TRAIN);
    assert_eq!(std::fs::read(&file).unwrap(), whole, "a deleted expert comes back as it was");
}

#[test]
fn bad_input_is_named() {
    let mut text = String::new();
    let train = |flags: &str| format!("{TRAIN} {flags}");
    let import = |file: &str| format!("experts import {file} --subset scenes-easy --res 8 --network convnet-d1-w2");
    let cases = [
        ("no subset of that name", train("").replace("scenes-easy", "scenes-eazy")),
        ("no network of that name", train("").replace("convnet-d2-w8", "convnet-d9")),
        ("network with running statistics", train("").replace("convnet-d2-w8", "convnet-d2-w8-bn")),
        ("no experts", train("").replace("--experts 2", "--experts 0")),
        ("no epochs", train("").replace("--epochs 3", "--epochs 0")),
        ("epochs to keep after the end", train("--keep 0-4")),
        ("epochs to keep in no order", train("--keep 3-0")),
        ("no optimiser of that name", train("--optimizer adam")),
        ("negative radius", train("--optimizer gsam --rho=-1")),
        ("rate that is no rate", train("--learning-rate 0")),
        ("share above one", train("--share 1.5")),
        ("precision unknown", train("--precision f16")),
        ("diverging", train("--learning-rate 10").replace("convnet-d2-w8", "mlp")),
        ("radius without gsam", train("--rho 0.1")),
        ("no such file to import", import("nothing.pt")),
        ("a tensor to import", import(&released("../edf/images_best.pt"))),
        ("another network to import", import(&released("other_network.pt"))),
        ("values that are no numbers to import", import(&released("not_a_number.pt"))),
        ("a folder that is no buffer", "experts verify .".to_owned()),
    ];
    for (name, arguments) in cases {
        let sandbox = Sandbox::new();
        let output = sandbox.run(&arguments);
        let (out, err) = texts(&output);
        assert!(!output.status.success(), "{name}: `compdd {arguments}` succeeded");
        assert!(!err.contains("panicked"), "{name}: {err}");
        let own = |path: &Path| path.display().to_string();
        let err = err.replace(&own(sandbox.path()), "[DIR]");
        writeln!(text, "## {name}\n$ compdd {arguments}\n{out}{}\n", err.trim_end()).unwrap();
    }
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[REPOSITORY]");
    stable().bind(|| insta::assert_snapshot!("experts_bad_input", text));
}

/// Imported experts are used as they are, and the record says so.
#[test]
fn imported_experts_lead_a_run() {
    let sandbox = Sandbox::new();
    let buffer = sandbox.succeed(&format!(
        "experts import {} --subset scenes-easy --res 8 --network convnet-d1-w2",
        released("replay_buffer_0.pt")
    ));
    let buffer = buffer.lines().next().unwrap().trim();
    let run = |more: &str| {
        sandbox.run(&format!(
            "run --method mtt --subset scenes-easy --ipc 1 --budget smoke --res 8 --network convnet-d1-w2 --train-per-class 4 --seeds 1 \
             --experts {buffer} --set max_start=1 {more} --device cpu"
        ))
    };
    let (_, err) = texts(&run("--set expert_epochs=90"));
    assert!(err.contains("90"), "the missing epoch is named: {err}");
    let output = run("--set expert_epochs=2");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("the experts were given"), "{out}");
    let (_, err) = texts(
        &sandbox.run(&format!("run --method random --subset scenes-easy --ipc 1 --budget smoke --experts {buffer}")),
    );
    assert!(err.contains("--experts") && err.contains("matches no experts"), "{err}");
}
