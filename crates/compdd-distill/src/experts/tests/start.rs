//! What a distilled set starts from.

use super::*;
use compdd_nn::{augment::DsaConfig, feed::PixelTensors as _};

#[test]
fn chosen_images_carry_labels_that_name_their_class() {
    let root = tempfile::tempdir().unwrap();
    let (task, network, stop) = (task(), network(), go());
    let training = Training { epochs: 30, augmentation: DsaConfig::none(), ..demand().training };
    let buffer = train(&Demand { training, epochs: "0,30".parse().unwrap(), ..demand() }, root.path());
    let device = Device::flex();
    let images = correct_images(&buffer, &network, &task, 2, 1, &device, &stop).unwrap();
    let labels: Vec<u32> = images.iter().map(|&i| task.train.labels()[i]).collect();
    assert_eq!(labels, (0..10).flat_map(|label| [label; 2]).collect::<Vec<u32>>());
    assert!(images.iter().all(|i| !task.heldout.contains(i)));
    assert_eq!(images, correct_images(&buffer, &network, &task, 2, 1, &device, &stop).unwrap());

    let pixels = task.space.tensor(&task.train, &images, &device);
    let mean = label_logits(&buffer, &network, &pixels, &labels, &stop).unwrap();
    assert!(mean.correct().iter().all(|&count| count >= 1));
    let rows = mean.labels();
    for (row, &label) in rows.chunks_exact(10).zip(&labels) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(row[label as usize], largest, "{row:?}");
    }
    let one = last_logits(&buffer, &network, 0, &pixels).unwrap();
    assert_eq!(one.len(), rows.len());

    let random = random_images(&task, 6, 1).unwrap();
    assert_eq!(random.iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
    assert!(matches!(random_images(&task, 7, 1), Err(ExpertError::TooFewImages { found: 6, needed: 7, .. })));
}

#[test]
fn a_class_that_is_never_right_is_named_and_labels_fall_back_to_the_mean() {
    let root = tempfile::tempdir().unwrap();
    let (task, network) = (task(), network());
    let buffer = train(&Demand { epochs: "0".parse().unwrap(), ..demand() }, root.path());
    let error = correct_images(&buffer, &network, &task, 6, 1, &Device::flex(), &go()).unwrap_err();
    assert!(matches!(error, ExpertError::TooFewCorrect { needed: 6, experts: 2, .. }), "{error}");
    assert!(error.to_string().contains("training images of class"), "{error}");

    let mut mean = LabelMean::new(&[1], 2);
    mean.add(&[3.0, 1.0]);
    mean.add(&[5.0, 2.0]);
    assert_eq!((mean.correct(), mean.labels()), (&[0][..], vec![4.0, 1.5]));
    mean.add(&[0.0, 7.0]);
    assert_eq!((mean.correct(), mean.labels()), (&[1][..], vec![0.0, 7.0]));
}
