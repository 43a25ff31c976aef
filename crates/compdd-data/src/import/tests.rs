use super::*;
use std::fs;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/import").join(name)
}

fn options(subset: &str) -> ImportOptions {
    ImportOptions::new(Subset::find(subset).unwrap())
}

fn copy(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let to = Path::new(name).file_name().unwrap();
        fs::copy(fixture(name), dir.path().join(to)).unwrap();
    }
    dir
}

fn message(result: Result<Distilled, ImportError>) -> String {
    result.unwrap_err().to_string()
}

/// The fixtures' images: value `i` is `((i * 37) % 101) / 25 - 2`.
fn expected(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37) % 101) as f32 / 25.0 - 2.0).collect()
}

fn assert_close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        assert!((x - y).abs() < 1e-6, "{i}: {x} {y}");
    }
}

#[test]
fn mtt_files_have_hard_labels_and_no_rate() {
    let set = open(&fixture("mtt"), &options("cifar10")).unwrap();
    assert_eq!(set.shape, [20, 3, 4, 4]);
    assert_close(&set.images, &expected(20 * 48));
    assert_eq!(set.labels, Labels::Hard((0..20).map(|i| i / 2).collect()));
    assert!((set.learning_rate - DEFAULT_LEARNING_RATE).abs() < f32::EPSILON);
    assert!(set.provenance.remarks.iter().any(|r| r.contains("learning rate")));
    assert!(set.provenance.imported_from[0].starts_with("images_5000.pt (BLAKE3 "), "{:?}", set.provenance);
    assert_eq!(set.ipc, 2);
}

#[test]
fn edf_files_have_logits_and_a_rate() {
    for path in [fixture("edf"), fixture("edf/images_best.pt")] {
        let set = open(&path, &options("cifar10")).unwrap();
        assert_close(&set.images, &expected(20 * 48));
        let Labels::Logits { values, classes: 10 } = &set.labels else { panic!("{:?}", set.labels.kind()) };
        assert!((values[0] - 9.5).abs() < 1e-6 && (values[1] + 0.5).abs() < 1e-6);
        assert!((set.learning_rate - 0.0321).abs() < 1e-7);
        assert_eq!((set.ipc, set.provenance.imported_from.len()), (2, 3));
    }
    let forced = ImportOptions { soft_labels: Some(SoftLabels::Probabilities), ..options("cifar10") };
    assert!(message(open(&fixture("edf"), &forced)).contains("no distribution"));
}

#[test]
fn tesla_rows_are_recognised_as_probabilities() {
    let dir = copy(&["edf/images_best.pt", "other/probabilities.pt"]);
    fs::rename(dir.path().join("probabilities.pt"), dir.path().join("labels_best.pt")).unwrap();
    let set = open(dir.path(), &options("cifar10")).unwrap();
    assert_eq!(set.labels.kind(), compdd_core::record::LabelKind::Probabilities);
}

#[test]
fn dc_files_hold_several_experiments() {
    let set = open(&fixture("dc/res_DC_CIFAR10_ConvNet_1ipc.pt"), &options("cifar10")).unwrap();
    assert_eq!((set.shape, set.ipc), ([10, 3, 4, 4], 1));
    assert_close(&set.images, &expected(10 * 48));
    assert!(set.provenance.remarks.iter().any(|r| r.contains("2 experiments")));
}

#[test]
fn views_parameters_and_other_types_are_understood() {
    for name in ["view.pt", "parameter.pt", "double.pt", "cuda.pt", "protocol4.pt", "legacy.pt"] {
        let dir = copy(&["mtt/labels_5000.pt", &format!("other/{name}")]);
        fs::rename(dir.path().join(name), dir.path().join("images_5000.pt")).unwrap();
        let set = open(dir.path(), &options("cifar10")).unwrap();
        assert_close(&set.images, &expected(20 * 48));
    }
}

#[test]
fn the_pixel_space_is_checked() {
    let load = |name: &str, stored_as| {
        let dir = copy(&["mtt/labels_5000.pt", &format!("other/{name}")]);
        fs::rename(dir.path().join(name), dir.path().join("images_5000.pt")).unwrap();
        open(dir.path(), &ImportOptions { stored_as, ..options("cifar10") })
    };
    assert!(message(load("unit.pt", StoredAs::Normalised)).contains("look like 0..1"));
    assert!(message(load("bytes.pt", StoredAs::Normalised)).contains("look like 0..255"));
    assert!(message(load("unit.pt", StoredAs::Bytes)).contains("look like 0..1"));
    assert!(message(load("huge.pt", StoredAs::Normalised)).contains("cannot be normalised pixels"));
    assert!(message(load("nan.pt", StoredAs::Normalised)).contains("image 3 holds NaN"));
    let unit = load("unit.pt", StoredAs::Unit).unwrap();
    let bytes = load("bytes.pt", StoredAs::Bytes).unwrap();
    assert!((unit.images[0] + 0.4914 / 0.2023).abs() < 1e-5);
    assert!((bytes.images[0] - unit.images[0]).abs() < 1e-5);
}

#[test]
fn wrong_tensors_are_refused() {
    let open_with = |images: &str, labels: &str, subset: &str| {
        let dir = copy(&[images, labels]);
        let name = |p: &str| dir.path().join(Path::new(p).file_name().unwrap());
        fs::rename(name(images), dir.path().join("images_1.pt")).unwrap();
        fs::rename(name(labels), dir.path().join("labels_1.pt")).unwrap();
        message(open(dir.path(), &options(subset)))
    };
    assert!(open_with("edf/images_best.pt", "edf/labels_best.pt", "cifar100").contains("expected [20] or [20, 100]"));
    assert!(open_with("edf/labels_best.pt", "mtt/labels_5000.pt", "cifar10").contains("expected [N, 3, H, W]"));
    assert!(
        open_with("mtt/images_5000.pt", "other/labels_from_one.pt", "cifar10")
            .contains("label 10 is not one of the 10")
    );
    assert!(open_with("edf/lr_best.pt", "mtt/labels_5000.pt", "cifar10").contains("images have shape []"));
    assert!(open_with("other/number.pt", "mtt/labels_5000.pt", "cifar10").contains("holds the number"));
    assert!(open_with("other/state_dict.pt", "mtt/labels_5000.pt", "cifar10").contains("`images`, but: weight"));
}

#[test]
fn damaged_and_missing_files_are_named() {
    let dir = copy(&["edf/images_best.pt"]);
    assert!(message(open(dir.path(), &options("cifar10"))).contains("labels_best.pt does not exist"));
    let dir = copy(&["edf/images_best.pt", "edf/labels_best.pt", "edf/lr_best.pt"]);
    let images = dir.path().join("images_best.pt");
    let good = fs::read(&images).unwrap();
    for cut in [0, 10, 100, good.len() / 2, good.len() - 1] {
        fs::write(&images, &good[..cut]).unwrap();
        assert!(message(open(dir.path(), &options("cifar10"))).contains("images_best.pt cannot be read"), "{cut}");
    }
    let mut flipped = good.clone();
    flipped[1000] ^= 0x40;
    fs::write(&images, flipped).unwrap();
    assert!(message(open(dir.path(), &options("cifar10"))).contains("`data/0` is damaged"));
    fs::write(&images, &good).unwrap();
    fs::copy(fixture("other/negative_rate.pt"), dir.path().join("lr_best.pt")).unwrap();
    assert!(message(open(dir.path(), &options("cifar10"))).contains("learning rate is -0.01"));
    assert!(message(open(Path::new("/nowhere"), &options("cifar10"))).contains("nothing at"));
    let empty = tempfile::tempdir().unwrap();
    assert!(
        message(open(empty.path(), &options("cifar10")))
            .contains("neither images_*.pt nor train-*.parquet nor pictures")
    );
}

fn pictures(names: &[String], size: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (i, name) in names.iter().enumerate() {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::RgbImage::from_pixel(size, size, image::Rgb([i as u8, 100, 200])).save(path).unwrap();
    }
    dir
}

#[test]
fn class_folders_are_known_by_synset_label_or_number() {
    let subset = Subset::find("imagenette").unwrap();
    let names: [fn(&Subset, usize) -> String; 4] = [
        |s, i| s.classes[i].synset.clone(),
        |s, i| s.classes[i].label.replace(' ', "_"),
        |_, i| format!("new{i:03}"),
        |s, i| format!("{}", s.classes[i].index.unwrap()),
    ];
    for name in names {
        let files: Vec<String> = (0..10).map(|i| format!("{}/a.png", name(&subset, i))).collect();
        let set = open(pictures(&files, 4).path(), &options("imagenette")).unwrap();
        assert_eq!(set.labels, Labels::Hard((0..10).collect()), "{}", files[0]);
        assert!((set.image(7)[0] - (7.0 / 255.0 - 0.485) / 0.229).abs() < 1e-5);
        assert_eq!(set.ipc, 1);
    }
}

#[test]
fn numbered_files_of_all_thousand_classes_are_narrowed() {
    let files: Vec<String> = [0, 217, 482, 491, 497, 566, 569, 571, 574, 701, 5, 999]
        .iter()
        .map(|i| format!("new{i:03}/class{i:03}_id000.png"))
        .collect();
    let set = open(pictures(&files, 4).path(), &options("imagenette")).unwrap();
    assert_eq!(set.len(), 10);
    assert!(set.provenance.remarks.iter().any(|r| r.contains("2 pictures of classes outside")));
}

#[test]
fn wrong_pictures_are_named() {
    let names = |n: usize| (0..n).map(|i| format!("class{i:03}_id000.png")).collect::<Vec<_>>();
    let text = message(open(pictures(&names(9), 4).path(), &options("cifar10")));
    assert!(text.contains("no picture of truck"), "{text}");
    let dir = pictures(&names(10), 4);
    fs::write(dir.path().join("class003_id000.png"), b"no picture").unwrap();
    fs::write(dir.path().join("class004_id000.png"), b"").unwrap();
    let text = message(open(dir.path(), &options("cifar10")));
    assert!(
        text.starts_with("2 of the pictures")
            && text.contains("the file is empty")
            && text.contains("class004_id000.png"),
        "{text}"
    );
    let dir = pictures(&names(10), 4);
    image::RgbImage::new(5, 4).save(dir.path().join("class005_id000.png")).unwrap();
    assert!(message(open(dir.path(), &options("cifar10"))).contains("is 5 x 4 pixels"));
    let error = open(pictures(&["airplan/a.png".into()], 4).path(), &options("cifar10")).unwrap_err();
    let ImportError::UnknownClass { near, .. } = &error else { panic!("{error}") };
    assert_eq!(near, &["airplane"]);
}
