//! The same ten images in every layout, for tests.

use std::{fs, io::Write, path::Path};

use crate::data::{Library, Task, TaskOptions, parse::VALIDATION};
use compdd_core::subset::{ClassEntry, Family, Subset};

/// Two classes, with their ids in the devkit.
pub(in crate::data) const CLASSES: [(&str, &str, u32); 2] =
    [("n01440764", "tench", 449), ("n02100735", "English setter", 2)];

/// An image of the ten.
pub(in crate::data) struct Made {
    pub synset: &'static str,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Six training images, three a class; their names are such that the order by name is not the order by number.
pub(in crate::data) fn train() -> Vec<Made> {
    let pairs =
        CLASSES.iter().enumerate().flat_map(|(label, class)| [100, 26, 9].map(|number| (label, class.0, number)));
    pairs
        .map(|(label, synset, number)| made(synset, format!("{synset}_{number}.JPEG"), label as u8 * 100 + number))
        .collect()
}

/// Four test images, of the classes in turn.
pub(in crate::data) fn test() -> Vec<Made> {
    let numbers = (1..=4_u8).zip([0, 1, 0, 1]);
    numbers.map(|(i, class)| made(CLASSES[class].0, format!("ILSVRC2012_val_{i:08}.JPEG"), 200 + i)).collect()
}

fn made(synset: &'static str, name: String, grey: u8) -> Made {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    image::GrayImage::from_fn(16, 16, |x, y| image::Luma([grey ^ (x * y) as u8])).write_with_encoder(encoder).unwrap();
    Made { synset, name, bytes }
}

/// The two classes as a subset.
pub(in crate::data) fn subset() -> Subset {
    let entry = |(synset, label, _): &(&str, &str, u32)| ClassEntry {
        synset: (*synset).into(),
        label: (*label).into(),
        index: None,
    };
    Subset {
        slug: "pair".into(),
        version: "1".into(),
        classes: CLASSES.iter().map(entry).collect(),
        family: Family::ImagenetTen,
        notes: Vec::new(),
    }
}

/// Loads the two classes: layout, content hashes.
pub(in crate::data) fn load(root: &Path) -> Result<(String, [String; 2]), crate::data::DataError> {
    let options = TaskOptions { resolution: Some(16), ..TaskOptions::default() };
    let source = Task::load(&subset(), &Library::from(root), &options)?.source;
    assert_eq!((source.train.per_class, source.test.per_class), (vec![3, 3], vec![2, 2]));
    Ok((source.kind, [source.train.hash, source.test.hash]))
}

/// Writes a file and the folders above it.
pub(in crate::data) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// `split/<synset>/<name>`.
pub(in crate::data) fn class_folders(split: &Path, images: &[Made]) {
    for image in images {
        write(&split.join(image.synset).join(&image.name), &image.bytes);
    }
}

/// `split/<name>`.
pub(in crate::data) fn flat(split: &Path, images: &[Made]) {
    for image in images {
        write(&split.join(&image.name), &image.bytes);
    }
}

/// A line for every image.
pub(in crate::data) fn lines(images: &[Made], line: impl Fn(&Made) -> String) -> String {
    images.iter().flat_map(|image| [line(image), "\n".into()]).collect()
}

/// `train/<synset>` and `val/<synset>`.
pub(in crate::data) fn image_folder(root: &Path) {
    class_folders(&root.join("train"), &train());
    class_folders(&root.join("val"), &test());
}

/// What Kaggle's archive unpacks to.
pub(in crate::data) fn kaggle(root: &Path) {
    let base = root.join("ILSVRC/Data/CLS-LOC");
    class_folders(&base.join("train"), &train());
    flat(&base.join("val"), &test());
    write(&base.join("test/ILSVRC2012_test_00000001.JPEG"), &test()[0].bytes);
    write(&root.join("LOC_val_solution.csv"), kaggle_solution());
    write(&root.join("LOC_synset_mapping.txt"), "n01440764 tench, Tinca tinca\nn02100735 English setter\n");
}

pub(in crate::data) fn kaggle_solution() -> String {
    let row = |image: &Made| format!("{},{} 1 2 3 4 ", image.name.trim_end_matches(".JPEG"), image.synset);
    format!("ImageId,PredictionString\n{}", lines(&test(), row))
}

/// `train/<synset>` and images directly in `val`; without any annotation.
pub(in crate::data) fn flat_val(root: &Path) {
    class_folders(&root.join("train"), &train());
    flat(&root.join("val"), &test());
}

/// The classes of all validation images: those of the four, then toilet tissue.
pub(in crate::data) fn ground_truth() -> String {
    let id =
        |i: usize| test().get(i).map_or(889, |image| CLASSES.iter().find(|class| class.0 == image.synset).unwrap().2);
    let firsts: String = (0..4).map(id).flat_map(|id| [id.to_string(), "\n".into()]).collect();
    firsts + &"889\n".repeat(VALIDATION - 4)
}

/// The same as synsets.
pub(in crate::data) fn val_synsets() -> String {
    lines(&test(), |image| image.synset.to_owned()) + &"n15075141\n".repeat(VALIDATION - 4)
}

/// The unpacked devkit in a folder.
pub(in crate::data) fn devkit(root: &Path) {
    let data = root.join("ILSVRC2012_devkit_t12/data");
    write(&data.join("ILSVRC2012_validation_ground_truth.txt"), ground_truth());
}

/// The packed devkit in a folder.
pub(in crate::data) fn devkit_archive(root: &Path) {
    let file = |name: &str| format!("ILSVRC2012_devkit_t12/data/{name}");
    let truth = ground_truth();
    let files = [
        (file("meta.mat"), b"of no use".to_vec()),
        (file("ILSVRC2012_validation_ground_truth.txt"), truth.into_bytes()),
    ];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar(&files)).unwrap();
    write(&root.join("ILSVRC2012_devkit_t12.tar.gz"), encoder.finish().unwrap());
}

/// A tar archive.
pub(in crate::data) fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The archives of both classes, by name.
pub(in crate::data) fn class_tars() -> Vec<(String, Vec<u8>)> {
    let of = |synset| {
        let own: Vec<_> = train().into_iter().filter(|image| image.synset == synset).collect();
        tar(&own.into_iter().map(|image| (image.name, image.bytes)).collect::<Vec<_>>())
    };
    CLASSES.iter().rev().map(|class| (format!("{}.tar", class.0), of(class.0))).collect()
}

/// The flat archive of the validation images.
pub(in crate::data) fn val_tar() -> Vec<u8> {
    tar(&test().into_iter().map(|image| (image.name, image.bytes)).collect::<Vec<_>>())
}

/// The archives as they are downloaded; without the devkit.
pub(in crate::data) fn ilsvrc(root: &Path) {
    write(&root.join("ILSVRC2012_img_train.tar"), tar(&class_tars()));
    write(&root.join("ILSVRC2012_img_val.tar"), val_tar());
}

/// `Tiny-ImageNet` as it is distributed.
pub(in crate::data) fn tiny(root: &Path) {
    for image in train() {
        let folder = root.join("train").join(image.synset);
        write(&folder.join("images").join(&image.name), &image.bytes);
        write(&folder.join(format!("{}_boxes.txt", image.synset)), "a\t1\t2\t3\t4\n");
    }
    flat(&root.join("val/images"), &test());
    let row = |image: &Made| format!("{}\t{}\t0\t32\t44\t62", image.name, image.synset);
    write(&root.join("val/val_annotations.txt"), lines(&test(), row));
    write(&root.join("wnids.txt"), "n02100735\nn01440764\n");
    write(&root.join("test/images/test_0.JPEG"), &test()[0].bytes);
}

/// The files of a shard; `class` gives ending and content of the file with the class.
pub(in crate::data) fn shard(images: &[Made], class: &dyn Fn(&Made) -> (&'static str, String)) -> Vec<u8> {
    let files = images.iter().flat_map(|image| {
        let key = image.name.trim_end_matches(".JPEG");
        let (ending, content) = class(image);
        [(format!("{key}.{ending}"), content.into_bytes()), (format!("{key}.jpg"), image.bytes.clone())]
    });
    tar(&files.collect::<Vec<_>>())
}

/// Two training shards and one validation shard whose classes are synsets.
pub(in crate::data) fn webdataset(root: &Path) {
    let synset = |image: &Made| ("cls", image.synset.to_owned());
    let (first, second) = (train(), train());
    write(&root.join("imagenet1k-train-0000.tar"), shard(&first[..4], &synset));
    write(&root.join("imagenet1k-train-0001.tar"), shard(&second[4..], &synset));
    write(&root.join("imagenet1k-validation-00.tar"), shard(&test(), &synset));
}
