//! The loss by hand, and whole iterations, on tiny networks and images.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Alignment, AlignmentWeights, CafeRecipe, RealFeatures};
use crate::methods::{
    Start,
    matching::{
        chunks::ChunkPlan,
        test_task::{World, after, assert_resumes, floats, recipe, saved, step},
    },
};
use compdd_core::rng::Stream;
use compdd_nn::nn::{Mode, Network, NetworkSpec, Params, Taps};

fn network(slug: &str) -> (Network, Params) {
    let network = NetworkSpec::parse(slug).unwrap().build(3, 16, 3).unwrap();
    let params = network.init(5, &Device::flex());
    (network, params)
}

fn images(n: usize, seed: u64) -> Tensor<4> {
    let mut stream = Stream::new(seed, "images", 0);
    let values: Vec<f32> = (0..n * 3 * 16 * 16).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, [n, 3, 16, 16]), &Device::flex())
}

fn weights() -> AlignmentWeights {
    AlignmentWeights { maps: vec![1.0, 1.0, 0.1, 0.1], embedding: 1.0, discrimination: 0.01 }
}

/// The loss with as many images in a pass as `chunk` says.
fn alignment(network: &Network, weights: &AlignmentWeights, chunk: Option<usize>) -> Alignment {
    let world = World::new();
    world.start("cafe", &[], |start| {
        Alignment::new(network, weights, ChunkPlan::new(&Start { chunk, ..start }, network))
    })
}

fn real(
    alignment: &Alignment,
    network: &Network,
    params: &Params,
    images: &Tensor<4>,
    counts: &[usize],
) -> RealFeatures {
    alignment.real(network, params, counts, |from, to| images.clone().narrow(0, from, to - from))
}

fn scalar(x: &Tensor<1>) -> f64 {
    f64::from(x.clone().into_scalar::<f32>())
}

/// Class means of what a layer makes of some images, on the host.
fn means(rows: &[f32], counts: &[usize]) -> Vec<Vec<f64>> {
    let width = rows.len() / counts.iter().sum::<usize>();
    let mut first = 0;
    let mean = |&count: &usize| {
        let own = &rows[first * width..(first + count) * width];
        first += count;
        (0..width)
            .map(|k| own.iter().skip(k).step_by(width).map(|v| f64::from(*v)).sum::<f64>() / count as f64)
            .collect()
    };
    counts.iter().map(mean).collect()
}

#[test]
fn every_term_by_hand() {
    let (network, params) = network("convnet-d3-w4");
    let (counts, r, s) = ([4, 2, 3], images(9, 1), images(6, 2));
    let alignment = alignment(&network, &weights(), None);
    let found = alignment.aligned(&network, &params, &real(&alignment, &network, &params, &r, &counts), &s, 2);

    let read = |x: &Tensor<4>| {
        let out = network.forward_with(&params, x.clone(), Mode::Train, Taps::Named(&["relu0", "relu1", "relu2"]));
        let host = |values: TensorData| values.iter::<f32>().collect::<Vec<_>>();
        let mut layers: Vec<Vec<f32>> = out.taps.iter().map(|(_, map)| host(map.clone().into_data())).collect();
        layers.push(host(out.features.into_data()));
        layers
    };
    let (real_layers, synthetic_layers) = (read(&r), read(&s));
    let distance = |layer: usize| -> f64 {
        let (a, b) = (means(&real_layers[layer], &counts), means(&synthetic_layers[layer], &[2, 2, 2]));
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).powi(2)).sum()
    };
    let near =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-4 * expected.abs(), "{found} {expected}");
    for (layer, term) in found.terms.maps.iter().enumerate() {
        near(scalar(term), distance(layer));
    }
    near(scalar(&found.terms.embedding), distance(3));
    let (width, mu) = (real_layers[3].len() / 9, means(&synthetic_layers[3], &[2, 2, 2]));
    let cross_entropy: f64 = [0, 0, 0, 0, 1, 1, 2, 2, 2_usize]
        .iter()
        .zip(real_layers[3].chunks(width))
        .map(|(&own, row)| {
            let z: Vec<f64> = mu.iter().map(|mu| row.iter().zip(mu).map(|(a, b)| f64::from(*a) * b).sum()).collect();
            z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[own]
        })
        .sum();
    near(scalar(&found.terms.discrimination), cross_entropy);
    let total = 0.1 * distance(0) + 0.1 * distance(1) + distance(2) + 2.0 * distance(3) + 0.01 * cross_entropy;
    near(scalar(&found.loss), total);
}

#[test]
fn weights_run_from_deep_to_shallow() {
    let of = |slug: &str| alignment(&network(slug).0, &weights(), None).map_weights().to_vec();
    assert_eq!(of("convnet-d3-w4"), [0.1, 0.1, 1.0]);
    assert_eq!(of("convnet-d4-w4"), [0.1, 0.1, 0.1, 1.0]);
    assert_eq!(of("convnet-d1-w4"), [1.0]);
}

#[test]
fn the_gradient_is_that_of_the_loss_whatever_the_passes() {
    let (network, params) = network("convnet-d2-w4-sigmoid"); // smooth, so that differences mean something
    let (counts, r, s) = ([4, 4, 4], images(12, 3), images(6, 4));
    let weights = AlignmentWeights { discrimination: 0.5, ..weights() };
    let whole = alignment(&network, &weights, None);
    let target = real(&whole, &network, &params, &r, &counts);
    let loss = |x: Tensor<4>| whole.aligned(&network, &params, &target, &x, 2);
    let direction = images(6, 5);
    let found = loss(s.clone());
    let slope = scalar(&(found.images.clone() * direction.clone()).sum());
    let [plus, minus] = [1e-2, -1e-2].map(|h| scalar(&loss(s.clone() + direction.clone() * h).loss));
    let difference = (plus - minus) / 2e-2;
    assert!((slope - difference).abs() < 0.02 * slope.abs().max(difference.abs()) + 1e-4, "{slope} {difference}");

    let parts = alignment(&network, &weights, Some(3));
    let target = real(&parts, &network, &params, &r, &counts);
    let again = parts.aligned(&network, &params, &target, &s, 2);
    assert!((scalar(&again.loss) - scalar(&found.loss)).abs() < 1e-4 * scalar(&found.loss));
    let apart = scalar(&(again.images - found.images.clone()).abs().max());
    assert!(apart < 1e-5 * scalar(&found.images.abs().max()), "{apart}");
}

#[test]
fn the_rate_is_halved_at_the_named_iterations() {
    let typed: CafeRecipe = recipe("cafe", &[], &crate::methods::CELL).typed().unwrap();
    let rates = [0, 1199, 1200, 1600, 1799, 1800, 1999].map(|iteration| typed.image_rate(iteration));
    assert_eq!(rates, [0.1, 0.1, 0.05, 0.025, 0.025, 0.0125, 0.0125]);
    assert_eq!((typed.iterations, typed.batch_real, typed.watch_images, typed.window), (2000, 256, 128, 10));
    assert_eq!((typed.settled_below, typed.moved_above), (0.04, 0.03));
}

#[test]
fn resumed_runs_are_those_that_were_never_stopped() {
    let world = World::new();
    let sets = [("inner_cap", "3"), ("settled_below", "0"), ("augmentation", "color_crop_flip")];
    assert_resumes(&world, "cafe", &sets, 3);
}

#[test]
fn loops_end_at_their_thresholds_or_caps() {
    let world = World::new();
    let counts = |sets: &[(&str, &str)]| {
        let caps = [("inner_cap", "4"), ("epoch_cap", "3"), ("window", "2"), ("watcher", "plain")];
        world.with("cafe", &[&caps, sets].concat(), |run| {
            let report = step(run, 0).unwrap();
            let value = |name: &str| report.values.iter().find(|(own, _)| *own == name).unwrap().1;
            [value("inner_steps"), value("network_epochs")]
        })
    };
    // Never settled, never moved: the caps, and no training behind the last step.
    assert_eq!(counts(&[("settled_below", "0"), ("moved_above", "9")]), [4.0, 9.0]);
    // Settled as soon as the window is full.
    assert_eq!(counts(&[("settled_below", "9"), ("moved_above", "9")]), [2.0, 3.0]);
}

#[test]
fn images_move_and_terms_can_be_switched_off() {
    let world = World::new();
    let images = |sets: &[(&str, &str)]| world.with("cafe", sets, |run| floats(&after(run, 1), "images"));
    let first = world.with("cafe", &[], |run| floats(&saved(run), "images"));
    let plain = images(&[]);
    assert_ne!(first, plain);
    assert_ne!(plain, images(&[("discrimination_weight", "0")]));
    assert_ne!(plain, images(&[("map_weights", "[1.0, 0.0]")]));
}
