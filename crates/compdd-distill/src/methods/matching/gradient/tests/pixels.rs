//! Steps of the pixels: turns of the classes, the scale 0..1, what networks are shown.

use burn::tensor::{Device, Tensor, TensorData};

use crate::methods::{
    descent::Descent,
    matching::{
        gradient::{shown::Showing, unit::UnitRange},
        pixels::Pixels,
        siamese::Siamese,
    },
};
use compdd_core::rng::Stream;
use compdd_data::data::PixelSpace;
use compdd_nn::augment::{DsaConfig, Mode};

const SPACE: PixelSpace = PixelSpace::Normalised { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.2010] };

fn noise(n: usize, seed: u64, side: usize) -> Tensor<4> {
    let mut stream = Stream::new(seed, "noise", 0);
    let values: Vec<f32> = (0..n * 3 * side * side).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, [n, 3, side, side]), &Device::flex())
}

fn gap(a: &Tensor<4>, b: &Tensor<4>) -> f32 {
    (a.clone() - b.clone()).abs().max().into_scalar::<f32>()
}

/// One iteration of the classes in turn, in closed form.
fn in_turn(pixels: &Pixels, gradients: &[Tensor<4>]) -> Pixels {
    let classes = gradients.len();
    let parts = gradients.iter().enumerate().map(|(class, gradient)| {
        let mut own = pixels.rows(class * 2, 2);
        own.coast(class);
        own.update(gradient.clone());
        own.coast(classes - 1 - class);
        own
    });
    Pixels::cat(&parts.collect::<Vec<_>>())
}

#[test]
fn a_class_coasts_while_the_others_take_their_steps() {
    let (rate, gradient) = (0.25, noise(2, 1, 2));
    let first = noise(20, 2, 2);
    let mut gradients = vec![gradient.zeros_like(); 10];
    gradients[0] = gradient.clone();
    let after = in_turn(&Pixels::new(first.clone(), rate, 0.5), &gradients);
    let moved = first.clone().narrow(0, 0, 2) - after.images.clone().narrow(0, 0, 2);
    assert!(gap(&moved, &(gradient * (rate * (2.0 - 0.5_f64.powi(9))))) < 1e-6);
    assert_eq!(gap(&after.images.narrow(0, 2, 18), &first.narrow(0, 2, 18)), 0.0);
}

#[test]
fn the_closed_form_is_one_optimiser_stepped_for_every_class() {
    let mut closed = Pixels::new(noise(20, 3, 2), 0.25, 0.5);
    let (mut global, mut images) = (Descent::new(0.25, 0.5), closed.images.clone());
    for iteration in 0..3_u64 {
        let gradients: Vec<_> = (0..10).map(|class| noise(2, 100 + iteration * 10 + class, 2)).collect();
        for class in 0..10 {
            let none = gradients[0].zeros_like();
            let parts = (0..10).map(|c| if c == class { gradients[c].clone() } else { none.clone() });
            images = global.step(images, Tensor::cat(parts.collect(), 0));
        }
        closed = in_turn(&closed, &gradients);
        assert!(gap(&closed.images, &images) < 2e-6);
    }
}

#[test]
fn learning_on_the_unit_scale_is_descent_there() {
    let (mean, std) = SPACE.statistics();
    let unit = UnitRange::new(&SPACE, &Device::flex());
    let constant =
        |values: [f32; 3]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), &Device::flex());
    let (mean, std) = (constant(mean), constant(std));
    let shown = |x: Tensor<4>| (x - mean.clone()) / std.clone();
    let mut x = noise(2, 1, 4) * 0.5 + 0.5;
    let (mut plain, mut pixels) = (Descent::new(0.1, 0.5), Pixels::new(shown(x.clone()), 0.1, 0.5));
    for seed in 2..5 {
        let gradient = noise(2, seed, 4);
        pixels.update(unit.direction(gradient.clone()));
        x = plain.step(x, gradient / std.clone());
        assert!(gap(&pixels.images, &shown(x.clone())) < 3e-5);
    }
    let clipped = unit.clip(pixels.images.clone());
    assert!(gap(&clipped, &shown(x.clamp(0.0, 1.0))) < 3e-5);
    assert!(gap(&clipped, &pixels.images) > 0.1, "something lay outside");
}

#[test]
fn both_sides_are_augmented_alike() {
    let config = DsaConfig::parse("color_crop_cutout_flip_scale_rotate").unwrap();
    for mode in [Mode::S, Mode::M] {
        let siamese = Siamese::new(DsaConfig { mode, ..config.clone() }, 7, 2);
        let shape = [3, 8, 8];
        let both = noise(5, 1, 8);
        let mut alike = 0;
        for step in 0..20 {
            let together = siamese.draw(step, 1, 5, shape).apply(both.clone());
            let (a, b) = (both.clone().narrow(0, 0, 3), both.clone().narrow(0, 3, 2));
            let apart = [(a, 3), (b, 2)].map(|(part, n)| siamese.draw(step, 1, n, shape).apply(part));
            assert_eq!(gap(&together, &Tensor::cat(apart.to_vec(), 0)), 0.0, "{mode:?}");
            alike += usize::from(siamese.draw(step, 0, 5, shape).ops() == siamese.draw(step, 1, 5, shape).ops());
        }
        assert!(alike < 5, "every class has draws of its own");
    }
}

#[test]
fn gradients_reach_every_stored_pixel() {
    let siamese = |strategy: &str| Siamese::new(DsaConfig::parse(strategy).unwrap(), 7, 2);
    let stored = noise(3, 1, 9);
    for (factor, most, held) in [(1, 0, 3), (2, 0, 12), (2, 5, 5)] {
        let showing = Showing::new([factor, most, 9], &SPACE, siamese("none"), 3, 2).unwrap();
        let shown = showing.of(&stored, 4, 1);
        assert_eq!(shown.images.dims(), [held, 3, 9, 9]);
        let back = shown.pullback(shown.images.ones_like());
        assert_eq!(back.dims(), stored.dims());
        let reached = back.into_data().iter::<f32>().filter(|value| *value > 1e-6).count();
        assert!(if most == 0 { reached == 3 * 3 * 81 } else { reached < 3 * 3 * 81 }, "{reached} pixels");
    }
    // The way back is the transpose of the way there, whatever is chosen and drawn.
    let showing = Showing::new([2, 5, 8], &SPACE, siamese("crop_rotate_scale"), 3, 2).unwrap();
    let (stored, along) = (noise(3, 2, 8), noise(3, 3, 8));
    for step in 0..6 {
        let shown = showing.of(&stored, step, 0);
        let cotangent = noise(5, 20 + step, 8);
        let moved = showing.of(&(stored.clone() + along.clone()), step, 0).images - shown.images.clone();
        let there = (moved * cotangent.clone()).sum().into_scalar::<f32>();
        let back = (shown.pullback(cotangent) * along.clone()).sum().into_scalar::<f32>();
        assert!((there - back).abs() < 1e-3 * there.abs().max(1.0), "{there} {back}");
    }
}
