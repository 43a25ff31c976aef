//! Whole tasks, loaded from small folders made on the spot.

use std::{fs, path::Path};

use super::*;
use compdd_core::subset::{ClassEntry, Family, Level, Subset};

const CLASSES: [(&str, &str); 3] =
    [("n01440764", "tench"), ("n02102040", "English springer"), ("n02979186", "cassette player")];

pub(super) fn subset() -> Subset {
    Subset {
        slug: "trio".into(),
        version: "1".into(),
        classes: CLASSES
            .iter()
            .map(|(synset, label)| ClassEntry { synset: (*synset).into(), label: (*label).into(), index: None })
            .collect(),
        family: Family::ImagenetTen,
        notes: Vec::new(),
    }
}

fn scenes(level: Level) -> Subset {
    let entry =
        |class: &scenes::SceneClass| ClassEntry { synset: class.name.into(), label: class.name.into(), index: None };
    Subset {
        slug: level.subset().into(),
        version: "1".into(),
        classes: scenes::CLASSES.iter().map(entry).collect(),
        family: Family::Scenes { level },
        notes: Vec::new(),
    }
}

fn options() -> TaskOptions {
    TaskOptions { resolution: Some(16), ..TaskOptions::default() }
}

/// An image whose first byte tells split, class and index apart.
fn write(path: &Path, value: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_pixel(16, 16, image::Rgb([value, 0, 0])).save(path).unwrap();
}

/// `train` and `val` with `count` and 2 images a class; the first class folder is named by its synset, the others by name.
pub(super) fn folder(root: &Path, count: u8) {
    let names = ["n01440764", "english_springer", "Cassette-Player"];
    for (label, name) in names.into_iter().enumerate() {
        for i in 0..count {
            let ending = ["png", "PNG"][usize::from(i) % 2];
            write(&root.join(format!("train/{name}/{i:03}.{ending}")), label as u8 * 64 + i);
        }
        for i in 0..2 {
            write(&root.join(format!("val/{name}/{i}.png")), 200 + label as u8 * 8 + i);
        }
    }
    fs::write(root.join("train/english_springer/README.txt"), "not an image").unwrap();
    fs::write(root.join("train/english_springer/.hidden.png"), "not an image").unwrap();
}

#[test]
fn folders_load_in_class_then_file_order_on_any_number_of_threads() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 5);
    let load = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Task::load(&subset(), &root.path().into(), &options()).unwrap())
    };
    let (task, other) = (load(1), load(3));
    assert_eq!(task.source, other.source);
    assert_eq!(task.train.labels(), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    let firsts: Vec<u8> = (0..15).map(|i| task.train.image(i)[0]).collect();
    assert_eq!(firsts, [0, 1, 2, 3, 4, 64, 65, 66, 67, 68, 128, 129, 130, 131, 132]);
    assert_eq!(task.test.class_counts(), [2, 2, 2]);
    assert_eq!(task.source.kind, "image-folder");
    assert_eq!(task.source.train.hash, task.train.hash());
    assert_ne!(task.source.train.hash, task.source.test.hash);
    let squeezed = TaskOptions { antialias: false, ..options() };
    let again = Task::load(&subset(), &root.path().into(), &squeezed).unwrap();
    assert_eq!(again.train.pixels(), task.train.pixels());
    assert_ne!(again.train.hash(), task.train.hash());
}

#[test]
fn bad_files_stop_the_run_unless_they_are_skipped() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 3);
    for i in 0..25 {
        fs::write(root.path().join(format!("train/n01440764/bad{i:02}.jpg")), if i % 2 == 0 { "" } else { "junk" })
            .unwrap();
    }
    fs::write(root.path().join("val/english_springer/bad.jpeg"), [0xFF, 0xD8, 0xFF]).unwrap();
    let error = Task::load(&subset(), &root.path().into(), &options()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(&error, DataError::BadImages { files } if files.len() == 26));
    assert!(text.starts_with("26 image files") && text.contains("bad00.jpg: the file is empty"), "{text}");
    assert!(text.contains("... and 6 more"), "{text}");
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.contains("--skip-bad"), "{help}");

    let skipping = TaskOptions { skip_bad: true, ..options() };
    let task = Task::load(&subset(), &root.path().into(), &skipping).unwrap();
    assert_eq!(task.train.class_counts(), [3, 3, 3]);
    assert_eq!(task.source.train.skipped.len(), 25);
    assert_eq!(task.source.test.skipped, ["val/english_springer/bad.jpeg"]);
    assert_eq!(task.train.image(3)[0], 64);
}

#[test]
fn missing_and_empty_classes_are_named_with_the_place() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 2);
    fs::remove_dir_all(root.path().join("train/Cassette-Player")).unwrap();
    let text = Task::load(&subset(), &root.path().into(), &options()).unwrap_err().to_string();
    assert!(text.contains("1 class of trio not found"), "{text}");
    assert!(text.contains("n02979186 (cassette player), train: ") && text.contains("train/n02979186"), "{text}");
    let rows = verify(&subset(), &[root.path().to_owned()]).unwrap();
    assert_eq!((rows[2].train, rows[2].test, rows[2].is_complete()), (None, Some(2), false));
    assert_eq!((rows[1].train, rows[1].test), (Some(2), Some(2)));
    let known = ClassCount { expected_train: Some(2), expected_test: None, ..rows[1].clone() };
    assert!(known.is_complete() && !ClassCount { expected_train: Some(3), ..known }.is_complete());

    fs::create_dir(root.path().join("train/Cassette-Player")).unwrap();
    let error = Task::load(&subset(), &root.path().into(), &options()).unwrap_err();
    assert!(matches!(error, DataError::EmptyClasses { .. }), "{error}");
    assert!(error.to_string().contains("train/Cassette-Player"), "{error}");
}

#[test]
fn wrong_roots_say_what_was_expected() {
    let root = tempfile::tempdir().unwrap();
    let load = |path: Option<&Path>| {
        Task::load(&subset(), &path.map_or_else(Library::empty, Library::from), &options()).unwrap_err()
    };
    assert!(matches!(load(None), DataError::NoRoot { .. }));
    assert!(matches!(load(Some(&root.path().join("nowhere"))), DataError::MissingRoot { is_file: false, .. }));
    fs::write(root.path().join("file"), "").unwrap();
    assert!(matches!(load(Some(&root.path().join("file"))), DataError::MissingRoot { is_file: true, .. }));
    let unknown = load(Some(root.path()));
    assert!(matches!(unknown, DataError::UnknownLayout { .. }), "{unknown}");
    assert!(unknown.to_string().contains("file"), "{unknown}");
    folder(root.path(), 1);
    fs::remove_dir_all(root.path().join("val")).unwrap();
    let split = load(Some(root.path()));
    assert!(matches!(split, DataError::MissingSplit { split: Split::Test, .. }), "{split}");
    assert!(split.to_string().contains("test or val"), "{split}");
}

#[test]
fn a_dataset_is_found_one_folder_down_by_what_it_holds() {
    let root = tempfile::tempdir().unwrap();
    let find = || Task::load(&subset(), &root.path().into(), &options());
    write(&root.path().join("aaa/train/zebra/0.png"), 1);
    write(&root.path().join("aaa/val/zebra/0.png"), 1);
    let error = find().unwrap_err();
    assert!(matches!(&error, DataError::MissingClasses { classes, .. } if classes.len() == 6), "{error}");
    folder(&root.path().join("bbb"), 1);
    assert_eq!(find().unwrap().train.len(), 3);
    folder(&root.path().join("ccc"), 2);
    let error = find().unwrap_err();
    assert!(matches!(&error, DataError::AmbiguousRoot { folders, .. } if folders == &["bbb", "ccc"]), "{error}");
    folder(&root.path().join("trio-128"), 3);
    assert_eq!(find().unwrap().train.len(), 9);
    folder(&root.path().join("Trio"), 4);
    assert_eq!(find().unwrap().train.len(), 12);
}

#[test]
fn a_class_listed_twice_is_loaded_once_at_its_last_position() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 2);
    let mut twice = subset();
    twice.classes.push(twice.classes[0].clone());
    let task = Task::load(&twice, &root.path().into(), &options()).unwrap();
    assert_eq!(task.train.class_counts(), [0, 2, 2, 2]);
    assert!(task.source.notes[0].contains("positions 0 and 3"), "{:?}", task.source.notes);
    assert_eq!(verify(&twice, &[root.path().to_owned()]).unwrap()[0].train, Some(0));
}

#[test]
fn the_held_out_slice_is_stratified_repeatable_and_apart_from_training() {
    let small =
        |heldout, seed| TaskOptions { train_per_class: Some(10), test_per_class: Some(1), heldout, seed, ..options() };
    let load = |heldout, seed| Task::load(&scenes(Level::Easy), &Library::empty(), &small(heldout, seed));
    let task = load(0.2, 3).unwrap();
    assert_eq!(task.heldout.len(), 20);
    assert_eq!(task.train.subset(&task.heldout).class_counts(), [2; 10]);
    assert!(task.heldout.is_sorted());
    let training = task.training();
    assert_eq!(training.len(), 80);
    assert!(training.iter().all(|i| !task.heldout.contains(i)));
    assert_eq!(load(0.2, 3).unwrap().heldout, task.heldout);
    assert_ne!(load(0.2, 4).unwrap().heldout, task.heldout);
    assert_eq!(load(0.2, 4).unwrap().train.hash(), task.train.hash());
    assert!(load(0.0, 3).unwrap().heldout.is_empty());
    assert!(matches!(load(0.7, 3), Err(DataError::HeldOut { .. })));
    assert!(matches!(load(f64::NAN, 3), Err(DataError::HeldOut { .. })));
}

#[test]
fn whitening_comes_from_the_training_images_whatever_the_test_images_are() {
    let options = |test_per_class| TaskOptions {
        resolution: Some(8),
        zca: true,
        train_per_class: Some(30),
        test_per_class: Some(test_per_class),
        ..TaskOptions::default()
    };
    let few = Task::load(&scenes(Level::Easy), &Library::empty(), &options(1)).unwrap();
    let many = Task::load(&scenes(Level::Easy), &Library::empty(), &options(5)).unwrap();
    assert_eq!(few.space.hash(), many.space.hash());
    let all: Vec<f32> = few.train.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let expected = Zca::fit_matrix(&all, few.train.len(), few.train.shape(), Zca::EPSILON).unwrap();
    assert_eq!(few.space.whitening().unwrap().hash(), expected.hash());
}

#[test]
fn source_information_survives_json_and_names_no_path() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 2);
    let info = Task::load(&subset(), &root.path().into(), &options()).unwrap().source;
    let text = serde_json::to_string(&info).unwrap();
    assert_eq!(serde_json::from_str::<SourceInfo>(&text).unwrap(), info);
    assert!(!text.contains(&*root.path().to_string_lossy()), "{text}");
}

#[test]
fn scenes_are_verified_without_a_root() {
    let rows = verify(&scenes(Level::Hard), &[]).unwrap();
    assert!(rows.iter().all(|row| (row.train, row.test) == (Some(1000), Some(200))));
}

#[test]
fn an_unlabelled_test_folder_and_dangling_links_mislead_nobody() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path(), 2);
    write(&root.path().join("test/images/0.png"), 9);
    assert_eq!(Task::load(&subset(), &root.path().into(), &options()).unwrap().test.len(), 6);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.png", root.path().join("train/n01440764/link.png")).unwrap();
        let error = Task::load(&subset(), &root.path().into(), &options()).unwrap_err();
        assert!(matches!(&error, DataError::BadImages { files } if files.len() == 1), "{error}");
    }
}
