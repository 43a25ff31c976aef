//! The command line as shells, manuals, pipes and other programs meet it.

use std::{io::Read as _, path::Path, process::Stdio};

use serde_json::Value;

use super::support::{Sandbox, texts};

#[test]
fn completions_know_the_names_of_methods_subsets_networks_and_protocols() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = sandbox.succeed(&format!("completions {shell}"));
        assert!(script.contains("leaderboard") && script.contains("eval-networks"), "{shell}");
        // PowerShell's generator of clap completes no values.
        let names: &[&str] = if shell == "powershell" { &[] } else { &["datadam", "bird-hard", "resnet18", "kd-rded"] };
        for name in names {
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
}

/// Examples that need nothing but the binary are run as a reader would run them.
#[test]
#[cfg(unix)]
fn examples_run_as_they_are() {
    let sandbox = Sandbox::new();
    let listed = sandbox.succeed("example");
    for name in ["first-run", "suite"] {
        assert!(listed.contains(name));
        sandbox.succeed(&format!("example {name} --write {name}"));
        let folder = sandbox.path().join(name);
        let places = std::env::join_paths([
            Path::new(env!("CARGO_BIN_EXE_compdd")).parent().unwrap(),
            Path::new("/usr/bin"),
            Path::new("/bin"),
        ]);
        let mut shell = std::process::Command::new("sh");
        shell.arg("run.sh").current_dir(&folder).env("PATH", places.unwrap()).env("COMPDD_CACHE", "cache");
        let out = shell.env("COMPDD_CONFIG", "../config.toml").env_remove("COMPDD_RESULTS").output().unwrap();
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(said.contains("random") && said.contains("dm"), "{name}: {said}");
    }
    let again = texts(&sandbox.run("example suite --write suite")).1;
    assert!(again.contains("suite/run.sh is there already"), "{again}");
    assert!(sandbox.succeed("example own-method").contains("compdd import ours.npz"));
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    sandbox.succeed("man pages");
    for page in ["compdd.1", "compdd-run.1", "compdd-protocol-show.1"] {
        let text = std::fs::read_to_string(sandbox.path().join("pages").join(page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn colours_are_shown_when_they_are_asked_for() {
    let sandbox = Sandbox::new();
    let colours = |arguments: &str| texts(&sandbox.run(arguments)).1.contains('\x1b');
    assert!(colours("--color always run --nonsense") && colours("run --nonsense --color=always"));
    assert!(!colours("run --nonsense") && !colours("--color never run --nonsense"));
}

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let sandbox = Sandbox::new();
    for arguments in ["completions bash", "subset show imagenet-1k"] {
        let mut child = sandbox.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success() && said.is_empty(), "{arguments}: {said}");
    }
}

#[test]
fn settings_of_a_protocol_and_records_are_json_for_other_programs() {
    let sandbox = Sandbox::new();
    let settings: Value = serde_json::from_str(&sandbox.succeed("protocol show no-kd --budget smoke")).unwrap();
    assert_eq!((settings["id"].as_str(), settings["scoring"]["epochs"].as_u64()), (Some("no-kd@1"), Some(20)));
    assert_eq!(sandbox.succeed("protocol list").lines().next().unwrap().split_whitespace().next(), Some("protocol"));
    let refused = texts(&sandbox.run("protocol show no-kdd")).1;
    assert!(refused.contains("use one of: no-kd, "), "{refused}");
    let run = "run --method random --subset scenes-easy --ipc 1 --res 16 --network convnet-d2-w8 --train-per-class 2 --budget smoke --json";
    let said = sandbox.succeed(run);
    let record: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((record["format"].as_str(), said.lines().count()), (Some("compdd-record"), 1));
    let rated = |network: &str| {
        let bundle = record["bundles"][0]["path"].as_str().unwrap();
        let shown = sandbox.succeed(&format!("protocol show kd-rded --bundle results/{bundle} --network {network}"));
        serde_json::from_str::<Value>(&shown).unwrap()["scoring"]["learning_rate"].as_f64().unwrap()
    };
    assert!((rated("convnet-d3") - 1e-3).abs() < 1e-9 && (rated("alexnet") - 1e-4).abs() < 1e-9);
}
