//! Settings, windows, curriculum.

use burn::tensor::{Tensor, TensorData};

use super::*;
use compdd_data::data::Zca;
use compdd_nn::feed::ZcaTensors as _;

#[test]
fn a_window_must_end_within_the_training() {
    let window = Window { first: 0, end: 20, span: 2 };
    assert!(window.check(21).is_ok());
    let message = window.check(20).unwrap_err().to_string();
    assert!(message.contains("ends at epoch 21, but the experts are trained for 20"), "{message}");
    assert!(matches!(Window { first: 4, end: 4, span: 2 }.check(50), Err(ExpertError::EmptyWindow { .. })));
    assert!(matches!(Window { first: 0, end: 4, span: 0 }.check(50), Err(ExpertError::EmptyWindow { .. })));
    assert_eq!(window.epochs().to_string(), "0-21");
    assert_eq!(Window { first: 40, end: 60, span: 30 }.epochs().to_string(), "40-59,70-89");
    let demand = Demand::for_window(Training::datm(), 100, window, 0).unwrap();
    assert_eq!(demand.epochs.to_string(), "0-21,100");
    assert!(Demand::for_window(Training::mtt(), 100, Window { end: 50, ..window }, 0).is_err());

    let root = tempfile::tempdir().unwrap();
    let buffer = train(&Demand { experts: 1, ..self::demand() }, root.path());
    assert!(buffer.check_epochs(&"0,6".parse().unwrap()).is_ok());
    let message = buffer.check_epochs(&"2-4,6".parse().unwrap()).unwrap_err().to_string();
    assert!(message.contains("holds epochs 0,3,6, but not 2,4"), "{message}");
}

#[test]
fn the_curriculum_of_pad() {
    let pad = Curriculum::default();
    let kept = |epoch| pad.kept(epoch, 500);
    assert_eq!([0, 10, 20, 21, 40].map(kept), [0..375, 0..437, 0..500, 0..500, 0..500]);
    assert_eq!([41, 60, 61, 99].map(kept), [50..500, 50..500, 100..500, 100..500]);
    // A class of the size of CIFAR-100's keeps its images, and a single image is always kept.
    assert_eq!([0, 50, 90].map(|epoch| pad.kept(epoch, 1)), [0..1, 0..1, 0..1]);
    assert_eq!(pad.kept(5, 0), 0..0);

    let root = tempfile::tempdir().unwrap();
    let curriculum =
        Curriculum { score_epochs: 1, score_networks: 2, full_at: 1, drop_after: 2, drop_more_after: 4, ..pad };
    let training = Training { curriculum: Some(curriculum), ..demand().training };
    let with = Demand { training, experts: 1, ..demand() };
    let buffer = train(&with, root.path());
    let plain = train(&Demand { experts: 1, ..demand() }, root.path());
    assert_eq!(buffer.snapshot(0, 0).unwrap(), plain.snapshot(0, 0).unwrap());
    assert_ne!(buffer.snapshot(0, 3).unwrap(), plain.snapshot(0, 3).unwrap());
    let other = tempfile::tempdir().unwrap();
    assert_eq!(contents_of(&train(&with, other.path())), contents_of(&buffer));
}

#[test]
fn difficulty_is_small_for_what_is_known() {
    for score in [Score::El2n, Score::Loss] {
        let [easy, hard] = [0, 1].map(|label| score.of(&[5.0, 1.0, 0.0], label));
        assert!(easy < hard, "{score:?}: {easy} {hard}");
    }
    assert!((Score::El2n.of(&[0.0, 0.0], 0) - 0.5_f32.sqrt()).abs() < 1e-6);
    assert!((Score::Loss.of(&[0.0, 0.0], 0) - 2.0_f32.ln()).abs() < 1e-6);
}

#[test]
fn a_share_is_drawn_from_every_class() {
    let task = task();
    let half = Training { share: 0.5, ..Training::default() };
    let images = half.images(&task, 1);
    assert_eq!(images.len(), 30);
    for label in 0..10 {
        assert_eq!(images.iter().filter(|&&i| task.train.labels()[i] == label).count(), 3);
    }
    assert!(images.iter().all(|i| !task.heldout.contains(i)));
    assert_ne!(images, half.images(&task, 2));
    assert_eq!(Training::default().images(&task, 1), task.training());
}

#[test]
fn settings_out_of_range_are_named() {
    let message = |training: Training| training.validate().unwrap_err().to_string();
    let base = Training::default;
    for training in [Training::mtt(), Training::ftd(1.0), Training::datm(), Training::pad()] {
        assert!(training.validate().is_ok());
    }
    assert!(message(Training { epochs: 0, ..base() }).contains("`epochs` is 0"));
    assert!(message(Training { batch: 0, ..base() }).contains("`batch` is 0"));
    assert!(message(Training { learning_rate: f32::NAN, ..base() }).contains("`learning_rate` is NaN"));
    assert!(message(Training { share: 0.0, ..base() }).contains("`share` is 0"));
    let gsam = Optimizer::Gsam(Gsam { rho: -1.0, ..Gsam::default() });
    assert!(message(Training { optimizer: gsam, ..base() }).contains("`rho` is -1"));
    let curriculum = Some(Curriculum { drop_after: 90, ..Curriculum::default() });
    assert!(message(Training { curriculum, ..base() }).contains("`drop_after` is 90"));
    let demand = Demand { epochs: "0,7".parse().unwrap(), ..demand() };
    assert!(demand.validate().unwrap_err().to_string().contains("`kept epochs` is 0,7"));
    let bn = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 16, 10).unwrap();
    let error = find(&self::demand(), &bn, &task(), Path::new("nowhere")).unwrap_err();
    assert!(error.to_string().contains("convnet-d2-w8-bn keeps running statistics"), "{error}");
    let drop = Training { drop: true, epochs: 10, ..base() };
    assert_eq!([0, 6, 7].map(|epoch| (drop.rate(epoch) * 1e4).round()), [100.0, 100.0, 10.0]);
}

#[test]
fn trainings_read_as_they_are_written() {
    for training in [Training::mtt(), Training::datm(), Training::pad()] {
        let text = serde_json::to_string(&training).unwrap();
        assert_eq!(serde_json::from_str::<Training>(&text).unwrap(), training);
    }
    let short: Training = serde_json::from_str(r#"{"epochs": 3, "optimizer": {"kind": "gsam", "rho": 0.02}}"#).unwrap();
    assert_eq!(short.optimizer, Optimizer::Gsam(Gsam { rho: 0.02, ..Gsam::default() }));
    assert!(serde_json::from_str::<Training>(r#"{"epoch": 3}"#).is_err());
}

#[test]
fn parameter_counts_are_the_length_of_a_row() {
    let rows = [
        (3, 32, 10, 320_010),
        (3, 32, 100, 504_420),
        (4, 64, 200, 857_160),
        (5, 128, 10, 615_690),
        (5, 32, 10, 596_490),
    ];
    for (depth, side, classes, expected) in rows {
        let network = NetworkSpec::parse(&format!("convnet-d{depth}")).unwrap().build(3, side, classes).unwrap();
        assert_eq!(network.parameter_count(), expected);
        assert_eq!(network.layout().len(), expected);
    }
}

#[test]
fn whitening_shrinks_by_its_eigenvalues_and_is_undone() {
    // Pixels of independent columns: two values either way, so that the covariance with N - 1 is known without a solver.
    let (n, shape, epsilon) = (8_usize, [3, 1, 1], 0.1_f32);
    let x: Vec<f32> = (0..n)
        .flat_map(|i| [(i & 1, 1.0), (i >> 1 & 1, 2.0), (i >> 2 & 1, 0.5)])
        .map(|(bit, size)| if bit == 1 { 3.0 + size } else { 3.0 - size })
        .collect();
    let zca = Zca::fit_matrix(&x, n, shape, epsilon).unwrap();
    let input = Tensor::<4>::from_data(TensorData::new(x.clone(), [n, 3, 1, 1]), &Device::flex());
    let white = zca.apply(input);
    let values: Vec<f32> = white.clone().into_data().iter::<f32>().collect();
    for (column, size) in [1.0_f32, 2.0, 0.5].into_iter().enumerate() {
        let s = size * size * n as f32 / (n - 1) as f32;
        let variance = values.iter().skip(column).step_by(3).map(|v| v * v).sum::<f32>() / (n - 1) as f32;
        assert!((variance - s / (s + epsilon)).abs() < 1e-5, "{variance} is not {}", s / (s + epsilon));
    }
    let back: Vec<f32> = zca.invert(white).into_data().iter::<f32>().collect();
    assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-4));
}
