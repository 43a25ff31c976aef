//! Acceptance checks of the specification and properties of the loss.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Distance, Embedding, Extractor, MapKind, MapNorm, Maps, Matcher, Statistics, Weights};
use compdd_core::rng::Stream;
use compdd_nn::nn::{Mode, Network, NetworkSpec, Params};

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

fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.clone().into_data().iter::<f32>().collect()
}

fn close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(0.0_f32, |m, v| m.max(v.abs())).max(1e-12);
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * scale, "{x} against {y} (scale {scale})");
    }
}

fn attention(power: f32, norm: MapNorm) -> Maps {
    Maps { kind: MapKind::Attention { power }, norm, layers: Vec::new() }
}

fn datadam(network: &Network, power: f32) -> Matcher {
    let layers = Maps::layers_of(network, &[]);
    Matcher {
        extractor: Extractor {
            embedding: Some(Embedding::Features),
            maps: Some(Maps { layers, ..attention(power, MapNorm::L2) }),
        },
        distance: Distance::Mse,
        weights: Weights { maps: 1.0, embedding: 0.01, scale: 1.0 },
    }
}

fn dm(embedding: Embedding) -> Matcher {
    Matcher {
        extractor: Extractor { embedding: Some(embedding), maps: None },
        distance: Distance::Mse,
        weights: Weights { maps: 0.0, embedding: 1.0, scale: 1.0 },
    }
}

fn statistics(matcher: &Matcher, network: &Network, params: &Params, real: &Tensor<4>, counts: &[usize]) -> Statistics {
    matcher.extractor.rows(network, params, real.clone(), Mode::Train).0.class_means(counts)
}

#[test]
fn attention_by_hand() {
    let map = Tensor::<4>::from_data([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 1.0]]]], &Device::flex());
    let expected = [
        (1.0, [0.150_756, 0.452_267, 0.452_267, 0.753_778]),
        (2.0, [0.050_252, 0.251_259, 0.452_267, 0.854_282]),
        (4.0, [0.003_704, 0.062_963, 0.3, 0.951_852]),
    ];
    for (power, values) in expected {
        close(&host(&attention(power, MapNorm::L2).rows(map.clone())), &values, 2e-6);
    }
}

#[test]
fn attention_is_a_unit_vector_that_forgets_scale_and_order_of_channels() {
    let map = images(4, 1);
    let maps = attention(4.0, MapNorm::L2);
    let rows = maps.rows(map.clone());
    let lengths = host(&rows.clone().square().sum_dim(1));
    assert!(lengths.iter().all(|length| (length - 1.0).abs() < 1e-5), "{lengths:?}");
    assert!(host(&rows).iter().all(|value| *value >= 0.0));
    close(&host(&maps.rows(map.clone() * 3.0)), &host(&rows), 1e-5);
    close(&host(&maps.rows(map.clone().flip([1]))), &host(&rows), 1e-5);
    let hand = Tensor::<4>::from_data([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 1.0]]]], &Device::flex());
    close(&host(&attention(16.0, MapNorm::L2).rows(hand)), &[0.0, 0.0, 0.0, 1.0], 0.011);

    let (network, params) = network("convnet-d3-w8");
    let matcher = datadam(&network, 4.0);
    let (a, b) = (images(6, 2), images(6, 3));
    let [a, b] = [a, b].map(|x| statistics(&matcher, &network, &params, &x, &[6]));
    for term in matcher.compare(&a, &b).maps {
        let value = term.into_scalar::<f32>();
        assert!(value > 0.0 && value <= 2.0, "{value}");
    }
    assert!(matcher.compare(&a, &a).maps.into_iter().all(|term| term.into_scalar::<f32>() == 0.0));
}

#[test]
fn losses_add_up_over_classes_unless_a_batch_norm_mixes_them() {
    for (slug, separable) in [("convnet-d3-w8", true), ("convnet-d3-w8-bn", false)] {
        let (network, params) = network(slug);
        assert_eq!(network.couples_images(), !separable);
        for matcher in [dm(Embedding::Features), datadam(&network, 1.0)] {
            let (real, synthetic) = (images(12, 4), images(6, 5));
            let run = |first: usize, classes: usize| {
                let own = real.clone().narrow(0, first * 4, classes * 4);
                let real = statistics(&matcher, &network, &params, &own, &vec![4; classes]);
                let images = synthetic.clone().narrow(0, first * 2, classes * 2);
                let matched = matcher.matched(&network, &params, &real, images, 2, None);
                (matched.loss.into_scalar::<f32>(), host(&matched.images))
            };
            let (whole, gradient) = run(0, 3);
            let parts = [run(0, 1), run(1, 2)];
            let sum: f32 = parts.iter().map(|(loss, _)| loss).sum();
            let joined: Vec<f32> = parts.iter().flat_map(|(_, gradient)| gradient.clone()).collect();
            if separable {
                assert!((whole - sum).abs() <= 1e-5 * whole, "{whole} against {sum}");
                close(&joined, &gradient, 1e-5);
            } else {
                assert!((whole - sum).abs() > 1e-3 * whole, "{slug}: {whole} against {sum}");
            }
        }
    }
}

#[test]
fn equal_batches_have_no_loss_and_pixel_gradients_are_one_vector() {
    let (network, params) = network("convnet-d3-w8");
    let real = images(8, 6);
    let matcher = dm(Embedding::Features);
    let means = statistics(&matcher, &network, &params, &real, &[4, 4]);
    let matched = matcher.matched(&network, &params, &means, real.clone(), 4, None);
    assert_eq!(matched.loss.into_scalar::<f32>(), 0.0);
    assert!(host(&matched.images).iter().all(|value| *value == 0.0));

    let matcher = dm(Embedding::Pixels);
    let means = statistics(&matcher, &network, &params, &real, &[4, 4]);
    let matched = matcher.matched(&network, &params, &means, images(6, 7), 3, None);
    let gradient = host(&matched.images);
    for class in gradient.chunks(3 * 768) {
        assert!(class.chunks(768).all(|own| own == &class[..768]), "images of a class move together");
    }
    assert_ne!(gradient[..768], gradient[3 * 768..4 * 768]);
}

#[test]
fn every_norm_distance_and_kind_has_the_gradient_of_its_loss() {
    let (network, params) = network("convnet-d2-w4-sigmoid"); // smooth, so that differences mean something
    let real = images(6, 8);
    let synthetic = images(4, 9);
    for norm in [MapNorm::None, MapNorm::L1, MapNorm::L2] {
        for distance in [Distance::Mse, Distance::Mae, Distance::Cosine] {
            for kind in [MapKind::Attention { power: 2.0 }, MapKind::Attention { power: 3.0 }, MapKind::Features] {
                let maps = Maps { kind, norm, layers: Maps::layers_of(&network, &[]) };
                let mut matcher = datadam(&network, 1.0);
                matcher.extractor.maps = Some(maps);
                matcher.distance = distance;
                let means = statistics(&matcher, &network, &params, &real, &[3, 3]);
                let loss = |x: Tensor<4>| matcher.matched(&network, &params, &means, x, 2, None);
                let direction = images(4, 10);
                let slope = (loss(synthetic.clone()).images * direction.clone()).sum().into_scalar::<f32>();
                let step = 1e-3;
                let [plus, minus] =
                    [step, -step].map(|h| loss(synthetic.clone() + direction.clone() * h).loss.into_scalar::<f32>());
                let difference = (plus - minus) / (2.0 * step);
                let tolerance = 0.03 * slope.abs().max(difference.abs()) + 1e-4;
                assert!((slope - difference).abs() < tolerance, "{norm:?} {distance:?} {kind:?}: {slope} {difference}");
            }
        }
    }
}

#[test]
fn classes_of_different_size_have_their_own_means() {
    let rows = Tensor::<2>::from_data([[1.0], [3.0], [10.0], [4.0], [5.0], [6.0]], &Device::flex());
    let statistics = Statistics { embedding: Some(rows.clone()), maps: vec![rows] };
    let means = statistics.clone().class_means(&[2, 1, 3]);
    assert_eq!(host(&means.embedding.unwrap()), [2.0, 10.0, 5.0]);
    assert_eq!(host(&statistics.class_means(&[3, 3]).maps[0]), [14.0 / 3.0, 5.0]);
}

#[test]
fn layers_are_those_before_the_last_pooling() {
    let (network, _) = network("convnet-d3-w8");
    assert_eq!(Maps::layers_of(&network, &[]), ["relu0", "relu1"]);
    assert_eq!(Maps::layers_of(&network, &[0, 2]), ["relu0", "relu2"]);
}
