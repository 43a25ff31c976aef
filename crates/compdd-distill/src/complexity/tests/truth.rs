//! The score held against the scenes, whose objects are known.

use super::{ComplexityError, SIDE, model};
use crate::{
    cam::{CamMethod, complexity},
    complexity::{Held, hold, truth, write_held},
};
use compdd_core::progress::{Hooks, Interrupted, Stop};
use compdd_data::{
    data::{
        ImageSet, Split,
        scenes::{CLASSES, World},
    },
    scores::{Settings, spearman},
};
use compdd_nn::{feed::PixelTensors as _, nn::Mode};

const PER_CLASS: usize = 3;

fn half() -> Settings {
    Settings { thresholds: vec![0.5], ..Settings::default() }
}

#[test]
fn the_numbers_are_those_of_the_pictures_one_by_one() {
    let model = model("convnet-d2-w8", 0);
    let found = &truth(&model, PER_CLASS, &half()).unwrap()[0];
    let (mut kappa, mut background, mut hits) = (Vec::new(), Vec::new(), 0);
    for hard in [false, true] {
        for (label, class) in CLASSES.iter().enumerate() {
            for index in 0..PER_CLASS {
                let scene = World { hard, seed: 0 }.scene(Split::Test, label, index, SIDE);
                background.push(1.0 - scene.share());
                let set = ImageSet::new(scene.pixels, vec![0], [3, SIDE, SIDE], vec![class.name.into()]).unwrap();
                let x = model.space().tensor(&set, &[0], &model.cam().params().device());
                let scores = model.cam().network().forward(model.cam().params(), x.clone(), Mode::Eval);
                let scores: Vec<f32> = scores.logits.into_data().iter::<f32>().collect();
                hits += usize::from((0..10).all(|other| scores[other] <= scores[label]));
                let maps = model.cam().maps(CamMethod::GradCam, x, &[label], &[0]).unwrap();
                kappa.push(f64::from(complexity(maps, 0.5, half().comparison)[0]));
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (easy, hard) = kappa.split_at(10 * PER_CLASS);
    assert!((found.easy - mean(easy)).abs() < 1e-9 && (found.hard - mean(hard)).abs() < 1e-9);
    assert_eq!(found.images, spearman(&kappa, &background));
    assert_eq!(found.hard_images, spearman(hard, &background[10 * PER_CLASS..]));
    let below = easy.chunks(PER_CLASS).zip(hard.chunks(PER_CLASS)).filter(|(a, b)| mean(a) < mean(b)).count();
    assert_eq!(found.pairs, below);
    assert_eq!(found.accuracy, f64::from(hits as u32) / kappa.len() as f64);
}

#[test]
fn a_teacher_stands_beside_networks_without_training() {
    let model = model("convnet-d2-w8", 5);
    let methods = [CamMethod::GradCam, CamMethod::LayerCam];
    let held = hold(&model, &model.cam().taps(), &methods, 2, 2, &half(), Hooks::silent(&Stop::never())).unwrap();
    assert_eq!(held.len(), 3 * model.cam().taps().len() * methods.len());
    let of = |seed: Option<u64>| -> Vec<&Held> { held.iter().filter(|held| held.seed == seed).collect() };
    let values = |seed| of(seed).iter().map(|held| (held.truth.easy, held.truth.hard)).collect::<Vec<_>>();
    assert!(values(None) != values(Some(0)) && values(Some(0)) != values(Some(1)));
    // Its own parameters are those of the seed 5: the same numbers come out.
    let again =
        hold(&model.untrained(5).unwrap(), &model.cam().taps(), &methods, 0, 2, &half(), Hooks::silent(&Stop::never()))
            .unwrap();
    assert_eq!(again, of(None).into_iter().cloned().collect::<Vec<_>>());
    let last = model.through(model.cam().taps().last().unwrap()).unwrap();
    assert_eq!(held[held.len() / 3 - 2].truth, truth(&last, 2, &half()).unwrap()[0]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truth.csv");
    write_held(&held, &path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), held.len() + 1);
    let first: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(first.len(), lines[0].split(',').count());
    assert_eq!((first[0], first[2], first[3]), ("", held[0].tap.as_str(), "grad-cam"));
    assert_eq!(first[10].parse::<f64>().unwrap(), held[0].truth.easy);

    let stopped =
        hold(&model, &model.cam().taps(), &methods, 0, 2, &half(), Hooks::silent(&Stop::after(1))).unwrap_err();
    assert!(matches!(stopped, ComplexityError::Interrupted(_)) && Interrupted::is(&stopped));
}
