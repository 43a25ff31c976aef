//! `compdd teacher`: train, import, list, show, verify.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use crate::support::{Sandbox, settings, texts};

const TRAIN: &str = "teacher train --subset scenes-easy --res 16 --network convnet-d2-w8 --epochs 3 --train-per-class 10 --batch 16 --device cpu";

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Snapshots without content addresses, durations and accuracies.
fn stable() -> insta::Settings {
    let mut settings = settings();
    settings.add_filter("-(easy|imported)-[0-9a-f]{8}", "-$1-[HASH]");
    settings.add_filter(r"\[HASH\][0-9a-f]{56}", "[HASH]");
    settings.add_filter(r"kept( +)after epoch \d+", "kept${1}after epoch [EPOCH]");
    settings.add_filter("found [0-9a-f]{64}", "found [HASH]");
    settings.add_filter(r"space [0-9a-f]{8}", "space [HASH]");
    settings.add_filter(r"\(\d+ s\)", "([TIME])");
    settings.add_filter(r"[\d.]+ %", "[SHARE] %");
    settings.add_filter(r"last epoch [\d.]+", "last epoch [LOSS]");
    settings.add_filter(r"compdd \d+\.\d+\.\d+", "compdd [VERSION]");
    settings
}

/// The only teacher of a sandbox.
fn teacher(sandbox: &Sandbox) -> PathBuf {
    fs::read_dir(sandbox.path().join("results/teachers")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn teachers_are_trained_imported_listed_shown_and_verified() {
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
    note(&format!("{TRAIN} --name best --keep best --optimizer adamw --learning-rate 0.001 --augment flip"));
    note("teacher show best");
    note(
        "teacher import results/teachers/best/params.safetensors --network convnet-d2-w8 --subset scenes-easy --res 16 \
         --check scenes-easy --force --name again --device cpu",
    );
    note("teacher show results/teachers/again");
    note("teacher list");
    note("teacher verify");
    note("teacher verify best");
    stable().bind(|| insta::assert_snapshot!("teacher", text));
}

#[test]
fn damage_is_found() {
    let sandbox = Sandbox::new();
    sandbox.succeed(TRAIN);
    let folder = teacher(&sandbox);
    let file = folder.join("params.safetensors");
    let whole = fs::read(&file).unwrap();
    let mut text = String::new();
    let mut damage = |file: &Path, bytes: &[u8]| {
        fs::write(file, bytes).unwrap();
        let output = sandbox.run("teacher verify");
        assert!(!output.status.success());
        let (out, err) = texts(&output);
        writeln!(text, "{out}{err}").unwrap();
    };
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    damage(&file, &flipped);
    damage(&file, &whole[..whole.len() - 1]);
    fs::write(&file, &whole).unwrap();
    damage(&folder.join("card.json"), b"{\"format\": \"compdd-teacher\", \"version\": 1}");
    stable().bind(|| insta::assert_snapshot!("teacher_damage", text));
    fs::remove_dir_all(&folder).unwrap();
    sandbox.succeed(TRAIN);
    assert_eq!(fs::read(&file).unwrap(), whole, "a deleted teacher comes back as it was");
}

#[test]
fn bad_input_is_named() {
    let mut text = String::new();
    let train = |flags: &str| format!("{TRAIN} {flags}");
    let import = |file: &str, network: &str| format!("teacher import {file} --network {network} --subset scenes-easy");
    let cases = [
        ("no subset of that name", train("").replace("scenes-easy", "scenes-eazy")),
        ("no network of that name", train("").replace("convnet-d2-w8", "resnet99")),
        ("no epochs", train("").replace("--epochs 3", "--epochs 0")),
        ("rate that is no rate", train("--learning-rate 0")),
        ("momentum that never ends", train("--momentum 1")),
        ("nothing to choose on", train("--keep best --heldout 0")),
        ("everything held out", train("--heldout 0.9")),
        ("a name that is a path", train("--name ../teacher")),
        ("augmentation unknown", train("--augment flop")),
        ("diverging", train("--learning-rate 10 --augment none").replace("convnet-d2-w8", "mlp")),
        ("no such file to import", import("nothing.pth", "resnet18")),
        ("a file of another kind", import("config.toml", "resnet18")),
        ("another number of classes", import(&fixture("torchvision_resnet50.pth"), "resnet50-imagenet-bn-w2")),
        ("another network", import(&fixture("torchvision_resnet18.pth"), "vgg11")),
        ("a folder that is no teacher", "teacher show .".to_owned()),
        ("no teacher of that name", "teacher verify mine".to_owned()),
    ];
    for (name, arguments) in cases {
        let sandbox = Sandbox::new();
        let output = sandbox.run(&arguments);
        let (out, err) = texts(&output);
        assert!(!output.status.success(), "{name}: `compdd {arguments}` succeeded");
        assert!(!err.contains("panicked"), "{name}: {err}");
        let err = err.replace(&sandbox.path().display().to_string(), "[DIR]");
        writeln!(text, "## {name}\n$ compdd {arguments}\n{out}{}\n", err.trim_end()).unwrap();
    }
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[REPOSITORY]");
    stable().bind(|| insta::assert_snapshot!("teacher_bad_input", text));
}

/// A training that is killed again and again, without warning, ends with the bytes of one that was left alone.
#[test]
fn kills_change_nothing() {
    let command = format!(
        "{} --network convnet-d2-w8-bn --keep best --checkpoint-seconds 0 --name killed",
        TRAIN
            .replace(" --network convnet-d2-w8", "")
            .replace("--epochs 3", "--epochs 8")
            .replace("10 --batch", "30 --batch")
    );
    let (alone, killed) = (Sandbox::new(), Sandbox::new());
    alone.succeed(&command);
    let mut kills = 0;
    for milliseconds in [60, 120, 200, 300, 450] {
        let mut child = killed.command(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "no kill hit a running process");
    killed.succeed(&command);
    for file in ["card.json", "params.safetensors"] {
        let read = |sandbox: &Sandbox| fs::read(teacher(sandbox).join(file)).unwrap();
        assert_eq!(read(&killed), read(&alone), "{file}");
    }
    assert_eq!(fs::read_dir(killed.path().join("results/teachers")).unwrap().count(), 1, "nothing unfinished is left");
}
