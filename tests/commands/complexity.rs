//! Scores of a data set, lists made of them, and kills in between.

use std::{
    fmt::Write as _,
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::support::{Sandbox, settings, texts};

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
    reference.teacher();
    let begin = Instant::now();
    reference.succeed(SCORE);
    let whole = begin.elapsed();
    let expected = fs::read(reference.path().join("scores.parquet")).unwrap();

    let killed = Sandbox::new();
    killed.teacher();
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
    // A kill may have come after the file was written: then nothing is left to do but to tidy up.
    let last = killed.run(SCORE);
    let (_, err) = texts(&last);
    assert!(last.status.success() || err.contains("scores.parquet exists already"), "{err}");
    assert!(fs::read(killed.path().join("scores.parquet")).unwrap() == expected, "other bytes after {kills} kills");
    let left: Vec<_> = fs::read_dir(killed.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("scores.parquet.")), "{left:?}");
}

#[test]
fn from_scores_to_lists_and_a_subset() {
    let sandbox = Sandbox::new();
    sandbox.teacher();
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

#[test]
fn a_teacher_is_held_against_the_truth_and_files_against_each_other() {
    let sandbox = Sandbox::new();
    sandbox.teacher();
    let table = sandbox.succeed(
        "complexity truth --teacher own --test-per-class 2 --untrained 1 --cam grad-cam --csv truth.csv --device cpu",
    );
    let csv = fs::read_to_string(sandbox.path().join("truth.csv")).unwrap();
    // The teacher and one network without training, at every map.
    assert_eq!(csv.lines().count(), 1 + 2 * (table.lines().count() - 1), "{table}{csv}");
    assert!(table.contains("relu0  grad-cam") && table.contains("feat1  grad-cam"), "{table}");

    for (name, layer) in [("one", "feat0"), ("two", "feat1")] {
        let score =
            SCORE.replace("--per-class 120", "--per-class 5").replace("scores.parquet", &format!("{name}.parquet"));
        sandbox.succeed(&score.replace("--layer feat0", &format!("--layer {layer}")));
    }
    let table = sandbox.succeed("complexity agree one.parquet two.parquet one.parquet");
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[2][..7], ["one", "one", "10", "1.00", "1.00", "50", "1.00"], "{table}");
    assert_eq!((lines[1][0], lines[1][1], lines[3][0]), ("one", "two", "two"));
}

#[test]
fn bad_input_is_named() {
    let sandbox = Sandbox::new();
    sandbox.teacher();
    let score = SCORE.replace("--per-class 120", "--per-class 1");
    sandbox.succeed(&score);
    let whole = fs::read(sandbox.path().join("scores.parquet")).unwrap();
    sandbox.file("short.parquet", &whole[..whole.len() / 2]);
    sandbox.succeed("data make-scenes images --pass-for imagenette --res 32 --per-class 1 --test-per-class 1");
    sandbox.succeed("teacher train --subset imagenette --res 32 --data images --network convnet-d2-w8 --epochs 1 --name nette --heldout 0 --device cpu");
    let before = fs::read_dir(sandbox.path()).unwrap().count();
    let mut text = String::new();
    for arguments in [
        "complexity score --teacher nobody --subset scenes-easy --out new.parquet",
        "complexity score --teacher own --subset cifar10 --data images --out new.parquet",
        "complexity score --teacher own --subset imagenette --data images --out new.parquet",
        "complexity score --teacher own --subset scenes-easy --out scores.parquet",
        "complexity score --teacher own --subset scenes-easy --layer layer4 --out new.parquet",
        "complexity score --teacher own --subset scenes-easy --threshold 0.5,2 --out new.parquet",
        "complexity score --teacher own --subset scenes-easy --cam rise --out new.parquet",
        "complexity score --teacher own --out new.parquet",
        "complexity show short.parquet",
        "complexity show own.safetensors",
        "complexity show scores.parquet --threshold 0.3",
        "complexity agree scores.parquet",
        "complexity agree scores.parquet short.parquet",
        "complexity agree scores.parquet scores.parquet --threshold 0.3",
        "complexity truth --teacher nette --test-per-class 1",
        "subset build --scores scores.parquet --out lists.toml",
    ] {
        let output = sandbox.run(arguments);
        let (_, message) = texts(&output);
        assert!(!output.status.success() && !message.contains("panicked"), "compdd {arguments}\n{message}");
        writeln!(text, "$ compdd {arguments}\n{}\n", message.trim_end()).unwrap();
    }
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), before, "something was written");
    settings().bind(|| insta::assert_snapshot!("complexity_bad_input", text));
}
