//! Folders as people have them: images sorted by hand, names of other tools, labels that two classes share.

use std::{fs, path::Path};

use super::{
    made::{self, Made},
    tests::{attempt, refused},
};

/// `train/<synset>/images`, and the test images where `val` says.
fn tiny(root: &Path, val: impl Fn(&Made) -> String) {
    for image in made::train() {
        made::write(&root.join("train").join(image.synset).join("images").join(&image.name), &image.bytes);
    }
    for image in made::test() {
        made::write(&root.join("val").join(val(&image)).join(&image.name), &image.bytes);
    }
}

#[test]
fn tiny_imagenet_may_have_its_validation_images_by_class() {
    let by_class = |image: &Made| format!("images/{}", image.synset);
    let annotation = made::lines(&made::test(), |image| format!("{}\t{}\t0\t0\t9\t9", image.name, image.synset));
    let root = tempfile::tempdir().unwrap();
    tiny(root.path(), by_class);
    assert_eq!(attempt(root.path()).as_deref(), Ok("tiny-imagenet"));
    made::write(&root.path().join("val/val_annotations.txt"), &annotation);
    assert_eq!(attempt(root.path()).as_deref(), Ok("tiny-imagenet"));
    // Moved one folder up, with the emptied folder left behind.
    let root = tempfile::tempdir().unwrap();
    tiny(root.path(), |image| image.synset.to_owned());
    fs::create_dir(root.path().join("val/images")).unwrap();
    made::write(&root.path().join("val/val_annotations.txt"), &annotation);
    assert_eq!(attempt(root.path()).as_deref(), Ok("image-folder"));
}

#[test]
fn the_layout_that_nearly_fits_says_why_it_does_not() {
    let root = tempfile::tempdir().unwrap();
    tiny(root.path(), |_| "images".to_owned());
    let text = refused(root.path());
    assert!(text.contains("the classes of the images in") && text.contains("val/images"), "{text}");
    let place = root.path().join("val/val_annotations.txt");
    let line = |image: &Made| format!("{}\t{}\t0\t0\t9\t9", image.name, image.synset);
    let whole = made::lines(&made::test(), line);
    let utf16: Vec<u8> = whole.encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes, unit| {
        bytes.extend(unit.to_le_bytes());
        bytes
    });
    for (content, reason) in [
        (format!("file\tclass\n{whole}").into_bytes(), "line 1: \"class\" is no synset"),
        (format!("{whole}{whole}").into_bytes(), "line 5:"),
        (utf16, "UTF-16"),
    ] {
        made::write(&place, content);
        let text = refused(root.path());
        assert!(text.contains("val_annotations.txt") && text.contains(reason), "{text}");
    }
    made::write(&place, format!("\u{feff}{whole}"));
    assert_eq!(attempt(root.path()).as_deref(), Ok("tiny-imagenet"));
}

#[test]
fn the_test_images_may_lie_in_a_folder_of_any_usual_name() {
    for (train, test) in [("train", "validation"), ("train", "valid"), ("Train", "Val"), ("training", "TEST")] {
        let root = tempfile::tempdir().unwrap();
        made::class_folders(&root.path().join(train), &made::train());
        made::class_folders(&root.path().join(test), &made::test());
        made::write(&root.path().join(test).join("n01440764/@eaDir/thumb.jpg"), "none");
        assert_eq!(attempt(root.path()).as_deref(), Ok("image-folder"), "{train}, {test}");
    }
}

#[test]
fn a_folder_named_by_label_holds_no_other_class() {
    let root = tempfile::tempdir().unwrap();
    made::image_folder(root.path());
    fs::rename(root.path().join("train/n01440764"), root.path().join("train/Tench")).unwrap();
    assert_eq!(attempt(root.path()).as_deref(), Ok("image-folder"));
    let stray = &made::train()[5];
    made::write(&root.path().join("train/Tench").join(&stray.name), &stray.bytes);
    let text = refused(root.path());
    assert!(text.contains("train/Tench is taken for n01440764") && text.contains(&stray.name), "{text}");
}

#[test]
fn a_jpeg_may_end_in_jfif() {
    let root = tempfile::tempdir().unwrap();
    made::image_folder(root.path());
    let image = root.path().join("train/n01440764/n01440764_9.JPEG");
    fs::rename(&image, image.with_extension("jfif")).unwrap();
    assert_eq!(attempt(root.path()).as_deref(), Ok("image-folder"));
}
