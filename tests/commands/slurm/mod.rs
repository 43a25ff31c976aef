//! Plans on a real Slurm. Without its programs on `PATH`, or without the rights to start its daemons, these tests say so and pass, unless
//! `COMPDD_REQUIRE_SLURM` is set.

mod cluster;

use std::{
    fs,
    path::PathBuf,
    process::Output,
    sync::{Mutex, MutexGuard},
};

use cluster::{Cluster, wait_for};

use crate::{
    suite::{CELLS, RUN, SMALL, assert_same, records, sandbox, starts},
    support::{Sandbox, texts},
};

/// A cluster that no other test uses at the same time: the turn comes first, so that what takes the pair apart ends the cluster before the turn.
fn cluster() -> Option<(MutexGuard<'static, ()>, Cluster)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cluster = Cluster::start()?;
    Some((turn, cluster))
}

const PROFILE: &str = "device = \"cpu\"\ngrace = 5\n";

fn command(cluster: &Cluster, sandbox: &Sandbox, command: &str) -> Output {
    let (key, value) = cluster.environment();
    sandbox.command(command).env(key, value).env("RAYON_NUM_THREADS", "1").output().unwrap()
}

/// Submits the plan; the ids of the jobs.
fn submit(cluster: &Cluster, sandbox: &Sandbox) -> Vec<String> {
    let output = command(cluster, sandbox, "suite slurm small.toml --profile cluster.toml");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}{err}");
    out.split_whitespace().map(str::to_owned).collect()
}

/// Files of the plan whose path ends so.
fn files(sandbox: &Sandbox, end: &str) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(sandbox.path().join("results/suites")).into_iter().flatten();
    files.map(walkdir::DirEntry::into_path).filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

/// What the tasks said.
fn logs(sandbox: &Sandbox) -> String {
    files(sandbox, ".log").iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The records of the plan, computed without a scheduler.
fn undisturbed(suite: &str) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let sandbox = sandbox(suite);
    sandbox.succeed(RUN);
    records(&sandbox)
}

/// Two submitters of one plan: every cell is computed once, references first; one that fails is a row; the last job writes table and board.
#[test]
fn arrays_compute_every_cell_once_and_the_last_job_collects() {
    let Some((_turn, cluster)) = cluster() else { return };
    // The cells with experts diverge.
    let suite = SMALL.replace("iterations = 3", "iterations = 3, learning_rate = 10, lr_lr = 1000");
    let sandbox = sandbox(&suite.replace("train_per_class = 10", "train_per_class = 30"));
    sandbox.file("cluster.toml", format!("{PROFILE}limit = 3\ncells_per_task = 2\n"));
    let submitted = std::thread::scope(|scope| {
        let two = [0, 1].map(|_| scope.spawn(|| submit(&cluster, &sandbox)));
        two.map(|one| one.join().unwrap())
    });
    assert!(submitted.iter().any(|jobs| jobs.len() == 3), "references, the others, the collector: {submitted:?}");
    let (status, _) = texts(&command(&cluster, &sandbox, "suite status small.toml"));
    assert!(status.contains("Slurm: "), "{status}");
    cluster.wait_for_jobs();
    assert_eq!(records(&sandbox).len(), CELLS - 2, "{}", logs(&sandbox));
    assert!(starts(&sandbox).iter().all(|count| *count == 1), "{:?}", starts(&sandbox));
    assert_eq!(submit(&cluster, &sandbox).len(), 0, "a failed cell is not submitted again");
    let table = fs::read_to_string(&files(&sandbox, "/table.csv")[0]).unwrap();
    assert_eq!((table.matches(",done,").count(), table.matches(",failed: error,").count()), (CELLS - 2, 2), "{table}");
    assert!(sandbox.path().join("results/leaderboard.csv").is_file());
}

/// Cells with experts take long enough to be in the middle of one.
fn long() -> String {
    SMALL.replace("iterations = 3", "iterations = 600")
}

/// The rows of the cells with experts.
fn rows(sandbox: &Sandbox) -> Vec<String> {
    let rows = ["rows/0/12.json", "rows/0/13.json"].into_iter().flat_map(|row| files(sandbox, row));
    rows.map(|row| fs::read_to_string(row).unwrap_or_default()).collect()
}

/// Submits the plan, and tells the tasks of all but references something while a cell with experts runs: a row that an earlier submission left says
/// that it stopped.
fn tell(cluster: &Cluster, sandbox: &Sandbox, how: &str) {
    let jobs = submit(cluster, sandbox);
    wait_for("a cell with experts", || rows(sandbox).iter().any(|row| row.contains("running")));
    cluster.ask("scancel", &format!("{how}{}", jobs[jobs.len() - 2]));
    cluster.wait_for_jobs();
}

/// How many cells with experts are done.
fn done(sandbox: &Sandbox) -> usize {
    records(sandbox).keys().filter(|path| path.starts_with("mtt")).count()
}

const TIME_IS_UP: &str = "--batch --signal=USR1 ";

/// A task whose time is nearly up saves its state, is queued again, and ends with the same bytes.
#[test]
fn a_signalled_task_goes_on_from_its_checkpoint() {
    let Some((_turn, cluster)) = cluster() else { return };
    let sandbox = sandbox(&long());
    sandbox.file("cluster.toml", PROFILE);
    tell(&cluster, &sandbox, TIME_IS_UP);
    assert!(logs(&sandbox).contains("interrupted: the state is saved"), "{}", logs(&sandbox));
    assert_same(&records(&sandbox), &undisturbed(&long()));
}

/// A task that may not start again, and one that somebody cancels, are left to the next submission, with the state that they saved.
#[test]
fn what_is_not_queued_again_is_submitted_again() {
    let Some((_turn, cluster)) = cluster() else { return };
    let sandbox = sandbox(&long());
    sandbox.file("cluster.toml", format!("{PROFILE}restarts = 0\n"));
    tell(&cluster, &sandbox, "");
    assert!(done(&sandbox) < 2 && !logs(&sandbox).contains("more than 0 times"), "{}", logs(&sandbox));
    assert!(rows(&sandbox).iter().any(|row| row.contains("the state is saved")), "{}", logs(&sandbox));
    tell(&cluster, &sandbox, TIME_IS_UP);
    assert!(done(&sandbox) < 2 && logs(&sandbox).contains("more than 0 times"), "{}", logs(&sandbox));
    submit(&cluster, &sandbox);
    cluster.wait_for_jobs();
    assert_same(&records(&sandbox), &undisturbed(&long()));
}

/// Daemons that are killed while their tasks run, and nodes that end with all that runs on them, lose nothing.
#[test]
fn killed_nodes_lose_nothing() {
    let Some((_turn, mut cluster)) = cluster() else { return };
    let sandbox = sandbox(&long());
    sandbox.file("cluster.toml", PROFILE);
    submit(&cluster, &sandbox);
    wait_for("a cell with experts", || !files(&sandbox, "rows/0/12.json").is_empty());
    cluster.kill_daemons();
    cluster.kill_nodes();
    cluster.wait_for_jobs();
    assert_same(&records(&sandbox), &undisturbed(&long()));
}
