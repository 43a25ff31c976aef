//! Batches, seeds and repeatability.

use burn::tensor::Device;

use super::{close, host, model, network, normal};
use crate::{
    cam::{CamMethod, CamModel, Training, seeds, train},
    eval::{Following, View},
};
use compdd_core::{
    progress::{Interrupted, Stop},
    subset::Subset,
};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::nn::{Mode, NetworkSpec};

#[test]
fn maps_do_not_depend_on_the_batch() {
    let (targets, seeds) = ([2, 0, 1, 1, 0], seeds(1, 0, 0..5));
    let x = normal([5, 3, 32, 32], 0);
    for slug in ["convnet-d3-w8", "convnet-d3-w8-bn", "resnet18-cifar-in-w4", "resnet18-imagenet-bn-w4", "vgg11-w4"] {
        let mut tested = vec![model(slug, 32, 3)];
        tested.push(tested[0].clone().by_differentiation());
        for model in tested {
            for method in CamMethod::ALL {
                let whole = host(&model.maps(method, x.clone(), &targets, &seeds).unwrap());
                let chunked = model.clone().with_chunk(2);
                close(&host(&chunked.maps(method, x.clone(), &targets, &seeds).unwrap()), &whole, 1e-5);
                let alone = (0..5).flat_map(|i| {
                    let one = x.clone().narrow(0, i, 1);
                    host(&model.maps(method, one, &targets[i..=i], &seeds[i..=i]).unwrap())
                });
                close(&alone.collect::<Vec<_>>(), &whole, 1e-5);
            }
        }
    }
}

#[test]
fn seeds_follow_the_image_and_the_iteration() {
    assert_eq!(seeds(3, 7, 0..6)[2..5], seeds(3, 7, 2..5));
    let mut all: Vec<u64> = [(3, 7), (3, 8), (4, 7)].into_iter().flat_map(|(run, it)| seeds(run, it, 0..6)).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 18);
}

#[test]
fn no_gradient_flows_through_a_map() {
    let model = model("convnet-d2-w4", 16, 2);
    let x = normal([2, 3, 16, 16], 1).autodiff().require_grad();
    let maps = model.maps(CamMethod::GradCam, x, &[0, 1], &[]).unwrap();
    assert!(!maps.is_require_grad());
    assert_eq!(maps.device(), Device::flex());
}

/// Pearson correlation.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|x| f64::from(*x)).sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |u: &[f32], mu: f64, v: &[f32], mv: f64| -> f64 {
        u.iter().zip(v).map(|(x, y)| (f64::from(*x) - mu) * (f64::from(*y) - mv)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// A small network trained on the built-in scenes, and a batch of their test images with their labels.
fn trained(slug: &str, epochs: usize) -> (CamModel, burn::tensor::Tensor<4>, Vec<usize>) {
    let subset = Subset::find("scenes-easy").unwrap();
    let options = TaskOptions { train_per_class: Some(50), test_per_class: Some(10), ..TaskOptions::default() };
    let task = Task::load(&subset, &Library::empty(), &options).unwrap();
    let device = Device::flex();
    let training = Training { epochs, batch: 25, learning_rate: 0.02, seed: 0, device: &device };
    let stop = Stop::never();
    let model = train(&task, &NetworkSpec::parse(slug).unwrap(), training, None, &Following::silent(&stop)).unwrap();
    let view = View::test(&task);
    let images: Vec<usize> = (0..view.len()).collect();
    let x = view.tensor(&images, &device);
    (model, x, images.into_iter().map(|i| view.label(i) as usize).collect())
}

#[test]
fn the_same_seeds_give_the_same_maps() {
    for (slug, epochs) in [("convnet-d3-w16", 10), ("resnet18-cifar-bn-w4", 3)] {
        let (model, x, targets) = trained(slug, epochs);
        let n = targets.len();
        let maps = |method, noise| {
            let maps = model.maps(method, x.clone(), &targets, &seeds(noise, 0, 0..n)).unwrap();
            host(&maps)
        };
        let smooth = maps(CamMethod::SMOOTH, 0);
        assert_eq!(smooth, maps(CamMethod::SMOOTH, 0), "{slug}");
        let other = maps(CamMethod::SMOOTH, 1);
        assert_ne!(smooth, other);
        let plain = maps(CamMethod::GradCam, 0);
        assert_eq!(plain, maps(CamMethod::GradCam, 1), "no noise, no seed");
        let (seeds, methods) = (correlation(&smooth, &other), correlation(&smooth, &plain));
        let classes = model.network().forward(model.params(), x.clone(), Mode::Eval).logits.argmax(1);
        let right = classes.into_data().iter::<i64>().zip(&targets).filter(|(a, b)| *a == **b as i64).count();
        println!("{slug} ({right} of {n} right): smooth, two seeds {seeds:.3}; smooth and Grad-CAM {methods:.3}");
        assert!((-1.0..1.0).contains(&seeds) && (-1.0..1.0).contains(&methods), "{seeds} {methods}");
    }
}

#[test]
fn training_is_repeatable_and_can_be_stopped() {
    let subset = Subset::find("scenes-easy").unwrap();
    let options = TaskOptions { train_per_class: Some(4), test_per_class: Some(1), ..TaskOptions::default() };
    let task = Task::load(&subset, &Library::empty(), &options).unwrap();
    let (device, spec) = (Device::flex(), NetworkSpec::parse("convnet-d2-w4").unwrap());
    let training = Training { epochs: 2, batch: 16, learning_rate: 0.01, seed: 5, device: &device };
    let train_until = |training, tap, stop: &Stop| train(&task, &spec, training, tap, &Following::silent(stop));
    let never = Stop::never();
    let run = |training, tap| train_until(training, tap, &never);
    let model = run(training, None).unwrap();
    assert_eq!((model.tap(), model.classes()), ("feat1", 10));
    assert_eq!(model.params().to_host(), run(training, Some("feat1")).unwrap().params().to_host());
    let fresh = run(Training { epochs: 0, ..training }, None).unwrap();
    assert_ne!(model.params().to_host(), fresh.params().to_host());
    assert_eq!(fresh.params().layout(), network("convnet-d2-w4", 32, 10).layout());
    assert!(Interrupted::is(&train_until(training, None, &Stop::after(1)).unwrap_err()));
    let error = run(Training { batch: 0, ..training }, None).unwrap_err();
    assert_eq!(error.to_string(), "protocol setting `batch` is 0, but must be 1 or more");
}
