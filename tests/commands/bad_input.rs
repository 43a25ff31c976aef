//! Bad input of every kind: each case must fail, with a message that names what is wrong and says what to do.
//!
//! The messages are snapshots (`snapshots/`): `INSTA_UPDATE=always cargo test --release --test commands` rewrites
//! them, and the change is reviewed like code.

use std::fmt::Write as _;

use crate::support::{Sandbox, settings, texts};

/// A name, what to prepare in the sandbox, and the arguments.
type Case<'a> = (&'a str, fn(&Sandbox), &'a str);

/// Runs every case in its own sandbox and compares the messages with the snapshot of that name.
fn check(snapshot: &str, cases: &[Case<'_>]) {
    let settings = settings();
    settings.bind(|| insta::assert_snapshot!(snapshot, transcript(cases)));
}

fn transcript(cases: &[Case<'_>]) -> String {
    let mut text = String::new();
    for (name, prepare, arguments) in cases {
        let sandbox = Sandbox::new();
        prepare(&sandbox);
        let output = sandbox.run(arguments);
        let (_, message) = texts(&output);
        assert!(!output.status.success(), "{name}: `compdd {arguments}` succeeded");
        assert!(!message.contains("panicked"), "{name}: {message}");
        let message = message.replace(&sandbox.path().display().to_string(), "[DIR]");
        writeln!(text, "## {name}\n$ compdd {arguments}\n{}\n", message.trim_end()).unwrap();
    }
    text
}

fn nothing(_: &Sandbox) {}

const RUN: &str = "run --method random --subset scenes-easy --ipc 1 --budget smoke";

#[test]
fn flags() {
    check(
        "bad_flags",
        &[
            ("no method of that name", nothing, "run --method edff --subset scenes-easy --ipc 1"),
            ("no subset of that name", nothing, "run --method random --subset bird-hart --ipc 1"),
            ("no version of that subset", nothing, "run --method random --subset bird-hard@7 --ipc 1"),
            ("images per class missing", nothing, "run --method random --subset scenes-easy"),
            ("images per class zero", nothing, "run --method random --subset scenes-easy --ipc 0"),
            ("images per class not a number", nothing, "run --method random --subset scenes-easy --ipc ten"),
            ("images per class for the reference", nothing, "run --method full --subset scenes-easy --ipc 10"),
            (
                "no network of that name",
                nothing,
                "run --method random --subset scenes-easy --ipc 1 --network convnet-d9",
            ),
            ("network too deep", nothing, "run --method random --subset scenes-easy --ipc 1 --network convnet-d6"),
            (
                "no evaluation network of that name",
                nothing,
                "run --method random --subset scenes-easy --ipc 1 --eval-networks vgg99",
            ),
            ("no protocol of that name", nothing, "run --method random --subset scenes-easy --ipc 1 --protocol kd"),
            ("resolution out of range", nothing, "run --method random --subset scenes-easy --ipc 1 --res 4"),
            ("no students", nothing, "run --method random --subset scenes-easy --ipc 1 --seeds 0"),
            ("no device of that name", nothing, "run --method random --subset scenes-easy --ipc 1 --device gpu"),
            ("no such budget", nothing, "run --method random --subset scenes-easy --ipc 1 --budget tiny"),
            ("set without a value", nothing, "run --method random --subset scenes-easy --ipc 1 --set learning_rate"),
            ("set of an unknown key", nothing, "run --method random --subset scenes-easy --ipc 1 --set lr=0.1"),
            ("set out of range", nothing, "run --method random --subset scenes-easy --ipc 1 --set learning_rate=-1"),
            ("set of a wrong type", nothing, "run --method random --subset scenes-easy --ipc 1 --set redraw=maybe"),
            ("no command of that name", nothing, "distil"),
        ],
    );
}

#[test]
fn recipes_and_configuration() {
    check(
        "bad_recipes",
        &[
            ("recipe file missing", nothing, &format!("{RUN} --recipe none.toml")),
            (
                "recipe is no TOML",
                |s| {
                    s.file("r.toml", "[recipe\n");
                },
                &format!("{RUN} --recipe r.toml"),
            ),
            (
                "recipe of another method",
                |s| {
                    s.file("r.toml", "method = \"herding\"\n");
                },
                &format!("{RUN} --recipe r.toml"),
            ),
            (
                "recipe with a typo",
                |s| {
                    s.file("r.toml", "[recipe]\n# faster\nlearning_rat = 0.1\n");
                },
                &format!("{RUN} --recipe r.toml"),
            ),
            (
                "recipe with a wrong type",
                |s| {
                    s.file("r.toml", "[recipe]\nlearning_rate = \"fast\"\n");
                },
                &format!("{RUN} --recipe r.toml"),
            ),
            (
                "recipe with an unknown condition",
                |s| {
                    s.file("r.toml", "[[when]]\ndataset = [\"x\"]\nset = {}\n");
                },
                &format!("{RUN} --recipe r.toml"),
            ),
            (
                "configuration with a typo",
                |s| {
                    s.file("config.toml", "dta = \"/images\"\n");
                },
                RUN,
            ),
            (
                "results folder is a file",
                |s| {
                    s.file("results", "mine");
                },
                RUN,
            ),
        ],
    );
}

/// An image folder of CIFAR-10's classes whose only image a class is good, but for what `change` does to it.
fn cifar_folder(sandbox: &Sandbox) {
    let classes = "airplane automobile bird cat deer dog frog horse ship truck";
    for class in classes.split(' ') {
        for split in ["train", "test"] {
            sandbox.file(&format!("cifar10/{split}/{class}/0000.png"), include_bytes!("../data/grey.png"));
        }
    }
}

#[test]
fn images() {
    const CIFAR: &str = "run --method random --subset cifar10 --ipc 1 --budget smoke";
    check(
        "bad_images",
        &[
            ("no folder given", nothing, CIFAR),
            ("folder missing", nothing, &format!("{CIFAR} --data none")),
            (
                "folder of unknown layout",
                |s| {
                    s.file("d/a/b.txt", "");
                },
                &format!("{CIFAR} --data d"),
            ),
            (
                "classes missing",
                |s| {
                    cifar_folder(s);
                    std::fs::remove_dir_all(s.path().join("cifar10/train/cat")).unwrap();
                },
                &format!("{CIFAR} --data cifar10"),
            ),
            (
                "class empty",
                |s| {
                    cifar_folder(s);
                    std::fs::remove_file(s.path().join("cifar10/test/dog/0000.png")).unwrap();
                },
                &format!("{CIFAR} --data cifar10"),
            ),
            (
                "images damaged",
                |s| {
                    cifar_folder(s);
                    s.file("cifar10/train/cat/0001.png", "no image");
                    s.file("cifar10/train/dog/0001.jpg", "");
                },
                &format!("{CIFAR} --data cifar10"),
            ),
            (
                "binary file cut short",
                |s| {
                    for i in 1..=5 {
                        s.file(&format!("b/data_batch_{i}.bin"), [0; 100]);
                    }
                    s.file("b/test_batch.bin", [0; 100]);
                    s.file(
                        "b/batches.meta.txt",
                        "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n",
                    );
                },
                &format!("{CIFAR} --data b"),
            ),
            (
                "too few images of a class",
                |s| cifar_folder(s),
                "run --method random --subset cifar10 --ipc 2 --budget smoke --data cifar10",
            ),
        ],
    );
}

/// A small run, whose bundle the cases below damage.
fn scored(sandbox: &Sandbox) {
    sandbox.succeed(SMALL);
    let bundle = sandbox.path().join(sandbox.bundle("results"));
    std::fs::rename(bundle, sandbox.path().join("set.bundle")).unwrap();
    let folder = sandbox.path().join("results/records/random/scenes-easy@1");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let record = files.into_iter().find(|path| !path.to_string_lossy().contains(".timing")).unwrap();
    std::fs::rename(record, folder.join("r.json")).unwrap();
}

const SMALL: &str = "run --method random --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d1-w4 \
                     --seeds 1 --train-per-class 2 --device cpu --set redraw=false";

/// Rewrites a file of the sandbox.
fn edit(sandbox: &Sandbox, name: &str, change: impl Fn(String) -> String) {
    let path = sandbox.path().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the edit of {name} changes something");
    std::fs::write(path, changed).unwrap();
}

const MANIFEST: &str = "set.bundle/manifest.json";
const RECORD: &str = "results/records/random/scenes-easy@1/r.json";

#[test]
fn bundles_and_records() {
    check(
        "bad_files",
        &[
            ("bundle missing", nothing, "eval none.bundle"),
            (
                "bundle without its data",
                |s| {
                    scored(s);
                    std::fs::remove_file(s.path().join("set.bundle/data.safetensors")).unwrap();
                },
                "eval set.bundle",
            ),
            (
                "bundle cut short",
                |s| {
                    scored(s);
                    s.file("set.bundle/data.safetensors", [7; 40]);
                },
                "eval set.bundle",
            ),
            (
                "manifest cut short",
                |s| {
                    scored(s);
                    edit(s, MANIFEST, |text| text[..40].to_owned());
                },
                "eval set.bundle",
            ),
            (
                "manifest of a later version",
                |s| {
                    scored(s);
                    edit(s, MANIFEST, |text| text.replacen("\"version\": 1", "\"version\": 9", 1));
                },
                "eval set.bundle",
            ),
            (
                "manifest of another kind",
                |s| {
                    scored(s);
                    edit(s, MANIFEST, |text| text.replacen("compdd-bundle", "compdd-record", 1));
                },
                "eval set.bundle",
            ),
            ("no record of that id", nothing, "results show nothing-like-it"),
            (
                "record with another score",
                |s| {
                    scored(s);
                    edit(s, RECORD, |text| text.replacen("\"mean\": ", "\"mean\": 1", 1));
                },
                "results validate",
            ),
            (
                "record is no JSON",
                |s| {
                    s.file("results/records/random/scenes-easy@1/x.json", "{\n  \"format\": \n}");
                },
                "results list",
            ),
            ("import of nothing", nothing, "import none --subset cifar10"),
            (
                "import of text",
                |s| {
                    s.file("set.pt", "no tensors");
                },
                "import set.pt --subset cifar10",
            ),
        ],
    );
}
