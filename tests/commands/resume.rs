//! A run that is killed again and again ends with the same bytes as one that was left alone.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::support::Sandbox;

const RUN: &str = "run --method herding --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 \
                   --eval-networks mlp --train-per-class 30 --seeds 2 --set feature_epochs=6 --checkpoint-seconds 0 --device cpu";

/// Two experts, six iterations with maps that are renewed in between.
const MATCHING: &str = "run --method edf --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 \
                        --train-per-class 30 --seeds 1 --set expert_share=1.0 --set iterations=5 --set expert_learning_rate=0.05 \
                        --set init=real --checkpoint-seconds 0 --device cpu";

/// A feature network, real images chosen by it, six networks to match on, and the images scored on the way.
const FEATURES: &str = "run --method datadam --subset scenes-easy --ipc 2 --budget smoke --res 16 --network convnet-d2-w8 \
                        --train-per-class 30 --seeds 1 --set init=k-center --set feature_epochs=3 --set iterations=6 \
                        --curve 0,5 --checkpoint-seconds 0 --device cpu";

/// Two networks, each matched three times and trained in between.
const GRADIENTS: &str = "run --method dsa --subset scenes-easy --ipc 2 --budget smoke --res 16 --network convnet-d2-w8 \
                         --train-per-class 30 --seeds 1 --set iterations=2 --set outer_steps=3 --set inner_epochs=2 \
                         --checkpoint-seconds 0 --device cpu";

/// Everything that must not depend on interruptions: bundles, records and expert buffers, by path below `results/`.
fn results(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let root = sandbox.path().join("results");
    let mut files = BTreeMap::new();
    for folder in ["bundles", "records", "experts", "curves"].map(|name| root.join(name)) {
        if folder.is_dir() {
            collect(&root, &folder, &mut files);
        }
    }
    files.retain(|name, _| !name.ends_with(".timing.json") && !name.ends_with(".log.jsonl"));
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
        }
    }
}

fn spawn(sandbox: &Sandbox, command: &str) -> Child {
    sandbox.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn ten_kills_change_nothing() {
    survives(RUN, 5);
}

#[test]
fn ten_kills_in_experts_and_iterations_change_nothing() {
    survives(MATCHING, 7);
}

#[test]
fn ten_kills_in_matching_change_nothing() {
    survives(FEATURES, 5);
    survives(GRADIENTS, 4);
}

/// Kills a run ten times at different moments and compares with one that was left alone, which makes at least `files`
/// files.
fn survives(command: &str, files: usize) {
    let reference = Sandbox::new();
    let begin = Instant::now();
    reference.succeed(command);
    let whole = begin.elapsed();
    let expected = results(&reference);
    assert!(expected.len() >= files, "{:?}", expected.keys());

    let killed = Sandbox::new();
    let mut kills = 0;
    for share in [5, 60, 15, 80, 30, 45, 70, 10, 95, 55] {
        let mut child = spawn(&killed, command);
        std::thread::sleep(whole.mul_f64(f64::from(share) / 100.0).max(Duration::from_millis(20)));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "no kill hit a running process");
    killed.succeed(command);
    assert_eq!(results(&killed).keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in results(&killed) {
        assert!(expected[&name] == bytes, "{name} differs after {kills} kills");
    }
    assert!(
        !killed.path().join("results/unfinished").read_dir().is_ok_and(|mut left| left.next().is_some()),
        "work was left behind"
    );
}

/// A kill between the set and what is said of its making, whichever comes first: neither is lost, and a set that was to be replaced is.
#[test]
fn a_kill_beside_the_set_changes_nothing() {
    let reference = Sandbox::new();
    reference.succeed(FEATURES);
    for force in ["", " --force"] {
        let killed = Sandbox::new();
        if !force.is_empty() {
            killed.succeed(FEATURES);
        }
        let command = &format!("{FEATURES}{force}");
        let appears = || {
            let names = || walkdir::WalkDir::new(killed.path().join("results")).into_iter().flatten();
            names().any(|entry| entry.file_name() == "made-0")
                || force.is_empty() && results(&killed).keys().any(|name| name.starts_with("bundles/datadam"))
        };
        let mut child = spawn(&killed, command);
        while !appears() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed.succeed(command);
        assert!(results(&killed) == results(&reference), "{force}");
    }
}

/// The first SIGINT saves and stops with code 130, the same command continues.
#[cfg(unix)]
#[test]
fn an_interrupt_saves_and_says_so() {
    // As many epochs as it takes to be in the middle of them when the signal comes.
    let run = &RUN.replace("feature_epochs=6", "feature_epochs=60");
    let reference = Sandbox::new();
    reference.succeed(run);

    let sandbox = Sandbox::new();
    let mut child = spawn(&sandbox, run);
    while !has_begun(&sandbox) && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: sends a signal to our own child.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(results(&sandbox).keys().all(|name| !name.starts_with("records")), "it had finished before");
    sandbox.succeed(run);
    assert!(results(&sandbox) == results(&reference));
}

/// Whether a run has opened its log: it answers signals before it begins to work.
fn has_begun(sandbox: &Sandbox) -> bool {
    sandbox.path().join("results/logs").read_dir().is_ok_and(|mut logs| logs.next().is_some())
}

/// A finished cell is not computed again, unless asked for.
#[test]
fn a_finished_cell_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.succeed(RUN);
    let stamps = |sandbox: &Sandbox| {
        let record = results(sandbox).into_keys().find(|name| name.starts_with("records")).unwrap();
        fs::metadata(sandbox.path().join("results").join(record)).unwrap().modified().unwrap()
    };
    let before = stamps(&sandbox);
    let again = sandbox.succeed(RUN);
    assert!(again.contains("herding"), "the row is shown again: {again}");
    assert_eq!(stamps(&sandbox), before);
    sandbox.succeed(&format!("{RUN} --force"));
    assert_ne!(stamps(&sandbox), before);
}
