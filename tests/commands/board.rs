//! Leaderboards and submissions as a person makes them.

use std::{fmt::Write as _, fs};

use compdd::record::{Accuracy, Record, Summary};

use crate::support::{Sandbox, settings, texts};

const SCENES: &str = "--subset scenes-easy --ipc 1 --res 16 --network convnet-d2-w8 --train-per-class 5 --device cpu";

/// `docs/submitting.md`, its worked example, at smoke scale.
#[test]
fn a_submission_is_made_checked_and_scored_again() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("run --method dm {SCENES} --budget smoke --seeds 2 --results mine"));
    sandbox.file("mine/submission.toml", "name = \"A. Person\"\norganisation = \"Laboratory\"\n");

    let output = sandbox.run("submit check mine");
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    settings().bind(|| insta::assert_snapshot!("submit_check", format!("{out}{err}")));

    let verify = "submit verify mine --seeds 2 --seed 1 --train-per-class 5 --device cpu";
    let first = sandbox.run(verify);
    let (out, err) = texts(&first);
    assert!(out.contains("dm_scenes-easy@1_ipc1") && err.contains("1 of 1 claims hold"), "{out}{err}");
    // What was scored is not scored again.
    let (again, err) = texts(&sandbox.run(verify));
    assert!(again == out && err.contains("the record exists"), "{again}{err}");

    // A submission is never written to.
    let inside = sandbox.run(&format!("{verify} --results mine/verify"));
    assert!(texts(&inside).1.contains("it lies in the submission mine"), "{}", texts(&inside).1);
    assert!(!sandbox.path().join("mine/verify").exists());

    // A claim that was raised, with everything that follows from it, passes no re-scoring.
    let folder = sandbox.path().join("mine/records/dm/scenes-easy@1");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let record = files.into_iter().find(|path| !path.to_string_lossy().ends_with(".timing.json")).unwrap();
    let mut raised = Record::read(&record).unwrap();
    for (student, accuracy) in raised.students.iter_mut().zip([0.95, 0.951]) {
        student.accuracy = Accuracy::new(accuracy).unwrap();
    }
    raised.summary = Summary::of_students(&raised.students).unwrap();
    raised.write(&record).unwrap();
    let raised = sandbox.run(verify);
    let (out, err) = texts(&raised);
    assert_eq!(raised.status.code(), Some(1), "{out}{err}");
    assert!(out.contains("fails: the means disagree") && err.contains("0 of 1 claims hold"), "{out}{err}");
}

#[test]
fn submissions_that_cannot_be_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.file("empty/submission.toml", "name = \"A. Person\"\n");
    let mut text = String::new();
    for command in [
        "submit check nowhere",
        "submit check empty",
        "submit verify nowhere",
        "submit verify empty",
        "submit verify empty --seeds 1",
    ] {
        let output = sandbox.run(command);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {out}{err}");
        writeln!(text, "$ compdd {command}\n{out}{err}").unwrap();
    }
    settings().bind(|| insta::assert_snapshot!("bad_submissions", text));
}

/// A file of somebody else neither stops a run nor is passed over in silence.
#[test]
fn a_run_finishes_beside_a_broken_record() {
    let sandbox = Sandbox::new();
    sandbox.file("results/records/full/scenes-easy@1/broken.json", "{");
    sandbox.file("results/leaderboard.csv", "as it was\n");
    let output = sandbox.run(&format!("run --method random {SCENES} --budget smoke --seeds 2"));
    let (out, err) = texts(&output);
    assert!(output.status.success() && out.contains("random"), "{out}{err}");
    assert!(err.contains("leaderboard.csv was left as it is") && err.contains("broken.json"), "{err}");
    assert_eq!(fs::read_to_string(sandbox.path().join("results/leaderboard.csv")).unwrap(), "as it was\n");

    let refused = sandbox.run("leaderboard");
    let (out, err) = texts(&refused);
    assert_eq!((refused.status.code(), out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("broken.json") && err.contains("help:"), "{err}");
}

#[test]
fn leaderboards_in_every_format_and_of_several_folders() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("run --method random {SCENES} --budget smoke --seeds 2"));
    sandbox.succeed(&format!("run --method dm {SCENES} --budget smoke --seeds 2 --results theirs"));
    sandbox.file("theirs/submission.toml", "name = \"A. Person\"\n");
    for (format, part) in
        [("md", "| rank |"), ("csv", "rank,division,"), ("html", "<table"), ("latex", "\\toprule"), ("term", "rank")]
    {
        let both = format!("leaderboard --results results --results theirs --format {format}");
        let text = sandbox.succeed(&both);
        assert!(text.contains(part) && text.contains("scenes-easy@1"), "{text}");
        let (_, err) = texts(&sandbox.run(&format!("{both} --out board.{format}")));
        assert!(err.contains("2 rows in board"), "{err}");
        assert_eq!(
            fs::read_to_string(sandbox.path().join(format!("board.{format}"))).unwrap().trim_end(),
            text.trim_end()
        );
    }
    let only = sandbox.succeed("leaderboard --results results --results theirs --method dm --format csv");
    assert!(only.contains(",dm,") && !only.contains(",random,"), "{only}");
    assert!(sandbox.succeed("leaderboard --division closed").contains("no record answers to this"));
    assert!(sandbox.succeed("leaderboard --results results --results theirs").contains("A. Person"));
    let (_, err) = texts(&sandbox.run("leaderboard --format pdf"));
    assert!(err.contains("there is no such format"), "{err}");
    // The same cell in two folders, with its sets.
    for part in ["records", "bundles"] {
        let copied = std::process::Command::new("cp")
            .args(["-r", &format!("results/{part}"), "theirs/"])
            .current_dir(sandbox.path())
            .status();
        assert!(copied.unwrap().success());
    }
    let twice = sandbox.run("leaderboard --results results --results theirs");
    assert!(twice.status.success());
    let (out, err) = texts(&twice);
    assert!(err.contains("warning: set aside: theirs/records/random") && out.contains("random"), "{out}{err}");
}
