//! The operations against Pillow's results, and what a draw of them does.

use burn::tensor::Device;
use safetensors::SafeTensors;

use super::*;
use crate::augment::tests::values;

const SPACE: ([f32; 3], [f32; 3]) = ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]);

/// As in `benchmarks/peer/rand_augment.py`, `[3, h, w]`.
fn picture(h: usize, w: usize) -> Vec<u8> {
    let value = |c: usize, y: usize, x: usize| 20 + (x * x * 7 + y * 13 * (c + 1) + x * y * 3) % 200;
    (0..3 * h * w).map(|p| value(p / (h * w), p / w % h, p % w) as u8).collect()
}

/// Bytes as network input.
fn normalised(bytes: &[u8], n: usize, [h, w]: [usize; 2]) -> Tensor<4> {
    let (mean, std) = SPACE;
    let value = |(p, &v): (usize, &u8)| {
        let c = p / (h * w) % 3;
        (f32::from(v) / 255.0 - mean[c]) / std[c]
    };
    Tensor::from_data(
        TensorData::new(bytes.iter().enumerate().map(value).collect::<Vec<_>>(), [n, 3, h, w]),
        &Device::flex(),
    )
}

#[test]
fn every_operation_computes_what_pillow_computes() {
    let bytes = include_bytes!("../../../../../tests/fixtures/rand_augment.safetensors");
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (name, view) in file.tensors() {
        let &[_, h, w] = view.shape() else { unreachable!() };
        let (_, rest) = name.split_once('.').unwrap();
        let (kind, strength) = rest.split_once('.').unwrap();
        let kind: ByteKind = serde_json::from_value(kind.into()).unwrap();
        let found = kind.apply(strength.parse().unwrap(), picture(h, w), [h, w]);
        let wrong = found.iter().zip(view.data()).filter(|(a, b)| a != b).count();
        assert_eq!(wrong, 0, "{name}: {wrong} of {} bytes", found.len());
        seen.insert(format!("{kind:?}"));
    }
    assert_eq!(seen.len(), ByteKind::ALL.len());
}

#[test]
fn strengths_are_those_of_magnitude_9_of_31() {
    let at = |kind: ByteKind| kind.strength(9, [32, 64]);
    let near = |kind: ByteKind, value: f32, signed| {
        let (strength, sign) = at(kind);
        assert!((strength - value).abs() < 1e-5 && sign == signed, "{kind:?} {strength}");
    };
    near(ByteKind::ShearX, 0.09, true);
    near(ByteKind::TranslateX, 8.0, true);
    near(ByteKind::TranslateY, 4.0, true);
    near(ByteKind::Rotate, 9.0, true);
    near(ByteKind::Sharpness, 0.27, true);
    near(ByteKind::Posterize, 7.0, false);
    near(ByteKind::Solarize, 178.5, false);
    near(ByteKind::Equalize, 0.0, false);
    assert_eq!(ByteKind::Posterize.strength(30, [32, 32]).0, 4.0);
}

#[test]
fn bytes_survive_and_draws_are_uniform() {
    let side = [8, 9];
    let x = normalised(&picture(16, 9), 2, side);
    let idle = RandAugment::new(vec![vec![Pick(ByteKind::Identity, 0.0)]; 2], SPACE);
    assert_eq!(values(idle.apply(x.clone())), values(x.clone()));

    let config = RandAugmentConfig { operations: 3, magnitude: 9 };
    let mut stream = Stream::new(0, "rand-augment", 0);
    let many = RandAugment::draw(&config, &mut stream, 7000, side, SPACE, Sampling::PerImage);
    let mut counts = std::collections::HashMap::new();
    let mut negative = 0;
    for Pick(kind, strength) in many.picks.iter().flatten() {
        *counts.entry(*kind).or_insert(0_i32) += 1;
        negative += i32::from(*strength < 0.0);
    }
    assert!(counts.len() == 14 && counts.values().all(|count| (count - 1500).abs() < 150), "{counts:?}");
    // Nine of fourteen kinds have a sign.
    assert!((negative - 6750).abs() < 300, "{negative}");

    let draw = RandAugment::draw(&config, &mut stream, 2, side, SPACE, Sampling::PerImage);
    let text = serde_json::to_string(&draw).unwrap();
    let read: RandAugment = serde_json::from_str(&text).unwrap();
    assert_eq!(read, draw);
    assert_eq!(values(read.apply(x.clone())), values(draw.apply(x)));
}
