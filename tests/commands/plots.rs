//! Plots of results: what the commands write, and what they refuse.

use std::{fmt::Write as _, fs, path::PathBuf};

use compdd::{
    record::{
        Accuracy, Budget, Bundle, Cell, Distilled, Fidelity, Labels, PixelSpaceRecord, Provenance, Record, Store,
        StudentRecord, Timing,
    },
    subset::Subset,
};
use serde_json::{Value, json};

use crate::support::{Sandbox, settings, texts};

/// Writes a record with its timing into the sandbox's results.
fn keep(
    sandbox: &Sandbox,
    [method, subset, network]: [&str; 3],
    ipc: usize,
    scores: &[f64],
    recipe: Value,
    budget: Budget,
) -> Record {
    let student = |(seed, score): (usize, &f64)| StudentRecord {
        seed: seed as u64,
        draw: 0,
        accuracy: Accuracy::new(*score).unwrap(),
        train_loss: 0.1,
        epochs: 1,
        steps: 1,
        best_on_test: None,
    };
    let students: Vec<StudentRecord> = scores.iter().enumerate().map(student).collect();
    let cell = Cell {
        method: method.into(),
        subset: format!("{subset}@1"),
        ipc,
        protocol: "no-kd@1".into(),
        network: network.into(),
        source: network.into(),
        resolution: 32,
        budget,
        fidelity: Fidelity::Paper,
        recipe_hash: String::new(),
        data_hash: subset.into(),
        seed: 0,
        students: students.len(),
        teacher: None,
        pruning: None,
    };
    let subset = Subset::find(subset).unwrap();
    let record = Record::new(cell, &subset, students, recipe, json!({})).unwrap();
    let timing =
        Timing { distill_seconds: Some(60.0 * (1 + ipc) as f64), threads: Some(2), ..Timing::new(&record.id, "cpu") };
    Store::new(sandbox.path().join("results")).save(&record, Some(&timing)).unwrap();
    record
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let recipe = || json!({"enhance": true, "drop": 0.25});
    for (method, ipc, scores) in
        [("dm", 1, [0.25, 0.27]), ("dm", 10, [0.45, 0.47]), ("random", 1, [0.14, 0.16]), ("full", 0, [0.8, 0.82])]
    {
        keep(&sandbox, [method, "cifar10", "convnet-d3"], ipc, &scores, recipe(), Budget::Paper);
    }
    keep(&sandbox, ["dm", "cifar10", "vgg11"], 1, &[0.2], recipe(), Budget::Paper);
    for (list, scores) in [("scenes-easy", [0.5, 0.6]), ("scenes-hard", [0.2, 0.3])] {
        keep(&sandbox, ["edf", list, "convnet-d3"], 1, &scores, recipe(), Budget::Quick);
        keep(&sandbox, ["full", list, "convnet-d3"], 0, &[0.8], recipe(), Budget::Quick);
    }
    keep(
        &sandbox,
        ["edf", "scenes-hard", "convnet-d3"],
        1,
        &[0.25, 0.28],
        json!({"enhance": false, "drop": 0.25}),
        Budget::Quick,
    );
    sandbox
}

fn svg(sandbox: &Sandbox, arguments: &str) -> String {
    sandbox.succeed(&format!("plot {arguments} --out plot.svg"));
    fs::read_to_string(sandbox.path().join("plot.svg")).unwrap()
}

#[test]
fn every_chart_of_records_is_drawn() {
    let sandbox = sandbox();
    let of = "--subset cifar10 --network convnet-d3";
    let ipc = svg(&sandbox, &format!("ipc {of} --published"));
    for words in ["full data: 81.0 %", "published", "random", "images per class (logarithmic)"] {
        assert!(ipc.contains(&format!("aria-label=\"{words}\"")), "{words}");
    }
    assert!(svg(&sandbox, &format!("cost {of} --ipc 1")).contains("hours of distillation on cpu (2 threads)"));
    assert!(svg(&sandbox, "networks --subset cifar10 --ipc 1").contains("aria-label=\"vgg11\""));
    let ablation = svg(&sandbox, "ablation --by enhance --method edf --subset scenes-hard --budget quick");
    assert!(ablation.contains("Quick budget: not"), "the note says so");
    let first = keep(
        &sandbox,
        ["edf", "scenes-easy", "convnet-d3"],
        1,
        &[0.5, 0.6],
        json!({"enhance": true, "drop": 0.25}),
        Budget::Quick,
    );
    let ends: Vec<String> = Store::new(sandbox.path().join("results"))
        .list(&compdd::record::Query { budget: Some(Budget::Quick), ..Default::default() })
        .unwrap()
        .iter()
        .filter(|record| record.recipe["enhance"] == true)
        .map(|record| record.id.rsplit('_').next().unwrap().to_owned())
        .collect();
    let recovery = svg(&sandbox, &format!("recovery --record {}", ends.join(",")));
    assert!(recovery.contains("Category scenes, ") && recovery.contains(&first.id), "sources are in the file");

    let store = Store::new(sandbox.path().join("results"));
    fs::create_dir_all(store.curve_path(&first.cell).parent().unwrap()).unwrap();
    fs::write(store.curve_path(&first.cell), "iteration,mean,std,students\n0,11.24,,1\n300,25.84,0.62,5\n").unwrap();
    assert!(svg(&sandbox, "iterations --budget quick").contains("aria-label=\"accuracy (%)\""));

    sandbox.file("a.csv", "synset,label,complexity_0.5\na,A,0.25\nb,B,0.5\n");
    sandbox.succeed("plot complexity a.csv --out spread.png");
    let png = fs::read(sandbox.path().join("spread.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(u32::from_be_bytes([png[16], png[17], png[18], png[19]]), 1440);
}

#[test]
fn what_does_not_share_a_chart_is_refused_and_nothing_is_written() {
    let sandbox = sandbox();
    keep(&sandbox, ["dm", "cifar10", "convnet-d3"], 1, &[0.3, 0.31, 0.32], json!({"enhance": true}), Budget::Paper);
    let mut said = String::new();
    for arguments in [
        "ipc --out plot.pdf",
        "ipc --out plot.svg",
        "ipc --subset cifar10 --network convnet-d3 --out plot.svg",
        "ipc --subset scenes-hard --out plot.svg",
        "ipc --subset bird-hard --out plot.svg",
        "ipc --record ffffffff --out plot.svg",
        "ablation --by enhence --subset scenes-hard --budget quick --out plot.svg",
        "networks --subset cifar10 --out plot.svg",
        "iterations --out plot.svg",
        "cost --subset cifar10 --network vgg11 --timed-on cuda --out plot.svg",
        "ipc --results nowhere --out plot.svg",
        "gallery none.bundle --out plot.svg",
        "gallery none.bundle --out plot.png",
        "tsne none.bundle --device cpu --out plot.svg",
        "complexity none.csv --out plot.svg",
    ] {
        let output = sandbox.run(&format!("plot {arguments}"));
        assert!(!output.status.success(), "{arguments}");
        writeln!(said, "$ compdd plot {arguments}\n{}", texts(&output).1).unwrap();
        assert!(!sandbox.path().join("plot.svg").exists() && !sandbox.path().join("plot.png").exists());
    }
    let mut settings = settings();
    settings.add_filter("[0-9a-f]{8}(,|\n| )", "[HASH]$1");
    settings.bind(|| insta::assert_snapshot!("plots_refused", said));
}

/// A bundle of two images a class of `scenes-easy`.
fn bundle(sandbox: &Sandbox) -> PathBuf {
    let subset = Subset::find("scenes-easy").unwrap();
    let (mean, std) = subset.normalisation();
    let (name, classes, notes) = Distilled::describe_subset(&subset);
    let set = Distilled {
        images: (0..20 * 3 * 32 * 32).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect(),
        shape: [20, 3, 32, 32],
        labels: Labels::Hard((0..20).map(|i| i / 2).collect()),
        weights: None,
        learning_rate: 0.01,
        space: PixelSpaceRecord::Normalised { mean, std },
        subset: name,
        classes,
        notes,
        method: "random".into(),
        ipc: 2,
        formation: 1,
        recipe: json!({}),
        provenance: Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, ""),
    };
    let path = sandbox.path().join("own.bundle");
    Bundle::write(&path, &set, false).unwrap();
    path
}

#[test]
fn a_bundle_becomes_a_gallery_and_points() {
    let sandbox = Sandbox::new();
    bundle(&sandbox);
    sandbox.succeed("plot gallery own.bundle own.bundle --classes 3 --out gallery.png");
    let sheet = fs::read(sandbox.path().join("gallery.png")).unwrap();
    let [width, height] = [16, 20].map(|at| u32::from_be_bytes(sheet[at..at + 4].try_into().unwrap()));
    assert!(
        sheet.starts_with(b"\x89PNG") && width > 4 * 96 && height > 3 * 96,
        "two bundles of two images: {width} x {height}"
    );
    let tsne = "tsne own.bundle --device cpu --per-class 2 --classes 5 --iterations 20";
    let untrained = svg(&sandbox, tsne);
    assert!(untrained.contains("untrained") && untrained.contains("aria-label=\"striped disc\""));
    assert_eq!(untrained, svg(&sandbox, tsne));
    sandbox.teacher();
    assert!(svg(&sandbox, &format!("{tsne} --teacher own")).contains("features of convnet-d2-w16 for"));
}
