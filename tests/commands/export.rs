//! `compdd export`, `compdd data export`, and the way back: the same data hash where the layout allows it, and a word where it does not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use compdd::{
    data::parse::{npz::Npz, parquet::Shard},
    export::npz::{self, Elements, Named},
    record::{Bundle, Labels, PixelSpaceRecord},
};
use serde_json::Value;

use super::support::{Sandbox, texts};

/// A stored set of the built-in scenes: `dm` with hard labels, `edf` with logits.
fn stored(method: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/bundles");
    let of_method = |path: &PathBuf| {
        path.file_name().unwrap().to_string_lossy().starts_with(&format!("{method}_scenes-easy@1_ipc1"))
    };
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find(of_method).unwrap()
}

fn hash(bundle: &Path) -> String {
    Bundle::info(bundle).unwrap().manifest.data.blake3
}

/// Exports a bundle; what was said of it.
fn export(sandbox: &Sandbox, bundle: &Path, format: &str, to: &str) -> String {
    let output = sandbox.run(&format!("export {} --format {format} --output {to}", bundle.display()));
    let (out, err) = texts(&output);
    assert!(output.status.success() && out.trim() == to, "{out}{err}");
    err
}

fn import(sandbox: &Sandbox, from: &str, flags: &str) -> PathBuf {
    sandbox.succeed(&format!("import {from} --subset scenes-easy --output back.bundle --force {flags}"));
    sandbox.path().join("back.bundle")
}

/// The images of `dm` with logits and another learning rate, taken in as a bundle.
fn soft(sandbox: &Sandbox) -> PathBuf {
    let set = Bundle::read(&stored("dm")).unwrap();
    let (logits, rate): (Vec<f32>, _) = ((0..100).map(|i| (i * 7 % 13) as f32 / 3.0 - 1.0).collect(), [0.02_f32]);
    let arrays = [
        Named { name: "images", shape: set.shape.into(), elements: Elements::Float(&set.images) },
        Named { name: "logits", shape: vec![10, 10], elements: Elements::Float(&logits) },
        Named { name: "lr", shape: vec![1], elements: Elements::Float(&rate) },
    ];
    sandbox.file("made.npz", npz::file(&arrays).unwrap());
    sandbox.succeed("import made.npz --subset scenes-easy");
    let bundle = sandbox.path().join("made.bundle");
    assert_eq!(Bundle::read(&bundle).unwrap().labels, Labels::Logits { values: logits, classes: 10 });
    bundle
}

#[test]
fn sets_come_back_from_pt_npz_and_safetensors_with_the_same_hash() {
    let sandbox = Sandbox::new();
    for (name, bundle, flags) in
        [("dm", stored("dm"), ""), ("dsa", stored("dsa"), ""), ("soft", soft(&sandbox), "--labels logits")]
    {
        assert_eq!(export(&sandbox, &bundle, "pt", name), "");
        assert_eq!(hash(&import(&sandbox, name, flags)), hash(&bundle), "{name} as pt");
        let archive = format!("{name}.npz");
        assert_eq!(export(&sandbox, &bundle, "npz", &archive), "");
        assert_eq!(hash(&import(&sandbox, &archive, "")), hash(&bundle), "{name} as npz");
        let data = bundle.join(Bundle::DATA).display().to_string();
        assert_eq!(hash(&import(&sandbox, &data, flags)), hash(&bundle), "{name} as safetensors");
    }
    let again = sandbox.run(&format!("export {} --format npz --output dm.npz", stored("dm").display()));
    assert!(texts(&again).1.contains("help: name another place, or replace it with --force"), "{}", texts(&again).1);
}

#[test]
fn a_file_of_dc_lacks_the_learning_rate_and_says_so() {
    let sandbox = Sandbox::new();
    let bundle = soft(&sandbox);
    let said = export(&sandbox, &bundle, "dc", "res.pt");
    let rate = Bundle::info(&bundle).unwrap().manifest.learning_rate;
    assert!(said.contains(&format!("--learning-rate {rate}")), "{said}");
    let back = import(&sandbox, "res.pt", &format!("--labels logits --learning-rate {rate}"));
    assert_eq!(hash(&back), hash(&bundle));
}

#[test]
fn a_whitened_set_keeps_its_whitening_in_npz_alone() {
    let sandbox = Sandbox::new();
    let (images, labels): (Vec<f32>, Vec<i64>) =
        ((0..480).map(|i| (i * 37 % 101) as f32 / 25.0 - 2.0).collect(), (0..10).collect());
    let matrix = |value: f32| -> Vec<f32> { (0..48 * 48).map(|i| if i % 49 == 0 { value } else { 0.0 }).collect() };
    let (transform, inverse, mean) = (matrix(2.0), matrix(0.5), [0.5; 48]);
    let mut arrays = vec![
        Named { name: "x", shape: vec![10, 3, 4, 4], elements: Elements::Float(&images) },
        Named { name: "y", shape: vec![10], elements: Elements::Long(&labels) },
        Named { name: "zca.mean", shape: vec![48], elements: Elements::Float(&mean) },
        Named { name: "zca.transform", shape: vec![48, 48], elements: Elements::Float(&transform) },
    ];
    sandbox.file("without.npz", npz::file(&arrays).unwrap());
    arrays.push(Named { name: "zca.inverse", shape: vec![48, 48], elements: Elements::Float(&inverse) });
    sandbox.file("white.npz", npz::file(&arrays).unwrap());
    sandbox.succeed("import white.npz --subset scenes-easy");
    let bundle = sandbox.path().join("white.bundle");
    assert!(matches!(Bundle::read(&bundle).unwrap().space, PixelSpaceRecord::Zca { .. }));
    assert_eq!(export(&sandbox, &bundle, "npz", "again.npz"), "");
    assert_eq!(hash(&import(&sandbox, "again.npz", "")), hash(&bundle));
    let said = export(&sandbox, &bundle, "pt", "white");
    assert!(said.contains("the whitening itself is not in .pt files"), "{said}");
    let said = export(&sandbox, &bundle, "folder", "pictures");
    assert!(said.contains("the whitening is undone"), "{said}");
    sandbox.succeed("import without.npz --subset scenes-easy");
    let refused = sandbox.run("export without.bundle --format folder --output none");
    assert!(texts(&refused).1.contains("the inverse of its whitening is not stored"), "{}", texts(&refused).1);
}

#[test]
fn pictures_come_back_within_half_a_grey_level_where_they_are_pixels() {
    let (sandbox, bundle) = (Sandbox::new(), stored("dm"));
    let said = export(&sandbox, &bundle, "folder", "pictures");
    assert!(said.contains("pixels are rounded to bytes"), "{said}");
    assert_alike(&bundle, &import(&sandbox, "pictures", ""));
}

/// Equal labels, and pixels within half a grey level of those that lie in 0..1.
fn assert_alike(before: &Path, after: &Path) {
    let (before, after) = (Bundle::read(before).unwrap(), Bundle::read(after).unwrap());
    assert_eq!(before.labels, after.labels);
    let (mean, std) = before.space.channels();
    let plane = before.shape[2] * before.shape[3];
    for (i, (a, b)) in before.images.iter().zip(&after.images).enumerate() {
        let channel = i / plane % 3;
        let unit = |value: f32| value * std[channel] + mean[channel];
        assert!((unit(*a).clamp(0.0, 1.0) - unit(*b)).abs() < 0.5 / 255.0 + 1e-5, "value {i}: {a} {b}");
    }
}

#[test]
fn a_dataset_folder_has_pictures_labels_scores_and_a_card() {
    let (sandbox, bundle) = (Sandbox::new(), stored("edf"));
    export(&sandbox, &bundle, "parquet", "hub");
    let card = fs::read_to_string(sandbox.path().join("hub/README.md")).unwrap();
    assert!(
        card.starts_with("---\ntask_categories:\n- image-classification\n") && card.contains("| method | `edf` |"),
        "{card}"
    );
    assert!(card.contains("path: data/train-*.parquet") && card.contains("0. `striped-disc`: striped disc"), "{card}");
    let bytes = fs::read(sandbox.path().join("hub/data/train-00000-of-00001.parquet")).unwrap();
    assert!(bytes.windows(6).any(|window| window == b"logits"));
    let set = Bundle::read(&bundle).unwrap();
    assert!(matches!(set.labels, Labels::Logits { .. }));
    let shard = Shard::open(&bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(shard.groups().sum::<u64>(), set.len() as u64);
    let synsets: Vec<String> = set.classes.iter().map(|class| class.synset.clone()).collect();
    assert_eq!(shard.names().unwrap(), Some(synsets));
    assert_alike(&bundle, &import(&sandbox, "hub", ""));
}

#[test]
fn images_of_a_subset_are_read_again_with_the_same_hashes() {
    let sandbox = Sandbox::new();
    sandbox.succeed("data make-scenes fake --pass-for imagenette --res 32 --per-class 3 --test-per-class 2");
    let contents = |data: &str| -> Vec<String> {
        let rows = sandbox.succeed(&format!("data prepare imagenette --res 16 --data {data}"));
        rows.lines().map(|line| line.split_whitespace().last().unwrap().to_owned()).skip(1).collect()
    };
    let direct = contents("fake");
    for layout in ["folder", "npz", "parquet", "webdataset"] {
        sandbox.succeed(&format!("data export imagenette --res 16 --data fake --format {layout} --output {layout}"));
        assert_eq!(contents(layout), direct, "{layout}");
        let about: Value =
            serde_json::from_slice(&fs::read(sandbox.path().join(layout).join("compdd.json")).unwrap()).unwrap();
        let hash = about["source"]["train"]["hash"].as_str().unwrap();
        assert!(direct.iter().any(|short| !short.is_empty() && hash.starts_with(short.as_str())), "{hash} {direct:?}");
        assert_eq!(
            (about["subset"].as_str(), about["source"]["train"]["images"].as_u64()),
            (Some("imagenette@1"), Some(30))
        );
    }
}

#[test]
fn images_of_the_built_in_scenes_are_those_of_a_run() {
    let sandbox = Sandbox::new();
    sandbox.succeed("data export scenes-easy --res 16 --train-per-class 2 --format npz --output scenes");
    let mut train = Npz::open(fs::File::open(sandbox.path().join("scenes/train.npz")).unwrap()).unwrap();
    let images = train.read("images").unwrap();
    assert_eq!(images.shape, [20, 3, 16, 16]);
    assert_eq!(train.read("labels").unwrap().integers().unwrap()[..4], [0, 0, 1, 1]);
    assert_eq!(train.read("class_names").unwrap().texts().unwrap()[0], "striped-disc");
}

#[test]
fn results_are_tables_in_every_format() {
    let sandbox = Sandbox::new();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let export =
        |flags: &str| sandbox.succeed(&format!("results export --results {} --method dm {flags}", stored.display()));
    let records: Vec<Value> =
        export("--format jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        records.len() > 1
            && records.iter().all(|record| record["method"] == "dm" && record["mean"].as_f64().unwrap() < 1.0)
    );
    let students = export("--rows students");
    let seats: u64 = records.iter().map(|record| record["n"].as_u64().unwrap()).sum();
    assert_eq!(students.lines().count() as u64, 1 + seats);
    let head: Vec<&str> = students.lines().next().unwrap().split(',').collect();
    assert!(head[..2] == ["record", "student"] && head.contains(&"accuracy") && head.contains(&"seed"), "{head:?}");
    let timings = export("--rows timings --format jsonl");
    let timing: Value = serde_json::from_str(timings.lines().next().unwrap()).unwrap();
    assert!(timing["distill_seconds"].as_f64().unwrap() > 0.0 && timing["device"] == "cpu");
    assert!(export("--rows published").starts_with("record,measured,"));
    export("--format parquet --out records.parquet");
    let bytes = fs::read(sandbox.path().join("records.parquet")).unwrap();
    let shard = parquet::file::serialized_reader::SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows: Vec<_> = parquet::record::reader::RowIter::from_file_into(Box::new(shard)).map(Result::unwrap).collect();
    assert_eq!(rows.len(), records.len());
    let means: Vec<f64> = rows
        .iter()
        .map(|row| {
            let place = row.get_column_iter().position(|(name, _)| name == "mean").unwrap();
            parquet::record::RowAccessor::get_double(row, place).unwrap()
        })
        .collect();
    assert_eq!(means, records.iter().map(|record| record["mean"].as_f64().unwrap()).collect::<Vec<_>>());
    let refused = texts(&sandbox.run("results export --format parquet")).1;
    assert!(refused.contains("--out"), "{refused}");
}
