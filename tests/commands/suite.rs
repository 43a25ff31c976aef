//! Suites: many processes on one folder, killed, stopped and continued.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use crate::support::{Sandbox, texts};

/// Two references and cells of three methods, each of which takes a moment.
pub const SMALL: &str = r#"
name = "small"
summary = "for tests"

[[matrix]]
group = "small"
method = ["full", "random", "herding"]
subset = ["scenes-easy", "scenes-hard"]
ipc = 1
network = "convnet-d2-w8"
budget = "smoke"
resolution = 16
students = 1
train_per_class = 10
seed = [0, 1]

[[matrix]]
group = "experts"
method = "mtt"
subset = "scenes-easy"
ipc = [1, 2]
network = "convnet-d2-w8"
budget = "smoke"
resolution = 16
students = 1
train_per_class = 10
set = { expert_share = 1.0, iterations = 3 }
"#;

pub const CELLS: usize = 12 + 2;

pub fn sandbox(suite: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("small.toml", suite);
    sandbox
}

/// Records by path below `results/records`.
pub fn records(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let root = sandbox.path().join("results/records");
    let files = walkdir::WalkDir::new(&root).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let kept = files.filter(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".timing.json")
    });
    kept.map(|path| (path.strip_prefix(&root).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

/// How often each set was begun, by the logs of the runs.
pub fn starts(sandbox: &Sandbox) -> Vec<usize> {
    let logs = walkdir::WalkDir::new(sandbox.path().join("results/logs")).into_iter().flatten();
    let logs = logs.map(walkdir::DirEntry::into_path);
    let texts = logs.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    texts.map(|path| fs::read_to_string(path).unwrap().matches("\"event\":\"start\"").count()).collect()
}

fn plan(sandbox: &Sandbox) -> String {
    let said = sandbox.succeed("suite plan small.toml --device cpu");
    let line = said.lines().find_map(|line| line.strip_prefix("plan ")).unwrap().trim().to_owned();
    assert!(sandbox.path().join(&line).is_file(), "{said}");
    line
}

fn spawn(sandbox: &Sandbox, command: &str) -> Child {
    sandbox.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

pub fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in found {
        assert!(expected[path] == *bytes, "{} differs", path.display());
    }
}

/// Nothing is left of cells that are done.
fn assert_tidy(sandbox: &Sandbox) {
    let is_empty = |path: &Path| {
        let left = walkdir::WalkDir::new(path).into_iter().flatten();
        left.filter(|entry| entry.file_type().is_file()).count() == 0
    };
    assert!(is_empty(&sandbox.path().join("results/unfinished")));
    for entry in fs::read_dir(sandbox.path().join("results/suites")).unwrap() {
        assert!(is_empty(&entry.unwrap().path().join("rows")));
    }
}

pub const RUN: &str = "suite run small.toml --devices cpu --processes 2";

/// A task of a scheduler computes what `compdd run` computes, whoever starts the tasks, in whatever order.
#[test]
fn cells_are_runs_and_any_scheduler_can_start_them() {
    let sandbox = sandbox(SMALL);
    let plan = plan(&sandbox);
    // The last cell needs a reference and experts: it makes both.
    let last = format!("cell {plan} --index {} --device cpu", CELLS - 1);
    let (_, said) = texts(&sandbox.run(&last));
    assert!(said.contains("is done"), "{said}");
    let (_, said) = texts(&sandbox.run(&last));
    assert!(said.contains("was done already"), "{said}");
    let tasks: Vec<Child> =
        (0..CELLS).map(|index| spawn(&sandbox, &format!("cell {plan} --index {index} --device cpu"))).collect();
    assert!(tasks.into_iter().all(|mut task| task.wait().unwrap().success()));
    assert!(starts(&sandbox).iter().all(|count| *count == 1), "{:?}", starts(&sandbox));
    assert_tidy(&sandbox);

    let by_hand = Sandbox::new();
    let common = "--network convnet-d2-w8 --budget smoke --res 16 --seeds 1 --train-per-class 10 --device cpu";
    for subset in ["scenes-easy", "scenes-hard"] {
        for seed in 0..2 {
            by_hand.succeed(&format!("run --method full --subset {subset} --seed {seed} {common}"));
        }
        for (method, seed) in [("random", 0), ("random", 1), ("herding", 0), ("herding", 1)] {
            by_hand.succeed(&format!("run --method {method} --subset {subset} --ipc 1 --seed {seed} {common}"));
        }
    }
    for ipc in 1..3 {
        let set = "--set expert_share=1.0 --set iterations=3";
        by_hand.succeed(&format!("run --method mtt --subset scenes-easy --ipc {ipc} {set} {common}"));
    }
    assert_same(&records(&sandbox), &records(&by_hand));
}

/// Four executors of four processes share the work.
#[test]
fn sixteen_processes_compute_no_cell_twice() {
    let sandbox = sandbox(SMALL);
    let run = RUN.replace("--processes 2", "--processes 4");
    let executors: Vec<Child> = (0..4).map(|_| spawn(&sandbox, &run)).collect();
    assert!(executors.into_iter().all(|mut executor| executor.wait().unwrap().success()));
    assert_eq!(records(&sandbox).len(), CELLS);
    assert!(
        starts(&sandbox).len() == CELLS && starts(&sandbox).iter().all(|count| *count == 1),
        "{:?}",
        starts(&sandbox)
    );
    assert_tidy(&sandbox);
    let status = sandbox.succeed("suite status small.toml");
    assert!(status.lines().any(|line| line.split_whitespace().eq(["all", "14", "14", "0", "0", "0"])), "{status}");
}

/// Executors and tasks that are killed at different moments leave a folder that the next one finishes, with the records of one that was left alone.
#[test]
fn ten_kills_of_a_suite_change_nothing() {
    let reference = sandbox(SMALL);
    reference.succeed(RUN);
    let expected = records(&reference);
    assert_eq!(expected.len(), CELLS);

    let killed = sandbox(SMALL);
    let plan = plan(&killed);
    let mut kills = 0;
    for (round, wait) in [60, 400, 150, 700, 250, 90, 500, 330, 1000, 200].into_iter().enumerate() {
        // Every other time a task alone, without anybody who watches it.
        let command = if round % 2 == 0 { RUN.to_owned() } else { format!("cell {plan} --index {round} --device cpu") };
        let mut child = spawn(&killed, &command);
        std::thread::sleep(Duration::from_millis(wait));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "no kill hit a running process");
    killed.succeed(RUN);
    assert_same(&records(&killed), &expected);
    assert_tidy(&killed);
}

/// The first SIGINT saves the state of every process and ends with code 130; the same command continues.
#[cfg(unix)]
#[test]
fn an_interrupted_suite_continues() {
    // As many iterations as it takes to be in the middle of them when the signal comes.
    let sandbox = sandbox(&SMALL.replace("iterations = 3", "iterations = 150"));
    let mut child = spawn(&sandbox, &format!("{RUN} --only group=experts"));
    let files = || walkdir::WalkDir::new(sandbox.path().join("results/suites")).into_iter().flatten();
    let runs =
        || files().any(|entry| ["rows/0/12.json", "rows/0/13.json"].iter().any(|row| entry.path().ends_with(row)));
    while !runs() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: sends a signal to our own child.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!records(&sandbox).keys().any(|path| path.starts_with("mtt")), "they had finished before");
    sandbox.succeed(&format!("{RUN} --only group=experts"));
    assert_eq!(records(&sandbox).keys().filter(|path| path.starts_with("mtt")).count(), 2);
    assert_tidy(&sandbox);
}

/// A failure is a row with its reason; nothing else is lost, and nobody tries it again before it is opened.
#[test]
fn failures_are_rows_that_wait_for_the_user() {
    let suite = SMALL.replace("iterations = 3", "iterations = 3, learning_rate = 10, lr_lr = 1000");
    let suite = suite.replace("train_per_class = 10", "train_per_class = 30");
    let sandbox = sandbox(&suite);
    let output = sandbox.run(RUN);
    let (_, said) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("failed (error)").count(), 2, "{said}");
    assert_eq!(records(&sandbox).len(), CELLS - 2, "{said}");
    let status = sandbox.succeed("suite status small.toml");
    assert!(status.contains("failed: error, 1 attempts: "), "{status}");
    let (_, said) = texts(&sandbox.run(RUN));
    assert!(said.contains("0 finished, 2 failed, 0 left"), "{said}");
    let table = sandbox.succeed("suite collect small.toml --format csv");
    assert_eq!(table.matches("failed: error").count(), 2, "{table}");
    assert_eq!(table.matches(",done,").count(), CELLS - 2, "{table}");

    let (_, said) = texts(&sandbox.run("suite retry small.toml --only ipc=1"));
    assert!(said.contains("1 failed cells are open again"), "{said}");
    let (_, said) = texts(&sandbox.run(RUN));
    assert!(said.contains("0 finished, 2 failed, 0 left"), "{said}");
    sandbox.succeed("suite clean small.toml");
    assert_eq!(records(&sandbox).len(), CELLS - 2, "records stay");
    assert!(sandbox.succeed("suite list").lines().all(|line| !line.starts_with("small")));
}

#[test]
fn a_part_of_a_suite_is_chosen_and_shown_first() {
    let sandbox = sandbox(SMALL);
    let shown = sandbox.succeed(&format!("{RUN} --only method=random --limit 3 --dry-run"));
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.lines().all(|line| line.starts_with("compdd cell results/suites/small-")), "{shown}");
    assert!(!sandbox.path().join("results/suites").exists(), "a dry run writes nothing");
    let (_, said) = texts(&sandbox.run(&format!("{RUN} --only method=full --limit 3")));
    assert!(said.contains("3 finished, 0 failed, 1 left"), "{said}");
    let cells = sandbox.succeed("suite plan small.toml --format md --device cpu");
    assert_eq!(cells.matches("| done |").count(), 3, "{cells}");
    assert!(cells.contains("14 with 14 records; 3 done, 0 failed"), "{cells}");
    let json = sandbox.succeed("suite plan small.toml --format jsonl --device cpu");
    assert_eq!(json.lines().count(), CELLS + 2);
    assert!(
        sandbox
            .succeed("suite list")
            .lines()
            .any(|line| line.starts_with("small-") && line.ends_with("14     3       0"))
    );
}

/// A teacher that a suite describes is trained once, whoever needs it first, and is part of the addresses by its content.
#[test]
fn a_teacher_is_trained_for_the_first_cell_that_needs_it() {
    let sandbox = sandbox(
        r#"
name = "taught"
summary = "for tests"

[[teacher]]
name = "own"
network = "convnet-d2-w8"
epochs = 2
batch = 16

[[matrix]]
group = "taught"
method = "rded"
subset = "scenes-easy"
ipc = 1
network = "convnet-d2-w8"
protocol = ["kd-rded", "soft"]
budget = "smoke"
students = 1
train_per_class = 10
teacher = "own"
"#,
    );
    let (_, said) = texts(&sandbox.run(RUN));
    assert!(said.contains("2 finished, 0 failed, 0 left"), "{said}");
    assert_eq!((records(&sandbox).len(), starts(&sandbox)), (2, vec![2]), "one set serves both protocols");
    let teachers = fs::read_dir(sandbox.path().join("results/teachers")).unwrap();
    assert_eq!(teachers.filter(|entry| entry.as_ref().unwrap().path().join("card.json").is_file()).count(), 1);
    let (_, said) = texts(&sandbox.run(RUN));
    assert!(said.contains("0 finished, 0 failed, 0 left"), "{said}");
    let said = sandbox.succeed("suite plan small.toml --device cpu");
    assert!(said.contains("2 with 2 records; 2 done, 0 failed"), "{said}");
}
