//! The images as a person handles them: what a folder is, the cache, and everything that can go wrong on a disk.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{Sandbox, settings, texts};

/// Scenes that pass for `ImageNette`: 10 classes of `train` and 4 images, 16 pixels wide.
fn images(sandbox: &Sandbox, name: &str, train: usize) -> PathBuf {
    sandbox.succeed(&format!(
        "data make-scenes {name} --pass-for imagenette --res 16 --per-class {train} --test-per-class 4"
    ));
    sandbox.path().join(name)
}

const PREPARE: &str = "data prepare imagenette --res 16";

/// The content hashes that `data prepare` shows.
fn content(shown: &str) -> Vec<String> {
    let last = |line: &str| line.split_whitespace().last().unwrap_or_default().to_owned();
    shown.lines().skip(1).map(last).collect()
}

fn leftovers(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(sandbox.path().join("cache/preparing"));
    entries.map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

#[test]
fn from_a_folder_to_a_score_by_way_of_the_cache() {
    let sandbox = Sandbox::new();
    images(&sandbox, "images", 5);
    let mut session = String::new();
    let mut step = |arguments: &str| {
        let output = sandbox.run(arguments);
        let (out, err) = texts(&output);
        let code = output.status.code().unwrap();
        write!(session, "$ compdd {arguments}\n{out}{err}[exit code {code}]\n\n").unwrap();
        out
    };
    step("data inspect images");
    fs::remove_dir_all(sandbox.path().join("images/val/n03000684")).unwrap();
    step("data inspect .");
    images(&sandbox, "whole", 5);
    step("subset verify imagenette --data whole");
    step("data inspect whole/train");
    let prepared = step("data prepare imagenette --res 16 --data whole");
    assert_eq!(content(&step("data prepare imagenette --res 16 --data whole")), content(&prepared));
    step("data cache list");
    step("data cache verify");
    step("data cache prune --all");
    step("data make-scenes whole");
    let mut settings = settings();
    settings.add_filter(r"(?m) +[0-9a-f]{16}$", "  [HASH]");
    settings.add_filter(r"(?m)^[0-9a-f]{16} ", "[HASH] ");
    settings.bind(|| insta::assert_snapshot!("data", session));

    let run =
        "run --method random --subset imagenette --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --device cpu";
    sandbox.succeed(&format!("{run} --data whole"));
    assert!(sandbox.succeed("data cache list").contains("imagenette train (image-folder)"));
    sandbox.succeed(&format!("{run} --data whole --force --no-cache"));
}

#[test]
fn training_and_test_images_may_come_from_two_folders() {
    let sandbox = Sandbox::new();
    let whole = images(&sandbox, "whole", 3);
    let one = sandbox.succeed(&format!("{PREPARE} --data whole --cache one"));
    for split in ["train", "val"] {
        fs::create_dir(sandbox.path().join(format!("only-{split}"))).unwrap();
        fs::rename(whole.join(split), sandbox.path().join(format!("only-{split}/{split}"))).unwrap();
    }
    let (out, err) = texts(&sandbox.run(&format!("{PREPARE} --data only-train")));
    assert!(out.is_empty() && err.contains("has no test images"), "{err}");
    let two = sandbox.succeed(&format!("{PREPARE} --data only-train --data only-val --cache two"));
    assert_eq!(content(&one), content(&two));
}

#[test]
fn a_full_disk_leaves_nothing_behind_and_says_what_to_do() {
    let sandbox = Sandbox::new();
    images(&sandbox, "images", 40);
    let limited = |arguments: &str| {
        // Files may not become larger than 64 KiB, and a write beyond is an error instead of a signal.
        let line = format!("trap '' XFSZ; ulimit -f 64; exec \"$0\" {arguments}");
        let mut command = Command::new("bash");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_compdd")]).current_dir(sandbox.path());
        command.env("COMPDD_CONFIG", "config.toml").env("COMPDD_CACHE", "cache").output().unwrap()
    };
    let failed = limited(&format!("{PREPARE} --data images"));
    let (_, err) = texts(&failed);
    assert!(!failed.status.success());
    assert!(err.contains("cannot write") && err.contains("the disk is full") && err.contains("--cache DIR"), "{err}");
    assert!(leftovers(&sandbox).is_empty(), "{:?}", leftovers(&sandbox));
    // A run goes on in memory.
    let run = "run --method random --subset imagenette --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --device cpu --data images";
    let (_, err) = texts(&limited(run));
    assert!(err.contains("going on without the cache"), "{err}");
    sandbox.succeed(&format!("{PREPARE} --data images"));
}

#[test]
fn killed_again_and_again_it_ends_with_the_same_images() {
    let sandbox = Sandbox::new();
    images(&sandbox, "images", 150);
    let undisturbed = sandbox.succeed(&format!("{PREPARE} --data images --cache undisturbed"));
    let mut kills = 0;
    for delay in [1, 4, 9, 15, 22, 30, 39, 49, 60, 72] {
        let mut child = sandbox.command(&format!("{PREPARE} --data images"));
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "no kill hit a running process");
    assert_eq!(content(&sandbox.succeed(&format!("{PREPARE} --data images"))), content(&undisturbed));
    assert!(leftovers(&sandbox).is_empty(), "{:?}", leftovers(&sandbox));
    sandbox.succeed("data cache verify");
}

#[test]
fn several_at_once_share_one_cache() {
    let sandbox = Sandbox::new();
    images(&sandbox, "images", 100);
    let mut commands: Vec<Command> = (0..4).map(|_| sandbox.command(&format!("{PREPARE} --data images"))).collect();
    let children: Vec<_> =
        commands.iter_mut().map(|c| c.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    let shown: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for output in &shown {
        assert!(output.status.success(), "{:?}", texts(output));
        assert_eq!(content(&texts(output).0), content(&texts(&shown[0]).0));
    }
    assert!(leftovers(&sandbox).is_empty(), "{:?}", leftovers(&sandbox));
    sandbox.succeed("data cache verify");
}

#[cfg(unix)]
#[test]
fn odd_names_load_and_loops_are_named() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let sandbox = Sandbox::new();
    let images = images(&sandbox, "images", 3);
    let class = images.join("train/n01440764");
    let odd = class.join(Path::new(std::ffi::OsStr::from_bytes(b"zz\xFF\xFE.png")));
    fs::copy(class.join("n01440764_00000.png"), &odd).unwrap();
    let shown = sandbox.succeed(&format!("{PREPARE} --data images"));
    assert!(shown.contains("train  31") || shown.contains("train      31"), "{shown}");
    fs::write(&odd, "junk").unwrap();
    let (_, err) = texts(&sandbox.run(&format!("{PREPARE} --data images")));
    assert!(err.contains("1 image file cannot be used"), "{err}");
    fs::remove_file(odd).unwrap();
    symlink(&class, class.join("loop")).unwrap();
    let (_, err) = texts(&sandbox.run(&format!("{PREPARE} --data images")));
    assert!(err.contains("n01440764/loop") && err.contains("loop"), "{err}");
}

#[test]
fn test_images_that_are_training_images_are_reported() {
    let sandbox = Sandbox::new();
    let images = images(&sandbox, "images", 3);
    fs::copy(images.join("train/n01440764/n01440764_00001.png"), images.join("val/n01440764/n01440764_00002.png"))
        .unwrap();
    let output = sandbox.run("data inspect images --duplicates");
    let (out, _) = texts(&output);
    assert!(!output.status.success());
    assert!(out.contains("val/n01440764/n01440764_00002.png = images/train/n01440764/n01440764_00001.png"), "{out}");
    let (_, err) = texts(&sandbox.run(&format!("{PREPARE} --data images")));
    assert!(err.contains("1 of 40 test images are training images as well"), "{err}");
}

#[test]
fn a_sheet_shows_a_row_a_class() {
    let sandbox = Sandbox::new();
    images(&sandbox, "images", 3);
    let output = sandbox.run("data inspect images --sheet sheet.png");
    let sheet =
        image::open(sandbox.path().join("sheet.png")).unwrap_or_else(|error| panic!("{error} {:?}", texts(&output)));
    // Three training and two test images of 64 pixels in ten rows, two pixels between them.
    assert_eq!((sheet.width(), sheet.height()), (2 + 5 * 66, 2 + 10 * 66));
}
