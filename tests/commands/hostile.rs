//! What strangers hand in, as commands meet it: nothing outside is written or read, and one bad thing ends nothing else.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use compdd::{
    data::{Library, Task, TaskOptions},
    record::{Bundle, BundleRef, Distilled, Flag, Query, Store, hash},
    subset::Subset,
};

use crate::support::{Sandbox, texts};

const SCENES: &str = "--network convnet-d2-w8 --train-per-class 5 --device cpu --budget smoke --seeds 2";

/// A submission of one cell.
fn submission(sandbox: &Sandbox) -> Store {
    sandbox.succeed(&format!("run --method random --subset scenes-easy --ipc 1 --res 16 {SCENES} --results theirs"));
    sandbox.file("theirs/submission.toml", "name = \"A. Person\"\n");
    Store::new(sandbox.path().join("theirs"))
}

fn bundle(store: &Store) -> PathBuf {
    store.bundles().unwrap().remove(0)
}

/// Adds a set and the record of a cell of its own, as if its students had reached what those of the first record did.
fn add(store: &Store, name: &str, seed: u64, change: impl FnOnce(&mut Distilled)) {
    let mut set = Bundle::read(&bundle(store)).unwrap();
    change(&mut set);
    let path = store.root().join(format!("bundles/{name}.bundle"));
    Bundle::write(&path, &set, false).unwrap();
    let mut record = store.list(&Query::default()).unwrap().remove(0);
    record.cell.seed = seed;
    record.cell.recipe_hash = hash::value(&set.recipe);
    record.id = record.cell.id();
    record.students.iter_mut().for_each(|student| student.draw = 0);
    record.bundles = vec![BundleRef::to(&path, store).unwrap()];
    store.save(&record, None).unwrap();
}

/// The first test image of every class, as a distilled set has its images.
fn test_images() -> Vec<f32> {
    let options = TaskOptions { resolution: Some(16), train_per_class: Some(5), ..TaskOptions::default() };
    let task = Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap();
    let first: Vec<usize> = (0..10).map(|label| task.test.of_class(label)[0]).collect();
    task.space.normalised(&task.test, &first)
}

#[test]
fn one_bad_claim_does_not_end_the_others() {
    let sandbox = Sandbox::new();
    let store = submission(&sandbox);
    add(&store, "wild", 1, |set| set.learning_rate = 1e6);
    add(&store, "leaked", 2, |set| set.images = test_images());
    let noise = |i: usize| ((i * 7919) % 17) as f32 / 17.0 * 0.1;
    add(&store, "disguised", 3, |set| {
        set.images = test_images().into_iter().enumerate().map(|(i, value)| value + noise(i)).collect();
    });
    sandbox.file("theirs/records/random/scenes-easy@1/broken.json", "{");
    let output = sandbox.run("submit verify theirs --train-per-class 5 --device cpu --seed 0");
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    let verdict = |part: &str| out.lines().find(|line| line.contains(part)).unwrap_or_default().to_owned();
    assert!(verdict("_s0_").ends_with("holds"), "{out}");
    assert!(verdict("_s1_").contains("fails: student"), "{out}");
    assert!(verdict("_s2_").contains("fails: 10 of 10 images of the set are test images (10 of them"), "{out}");
    assert!(verdict("_s3_").contains("fails: 10 of 10 images of the set are test images (0 of them"), "{out}");
    assert!(verdict("broken.json").contains("fails: "), "{out}");
    assert!(err.contains("1 of 5 claims hold"), "{err}");
}

/// A site shows nothing that a link leads to, and is made all the same where something beside a record cannot be shown.
#[test]
fn a_site_publishes_plain_files_alone() {
    let sandbox = Sandbox::new();
    let store = submission(&sandbox);
    let secret = sandbox.file("secret", "REVIEWERS-PRIVATE-KEY");
    let preview = bundle(&store).join(Bundle::PREVIEW);
    fs::remove_file(&preview).unwrap();
    symlink(&secret, &preview).unwrap();
    let record = store.list(&Query::default()).unwrap().remove(0);
    let curve = store.curve_path(&record.cell);
    fs::create_dir_all(curve.parent().unwrap()).unwrap();
    fs::write(&curve, "iteration,mean,std,students\n=cmd|' C'!A0,1,,1\n").unwrap();
    fs::create_dir_all(sandbox.path().join("theirs/complexity")).unwrap();
    symlink(&secret, sandbox.path().join("theirs/complexity/means.csv")).unwrap();
    symlink("/dev/zero", sandbox.path().join("theirs/complexity/zero.csv")).unwrap();

    let (_, err) = texts(&sandbox.run("site --results theirs --out site"));
    assert!(err.contains("1 records") && err.contains("left out"), "{err}");
    for entry in walkdir::WalkDir::new(sandbox.path().join("site")) {
        let entry = entry.unwrap();
        assert!(!entry.path_is_symlink());
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(!has(b"PRIVATE-KEY") && !has(b"=cmd|"), "{}", entry.path().display());
        }
    }
    let curves = sandbox.path().join("theirs/curves");
    fs::rename(&curves, sandbox.path().join("elsewhere")).unwrap();
    symlink(sandbox.path().join("elsewhere"), &curves).unwrap();
    sandbox.succeed("site --results theirs --out site");
    let published = walkdir::WalkDir::new(sandbox.path().join("site/records")).into_iter().flatten();
    assert!(published.map(walkdir::DirEntry::into_path).all(|path| !path.to_string_lossy().ends_with("curve.csv")));
}

/// Names that a terminal would obey, handed in and shown.
#[test]
fn a_terminal_is_told_nothing() {
    let sandbox = Sandbox::new();
    sandbox.file("theirs/submission.toml", "name = \"a\\u001b[2J\"\n");
    sandbox.file("theirs/records/x/y/\u{1b}[31mPWN\u{7}.json", "{");
    for command in ["submit check theirs", "leaderboard --results theirs", "results validate --results theirs"] {
        let output = sandbox.run(command);
        let (out, err) = texts(&output);
        assert!(
            !output.status.success() && !format!("{out}{err}").contains(['\u{1b}', '\u{7}']),
            "{command}: {out}{err}"
        );
        assert!(format!("{out}{err}").contains("\\u{1b}[31mPWN"), "{command}: {out}{err}");
    }
}

/// A pipe is no image, and nobody waits for somebody to write into it.
#[test]
fn a_pipe_among_images_is_refused_at_once() {
    let sandbox = Sandbox::new();
    sandbox.succeed("data make-scenes images --pass-for imagenette --res 16 --per-class 2 --test-per-class 1");
    let class = fs::read_dir(sandbox.path().join("images/train")).unwrap().next().unwrap().unwrap().path();
    assert!(Command::new("mkfifo").arg(class.join("pipe.JPEG")).status().unwrap().success());
    let begun = Instant::now();
    let output = sandbox.run("data prepare imagenette --data images --res 16 --no-cache");
    assert!(begun.elapsed() < Duration::from_secs(60));
    let (out, err) = texts(&output);
    assert!(!output.status.success() && err.contains("pipe.JPEG: it is no regular file"), "{out}{err}");
}

/// A lock that somebody never lets go of is waited for until the user has enough.
#[test]
fn a_signal_ends_the_wait_for_a_lock() {
    let sandbox = Sandbox::new();
    sandbox.succeed("data make-scenes images --pass-for imagenette --res 16 --per-class 2 --test-per-class 1");
    let prepare = "data prepare imagenette --data images --res 16";
    sandbox.succeed(prepare);
    let sources = fs::read_dir(sandbox.path().join("cache/sources")).unwrap();
    let prints: Vec<PathBuf> = sources.map(|entry| entry.unwrap().path()).collect();
    let preparing = sandbox.path().join("cache/preparing");
    fs::remove_dir_all(sandbox.path().join("cache")).unwrap();
    fs::create_dir_all(&preparing).unwrap();
    let held: Vec<fs::File> = prints
        .iter()
        .map(|print| {
            let name = Path::new(print.file_name().unwrap()).with_extension("lock");
            let file = fs::File::create(preparing.join(name)).unwrap();
            file.try_lock().unwrap();
            file
        })
        .collect();
    let mut child = sandbox.command(prepare).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("waiting for it (lock: ")), "it did not say what it waits for");
    // SAFETY: the process is our child, and still runs.
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(held);
    sandbox.succeed(prepare);
}

/// A set that was made elsewhere is in the open division, whatever its record says.
#[test]
fn an_imported_set_cannot_be_closed() {
    let sandbox = Sandbox::new();
    let store = submission(&sandbox);
    sandbox.succeed(&format!("run --method dm --subset scenes-easy --ipc 1 --res 16 {SCENES} --results own"));
    add(&store, "imported", 4, |set| set.provenance.imported_from.push("theirs.pt".into()));
    let (_, err) = texts(&sandbox.run("leaderboard --results own --results theirs"));
    assert!(err.contains("warning: set aside: ") && err.contains("was made elsewhere"), "{err}");
    let mut record = store.list(&Query::default()).unwrap().into_iter().find(|record| record.cell.seed == 4).unwrap();
    record.flag(Flag::Imported);
    store.save(&record, None).unwrap();
    let written = sandbox.path().join("theirs/leaderboard.csv");
    let before = fs::read(&written).ok();
    sandbox.succeed("leaderboard --results theirs");
    assert_eq!(fs::read(&written).ok(), before, "a submission is never written to");
    let table = sandbox.succeed("leaderboard --results own --results theirs --format csv");
    assert!(table.lines().any(|line| line.contains("the set was made elsewhere")), "{table}");
}
