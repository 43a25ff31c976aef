//! Soft labels: the same as a teacher that is asked at every step, resumable, and checked when they are read.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::tensor::{Device, Int, Tensor};
use half::f16;

use super::{epoch::EpochLabels, *};
use crate::eval::{
    tests::{Frozen, bits, images, network, protocol, space, training_set},
    *,
};
use compdd_core::{
    progress::{NoProgress, Stop},
    protocol::{FlipConfig, Imitation, MixConfig, Operation, Pipeline, ResizedCropConfig, Scoring, Supervision},
    record::Labels,
};

/// Counts how often a network is asked.
struct Counted(Frozen, AtomicUsize);

impl Counted {
    fn new() -> Self {
        Self(Frozen { network: network(), params: network().init(9, &Device::flex()) }, AtomicUsize::new(0))
    }
}

impl LogitSource for Counted {
    fn hash(&self) -> &str {
        self.0.hash()
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.logits(images)
    }

    fn logits_in_training(&self, images: Tensor<4>) -> Tensor<2> {
        self.0.logits_in_training(images)
    }
}

/// Three minibatches an epoch, the last one partial; half of them are mixed.
fn scoring(supervision: fn(Imitation) -> Supervision, imitation: Imitation) -> Scoring {
    let augmentation = Pipeline::new(vec![
        Operation::RandomResizedCrop(ResizedCropConfig { scale: [0.2, 1.0], ..ResizedCropConfig::default() }),
        Operation::Flip(FlipConfig::default()),
        Operation::CutMix(MixConfig { alpha: 1.0, probability: 0.5 }),
    ]);
    Scoring { augmentation, supervision: supervision(imitation), ..protocol() }
}

const KL: Imitation = Imitation::Divergence { temperature: 4.0, squared: false };
const SQUARES: Imitation = Imitation::Squares { hard_weight: 0.1 };

fn relabel(root: &Path, teacher: &dyn LogitSource, protocol: &Scoring, stop: &Stop) -> Result<SoftLabels, EvalError> {
    let (data, space, device) = (training_set(0.05), space(), Device::flex());
    let (data, progress) = (&data, &NoProgress);
    Relabelling { data, space: &space, classes: 4, teacher, protocol, seed: 7, root, device: &device, progress, stop }
        .ready()
}

/// The student of this seed, of which the labels have the order and the views.
fn student(network: &compdd_nn::nn::Network, protocol: &Scoring) -> Student<'static> {
    let network = Box::leak(Box::new(network.clone()));
    Student::new(network, Plan::of(protocol, 0.05), 7, &Device::flex()).in_space(&space())
}

fn train(protocol: &Scoring, guide: Guide<'_>) -> Student<'static> {
    let (data, go) = (training_set(0.05), Stop::never());
    let mut student = student(&network(), protocol);
    let context = EvalContext::new(Device::flex(), &go);
    let mut supervision = supervision::supervision(protocol, &data, 0, 4, guide, &context).unwrap();
    student.train_under(&data, supervision.as_mut(), &mut TrainingHooks::new(0, &go, &())).unwrap();
    student
}

/// A student under stored logits learns what it would under the teacher itself, but for half precision.
#[test]
fn replay_is_the_online_run_of_the_same_draws() {
    let (teacher, folder) = (Counted::new(), tempfile::tempdir().unwrap());
    for imitation in [KL, SQUARES] {
        let stored = scoring(Supervision::StoredLogits, imitation);
        let labels = [relabel(folder.path(), &teacher, &stored, &Stop::never()).unwrap()];
        let replayed = train(&stored, Guide::Stored(&labels));
        let online = train(&scoring(Supervision::OnlineTeacher, imitation), Guide::Online(&teacher));
        let (found, expected) = (replayed.last_loss(), online.last_loss());
        assert!((found - expected).abs() < 1e-3 * expected.max(1.0), "{imitation:?}: {found} {expected}");
        assert_ne!(bits(&replayed), bits(&network_start()), "it has learned");
        assert!(replayed.epochs_done() == online.epochs_done() && expected > 1e-6);
    }
    let (stored, data, go) = (scoring(Supervision::StoredLogits, KL), training_set(0.05), Stop::never());
    let context = EvalContext::new(Device::flex(), &go);
    let refused = supervision::supervision(&stored, &data, 0, 4, Guide::Online(&teacher), &context);
    assert!(matches!(refused, Err(EvalError::NoTeacher)));
}

fn network_start() -> Student<'static> {
    student(&network(), &protocol())
}

/// What is stored is what the teacher says of the replayed pixels, rounded to half precision; the views are what a student sees.
#[test]
fn the_views_can_be_made_again() {
    let (teacher, folder) = (Counted::new(), tempfile::tempdir().unwrap());
    let labels = relabel(folder.path(), &teacher, &scoring(Supervision::StoredLogits, KL), &Stop::never()).unwrap();
    let data = training_set(0.05);
    for epoch in 0..labels.card().epochs {
        let stored = labels.read(epoch).unwrap();
        let Script { order, draws } = stored.script(labels.card());
        let mut seen = order.clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
        let mut logits = stored.logits.iter();
        for (indices, draws) in order.chunks(5).zip(&draws) {
            let rows: Vec<i32> = indices.iter().map(|&i| i as i32).collect();
            let raw = data.images.clone().select(0, Tensor::<1, Int>::from_data(rows.as_slice(), &Device::flex()));
            for value in teacher.0.logits(draws.apply(raw)).into_data().iter::<f32>() {
                assert_eq!(*logits.next().unwrap(), f16::from_f32(value));
            }
        }
        assert!(logits.next().is_none());
    }
}

/// What is not drawn takes no room, and the views are those of the student all the same.
#[test]
fn a_pipeline_without_a_mix_stores_no_partners() {
    let (teacher, folder) = (Counted::new(), tempfile::tempdir().unwrap());
    let flips = Pipeline::new(vec![Operation::Flip(FlipConfig::default())]);
    let plain =
        |supervision: fn(Imitation) -> Supervision| Scoring { augmentation: flips.clone(), ..scoring(supervision, KL) };
    let stored = plain(Supervision::StoredLogits);
    let labels = [relabel(folder.path(), &teacher, &stored, &Stop::never()).unwrap()];
    let first = labels[0].read(0).unwrap();
    assert!(first.partners.is_empty() && first.boxes.is_empty() && first.mirrors.len() == 12);
    let (replayed, online) =
        (train(&stored, Guide::Stored(&labels)), train(&plain(Supervision::OnlineTeacher), Guide::Online(&teacher)));
    assert!((replayed.last_loss() - online.last_loss()).abs() < 1e-3);
}

/// Stopped after any question, the labels end with the same bytes, and no whole epoch is asked twice.
#[test]
fn an_interrupted_relabelling_goes_on() {
    let protocol = scoring(Supervision::StoredLogits, KL);
    let [whole, pieces] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let teacher = Counted::new();
    let straight = relabel(whole.path(), &teacher, &protocol, &Stop::never()).unwrap();
    assert_eq!(teacher.1.swap(0, Ordering::Relaxed), 27);
    let stopped = relabel(pieces.path(), &teacher, &protocol, &Stop::after(7));
    assert!(matches!(stopped, Err(EvalError::Interrupted(_))));
    assert_eq!(teacher.1.swap(0, Ordering::Relaxed), 7);
    let resumed = relabel(pieces.path(), &teacher, &protocol, &Stop::never()).unwrap();
    assert_eq!(teacher.1.swap(0, Ordering::Relaxed), 21, "two whole epochs were kept");
    for epoch in 0..9 {
        assert_eq!(std::fs::read(straight.path(epoch)).unwrap(), std::fs::read(resumed.path(epoch)).unwrap());
    }
    relabel(pieces.path(), &teacher, &protocol, &Stop::never()).unwrap();
    assert_eq!(teacher.1.load(Ordering::Relaxed), 0);
    let longer = Scoring { epochs: 9, ..protocol };
    assert_ne!(relabel(pieces.path(), &teacher, &longer, &Stop::never()).unwrap().address(), straight.address());
}

/// `E N (2C + 25)` bytes, within 5 % from a few hundred images on.
#[test]
fn a_view_takes_two_bytes_a_class_and_25() {
    let (images, classes) = (500, 10);
    let card = LabelsCard {
        format: LabelsCard::FORMAT.into(),
        version: LabelsCard::VERSION,
        set: String::new(),
        teacher: String::new(),
        seed: 0,
        epochs: 3,
        batch: 100,
        images,
        shape: [3, 32, 32],
        classes,
        pipeline: scoring(Supervision::StoredLogits, KL).augmentation,
    };
    let epoch = EpochLabels {
        order: (0..500).collect(),
        boxes: vec![[0, 0, 32, 32]; images],
        mirrors: vec![1; images],
        partners: (0..500).map(|i| i % 100).collect(),
        windows: vec![[0, 0, 16, 16]; 5],
        logits: vec![f16::ONE; images * classes],
    };
    let bytes = epoch.to_bytes(&card).unwrap();
    let share = (3 * bytes.len()) as f64 / card.bytes() as f64;
    assert!((1.0..1.05).contains(&share), "{share}");
    assert_eq!(card.bytes(), 3 * 500 * 45);
    assert_eq!(EpochLabels::from_bytes(&bytes, &card).unwrap(), epoch);

    let refused = |change: &dyn Fn(&mut EpochLabels)| {
        let mut damaged = epoch.clone();
        change(&mut damaged);
        EpochLabels::from_bytes(&damaged.to_bytes(&card).unwrap(), &card).unwrap_err()
    };
    for (name, change) in [
        ("order", &(|it: &mut EpochLabels| it.order[3] = 500) as &dyn Fn(&mut EpochLabels)),
        ("boxes", &|it| it.boxes[0] = [1, 0, 32, 32]),
        ("boxes", &|it| it.boxes[0] = [0, u32::MAX, 1, 1]),
        ("mirrors", &|it| it.mirrors[9] = 2),
        ("partners", &|it| it.partners[499] = 100),
        ("windows", &|it| it.windows[4] = [0, 0, 33, 1]),
        ("logits", &|it| it.logits[7] = f16::NAN),
        ("partners", &|it| it.partners.truncate(499)),
    ] {
        let reason = refused(change);
        assert!(reason.contains(&format!("`{name}`")), "{name}: {reason}");
    }
    let other = LabelsCard { seed: 1, ..card.clone() };
    assert!(EpochLabels::from_bytes(&bytes, &other).unwrap_err().contains("other soft labels"));
    EpochLabels::from_bytes(&bytes[..bytes.len() - 1], &card).unwrap_err();
}

/// Students of an evaluation share the labels of their set: two seeds see the same views and end with other parameters.
#[test]
fn an_evaluation_replays_the_labels_of_every_set() {
    let (teacher, folder, go) = (Counted::new(), tempfile::tempdir().unwrap(), Stop::never());
    let protocol = scoring(Supervision::StoredLogits, KL);
    let labels = [relabel(folder.path(), &teacher, &protocol, &go).unwrap()];
    let (set, space, data) = (images(2, 8), space(), training_set(0.05));
    let score = |lanes| {
        let context = EvalContext { lanes: Some(lanes), ..EvalContext::new(Device::flex(), &go) };
        let test = View::all(&set, &space);
        evaluate(&[1, 2], &network(), &[&data], &test, &protocol, Guide::Stored(&labels), &context).unwrap()
    };
    let scores = score(1);
    assert_eq!(scores, score(2));
    assert_ne!(scores[0].train_loss.to_bits(), scores[1].train_loss.to_bits());
    std::fs::write(labels[0].path(4), b"not a file of labels").unwrap();
    let context = EvalContext::new(Device::flex(), &go);
    let test = View::all(&set, &space);
    let error = evaluate(&[1], &network(), &[&data], &test, &protocol, Guide::Stored(&labels), &context).unwrap_err();
    assert!(error.to_string().contains("epoch-00004.safetensors are damaged"), "{error}");
    assert!(matches!(data.labels, Labels::Hard(_)));
}

/// Archives with and without indices of images become the same labels; what does not fit the set or the protocol is refused.
#[test]
fn archives_of_others_are_taken_in() {
    let root = tempfile::tempdir().unwrap();
    let card = |images, classes, epochs| LabelsCard {
        format: LabelsCard::FORMAT.into(),
        version: LabelsCard::VERSION,
        set: String::new(),
        teacher: String::new(),
        seed: 0,
        epochs,
        batch: 2,
        images,
        shape: [3, 16, 16],
        classes,
        pipeline: scoring(Supervision::StoredLogits, KL).augmentation,
    };
    let take_in = |kind: &str, order: Option<Vec<Vec<u32>>>, card: LabelsCard| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/soft_labels");
        let (path, progress, stop) = (Path::new(folder).join(kind), &NoProgress, &Stop::never());
        LabelsArchive { path: &path, order, progress, stop }.take_in(root.path(), card)
    };
    let indexed = take_in("indexed", None, card(3, 4, 2)).unwrap();
    let first = indexed.read(0).unwrap();
    assert_eq!((&first.order[..], first.boxes[0], &first.mirrors[..]), (&[1, 0, 2][..], [1, 3, 3, 5], &[1, 0, 1][..]));
    assert_eq!((&first.partners[..], &first.windows[..]), (&[1, 0, 0][..], &[[2, 3, 10, 12]; 2][..]));
    let second = indexed.read(1).unwrap();
    assert_eq!((&second.partners[..], &second.windows[..]), (&[0, 1, 0][..], &[[0; 4]; 2][..]), "nothing is mixed");
    assert_eq!(indexed.card().teacher.len(), 64);

    let plain = take_in("plain", Some(vec![vec![1, 0, 2], vec![2, 0, 1]]), card(3, 4, 2)).unwrap();
    assert_eq!((plain.read(0).unwrap(), plain.read(1).unwrap()), (first, second));
    assert_ne!(plain.address(), indexed.address());

    let refused = |kind, order, card| take_in(kind, order, card).unwrap_err().to_string();
    assert!(refused("plain", None, card(3, 4, 2)).contains("nothing says which images"));
    assert!(refused("plain", Some(vec![vec![1, 0]]), card(3, 4, 2)).contains("nothing says which images"));
    assert!(refused("indexed", None, card(3, 5, 2)).contains("2 views of 4 classes"));
    assert!(refused("indexed", None, card(4, 4, 2)).contains("1 views of 4 classes"));
    assert!(refused("indexed", None, card(3, 4, 1)).contains("epoch_1 is beyond the 1 epochs"));
    assert!(refused("indexed", None, card(3, 4, 3)).contains("epoch_2"));
    assert!(
        refused("plain", Some(vec![vec![1, 0, 9], vec![2, 0, 1]]), card(3, 4, 2)).contains("`order` holds a number")
    );
}
