//! Weights of others.

use std::{fs, path::Path};

use burn::tensor::Device;

use super::{
    super::{Check, ImportTeacher, Origin, Recipe, Teacher, TeacherError, import, torchvision},
    contents, make, network, recipe, task,
};
use crate::eval::{InferenceOptions, Plan, Schedule};
use compdd_core::{progress::Stop, record::Accuracy, subset::Subset};
use compdd_data::data::{Decode, ResizeMode, Task};
use compdd_nn::nn::{Network, NetworkSpec};

fn decode(resolution: usize) -> Decode {
    Decode { resolution, resize: ResizeMode::Squash, antialias: true }
}

fn take(
    file: &Path,
    network: &Network,
    subset: &Subset,
    check: Option<(&Task, bool)>,
    root: &Path,
) -> Result<Teacher, TeacherError> {
    let stop = Stop::never();
    let check = check.map(|(task, force)| Check { task, force, stop: &stop });
    let decode = decode(network.input()[1]);
    import(file, &ImportTeacher { network, subset, decode, name: None, stated: None, check }, root, &Device::flex())
}

#[test]
fn files_of_torchvision_are_taken_in() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let root = tempfile::tempdir().unwrap();
    let classes = Subset::find("scenes-easy").unwrap();
    let five = Subset { classes: classes.classes[..5].to_vec(), ..classes };
    for (name, narrow) in [("resnet18", "-w2"), ("resnet50", "-w2"), ("vgg11", "-w1"), ("vgg11_bn", "-w1")] {
        let slug = format!("{}{narrow}", torchvision(name).unwrap().slug());
        let network = NetworkSpec::parse(&slug).unwrap().build(3, 224, 5).unwrap();
        let teacher =
            take(&fixtures.join(format!("torchvision_{name}.pth")), &network, &five, None, root.path()).unwrap();
        let again = Teacher::open(teacher.path(), &Device::flex()).unwrap();
        assert_eq!(again.params().to_host(), teacher.params().to_host());
        let card = again.card();
        assert_eq!((card.network.as_str(), card.input, card.decode.resolution), (slug.as_str(), [3, 224, 224], 224));
        let Origin::Imported { file, .. } = &card.origin else { panic!("imported") };
        assert_eq!(*file, format!("torchvision_{name}.pth"));
        assert_eq!(card.notes, ["it was never tried on images"]);
    }
    assert_eq!(torchvision("mobilenet_v2").unwrap().slug(), "mobilenet-v2");
    assert!(torchvision("resnet152").is_none());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 4);
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let root = tempfile::tempdir().unwrap();
    let subset = Subset::find("scenes-easy").unwrap();
    let network = NetworkSpec::parse("resnet50-imagenet-bn-w2").unwrap().build(3, 64, 10).unwrap();
    let error = |file: &str| take(&fixtures.join(file), &network, &subset, None, root.path()).unwrap_err().to_string();
    let own = error("torchvision_resnet50.pth");
    assert!(own.contains("`classifier.weight` [5, 64] instead of [10, 64]"), "{own}");
    let other = error("torchvision_resnet18.pth");
    assert!(other.contains("missing `layer1.0.conv3.weight` [8, 2, 1, 1]"), "{other}");
    assert!(error("make_arrays.py").contains("make_arrays.py holds no parameters of a network"));
    assert!(error("nowhere.pth").contains("cannot read"));
    assert!(contents(root.path()).is_empty(), "nothing was stored");

    let params = super::network("convnet-d1-w2").init(0, &Device::flex());
    let mut values = params.to_host();
    values[59] = f32::NAN;
    let file = root.path().join("nan.safetensors");
    params.with_values(values).save(&file).unwrap();
    let error = take(&file, &super::network("convnet-d1-w2"), &subset, None, root.path()).unwrap_err().to_string();
    assert!(error.ends_with("tensor `features.1.bias` holds NaN"), "{error}");
}

#[test]
fn a_teacher_close_to_chance_is_refused_or_marked() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w16"), tempfile::tempdir().unwrap());
    let take = |file: &Path, check| take(file, &network, &task.subset, check, root.path());
    let untrained = root.path().join("untrained.safetensors");
    network.init(0, &Device::flex()).save(&untrained).unwrap();
    let error = take(&untrained, Some((&task, false))).unwrap_err();
    assert!(matches!(error, TeacherError::Weak { .. }), "{error}");
    assert!(error.to_string().contains("at least 32.50 % was expected (chance is 10.00 %)"), "{error}");
    let marked = take(&untrained, Some((&task, true))).unwrap();
    assert!(marked.card().notes[0].contains("close to chance"));
    assert_eq!(marked.card().test.as_ref().unwrap().images, 20);

    let plan = Plan { epochs: 40, schedule: Schedule::Cosine { base: 0.05, total: 40, zeta: 1.0 }, ..recipe().plan };
    let shelf = tempfile::tempdir().unwrap();
    let trained = make(&task, &network, &Recipe { plan, ..recipe() }, shelf.path()).unwrap();
    let file = trained.path().join("params.safetensors");
    let taken = take(&file, Some((&task, true))).unwrap();
    assert_eq!(taken.card().test, trained.card().test, "the same network on the same images");
    assert_eq!(taken.card().blake3, trained.card().blake3);
    // Without images it is there already; the classes of other images are not among its own.
    assert_eq!(take(&file, None).unwrap().path(), taken.path());
    let hard = super::task("scenes-hard");
    let renamed = Task { subset: Subset::find("cifar10").unwrap(), ..hard };
    let error = take(&untrained, Some((&renamed, true))).unwrap_err();
    assert!(matches!(error, TeacherError::Classes { .. }), "{error}");
}

/// Before anything is scored with it, a teacher of others is held against what its card states for the images; one of ours is not.
#[test]
fn an_imported_teacher_is_held_against_its_card() {
    let (task, network, root) = (task("scenes-easy"), network("convnet-d2-w16"), tempfile::tempdir().unwrap());
    let file = root.path().join("own.safetensors");
    network.init(0, &Device::flex()).save(&file).unwrap();
    let stop = Stop::never();
    let take = |name, stated: Option<f64>, force| {
        let options = ImportTeacher {
            network: &network,
            subset: &task.subset,
            decode: decode(network.input()[1]),
            name: Some(name),
            stated: stated.map(|share| Accuracy::new(share).unwrap()),
            check: Some(Check { task: &task, force, stop: &stop }),
        };
        import(&file, &options, root.path(), &Device::flex())
    };
    let device = Device::flex();
    let passes = InferenceOptions { device: &device, batch: 16, stop: &stop };
    let measured = take("measured", None, true).unwrap();
    let share = measured.card().test.as_ref().unwrap().accuracy.fraction();
    measured.check_card(&task, passes).unwrap();
    let error = take("stated", Some(0.95), false).unwrap_err();
    let TeacherError::Disagrees { stated, measured: found, tolerance, images: 20, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((*stated, *found), (0.95, share));
    assert!((tolerance - (0.005 + 2.0 * (0.95_f64 * 0.05 / 20.0).sqrt())).abs() < 1e-12);
    let said = error.to_string();
    assert!(said.contains("95.00 %") && said.contains(&format!("{:.2} %", 100.0 * share)), "{said}");
    // Stored all the same, it is refused when it is used; and so is one whose images are others than those of its card.
    let stored = take("stored", Some(0.95), true).unwrap();
    assert_eq!(Teacher::open(stored.path(), &device).unwrap().card().stated, Some(Accuracy::new(0.95).unwrap()));
    assert!(matches!(stored.check_card(&task, passes).unwrap_err(), TeacherError::Disagrees { .. }));
    let own = make(&task, &network, &recipe(), root.path()).unwrap();
    own.check_card(&task, passes).unwrap();
}
