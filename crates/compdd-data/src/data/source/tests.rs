//! Every layout gives the same images in the same order; what is wrong with one is said in so many words.

use std::{fs, path::Path};

use super::made::{self, Made};

type Maker = fn(&Path);

/// Loads a layout; the error as the user sees it.
pub(super) fn attempt(root: &Path) -> Result<String, String> {
    match made::load(root) {
        Ok((kind, hashes)) => {
            assert_eq!(hashes, reference(), "{kind}");
            Ok(kind)
        }
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn refused(root: &Path) -> String {
    attempt(root).unwrap_err()
}

fn reference() -> [String; 2] {
    let root = tempfile::tempdir().unwrap();
    made::image_folder(root.path());
    let (kind, hashes) = made::load(root.path()).unwrap();
    assert_eq!(kind, "image-folder");
    hashes
}

fn make(makers: &[Maker], root: &Path) {
    for make in makers {
        make(root);
    }
}

fn kind_of(makers: &[Maker]) -> String {
    let root = tempfile::tempdir().unwrap();
    make(makers, root.path());
    attempt(root.path()).unwrap()
}

fn unpacked_class_tars(root: &Path) {
    for (name, bytes) in made::class_tars() {
        made::write(&root.join("train").join(name), bytes);
    }
}

fn synset_list(root: &Path) {
    made::write(&root.join("val_synsets.txt"), made::val_synsets());
}

#[test]
fn every_layout_has_the_same_content_hash() {
    let layouts: [(&str, &[Maker]); 12] = [
        ("kaggle", &[made::kaggle]),
        ("flat-val", &[made::flat_val, made::devkit]),
        ("flat-val", &[made::flat_val, made::devkit_archive]),
        ("flat-val", &[made::flat_val, synset_list]),
        (
            "flat-val",
            &[made::flat_val, |root| made::write(&root.join("LOC_val_solution.csv"), made::kaggle_solution())],
        ),
        ("ilsvrc-archives", &[made::ilsvrc, made::devkit_archive]),
        ("ilsvrc-archives", &[made::ilsvrc, made::devkit]),
        ("tiny-imagenet", &[made::tiny]),
        ("webdataset", &[made::webdataset]),
        ("image-folder", &[made::image_folder, made::ilsvrc, made::devkit, made::webdataset]),
        (
            "image-folder + ilsvrc-archives",
            &[
                |root| made::class_folders(&root.join("train"), &made::train()),
                |root| made::write(&root.join("ILSVRC2012_img_val.tar"), made::val_tar()),
                made::devkit,
            ],
        ),
        (
            "ilsvrc-archives + flat-val",
            &[unpacked_class_tars, |root| made::flat(&root.join("val"), &made::test()), synset_list],
        ),
    ];
    for (kind, makers) in layouts {
        assert_eq!(kind_of(makers), kind);
    }
}

#[test]
fn kaggle_is_found_from_every_folder_of_its_structure() {
    let root = tempfile::tempdir().unwrap();
    made::kaggle(&root.path().join("imagenet"));
    for inner in ["", "imagenet", "imagenet/ILSVRC", "imagenet/ILSVRC/Data/CLS-LOC"] {
        assert_eq!(attempt(&root.path().join(inner)).as_deref(), Ok("kaggle"), "{inner}");
    }
    #[cfg(unix)]
    {
        let link = root.path().join("link");
        std::os::unix::fs::symlink("imagenet/ILSVRC/Data/CLS-LOC", &link).unwrap();
        assert_eq!(attempt(&link).as_deref(), Ok("kaggle"));
        // Records name images relative to the folder that was given.
        let source = &super::open(&link).unwrap()[0];
        assert!(source.path(super::Split::Test, &super::Item::numbered(0, super::Place::default())).starts_with(&link));
    }
    let base = root.path().join("imagenet/ILSVRC/Data/CLS-LOC/val");
    fs::remove_dir_all(&base).unwrap();
    made::class_folders(&base, &made::test());
    assert_eq!(attempt(&root.path().join("imagenet")).as_deref(), Ok("kaggle"));
}

#[test]
fn an_annotation_may_have_another_name_or_lie_beside_the_folder() {
    for (place, content) in [
        ("imagenet/labels.txt", made::val_synsets()),
        ("imagenet/val/val.txt", made::lines(&made::test(), |i| format!("val/{} {}", i.name, i.synset))),
        ("imagenet_2012_validation_synset_labels.txt", made::val_synsets()),
        ("LOC_val_solution.csv", made::kaggle_solution()),
    ] {
        let root = tempfile::tempdir().unwrap();
        made::flat_val(&root.path().join("imagenet"));
        made::write(&root.path().join(place), content);
        assert_eq!(attempt(&root.path().join("imagenet")).as_deref(), Ok("flat-val"), "{place}");
    }
}

#[test]
fn a_flat_val_without_annotation_says_which_file_to_put_where() {
    let root = tempfile::tempdir().unwrap();
    made::flat_val(root.path());
    let error = made::load(root.path()).unwrap_err();
    assert!(error.to_string().ends_with("/val are not known"), "{error}");
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(
        help.starts_with(&format!("put one of these into {}: LOC_val_solution.csv", root.path().display())),
        "{help}"
    );
    // A list of the classes is not a list of the images.
    made::write(&root.path().join("synsets.txt"), "n01440764\nn02100735\n");
    let text = refused(root.path());
    assert!(
        text.contains("synsets.txt: has 2 synsets; a list in the order of the validation images has 50000"),
        "{text}"
    );
}

#[test]
fn annotations_that_do_not_fit_the_images_are_refused() {
    let root = tempfile::tempdir().unwrap();
    made::kaggle(root.path());
    let val = root.path().join("ILSVRC/Data/CLS-LOC/val");
    fs::remove_file(val.join("ILSVRC2012_val_00000003.JPEG")).unwrap();
    let text = refused(root.path());
    assert!(
        text.contains("LOC_val_solution.csv: names ILSVRC2012_val_00000003 (n01440764), which is not in"),
        "{text}"
    );
    made::flat(&val, &made::test());
    made::write(&val.join("ILSVRC2012_val_00000003.png"), "");
    assert!(refused(root.path()).contains("a second image called ILSVRC2012_val_00000003"), "{}", refused(root.path()));
    fs::rename(val.join("ILSVRC2012_val_00000003.png"), val.join("stray.png")).unwrap();
    let text = refused(root.path());
    assert!(text.contains("stray.png: has no class in") && text.ends_with("LOC_val_solution.csv"), "{text}");
    fs::remove_file(val.join("stray.png")).unwrap();
    made::write(&root.path().join("LOC_synset_mapping.txt"), "n01440764 tench\n");
    let text = refused(root.path());
    assert!(text.contains("the class n02100735, which is not in LOC_synset_mapping.txt"), "{text}");
    fs::remove_file(root.path().join("LOC_synset_mapping.txt")).unwrap();
    made::write(&root.path().join("LOC_val_solution.csv"), "ImageId,PredictionString\na,tench 1 2\n");
    assert!(refused(root.path()).contains("LOC_val_solution.csv: line 2: \"tench\" is no synset"));
}

#[test]
fn classes_that_were_not_copied_do_not_count_against_an_annotation() {
    let root = tempfile::tempdir().unwrap();
    made::kaggle(root.path());
    let more = made::kaggle_solution() + "ILSVRC2012_val_00000005,n15075141 1 2 3 4\n";
    made::write(&root.path().join("LOC_val_solution.csv"), more);
    made::write(&root.path().join("LOC_synset_mapping.txt"), "n01440764\nn02100735\nn15075141\n");
    assert_eq!(attempt(root.path()).as_deref(), Ok("kaggle"));
    let rows = crate::data::verify(&made::subset(), &[root.path().to_owned()]).unwrap();
    assert!(rows.iter().all(|row| (row.train, row.test) == (Some(3), Some(2))), "{rows:?}");
}

#[test]
fn a_damaged_devkit_is_named() {
    let root = tempfile::tempdir().unwrap();
    made::flat_val(root.path());
    made::devkit(root.path());
    let truth = root.path().join("ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt");
    let text = made::ground_truth();
    made::write(&truth, &text[..text.len() - 4]);
    assert!(refused(root.path()).contains("ground_truth.txt: has 49999 ids; a list in"), "{}", refused(root.path()));
    made::write(&truth, text.replacen("449", "1001", 1));
    assert!(refused(root.path()).contains("ground_truth.txt: line 1: \"1001\" is no ILSVRC2012_ID"));
}

#[test]
fn damaged_archives_are_named_down_to_the_member() {
    let root = tempfile::tempdir().unwrap();
    made::ilsvrc(root.path());
    assert!(refused(root.path()).ends_with("ILSVRC2012_img_val.tar are not known"), "{}", refused(root.path()));
    made::devkit(root.path());
    let val = root.path().join("ILSVRC2012_img_val.tar");
    let whole = made::val_tar();
    made::write(&val, &whole[..whole.len() - 1024]);
    assert!(
        refused(root.path()).contains("ILSVRC2012_img_val.tar: cut short: the empty block"),
        "{}",
        refused(root.path())
    );
    made::write(&val, &whole[..700]);
    let text = refused(root.path());
    assert!(text.contains("img_val.tar: cut short: \"ILSVRC2012_val_00000001.JPEG\" should end at byte"), "{text}");
    let twice: Vec<_> = [made::test(), made::test()].into_iter().flatten().map(|i| (i.name, i.bytes)).collect();
    made::write(&val, made::tar(&twice));
    assert!(refused(root.path()).contains("a second image called ILSVRC2012_val_00000001"), "{}", refused(root.path()));
    made::write(&val, whole);
    assert_eq!(attempt(root.path()).as_deref(), Ok("ilsvrc-archives"));

    let train = root.path().join("ILSVRC2012_img_train.tar");
    let mut inner = made::class_tars();
    inner[1].1.truncate(600);
    made::write(&train, made::tar(&inner));
    assert!(
        refused(root.path()).contains("ILSVRC2012_img_train.tar/n01440764.tar: cut short: "),
        "{}",
        refused(root.path())
    );
    made::write(&train, made::val_tar());
    assert!(
        refused(root.path()).contains("ILSVRC2012_img_train.tar: holds no <synset>.tar"),
        "{}",
        refused(root.path())
    );
}

#[test]
fn bad_images_in_archives_are_named_by_archive_and_member() {
    let root = tempfile::tempdir().unwrap();
    made::ilsvrc(root.path());
    made::devkit(root.path());
    let mut images: Vec<_> = made::test().into_iter().map(|image| (image.name, image.bytes)).collect();
    images[2].1 = b"junk".to_vec();
    made::write(&root.path().join("ILSVRC2012_img_val.tar"), made::tar(&images));
    let text = refused(root.path());
    assert!(text.contains("1 image file cannot be used"), "{text}");
    assert!(text.contains("ILSVRC2012_img_val.tar/ILSVRC2012_val_00000003.JPEG: "), "{text}");
    let inner = vec![("images/n01440764_9.JPEG".to_owned(), b"junk".to_vec())];
    made::write(
        &root.path().join("ILSVRC2012_img_train.tar"),
        made::tar(&[("n01440764.tar".into(), made::tar(&inner)), made::class_tars().remove(0)]),
    );
    let text = refused(root.path());
    assert!(text.contains("ILSVRC2012_img_train.tar/n01440764.tar/images/n01440764_9.JPEG: "), "{text}");
}

/// Ending and content of the file with the class of an image.
type Way<'a> = &'a dyn Fn(&Made) -> (&'static str, String);

/// Shards made with another file for the class.
fn shards(root: &Path, class: Way) {
    made::write(&root.join("train/000.tar"), made::shard(&made::train(), class));
    made::write(&root.join("val/000.tar"), made::shard(&made::test(), class));
}

fn number(image: &Made) -> u32 {
    u32::from(image.synset == "n01440764")
}

#[test]
fn shards_carry_their_classes_in_many_ways() {
    let root = tempfile::tempdir().unwrap();
    let ways: [Way; 4] = [
        &|image| ("txt", image.synset.to_owned()),
        &|image| ("json", format!("{{\"label\": 7, \"wnid\": \"{}\"}}", image.synset)),
        &|image| ("cls", if number(image) == 1 { "Tench" } else { "English_setter" }.to_owned()),
        &|image| ("cls", number(image).to_string()),
    ];
    made::write(&root.path().join("classes.txt"), "n02100735 English setter\nn01440764 tench\n");
    for way in ways {
        shards(root.path(), way);
        assert_eq!(attempt(root.path()).as_deref(), Ok("webdataset"));
    }
    made::write(&root.path().join("classes.txt"), "n01440764\nn02100735\n");
    let text = refused(root.path());
    assert!(text.contains("000.tar: sample \"n01440764_100\": class 1 is n02100735 by the list of classes"), "{text}");
    made::write(&root.path().join("classes.txt"), "n02100735\n");
    assert!(refused(root.path()).contains("classes.txt: names 1 classes, but the shards have class 1"));
    fs::remove_file(root.path().join("classes.txt")).unwrap();
    let text = refused(root.path());
    assert!(text.contains("number their 2 classes (the last is 1) and do not say what the numbers mean"), "{text}");
}

#[test]
fn numbers_up_to_999_are_positions_in_imagenet_1k() {
    let root = tempfile::tempdir().unwrap();
    let index = |image: &Made| match image.name.as_str() {
        "other_1.JPEG" => 999,
        _ if image.synset == "n01440764" => 0,
        _ => 212,
    };
    let class = |image: &Made| ("cls", index(image).to_string());
    for (name, mut images) in [("train", made::train()), ("val", made::test())] {
        images.push(Made { synset: "n15075141", name: "other_1.JPEG".into(), bytes: images[0].bytes.clone() });
        made::write(&root.path().join(format!("{name}.tar")), made::shard(&images, &class));
    }
    assert_eq!(attempt(root.path()).as_deref(), Ok("webdataset"));
}

#[test]
fn samples_without_image_or_class_are_named_with_their_shard() {
    let root = tempfile::tempdir().unwrap();
    made::webdataset(root.path());
    let shard = root.path().join("imagenet1k-train-0001.tar");
    let mut files =
        vec![("a.jpg".to_owned(), made::test()[0].bytes.clone()), ("a.cls".to_owned(), b"n01440764".to_vec())];
    files.push(("b.cls".to_owned(), b"n01440764".to_vec()));
    made::write(&shard, made::tar(&files));
    assert!(refused(root.path()).ends_with("imagenet1k-train-0001.tar: sample \"b\" has no image (it has: cls)"));
    files[2].0 = "b.jpg".into();
    made::write(&shard, made::tar(&files));
    assert!(refused(root.path()).contains("imagenet1k-train-0001.tar: sample \"b\" has no class: no .cls"));
    files[2] = files[0].clone();
    made::write(&shard, made::tar(&files));
    assert!(refused(root.path()).contains("imagenet1k-train-0001.tar: sample \"a\" has .jpg twice"));
}

#[test]
fn files_name_everything_the_images_depend_on() {
    let names = |makers: &[Maker], split| {
        let root = tempfile::tempdir().unwrap();
        make(makers, root.path());
        let sources = super::open(root.path()).unwrap();
        let mut names = Vec::new();
        let mut visit = |path: &Path| names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        sources[0].files(split, &|name| name == "n01440764", &mut visit).unwrap();
        names
    };
    use super::Split::{Test, Train};
    let (first, third) = ("ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000003.JPEG");
    assert_eq!(names(&[made::kaggle], Test), [first, third, "LOC_val_solution.csv", "LOC_synset_mapping.txt"]);
    assert_eq!(names(&[made::tiny], Test), [first, third, "val_annotations.txt", "wnids.txt"]);
    let own = ["n01440764_100.JPEG", "n01440764_26.JPEG", "n01440764_9.JPEG"];
    assert_eq!(names(&[made::tiny], Train), own);
    let archives: &[Maker] = &[made::ilsvrc, made::devkit_archive];
    assert_eq!(names(archives, Test), ["ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz"]);
    assert_eq!(names(archives, Train), ["ILSVRC2012_img_train.tar"]);
    let unpacked: &[Maker] = &[unpacked_class_tars];
    assert_eq!(names(unpacked, Train), ["n01440764.tar"]);
    assert_eq!(names(&[made::webdataset], Train), ["imagenet1k-train-0000.tar", "imagenet1k-train-0001.tar"]);
}

#[test]
fn a_shrunken_archive_is_a_bad_image_not_a_crash() {
    let root = tempfile::tempdir().unwrap();
    made::webdataset(root.path());
    let source = &super::open(root.path()).unwrap()[0];
    let mut items = Vec::new();
    source.scan(super::Split::Test, &|_| true, &mut |_, item| items.push(item)).unwrap();
    let shard = root.path().join("imagenet1k-validation-00.tar");
    fs::OpenOptions::new().write(true).open(&shard).unwrap().set_len(1200).unwrap();
    assert_eq!(source.read(super::Split::Test, &items[3]).unwrap_err(), "the archive ends before the image");
    assert!(
        source
            .path(super::Split::Test, &items[3])
            .ends_with("imagenet1k-validation-00.tar/ILSVRC2012_val_00000004.jpg")
    );
    fs::remove_file(&shard).unwrap();
    source.read_each(super::Split::Test, &items, &|_, picture| assert!(picture.is_err()));
}

#[cfg(unix)]
#[test]
fn odd_names_and_looping_links() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let root = tempfile::tempdir().unwrap();
    made::image_folder(root.path());
    let class = root.path().join("train/n01440764");
    fs::rename(class.join("n01440764_9.JPEG"), class.join(OsStr::from_bytes(b"n01440764_9\xe9.JPEG"))).unwrap();
    assert_eq!(attempt(root.path()).as_deref(), Ok("image-folder"));
    std::os::unix::fs::symlink(".", class.join("again")).unwrap();
    let text = refused(root.path());
    assert!(
        text.contains("train/n01440764/again is a link to ") && text.ends_with("/n01440764, which it lies in"),
        "{text}"
    );
}
