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

/// Whatever was chosen for a run, the command on its page leads to the same cells: they are found, and nothing is computed.
#[test]
fn the_command_of_a_page_makes_its_record() {
    let sandbox = Sandbox::new();
    let place = "--res 16 --network convnet-d2-w8 --eval-networks mlp --train-per-class 5 --seeds 2 --seed 3";
    sandbox.succeed(&format!(
        "run --method herding --subset scenes-easy --ipc 2 --budget smoke --fidelity released --resize crop --no-antialias --set feature_epochs=2 {place} --device cpu"
    ));
    let bundle = sandbox.bundle("results");
    sandbox.succeed(&format!("eval {} --network lenet --budget smoke --seeds 1 --train-per-class 5", bundle.display()));
    sandbox.succeed("site --out site");
    let pages = files(&sandbox.path().join("site/records/scenes-easy@1"));
    let pages = pages.iter().filter(|(name, _)| name.strip_suffix(".html").is_some());
    let commands = pages.map(|(_, page)| {
        let page = String::from_utf8(page.clone()).unwrap();
        let block =
            page.split("id=\"again\"").nth(1).and_then(|rest| rest.split("<pre tabindex=\"0\">").nth(1)).unwrap();
        block.split("</pre>").next().unwrap().strip_prefix("compdd ").unwrap().to_owned()
    });
    let commands: Vec<String> = commands.collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for command in commands {
        let output = sandbox.run(&command);
        let (_, err) = texts(&output);
        assert!(
            output.status.success() && (err.contains("nothing to do") || err.contains("the record exists")),
            "compdd {command}\n{err}"
        );
    }
}
