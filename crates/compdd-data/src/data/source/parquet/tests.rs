//! The ten images in shards, with names, synsets and numbers for classes.

use std::fs;

use super::{
    super::{made as made_elsewhere, numbered::imagenet_1k, ten},
    *,
};
use crate::data::parse::parquet::made;
use compdd_core::subset::Subset;

fn rows(split: usize, path: impl Fn(usize) -> Option<String>) -> Vec<made::Row> {
    let labels = ten::labels(split).iter().enumerate();
    labels.map(|(i, &label)| (ten::png(split, i), path(i), i64::from(label))).collect()
}

fn write(path: &Path, rows: &[made::Row], names: &[&str]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    fs::write(path, made::shard(rows, 2, &names)).unwrap();
}

const NAMES: [&str; 2] = ["tench", "English springer"];

#[test]
fn the_same_images_come_out_of_every_arrangement() {
    let expected = ten::expected();
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let check = |name: &str| assert_eq!(ten::hashes(&at(name)).as_ref(), Ok(&expected), "{name}");

    // As Hugging Face has them: shards in data, names in the metadata, a test split without labels, no paths.
    let train = rows(0, |_| None);
    write(&at("named/data/train-00000-of-00002.parquet"), &train[..3], &NAMES);
    write(&at("named/data/train-00001-of-00002.parquet"), &train[3..], &NAMES);
    write(&at("named/data/validation-00000-of-00001.parquet"), &rows(1, |_| None), &NAMES);
    let blind: Vec<made::Row> = (0..3).map(|i| (ten::png(1, i), None, -1)).collect();
    write(&at("named/data/test-00000-of-00001.parquet"), &blind, &NAMES);
    check("named");

    // ImageNet: the synset is in the path, whatever the label says.
    let synset = |label: u8| ["n01440764", "n02102040"][usize::from(label)];
    let path = |split: usize| move |i: usize| Some(format!("val_{i:03}_{}.JPEG", synset(ten::labels(split)[i])));
    write(&at("synsets/train.parquet"), &rows(0, path(0)), &[]);
    write(&at("synsets/test.parquet"), &rows(1, path(1)), &[]);
    check("synsets");

    // A list beside shards in a folder of their own.
    write(&at("listed/train/0000.parquet"), &rows(0, |i| Some(format!("{i}.png"))), &[]);
    write(&at("listed/validation/0000.parquet"), &rows(1, |i| Some(format!("{i}.png"))), &[]);
    fs::write(at("listed/classes.json"), r#"["tench", "n02102040"]"#).unwrap();
    check("listed");
    let source = Parquet::detect(&at("listed")).unwrap();
    let mut files = Vec::new();
    source.files(Split::Test, &|_| true, &mut |path| files.push(path.to_owned())).unwrap();
    assert_eq!(files, [at("listed/validation/0000.parquet"), at("listed/classes.json")]);
    let item = Item { file: "2.png".into(), place: Place { start: 2, ..Place::default() } };
    assert!(source.path(Split::Test, &item).ends_with("0000.parquet/row 2 (2.png)"));
    assert_eq!(source.read(Split::Test, &item), Ok(Picture::Encoded(ten::png(1, 2))));
    let beyond = Item { place: Place { start: 9, ..item.place }, ..item };
    assert_eq!(source.read(Split::Test, &beyond).unwrap_err(), "the shard has no such row");
}

#[test]
fn images_with_names_have_the_order_that_they_have_in_every_layout() {
    let root = tempfile::tempdir().unwrap();
    made_elsewhere::image_folder(&root.path().join("folder"));
    let rows = |images: Vec<made_elsewhere::Made>| -> Vec<made::Row> {
        let path = |image: &made_elsewhere::Made| image.name.replace(".JPEG", &format!("_{}.JPEG", image.synset));
        images.iter().map(|image| (image.bytes.clone(), Some(path(image)), 0)).collect()
    };
    write(&root.path().join("shards/data/train-00000-of-00001.parquet"), &rows(made_elsewhere::train()), &[]);
    write(&root.path().join("shards/data/validation-00000-of-00001.parquet"), &rows(made_elsewhere::test()), &[]);
    let [folder, shards] = ["folder", "shards"].map(|name| made_elsewhere::load(&root.path().join(name)).unwrap());
    assert_eq!((shards.0.as_str(), &shards.1), ("parquet", &folder.1));
}

#[test]
fn names_of_imagenet_in_the_metadata_become_synsets() {
    let root = tempfile::tempdir().unwrap();
    let classes = Subset::find("imagenet-1k").unwrap().classes;
    let long: Vec<String> = classes.iter().map(|class| format!("{}, other word", class.label)).collect();
    let names: Vec<&str> = long.iter().map(String::as_str).collect();
    write(&root.path().join("train.parquet"), &[(ten::png(0, 0), Some("a.jpg".into()), 217)], &names);
    let source = Parquet::detect(root.path()).unwrap();
    assert_eq!(source.classes(Split::Train).unwrap(), imagenet_1k());
    assert_eq!(source.counts(Split::Train).unwrap()["n02102040"], 1);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let root = tempfile::tempdir().unwrap();
    let error = |split: Split| {
        let source = Parquet::detect(root.path()).unwrap();
        source.has_split(split).and_then(|()| source.counts(split)).unwrap_err().to_string()
    };
    assert!(Parquet::detect(root.path()).is_none());
    let shard = root.path().join("train-00001-of-00003.parquet");
    write(&shard, &rows(0, |_| None), &NAMES);
    assert!(
        error(Split::Train)
            .ends_with("lacks train-00000-of-00003.parquet, train-00002-of-00003.parquet of its train images"),
        "{}",
        error(Split::Train)
    );
    assert!(
        error(Split::Test).contains("has no test images: there is no validation-*.parquet with labels"),
        "{}",
        error(Split::Test)
    );
    fs::remove_file(&shard).unwrap();

    let shard = root.path().join("train.parquet");
    write(&shard, &rows(0, |_| None), &NAMES[..1]);
    assert!(
        error(Split::Train).ends_with("train.parquet: row 1 has label 1, but 1 classes have names"),
        "{}",
        error(Split::Train)
    );
    write(&shard, &rows(0, |_| None), &[]);
    assert!(error(Split::Train).contains("number their 2 classes (the last is 1)"), "{}", error(Split::Train));
    write(&shard, &rows(0, |_| None), &["a", "a"]);
    assert!(
        error(Split::Train).ends_with("train.parquet: classes 0 and 1 are both called \"a\""),
        "{}",
        error(Split::Train)
    );
    fs::write(&shard, b"PAR1 and nothing").unwrap();
    assert!(error(Split::Train).contains("train.parquet: "), "{}", error(Split::Train));

    // A damaged image is a bad file, named by shard and row; the others are read.
    let mut damaged = rows(0, |_| None);
    damaged[4].0 = b"no image".to_vec();
    write(&shard, &damaged, &NAMES);
    write(&root.path().join("test.parquet"), &rows(1, |_| None), &NAMES);
    let why = ten::hashes(root.path()).unwrap_err();
    assert!(why.starts_with("1 image file cannot be used") && why.contains("train.parquet/row 4 (00000004)"), "{why}");
}

#[test]
fn synsets_are_found_in_paths() {
    assert_eq!(synset_in("n01440764_10026_n01440764.JPEG"), Some("n01440764"));
    assert_eq!(synset_in("val/ILSVRC2012_val_00000293_n01440764.JPEG"), Some("n01440764"));
    assert_eq!(synset_in("n01440764_10026.JPEG"), Some("n01440764"));
    assert_eq!(synset_in("n01440764.JPEG"), None);
    assert_eq!(synset_in("0001.png"), None);
}
