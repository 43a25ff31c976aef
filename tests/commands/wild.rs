//! What people meet outside: leftovers among files, text of other editors, streams that cannot be written.

use std::{fs, path::PathBuf, process::Stdio};

use crate::support::{Sandbox, records, texts};

const RUN: &str = "run --method random --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --train-per-class 5 --seeds 1";

/// What lies where records lie and is none: hidden files and folders of systems, editors and notebooks.
#[test]
fn hidden_files_among_records_are_not_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.succeed(RUN);
    let before = sandbox.succeed("results list");
    let record = PathBuf::from(records(&sandbox).remove(0).0);
    let (folder, name) = (record.parent().unwrap(), record.file_name().unwrap().to_string_lossy().into_owned());
    for (place, content) in [(format!("._{name}"), "no JSON"), (format!(".ipynb_checkpoints/{name}"), "{}")] {
        sandbox.file(&folder.join(place).to_string_lossy(), content);
    }
    assert_eq!(sandbox.succeed("results list"), before);
    for command in ["leaderboard", "results validate", "site --out site"] {
        sandbox.succeed(command);
    }
}

/// Text as editors of Windows save it: a mark before UTF-8 is no part of it, UTF-16 is named.
#[test]
fn marks_before_text_are_skipped_and_utf16_is_named() {
    let sandbox = Sandbox::new();
    let recipe = sandbox.succeed("method recipe random");
    sandbox.file("marked.toml", format!("\u{feff}{recipe}"));
    sandbox.succeed(&format!("{RUN} --recipe marked.toml"));
    let utf16 = recipe.encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes: Vec<u8>, unit| {
        bytes.extend(unit.to_le_bytes());
        bytes
    });
    sandbox.file("utf16.toml", utf16);
    let (_, said) = texts(&sandbox.run(&format!("{RUN} --recipe utf16.toml --force")));
    assert!(said.contains("UTF-16") && said.contains("save it as UTF-8"), "{said}");
    let record = PathBuf::from(records(&sandbox).remove(0).0);
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, format!("\u{feff}{text}")).unwrap();
    sandbox.succeed("leaderboard");
}

/// Where results cannot be written to the standard output a command fails; where talk cannot be written it goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_a_stream_is_noticed_and_ends_no_run() {
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let sandbox = Sandbox::new();
    for command in ["table edf:1 --format csv", "method recipe dm", "subset show imagenet-1k"] {
        let output = sandbox.command(command).stdout(full()).output().unwrap();
        let (_, said) = texts(&output);
        assert!(
            output.status.code() == Some(1) && said.contains("cannot write to standard output"),
            "{command}: {said}"
        );
    }
    let output = sandbox.command(&format!("{RUN} -v")).stderr(full()).output().unwrap();
    assert!(output.status.success());
    assert_eq!(records(&sandbox).len(), 1);
    let mut child = sandbox.command(&format!("{RUN} --force")).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success(), "nobody reads what it says");
}
