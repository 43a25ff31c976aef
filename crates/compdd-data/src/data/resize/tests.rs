//! Against torch, Pillow and torchvision: `benchmarks/peer/resize.py` makes the squares.

use std::collections::BTreeMap;

use safetensors::SafeTensors;

use super::*;

/// The test picture: a formula, so that Python can make the same one.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for c in 0..3 {
                rgb.push(((x * x * 7 + y * 13 * (c + 1) + x * y * 3) % 256) as u8);
            }
        }
    }
    rgb
}

fn decode(resolution: usize, resize: ResizeMode, antialias: bool) -> Decode {
    Decode { resolution, resize, antialias }
}

/// Of two squares the largest difference in grey levels, and how many bytes differ.
fn difference(ours: &[u8], theirs: &[u8]) -> (u8, usize) {
    assert_eq!(ours.len(), theirs.len());
    let differences = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b)).filter(|d| *d > 0);
    differences.fold((0, 0), |(most, count), d| (most.max(d), count + 1))
}

#[test]
fn squares_equal_those_of_torch_and_pillow() {
    let file = include_bytes!("../../../../../tests/fixtures/resize.safetensors");
    let file = SafeTensors::deserialize(file).unwrap();
    let mut totals: BTreeMap<&str, (u8, usize, usize)> = BTreeMap::new();
    for name in file.names() {
        let (shape, kind) = name.rsplit_once('.').unwrap();
        let sizes: Vec<usize> = shape.split(['x', '-']).map(|size| size.parse().unwrap()).collect();
        let mode = if kind == "crop" { ResizeMode::CentreCrop } else { ResizeMode::Squash };
        let ours =
            to_square(&picture(sizes[0], sizes[1]), sizes[0], sizes[1], &decode(sizes[2], mode, kind != "plain"));
        let (most, count) = difference(&ours, file.tensor(name).unwrap().data());
        assert!(most <= 1, "{name}: {most} grey levels");
        let total = totals.entry(kind).or_default();
        *total = (total.0.max(most), total.1 + count, total.2 + ours.len());
    }
    // Torch rounds once, as we do: only what lies within a millionth of a half may differ. Pillow rounds between its passes.
    for (kind, share) in [("plain", 0.001), ("smooth", 0.001), ("pillow", 0.25), ("crop", 0.25)] {
        let (_, count, all) = totals[kind];
        assert!(all > 1000 && (count as f64) <= share * all as f64, "{kind}: {count} of {all} bytes differ");
    }
}

#[test]
fn matching_size_is_only_rearranged() {
    let rgb = picture(4, 4);
    let planar = to_square(&rgb, 4, 4, &decode(4, ResizeMode::Squash, true));
    for (i, &value) in planar.iter().enumerate() {
        assert_eq!(value, rgb[(i % 16) * 3 + i / 16]);
    }
}

#[test]
fn centre_crop_keeps_the_middle() {
    let rgb = picture(9, 4);
    let planar = to_square(&rgb, 9, 4, &decode(4, ResizeMode::CentreCrop, true));
    // A margin of 2.5 pixels rounds to 2, the even one.
    assert_eq!(planar[0], rgb[2 * 3]);
    assert_eq!(short_side(500, 375, 128), (170, 128));
    assert_eq!(short_side(375, 500, 128), (128, 170));
}

/// An even picture stays even: the weights add up, and rounding adds nothing.
#[test]
fn even_pictures_stay_even() {
    for (w, h, side, value) in [(1000, 3, 4, 255), (37, 911, 64, 254), (5, 5, 300, 1), (99, 100, 98, 0)] {
        for antialias in [false, true] {
            let square = to_square(&vec![value; 3 * w * h], w, h, &decode(side, ResizeMode::Squash, antialias));
            assert!(square.iter().all(|byte| *byte == value), "{w} x {h}");
        }
    }
}

/// The compiled variants of the passes give the same bytes.
#[test]
fn every_instruction_set_gives_the_same_bytes() {
    for (w, h, side) in [(341, 256, 128), (50, 70, 33), (7, 5, 130), (1, 300, 4)] {
        let rgb = picture(w, h);
        for antialias in [false, true] {
            let rows = Weights::bilinear(h, side, (0, side), antialias);
            let columns = Weights::bilinear(w, side, (0, side), antialias);
            let mut plain = vec![0; 3 * side * side];
            passes::resample_plain(&rgb, w, &rows, &columns, &mut Vec::new(), &mut plain);
            assert_eq!(plain, to_square(&rgb, w, h, &decode(side, ResizeMode::Squash, antialias)));
        }
    }
}
