//! The ten images in every arrangement of arrays, and arrangements that say nothing.

use std::fs;

use zip::CompressionMethod::{Deflated, Stored};

use super::{
    super::{numbered::imagenet_1k, ten},
    *,
};
use crate::data::parse::{npy::tests::made as npy, npz::tests::made as npz};

/// The images of a split as an array whose shape has `axes` (`nhwc` or `nchw`).
fn images(split: usize, axes: &str) -> Vec<u8> {
    let (n, side) = (ten::COUNTS[split], ten::SIDE);
    let all = (0..n).flat_map(|i| ten::pixels(split, i));
    let shape = if axes == "nhwc" { format!("({n}, {side}, {side}, 3)") } else { format!("({n}, 3, {side}, {side})") };
    let data: Vec<u8> = match axes {
        "nhwc" => all.collect(),
        _ => (0..n)
            .flat_map(|i| {
                (0..3).flat_map(move |c| ten::pixels(split, i).into_iter().skip(c).step_by(3).collect::<Vec<_>>())
            })
            .collect(),
    };
    npy("|u1", &shape, &data)
}

fn labels(split: usize) -> Vec<u8> {
    let labels = ten::labels(split);
    let data: Vec<u8> = labels.iter().flat_map(|&label| i64::from(label).to_le_bytes()).collect();
    npy("<i8", &format!("({}, 1)", labels.len()), &data)
}

fn texts(names: &[&str]) -> Vec<u8> {
    let data: Vec<u8> = names.iter().flat_map(|name| format!("{name:\0<20}").into_bytes()).collect();
    npy("|S20", &format!("({},)", names.len()), &data)
}

/// Zeros pack a thousandfold; images do not.
#[test]
fn what_expands_beyond_measure_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let shape = (23_000, 32 * 32 * 3);
    let zeros = npy("|u1", "(23000, 32, 32, 3)", &vec![0; shape.0 * shape.1]);
    let labels = npy("|u1", "(23000,)", &vec![0; shape.0]);
    fs::write(root.path().join("train.npz"), npz(&[("images", zeros), ("labels", labels)], Deflated)).unwrap();
    fs::write(root.path().join("classes.txt"), CLASSES).unwrap();
    let error = Arrays::detect(root.path()).remove(0).has_split(Split::Train).unwrap_err();
    assert!(error.to_string().contains("the limit EXPANSION is 100"), "{error}");
}

const CLASSES: &str = "n01440764 tench\nn02102040 English springer\n";

#[test]
fn the_same_images_come_out_of_every_arrangement() {
    let expected = ten::expected();
    let root = tempfile::tempdir().unwrap();
    let check = |name: &str, kind: &str| {
        let folder = root.path().join(name);
        assert_eq!(ten::hashes(&folder).as_ref(), Ok(&expected), "{name}");
        let source = Arrays::detect(&folder).remove(0);
        assert_eq!(source.kind(), kind);
        assert_eq!(source.counts(Split::Train).unwrap().values().sum::<usize>(), 6);
    };
    let folder = |name: &str, classes: bool| {
        let folder = root.path().join(name);
        fs::create_dir(&folder).unwrap();
        if classes {
            fs::write(folder.join("classes.txt"), CLASSES).unwrap();
        }
        folder
    };

    let at = folder("pair of archives", true);
    fs::write(at.join("train.npz"), npz(&[("images", images(0, "nhwc")), ("labels", labels(0))], Stored)).unwrap();
    fs::write(at.join("val.npz"), npz(&[("arr_0", images(1, "nchw")), ("arr_1", labels(1))], Deflated)).unwrap();
    check("pair of archives", "npz");

    let at = folder("one archive", false);
    let names = texts(&["tench", "English springer"]);
    let arrays = [
        ("x_train", images(0, "nchw")),
        ("y_train", labels(0)),
        ("x_test", images(1, "nhwc")),
        ("y_test", labels(1)),
        ("class_names", names),
    ];
    fs::write(at.join("images.npz"), npz(&arrays, Deflated)).unwrap();
    check("one archive", "npz");

    let at = folder("names for labels", false);
    for (split, word) in ["train", "val"].into_iter().enumerate() {
        let said: Vec<&str> =
            ten::labels(split).iter().map(|&label| ["tench", "english_springer"][usize::from(label)]).collect();
        fs::write(at.join(format!("{word}_images.npy")), images(split, "nhwc")).unwrap();
        fs::write(at.join(format!("{word}_labels.npy")), texts(&said)).unwrap();
    }
    check("names for labels", "npy");

    let at = folder("files", true);
    for (split, word) in ["train", "test"].into_iter().enumerate() {
        fs::write(at.join(format!("X_{word}.npy")), images(split, "nchw")).unwrap();
        fs::write(at.join(format!("Y_{word}.npy")), labels(split)).unwrap();
    }
    check("files", "npy");
    let source = Arrays::detect(&at).remove(0);
    let mut files = Vec::new();
    source.files(Split::Test, &|_| true, &mut |path| files.push(path.to_owned())).unwrap();
    assert_eq!(files, ["X_test.npy", "Y_test.npy", "classes.txt"].map(|name| at.join(name)));
    let item = Item::numbered(2, Place { start: 2, ..Place::default() });
    assert!(source.path(Split::Test, &item).ends_with("X_test.npy/2"));
    assert_eq!(
        source.read(Split::Test, &Item::numbered(4, Place { start: 4, ..item.place })).unwrap_err(),
        "there are only 4 images"
    );
}

#[test]
fn a_thousand_numbers_are_the_synsets_of_imagenet_and_fewer_are_nothing() {
    let root = tempfile::tempdir().unwrap();
    let write = |count: u16| {
        let data: Vec<u8> = (0..count).flat_map(u16::to_le_bytes).collect();
        fs::write(
            root.path().join("train_images.npy"),
            npy("|u1", &format!("({count}, 1, 2)"), &vec![7; usize::from(count) * 2]),
        )
        .unwrap();
        fs::write(root.path().join("train_labels.npy"), npy("<u2", &format!("({count},)"), &data)).unwrap();
    };
    write(1000);
    let source = Arrays::detect(root.path()).remove(0);
    assert_eq!(source.classes(Split::Train).unwrap(), imagenet_1k());
    let grey = source.read(Split::Train, &Item::numbered(0, Place::default())).unwrap();
    assert_eq!(grey, Picture::Rgb { pixels: vec![7; 6], width: 2, height: 1 });
    let error = source.has_split(Split::Test).unwrap_err().to_string();
    assert!(error.contains("has no test images: there is no x_test.npy"), "{error}");
    write(10);
    let error = Arrays::detect(root.path()).remove(0).classes(Split::Train).unwrap_err();
    assert!(matches!(error, DataError::NumberedClasses { classes: 10, last: 9, .. }), "{error}");
}

#[test]
fn what_does_not_fit_is_named() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("classes.txt"), CLASSES).unwrap();
    let with = |images: Vec<u8>, labels: Vec<u8>| {
        fs::write(root.path().join("x_train.npy"), images).unwrap();
        fs::write(root.path().join("y_train.npy"), labels).unwrap();
        let error = Arrays::detect(root.path()).remove(0).has_split(Split::Train).unwrap_err().to_string();
        error.strip_prefix(&root.path().display().to_string()).unwrap_or(&error).to_owned()
    };
    let one = || npy("|u1", "(1,)", &[1]);
    assert_eq!(
        with(images(0, "nhwc"), one()),
        format!("/y_train.npy: 1 labels for 6 images in {}", root.path().join("x_train.npy").display())
    );
    assert_eq!(
        with(npy("|u1", "(1, 2, 2)", &[0; 4]), npy("|i1", "(1,)", &[255])),
        "/y_train.npy: row 0 has label -1, but 2 classes have names"
    );
    assert_eq!(
        with(npy("<i4", "(1, 1, 1)", &[0; 4]), one()),
        "/x_train.npy: the images are not bytes from 0 to 255 (dtype uint8)"
    );
    assert_eq!(
        with(npy("|u1", "(1, 3, 4, 3)", &[0; 36]), one()),
        "/x_train.npy: of shape [1, 3, 4, 3] it cannot be told which axis is colour"
    );
    assert_eq!(
        with(npy("|u1", "(1, 4)", &[0; 4]), one()),
        "/x_train.npy: shape [1, 4] is none of [n, h, w, 3], [n, 3, h, w], [n, h, w] and [n, h, w, 1]"
    );
    assert_eq!(with(npy("|u1", "(1, 0, 4)", &[]), one()), "/x_train.npy: images of 4 x 0 pixels");
    let cut = with(npy("|u1", "(1, 2, 2)", &[0; 3]), one());
    assert!(cut.starts_with("/x_train.npy: shape [1, 2, 2] takes 4 bytes, which is not what the file has"), "{cut}");
    assert_eq!(with(b"junk here".to_vec(), one()), "/x_train.npy: the file is no .npy file (at byte 0)");
    let fortran =
        [b"\x93NUMPY\x01\0\x3b\0{'descr': '|u1', 'fortran_order': True, 'shape': (1, 1, 1)}".as_slice(), &[0]].concat();
    assert_eq!(
        with(fortran, one()),
        "/x_train.npy: the images are in Fortran order; save numpy.ascontiguousarray of them"
    );

    fs::write(root.path().join("x_test.npy"), npy("|u1", "(1, 2, 2)", &[0; 4])).unwrap();
    fs::write(root.path().join("y_test.npy"), texts(&["zebra"])).unwrap();
    let other = with(npy("|u1", "(1, 2, 2)", &[0; 4]), one());
    assert_eq!(other, "/y_test.npy: row 0 has label \"zebra\", which is not among the names of classes");

    fs::write(root.path().join("other.npz"), b"junk").unwrap();
    let error = Arrays::detect(root.path()).remove(0).has_split(Split::Train).unwrap_err().to_string();
    assert!(error.contains("other.npz: the archive cannot be read"), "{error}");
}
