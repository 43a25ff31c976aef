//! The rendered reports are what the committed records say: the commands of `reports/README.md`, run again.

use std::{fs, path::Path, process::Command};

/// Set to write the reports instead of comparing them.
const UPDATE: &str = "COMPDD_UPDATE_REPORTS";

#[test]
fn the_reports_follow_from_the_records() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("reports/README.md")).unwrap();
    let block = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let update = std::env::var_os(UPDATE).is_some();
    let folder = tempfile::tempdir().unwrap();
    let mut stale = Vec::new();
    for line in block.lines() {
        let mut words: Vec<String> = line.split_whitespace().skip(1).map(str::to_owned).collect();
        let target = words.last().unwrap().clone();
        assert!(line.starts_with("compdd ") && target.starts_with("reports/"), "{line}");
        let fresh = folder.path().join(Path::new(&target).file_name().unwrap());
        *words.last_mut().unwrap() = fresh.display().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_compdd"));
        command.args(&words).current_dir(root).env("COMPDD_CONFIG", "/dev/null").env_remove("COMPDD_RESULTS");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        let (made, kept) = (fs::read(&fresh).unwrap(), root.join(&target));
        if update {
            fs::create_dir_all(kept.parent().unwrap()).unwrap();
            fs::write(kept, made).unwrap();
        } else if fs::read(kept).ok() != Some(made) {
            stale.push(target);
        }
    }
    assert!(stale.is_empty(), "out of date: {stale:?}; {UPDATE}=1 cargo test --release --test commands reports::");
}
