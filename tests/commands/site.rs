//! The site as a folder: what is refused, what is replaced, what is equal. Its pages in a browser are tested in `tests/browser`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use crate::support::{Sandbox, settings, texts};

/// The committed records.
fn results() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results").display().to_string()
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        walkdir::WalkDir::new(root).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    entries
        .map(|entry| {
            let name = entry.path().strip_prefix(root).unwrap().display().to_string();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn equal_records_give_equal_sites_and_an_old_one_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("site --out one --results {}", results()));
    sandbox.file("one/records/of-yesterday.html", "gone tomorrow");
    sandbox.succeed(&format!("site --out one --results {}", results()));
    sandbox.succeed(&format!("site --out two --results {}", results()));
    let [one, two] = ["one", "two"].map(|name| files(&sandbox.path().join(name)));
    assert!(one.len() > 300, "{}", one.len());
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    assert!(one == two);
}

#[test]
fn what_cannot_become_a_site_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("mine/thesis.tex", "three years of work");
    let source = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("results/records/full"));
    for (name, bytes) in &source {
        sandbox.file(&format!("changed/records/full/{name}"), bytes);
    }
    let (name, bytes) = source.iter().find(|(name, _)| !name.contains("timing")).unwrap();
    let better = String::from_utf8(bytes.clone()).unwrap().replacen("\"accuracy\": 0.", "\"accuracy\": 0.9", 1);
    sandbox.file(&format!("changed/records/full/{name}"), better);
    let mut told = String::new();
    for command in [
        format!("site --out mine --results {}", results()),
        "site --out site --results nowhere".to_owned(),
        "site --out site --results changed".to_owned(),
    ] {
        let output = sandbox.run(&command);
        assert!(!output.status.success(), "{command}");
        writeln!(told, "$ compdd {}\n{}", command.replace(&results(), "results"), texts(&output).1).unwrap();
    }
    settings().bind(|| insta::assert_snapshot!("site_refused", told));
    assert_eq!(fs::read_to_string(sandbox.path().join("mine/thesis.tex")).unwrap(), "three years of work");
    assert!(!sandbox.path().join("site").exists());
}
