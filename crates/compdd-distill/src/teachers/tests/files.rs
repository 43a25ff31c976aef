//! Folders of teachers: read back, damaged, described.

use std::{fs, path::Path};

use burn::tensor::Device;

use super::{
    super::{Card, Teacher, TeacherError},
    make, network, recipe, task,
};
use compdd_core::subset::Subset;
use compdd_data::data::{
    Library, Task, TaskOptions,
    scenes::{Export, World, export},
};
use compdd_nn::nn::Mode;

#[test]
fn a_teacher_comes_back_as_it_was() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4-bn"), tempfile::tempdir().unwrap());
    let made = make(&task, &network, &recipe(), root.path()).unwrap();
    let (opened, params, card) = Teacher::open(made.path(), &Device::flex()).unwrap().into_parts();
    assert_eq!(&card, made.card());
    assert_eq!(opened.spec(), network.spec());
    let x = crate::eval::View::test(&task).tensor(&[0, 3], &Device::flex());
    let logits = |net: &compdd_nn::nn::Network, params| net.forward(params, x.clone(), Mode::Eval).logits.into_data();
    assert_eq!(logits(&opened, &params), logits(&network, made.params()), "running statistics included");
}

#[test]
fn images_of_another_kind_are_refused() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let teacher = make(&task, &network, &recipe(), root.path()).unwrap();
    teacher.check_images(&task).unwrap();
    let options = TaskOptions {
        resolution: Some(16),
        zca: true,
        train_per_class: Some(5),
        test_per_class: Some(1),
        ..TaskOptions::default()
    };
    let subset = Subset::find("scenes-easy").unwrap();
    let whitened = Task::load(&subset, &Library::empty(), &options).unwrap();
    let error = teacher.check_images(&whitened).unwrap_err().to_string();
    assert!(error.contains("sees normalised images of 16 px") && error.contains("zca images of 16 px"), "{error}");
}

#[test]
fn a_whitening_is_fitted_again_to_the_same_images_only() {
    let root = tempfile::tempdir().unwrap();
    let subset = Subset::find("imagenette").unwrap();
    let library = |seed| {
        let names = subset.classes.iter().map(|class| class.synset.clone()).collect();
        let folder = root.path().join(format!("images-{seed}"));
        export(&folder, &Export { world: World { hard: false, seed }, side: 16, train: 5, test: 1, names }).unwrap();
        Library::new(vec![folder])
    };
    let (own, other) = (library(0), library(1));
    let options = |zca| TaskOptions { resolution: Some(16), zca, ..TaskOptions::default() };
    for zca in [false, true] {
        let task = Task::load(&subset, &own, &options(zca)).unwrap();
        let teacher = make(&task, &network("convnet-d2-w4"), &recipe(), root.path()).unwrap();
        assert_eq!(teacher.space(&own).unwrap().hash(), task.space.hash());
        match teacher.space(&other) {
            Err(error) => assert!(zca && error.to_string().contains("zca images of 16 px"), "{error}"),
            Ok(space) => assert!(!zca && space.hash() == task.space.hash()),
        }
    }
}

#[test]
fn outputs_are_found_by_synset() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let teacher = make(&task, &network, &recipe(), root.path()).unwrap();
    let own = &task.subset;
    assert_eq!(teacher.card().outputs(own).unwrap(), (0..10).collect::<Vec<_>>());
    let part = Subset { classes: vec![own.classes[7].clone(), own.classes[2].clone()], ..own.clone() };
    assert_eq!(teacher.card().outputs(&part).unwrap(), [7, 2]);
    let error = teacher.card().outputs(&Subset::find("cifar10").unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("has no output for 10 of the classes of cifar10@1, such as airplane"),
        "{error}"
    );
}

#[test]
fn damage_is_named() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w4"), tempfile::tempdir().unwrap());
    let teacher = make(&task, &network, &recipe(), root.path()).unwrap();
    let (folder, device) = (teacher.path(), Device::flex());
    let (params, card) = (folder.join("params.safetensors"), folder.join("card.json"));
    let (whole, text) = (fs::read(&params).unwrap(), fs::read_to_string(&card).unwrap());
    let open = || Teacher::open(folder, &device).unwrap_err();

    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&params, &flipped).unwrap();
    let error = open();
    assert!(matches!(&error, TeacherError::Damaged { missing: 0, .. }), "{error}");
    assert!(error.to_string().contains("params.safetensors"));
    fs::write(&params, &whole[..whole.len() - 5]).unwrap();
    assert!(open().to_string().ends_with("(5 bytes are missing)"));
    fs::remove_file(&params).unwrap();
    assert!(matches!(open(), TeacherError::Missing { .. }));
    fs::write(&params, &whole).unwrap();

    fs::write(&card, text.replace("convnet-d2-w4", "convnet-d2-w5")).unwrap();
    let error = open().to_string();
    assert!(error.contains("`features.0.weight` [4, 3, 3, 3] instead of [5, 3, 3, 3]"), "{error}");
    fs::write(&card, &text[..text.len() / 2]).unwrap();
    assert!(open().to_string().contains("card.json, line "));
    fs::write(&card, text.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(open().to_string().contains("compdd-teacher version 2"));
    fs::remove_file(&card).unwrap();
    assert!(matches!(open(), TeacherError::NotATeacher { .. }));
}

#[test]
fn the_schema_of_cards_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/teacher.schema.json");
    let text = serde_json::to_string_pretty(&Card::schema()).unwrap() + "\n";
    if std::env::var_os("COMPDD_UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "out of date: run `COMPDD_UPDATE_SCHEMAS=1 cargo test --release --lib the_schema`");
}
