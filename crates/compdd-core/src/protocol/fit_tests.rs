//! What RDED's protocol says for which set and network.

use super::*;
use crate::record::{Budget, value_of};

fn fit(network: &str) -> Fit<'_> {
    Fit { subset: "imagenette", classes: 10, ipc: Some(10), network, tiles: 2 }
}

fn fitted(name: &str, fit: &Fit<'_>) -> Result<Scoring, ProtocolError> {
    Protocol::find(name).unwrap().fitted(Budget::Paper, fit)
}

fn rded(fit: &Fit<'_>) -> Scoring {
    fitted("kd-rded", fit).unwrap()
}

/// Minibatches of RDED's released scripts.
#[test]
fn the_minibatch_follows_images_and_classes() {
    let batch = |subset, classes, ipc, network| rded(&Fit { subset, classes, ipc, network, tiles: 1 }).batch;
    let ten = |ipc| batch("cifar10", 10, Some(ipc), "convnet-d3-bn");
    assert_eq!([1, 5, 9, 10, 20, 50, 100].map(ten), [10, 10, 10, 50, 50, 100, 100]);
    let hundred = |ipc| batch("imagenet100", 100, Some(ipc), "resnet18-imagenet-bn");
    assert_eq!([1, 10, 50].map(hundred), [20, 100, 200]);
    assert_eq!([1, 10].map(|ipc| batch("tiny-imagenet", 200, Some(ipc), "convnet-d4-bn")), [100, 100]);
    assert_eq!([1, 50].map(|ipc| batch("cifar100", 100, Some(ipc), "convnet-d3-bn")), [25, 25]);
    assert_eq!(batch("own", 4, Some(1), "convnet-d3"), 4, "a minibatch is not larger than the set");
    assert_eq!(batch("cifar10", 10, None, "convnet-d3"), 100, "the whole training set has many images");
}

#[test]
fn the_learning_rate_follows_the_network() {
    let rate = |network| rded(&fit(network)).learning_rate;
    for (network, expected) in [
        ("convnet-d3-bn", 1e-3),
        ("convnet-d5", 1e-3),
        ("resnet18-cifar-bn", 1e-3),
        ("resnet50-imagenet-bn", 1e-3),
        ("vgg11", 5e-4),
        ("alexnet", 1e-4),
    ] {
        assert_eq!(rate(network), Some(expected), "{network}");
    }
    let cifar100 = Fit { subset: "cifar100", classes: 100, ..fit("convnet-d3-bn") };
    assert_eq!(rded(&cifar100).learning_rate, Some(2e-3));
    assert_eq!(rded(&Fit { network: "resnet18", ..cifar100 }).learning_rate, Some(1e-3));
    let error = fitted("kd-rded", &fit("lenet")).unwrap_err();
    assert_eq!(error.to_string(), "`kd-rded@1` has no learning rate for `lenet`");
    assert_eq!(fitted("no-kd", &fit("lenet")).unwrap(), Scoring::new(Budget::Paper));
}

/// A family's protocols differ in the supervision alone, or in the augmentation; steps and minibatch follow from the images per class of the row,
/// so that the whole training set has those of a distilled one.
#[test]
fn regimes_share_steps_and_minibatch() {
    for family in Family::ALL {
        for ipc in [Some(1), Some(10), Some(50), None] {
            let fit = Fit { subset: "cifar10", classes: 10, ipc, network: "convnet-d3-bn", tiles: 1 };
            let settings = |regime| family.protocol(regime).fitted(Budget::Paper, &fit).unwrap();
            let hard = settings(Regime::Hard);
            for regime in Regime::ALL {
                let found = settings(regime);
                assert_eq!(Regime::of(&family.protocol(regime).id), Some((family, regime)));
                assert_eq!(found.supervision.needs_teacher(), matches!(regime, Regime::Soft | Regime::Teacher));
                assert_eq!(found.augmentation == hard.augmentation, regime != Regime::Plain);
                let augmentation = hard.augmentation.clone();
                assert_eq!(Scoring { supervision: hard.supervision, augmentation, ..found }, hard, "{family}-{regime}");
            }
            let expected = match (family, ipc) {
                (_, Some(1)) => (10, Some(1)),
                (Family::Sgd, Some(10)) => (100, Some(1)),
                (Family::AdamW, Some(10)) => (50, Some(2)),
                (Family::Sgd, Some(_)) => (256, Some(2)),
                (Family::AdamW, Some(_)) => (100, Some(5)),
                (Family::Sgd, None) => (256, None),
                (Family::AdamW, None) => (100, None),
            };
            assert_eq!((hard.batch, hard.epoch_steps), expected, "{family} {ipc:?}");
        }
    }
    let (sgd, adamw) = (Family::Sgd.protocol(Regime::Own), Family::AdamW.protocol(Regime::Own));
    assert_eq!(sgd.scoring(Budget::Paper), Scoring::new(Budget::Paper), "regimes-sgd has the settings of no-kd");
    assert_eq!(adamw.scoring(Budget::Paper), Protocol::find("soft").unwrap().scoring(Budget::Paper));
    assert_eq!(Regime::of("no-kd@1"), None);
    assert_eq!("regimes-adamw".parse(), Ok(Family::AdamW));
    assert!("regimes".parse::<Family>().is_err());
}

#[test]
fn tiles_are_shuffled_and_cropped_and_single_pictures_are_not() {
    let pipeline = |tiles| rded(&Fit { tiles, ..fit("convnet-d3") }).augmentation;
    let rest = [Operation::Flip(FlipConfig::default()), Operation::CutMix(MixConfig::default())];
    for tiles in [2, 3] {
        let scale = [1.0 / tiles as f32, 1.0];
        let shuffle = Operation::PatchShuffle(PatchShuffleConfig { grid: tiles });
        let crop = Operation::RandomResizedCrop(ResizedCropConfig { scale, ..ResizedCropConfig::default() });
        assert_eq!(pipeline(tiles), Pipeline::new([&[shuffle, crop][..], &rest].concat()));
    }
    assert_eq!(pipeline(1), Pipeline::new(rest.to_vec()));
}

/// `kd-rded-released` and `soft` differ from `kd-rded` in one setting each.
#[test]
fn a_protocol_like_another_says_what_differs() {
    let base = rded(&fit("vgg11"));
    assert!(
        base.supervision == Supervision::OnlineTeacher(Imitation::Divergence { temperature: 20.0, squared: false })
            && !base.rded_double_bn
    );
    assert_eq!((base.epochs, base.extra_epoch, base.decay), (300, false, Decay::CosineToHalf));
    assert_eq!((base.optimizer, base.weight_decay), (OptimizerKind::AdamW, 0.01));
    let released = fitted("kd-rded-released", &fit("vgg11")).unwrap();
    assert_eq!(released, Scoring { rded_double_bn: true, ..base.clone() });
    let soft = fitted("soft", &fit("vgg11")).unwrap();
    assert_eq!(soft, Scoring { supervision: Supervision::Labels, ..base.clone() });
    for scoring in [base, released, soft] {
        assert_eq!(scoring.validate(), Ok(()));
        assert_eq!(serde_json::from_value::<Scoring>(value_of(&scoring)).unwrap(), scoring);
    }
    assert!(!Protocol::find("kd-online").unwrap().depends_on_the_set());
}

/// What EDC's paper says of each data set (tables 6 to 10), and G-VBSM's line.
#[test]
fn the_protocols_of_several_teachers_depend_on_the_set() {
    let fitted = |protocol: &str, subset: &str, classes: usize, ipc: usize| {
        let fit = Fit { subset, classes, ipc: Some(ipc), network: "resnet18-bn", tiles: 1 };
        let scoring = Protocol::find(protocol).unwrap().fitted(Budget::Paper, &fit).unwrap();
        scoring.validate().unwrap();
        scoring
    };
    let edc = |subset, classes, ipc| fitted("kd-edc", subset, classes, ipc);
    let row = |scoring: &Scoring| (scoring.epochs, scoring.batch, scoring.decay, scoring.supervision.is_stored());
    assert_eq!(row(&edc("imagenet-1k", 1000, 10)), (300, 100, Decay::CosineToHalf, true));
    assert_eq!(row(&edc("imagenette", 10, 10)), (1000, 50, Decay::CosineToHalf, false));
    assert_eq!(row(&edc("tiny-imagenet", 200, 1)), (1000, 100, Decay::CosineToHalf, false));
    assert_eq!(row(&edc("tiny-imagenet", 200, 10)), (300, 100, Decay::CosineToHalf, false));
    assert_eq!(row(&edc("cifar100", 100, 10)), (1000, 50, Decay::CosineToHalf, false));
    assert_eq!(row(&edc("cifar10", 10, 10)), (1000, 25, Decay::LateSteps, false));
    assert_eq!(edc("cifar10", 10, 1).batch, 10, "the whole set");
    let ssrs = |subset, classes| row(&fitted("kd-edc-ssrs", subset, classes, 40));
    assert_eq!(ssrs("imagenet-1k", 1000), (300, 100, Decay::SmoothThenSteep, true));
    assert_eq!(ssrs("cifar10", 10), (1000, 25, Decay::SmoothThenSteep, false));
    let plain = fitted("kd-edc-plain", "imagenet-1k", 1000, 10);
    assert_eq!((row(&plain), plain.ema), ((300, 100, Decay::CosineToHalf, true), Some(0.0)));
    let released = |subset, classes| {
        let scoring = fitted("kd-edc-released", subset, classes, 10);
        (row(&scoring), scoring.optimizer, scoring.momentum.to_string())
    };
    let (adam, sgd) = ((OptimizerKind::AdamW, "0.9".to_owned()), (OptimizerKind::Sgd, "0.875".to_owned()));
    let expected = |row, (optimizer, momentum): &(OptimizerKind, String)| (row, *optimizer, momentum.clone());
    assert_eq!(released("imagenet-1k", 1000), expected((300, 100, Decay::LinearToHalf, true), &adam));
    assert_eq!(released("imagenet-10", 10), expected((300, 50, Decay::SmoothThenSteep, false), &adam));
    assert_eq!(released("tiny-imagenet", 200), expected((300, 100, Decay::CosineToHalf, false), &sgd));
    assert_eq!(released("cifar100", 100), expected((1000, 50, Decay::SmoothThenSteep, false), &sgd));
    assert_eq!(released("cifar10", 10), expected((1000, 10, Decay::LateSteps, false), &adam));
    let smoke = Protocol::find("kd-edc").unwrap();
    let fit = Fit { subset: "tiny-imagenet", classes: 200, ipc: Some(10), network: "swin-tiny", tiles: 1 };
    let smoke = smoke.fitted(Budget::Smoke, &fit).unwrap();
    assert_eq!((smoke.epochs, smoke.learning_rate), (6, Some(1e-4)), "a fiftieth of what the set takes");

    let gvbsm = |subset, classes| fitted("kd-gvbsm", subset, classes, 10);
    let row = |scoring: &Scoring| (scoring.epochs, scoring.batch, scoring.optimizer, scoring.supervision);
    let squares = |hard_weight| Supervision::StoredLogits(Imitation::Squares { hard_weight });
    assert_eq!(row(&gvbsm("imagenet-1k", 1000)), (300, 1024, OptimizerKind::AdamW, squares(0.1)));
    assert_eq!(row(&gvbsm("tiny-imagenet", 200)), (100, 100, OptimizerKind::Sgd, squares(0.1)));
    assert_eq!(row(&gvbsm("cifar100", 100)), (1000, 64, OptimizerKind::Sgd, squares(0.15)));
    assert_eq!(row(&gvbsm("cifar10", 10)), (1000, 100, OptimizerKind::Sgd, squares(0.15)));
}
