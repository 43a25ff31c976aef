use super::*;
use std::fs;

use crate::record::{Budget, Fidelity, Provenance};

use crate::subset::Subset;

fn example(labels: Labels) -> Distilled {
    let subset = Subset::find("cifar10").unwrap();
    let (id, classes, notes) = Distilled::describe_subset(&subset);
    let (mean, std) = subset.normalisation();
    let n = labels.len();
    Distilled {
        images: (0..n * 3 * 16).map(|i| (i as f32 * 0.37).sin() * 1.5).collect(),
        shape: [n, 3, 4, 4],
        labels,
        weights: None,
        learning_rate: 0.012_345_678,
        space: PixelSpaceRecord::Normalised { mean, std },
        subset: id,
        classes,
        notes,
        method: "random".into(),
        ipc: 2,
        formation: 1,
        recipe: serde_json::json!({"draws": 1, "rate": 0.1}),
        provenance: Provenance::of_run(3, Budget::Quick, Fidelity::Paper, "ff".repeat(32)),
    }
}

fn hard() -> Distilled {
    example(Labels::Hard((0..20).map(|i| i / 2).collect()))
}

fn written(set: &Distilled) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bundle");
    Bundle::write(&path, set, false).unwrap();
    (dir, path)
}

fn edit(path: &Path, from: &str, to: &str) {
    let file = path.join(Bundle::MANIFEST);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_kind_of_label_and_space_round_trips() {
    let values: Vec<f32> = (0..200).map(|i| i as f32 * 0.1).collect();
    let mut whitened = example(Labels::Probabilities { values: vec![0.1; 40], classes: 10 });
    let d = 48;
    whitened.space = PixelSpaceRecord::Zca {
        mean: [0.0; 3],
        std: [1.0; 3],
        epsilon: 0.1,
        zca_mean: vec![0.4; d],
        transform: (0..d * d).map(|i| f32::from(u8::from(i % (d + 1) == 0))).collect(),
        inverse: Vec::new(),
    };
    let weighted =
        Distilled { weights: Some((0..20).map(|i| if i % 2 == 0 { 0.25 } else { 1.75 }).collect()), ..hard() };
    for set in [hard(), weighted, example(Labels::Logits { values, classes: 10 }), whitened] {
        let (_dir, path) = written(&set);
        assert_eq!(Bundle::read(&path).unwrap(), set);
        assert_eq!(Bundle::info(&path).unwrap().manifest.provenance, set.provenance);
    }
}

#[test]
fn equal_sets_give_equal_bytes() {
    let (_a, first) = written(&hard());
    let (_b, second) = written(&hard());
    for name in [Bundle::DATA, Bundle::MANIFEST, Bundle::PREVIEW] {
        assert_eq!(fs::read(first.join(name)).unwrap(), fs::read(second.join(name)).unwrap(), "{name}");
    }
    assert_eq!(fs::read_dir(&first).unwrap().count(), 3);
}

/// Twenty stored images of eight pixels a side that hold four images each.
fn formed() -> Distilled {
    Distilled { images: vec![0.25; 20 * 3 * 64], shape: [20, 3, 8, 8], formation: 2, ..hard() }
}

#[test]
fn the_formation_is_written_only_where_there_is_one() {
    let (_dir, path) = written(&hard());
    let text = fs::read_to_string(path.join(Bundle::MANIFEST)).unwrap();
    assert!(!text.contains("formation"), "older bundles keep their bytes");
    let (_dir, path) = written(&formed());
    let read = Bundle::read(&path).unwrap();
    assert_eq!((read.formation, read.len(), read.ipc), (2, 20, 2));
    edit(&path, "\"formation\": 2", "\"formation\": 3");
    let error = Bundle::read(&path).unwrap_err().to_string();
    assert!(error.contains("an image of 8 by 8 pixels cannot hold 3 by 3 others"), "{error}");
}

#[test]
fn the_preview_shows_stored_images() {
    let (_dir, path) = written(&formed());
    let picture = image::open(path.join(Bundle::PREVIEW)).unwrap();
    assert_eq!((picture.width(), picture.height()), (2 + 2 * 66, 2 + 10 * 66));
}

#[test]
fn the_preview_has_a_row_per_class() {
    let (_dir, path) = written(&hard());
    let picture = image::open(path.join(Bundle::PREVIEW)).unwrap();
    assert_eq!((picture.width(), picture.height()), (2 + 2 * 66, 2 + 10 * 66));
}

#[test]
fn replacing_is_asked_for() {
    let (_dir, path) = written(&hard());
    assert!(matches!(Bundle::write(&path, &hard(), false), Err(RecordError::Exists { .. })));
    Bundle::write(&path, &hard(), true).unwrap();
}

#[test]
fn damage_to_the_data_is_noticed() {
    let (_dir, path) = written(&hard());
    let file = path.join(Bundle::DATA);
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    assert!(matches!(Bundle::read(&path), Err(RecordError::HashMismatch { .. })));
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&file, flipped).unwrap();
    assert!(matches!(Bundle::read(&path), Err(RecordError::HashMismatch { .. })));
    fs::remove_file(&file).unwrap();
    assert!(matches!(Bundle::read(&path), Err(RecordError::NotABundle { missing: "data.safetensors", .. })));
}

#[test]
fn a_truncated_data_file_with_its_own_hash_is_unreadable() {
    let (_dir, path) = written(&hard());
    let file = path.join(Bundle::DATA);
    let bytes = fs::read(&file).unwrap();
    let half = &bytes[..bytes.len() / 2];
    fs::write(&file, half).unwrap();
    edit(&path, &hash::bytes(&bytes), &hash::bytes(half));
    edit(&path, &format!("\"bytes\": {}", bytes.len()), &format!("\"bytes\": {}", half.len()));
    assert!(matches!(Bundle::read(&path), Err(RecordError::Safetensors { .. })));
}

#[test]
fn manifests_are_checked() {
    let case = |from: &str, to: &str| {
        let (_dir, path) = written(&hard());
        edit(&path, from, to);
        Bundle::read(&path).unwrap_err()
    };
    assert!(matches!(case("\"version\": 1", "\"version\": 2"), RecordError::Version { found: 2, newest: 1, .. }));
    assert!(matches!(case("compdd-bundle", "other"), RecordError::WrongFormat { .. }));
    assert!(matches!(case("\"ipc\": 2,", ""), RecordError::Json { .. }));
    let RecordError::Json { line, reason, .. } = case("\"ipc\": 2,", "\"ipc\": 2") else { panic!() };
    assert!(line > 10, "{line} {reason}");
    let RecordError::Tensor { problem, .. } = case("\"labels\": \"hard\"", "\"labels\": \"logits\"") else { panic!() };
    assert!(problem.contains("I64"), "{problem}");
    assert!(matches!(case("\"ipc\": 2", "\"ipc\": 0"), RecordError::Inconsistent(_)));
}

#[test]
fn a_plain_folder_is_no_bundle() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Bundle::read(dir.path()), Err(RecordError::NotABundle { missing: "manifest.json", .. })));
}

#[test]
fn impossible_sets_are_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bundle");
    let refuse = |change: fn(&mut Distilled)| {
        let mut set = hard();
        change(&mut set);
        let error = Bundle::write(&path, &set, false).unwrap_err();
        assert!(matches!(error, RecordError::Inconsistent(_)), "{error}");
        assert!(!path.exists());
    };
    refuse(|s| s.images[5] = f32::NAN);
    refuse(|s| s.learning_rate = -0.1);
    refuse(|s| s.labels = Labels::Hard(vec![0; 3]));
    refuse(|s| s.labels = Labels::Hard(vec![10; 20]));
    refuse(|s| s.shape = [20, 3, 4, 5]);
    refuse(|s| s.space = PixelSpaceRecord::Normalised { mean: [0.0; 3], std: [0.0; 3] });
    refuse(|s| s.weights = Some(vec![1.0; 19]));
    refuse(|s| s.weights = Some(vec![2.0; 20]));
    refuse(|s| s.formation = 0);
    refuse(|s| s.formation = 2);
    refuse(|s| {
        *s = formed();
        let (d, mean, std) = (192, [0.0; 3], [1.0; 3]);
        let (zca_mean, transform) = (vec![0.0; d], vec![0.0; d * d]);
        s.space = PixelSpaceRecord::Zca { mean, std, epsilon: 0.1, zca_mean, transform, inverse: Vec::new() };
    });
}
