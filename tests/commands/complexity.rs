//! Scores of a data set, lists made of them, and kills in between.

use std::{
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use compdd::{device::DeviceChoice, nn::NetworkSpec};

use crate::support::{Sandbox, texts};

/// Takes in a small untrained network as the teacher `own`.
fn network(sandbox: &Sandbox) {
    let network = NetworkSpec::parse("convnet-d2-w16").unwrap().build(3, 32, 10).unwrap();
    let params = network.init(0, &DeviceChoice::Cpu.open().unwrap().device);
    params.save(&sandbox.path().join("own.safetensors")).unwrap();
    sandbox.succeed("teacher import own.safetensors --network convnet-d2-w16 --subset scenes-easy --name own");
}

const SCORE: &str = "complexity score --teacher own --subset scenes-hard --per-class 120 --cam smooth-grad-cam++ --layer feat0 --device cpu --out scores.parquet";

/// Ends a process: by the signal of ctrl-c, which it may answer, or without asking.
fn end(child: &mut Child, politely: bool) {
    #[cfg(unix)]
    if politely {
        // SAFETY: sends a signal to a child that was not waited for yet.
        unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) };
        child.wait().unwrap();
        return;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every attempt has another number of threads.
#[test]
fn killed_scores_end_with_the_same_bytes() {
    let reference = Sandbox::new();
    network(&reference);
    let begin = Instant::now();
    reference.succeed(SCORE);
    let whole = begin.elapsed();
    let expected = fs::read(reference.path().join("scores.parquet")).unwrap();

    let killed = Sandbox::new();
    network(&killed);
    let mut kills = 0;
    for (share, threads, politely) in [(30, "1", false), (60, "3", true), (15, "2", true), (45, "5", false)] {
        let mut command = killed.command(SCORE);
        command.env("RAYON_NUM_THREADS", threads).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(share) / 100.0).max(Duration::from_millis(20)));
        kills += usize::from(child.try_wait().unwrap().is_none());
        end(&mut child, politely);
    }
    assert!(kills > 0, "no kill hit a running process");
    if !killed.path().join("scores.parquet").exists() {
        killed.succeed(SCORE);
    }
    assert!(fs::read(killed.path().join("scores.parquet")).unwrap() == expected, "other bytes after {kills} kills");
    let left: Vec<_> = fs::read_dir(killed.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("scores.parquet.")), "{left:?}");
}

#[test]
fn from_scores_to_lists_and_a_subset() {
    let sandbox = Sandbox::new();
    network(&sandbox);
    sandbox.succeed(&SCORE.replace("--per-class 120", "--per-class 5"));
    assert!(sandbox.succeed("complexity show scores.parquet --csv classes.csv").contains("complexity % at 0.5"));
    let csv = fs::read_to_string(sandbox.path().join("classes.csv")).unwrap();
    assert_eq!(csv.lines().count(), 11);
    assert!(csv.starts_with("synset,label,images,accuracy,complexity_0.1,standard_error_0.1,"), "{csv}");
    sandbox.file("categories.toml", "[scene]\nsubsets = [\"scenes-easy\"]\n");
    let build = "subset build --scores scores.parquet --categories categories.toml --per 3 --out lists.toml";
    assert!(sandbox.succeed(build).contains("scene-hard@"));
    assert!(sandbox.succeed("subset show lists.toml#scene-hard").lines().count() == 4);
    assert!(sandbox.succeed("subset diff lists.toml lists.toml").contains("1.00"));
    let (_, message) = texts(&sandbox.run(build));
    assert!(message.contains("lists.toml exists already"), "{message}");
    let (_, message) = texts(&sandbox.run(&format!("{build} --force --fixed")));
    assert!(message.contains("there is no category `music`"), "{message}");
    let (_, message) = texts(&sandbox.run("subset diff lists.toml published"));
    assert!(message.contains("no category in common"), "{message}");
    let (_, message) = texts(&sandbox.run("subset show lists.toml"));
    assert!(message.contains("which list of lists.toml? It has scene-easy, scene-hard"), "{message}");
}
