//! Sets as people have them: other containers, leftovers of other programs, damage, the wrong space.

use std::{fs, io::Cursor, path::Path};

use compdd_core::{record::Labels, subset::Subset};
use image::{ImageFormat, Rgb, RgbImage};

use super::{ImportError, ImportOptions, StoredAs, open};
use crate::data::parse::{npy::tests::made as npy, parquet::made};

fn cifar() -> ImportOptions {
    ImportOptions::new(Subset::find("cifar10").unwrap())
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/import").join(name)
}

fn message(path: &Path) -> String {
    open(path, &cifar()).unwrap_err().to_string()
}

/// A picture of noise, so that half of its JPEG is not all of it.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let noise = |x: u32, y: u32| Rgb([(x * 37 + y * 91) as u8, (x * y * 13) as u8, (x * 7) as u8 ^ (y * 29) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, noise).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// One picture a class of CIFAR-10.
fn pictures(root: &Path, name: &str, bytes: &[u8]) {
    for class in 0..10 {
        let folder = root.join(class.to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
}

#[test]
fn pairs_and_dictionaries_are_sets() {
    let loose = open(&fixture("mtt"), &cifar()).unwrap();
    for name in ["pairs/list.pt", "pairs/tuple.pt", "pairs", "pairs/images.pt"] {
        let set = open(&fixture(name), &cifar()).unwrap();
        assert_eq!((&set.images, &set.labels), (&loose.images, &loose.labels), "{name}");
    }
    let named = open(&fixture("pairs/named.pt"), &cifar()).unwrap();
    assert!((named.learning_rate - 0.0321).abs() < 1e-7);
    assert!(matches!(named.labels, Labels::Logits { classes: 10, .. }));
}

#[test]
fn what_is_no_set_is_described() {
    assert!(
        message(&fixture("pairs/module.pt")).ends_with("holds a dictionary of epoch, names, where a set was expected")
    );
    let folder = tempfile::tempdir().unwrap();
    for name in ["res_DC_CIFAR10_ConvNet_1ipc.pt", "res_DC_CIFAR10_ConvNet_10ipc.pt"] {
        fs::copy(fixture("dc/res_DC_CIFAR10_ConvNet_1ipc.pt"), folder.path().join(name)).unwrap();
    }
    let text = message(folder.path());
    assert!(text.ends_with("res_DC_CIFAR10_ConvNet_10ipc.pt, res_DC_CIFAR10_ConvNet_1ipc.pt"), "{text}");
    let unpacked = tempfile::tempdir().unwrap();
    fs::write(unpacked.path().join("data.pkl"), b"").unwrap();
    assert!(message(unpacked.path()).contains("zip -0 -r"));
}

#[test]
fn hidden_files_and_leftovers_are_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), "a.png", &picture(8, 8, ImageFormat::Png));
    fs::write(folder.path().join("3/._a.png"), b"fork").unwrap();
    for leftover in ["__MACOSX", ".ipynb_checkpoints", "@eaDir"] {
        fs::create_dir(folder.path().join(leftover)).unwrap();
        fs::write(folder.path().join(leftover).join("._a.png"), b"fork").unwrap();
    }
    assert_eq!(open(folder.path(), &cifar()).unwrap().len(), 10);
    let tensor = tempfile::tempdir().unwrap();
    fs::copy(fixture("dc/res_DC_CIFAR10_ConvNet_1ipc.pt"), tensor.path().join("set.pt")).unwrap();
    fs::write(tensor.path().join("._set.pt"), b"fork").unwrap();
    assert_eq!(open(tensor.path(), &cifar()).unwrap().len(), 10);
}

/// As a run decodes training images: a picture that stops before its end is none, and neither is one on which the decoder panics.
#[test]
fn pictures_are_whole_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = picture(32, 32, ImageFormat::Jpeg);
    pictures(folder.path(), "a.jfif", &whole);
    assert_eq!(open(folder.path(), &cifar()).unwrap().shape, [10, 3, 32, 32]);
    fs::write(folder.path().join("4/a.jfif"), &whole[..whole.len() / 2]).unwrap();
    let text = message(folder.path());
    assert!(text.starts_with("1 of the pictures cannot be decoded") && text.contains("4/a.jfif: "), "{text}");
    #[cfg(unix)]
    {
        fs::remove_file(folder.path().join("4/a.jfif")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("4/a.jfif")).unwrap();
        assert!(message(folder.path()).contains("4/a.jfif"));
    }
}

#[test]
fn sets_that_are_not_square_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), "a.png", &picture(16, 12, ImageFormat::Png));
    let error = open(folder.path(), &cifar()).unwrap_err();
    assert!(matches!(error, ImportError::NotSquare { width: 16, height: 12, .. }), "{error}");
}

/// Loose arrays of `NumPy`, with their channels behind as pictures have them.
#[test]
fn bare_arrays_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut images = npy("|u1", "(10, 4, 4, 3)", &[0; 480]);
    let start = images.len() - 480;
    for (i, byte) in images[start..].iter_mut().enumerate() {
        *byte = if i % 3 == 1 { 255 } else { (i % 7) as u8 * 30 };
    }
    fs::write(folder.path().join("images.npy"), images).unwrap();
    let labels: Vec<u8> = (0..10).collect();
    fs::write(folder.path().join("labels.npy"), npy("|u1", "(10,)", &labels)).unwrap();
    let set = open(folder.path(), &ImportOptions { stored_as: StoredAs::Bytes, ..cifar() }).unwrap();
    let (mean, std) = set.space.channels();
    assert_eq!(set.shape, [10, 3, 4, 4]);
    let (green, red) = (set.images[16..32].iter(), set.images[1]);
    assert!(green.clone().all(|value| (value - (1.0 - mean[1]) / std[1]).abs() < 1e-5));
    assert!((red - (90.0 / 255.0 - mean[0]) / std[0]).abs() < 1e-5, "{red}");
    assert!(set.provenance.remarks.iter().any(|remark| remark.contains("[N, H, W, 3]")));
}

#[test]
fn rows_of_pictures_are_read() {
    let subset = Subset::find("imagenette").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("set.parquet");
    let png = picture(8, 8, ImageFormat::Png);
    let rows: Vec<made::Row> = (0..10).rev().map(|label| (png.clone(), None, label)).collect();
    fs::write(&file, made::shard(&rows, 4, &[])).unwrap();
    let set = open(&file, &ImportOptions::new(subset)).unwrap();
    assert_eq!((set.shape, set.labels), ([10, 3, 8, 8], Labels::Hard((0..10).collect())));
}

#[test]
fn names_in_a_file_of_rows_say_what_its_numbers_mean() {
    let subset = Subset::find("imagenette").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let shard = |number| folder.path().join(format!("data/train-0000{number}-of-00002.parquet"));
    let names: Vec<String> = subset.classes.iter().rev().map(|class| class.synset.clone()).collect();
    let write = |number: usize, labels: std::ops::Range<i64>, names: &[String]| {
        let rows: Vec<made::Row> = labels.map(|label| (picture(8, 8, ImageFormat::Png), None, label)).collect();
        fs::write(shard(number), made::shard(&rows, 4, names)).unwrap();
    };
    write(0, 0..6, &names);
    let message = open(folder.path(), &ImportOptions::new(subset.clone())).unwrap_err().to_string();
    assert!(message.contains("train-00001-of-00002.parquet"), "{message}");
    write(1, 6..10, &names);
    let set = open(folder.path(), &ImportOptions::new(subset.clone())).unwrap();
    assert_eq!((set.shape, set.labels), ([10, 3, 8, 8], Labels::Hard((0..10).collect())));
    assert!(!set.provenance.remarks.iter().any(|remark| remark.contains("positions")));
    assert_eq!(set.provenance.imported_from.len(), 2);
    write(1, 6..11, &names);
    let message = open(folder.path(), &ImportOptions::new(subset)).unwrap_err().to_string();
    assert!(message.contains("train-00001-of-00002.parquet, row 4") && message.contains("10 of 10 names"), "{message}");
}

#[test]
fn the_wrong_space_is_remarked_on() {
    let folder = tempfile::tempdir().unwrap();
    let arrays = |scale: f32| {
        let values = (0..10 * 3 * 256).flat_map(|i| (scale * ((i * 7919 % 101) as f32 / 50.0 - 1.0)).to_le_bytes());
        npy("<f4", "(10, 3, 16, 16)", &values.collect::<Vec<u8>>())
    };
    let labels: Vec<u8> = (0..10).collect();
    fs::write(folder.path().join("labels.npy"), npy("|u1", "(10,)", &labels)).unwrap();
    let doubts = |scale| {
        fs::write(folder.path().join("images.npy"), arrays(scale)).unwrap();
        let remarks = open(folder.path(), &cifar()).unwrap().provenance.remarks;
        remarks.iter().filter(|remark| remark.contains("--zca")).count()
    };
    assert_eq!((doubts(0.5), doubts(2.0)), (1, 0));
}
