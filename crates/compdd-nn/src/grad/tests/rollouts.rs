//! Rollouts on real networks.

use super::*;
use crate::{
    augment::{Draw as _, DsaConfig, Sampling},
    grad::{Differences, GradError, MetaGradient, Objective, Offload, Order, Rollout, Settings, Step, Synthetic},
    nn::Mode,
};
use compdd_core::progress::Stop;

/// A student of a network on four images, matched to nothing in particular: `L = sum(w theta_S)` with fixed weights `w`.
struct Case {
    network: Network,
    start: Params,
    data: Synthetic,
    steps: Vec<Step>,
    weights: Params,
    settings: Settings,
}

impl Case {
    fn new(slug: &str, side: usize, steps: usize, strategy: &str) -> Self {
        let network = network(slug, side, 3);
        let Batch { images, targets } = batch(4, side, 3, 7);
        let dsa = DsaConfig::parse(strategy).unwrap();
        let step = |index: usize| {
            let rows: Vec<usize> = if index.is_multiple_of(2) { vec![0, 1, 3] } else { vec![2, 0] };
            let mut stream = Stream::new(3, "rollout dsa", index as u64);
            let draws = dsa.draw(&mut stream, rows.len(), [3, side, side], Sampling::PerImage);
            Step { rows, draws }
        };
        Self {
            start: parameters(&network, 1),
            weights: parameters(&network, 5),
            data: Synthetic { images, targets },
            steps: (0..steps).map(step).collect(),
            network,
            settings: Settings { rate: 0.05, momentum: 0.0, offload: Offload::Device },
        }
    }

    fn rollout<'a>(&'a self, objective: &'a Objective<'a>, never: &'a Stop) -> Rollout<'a> {
        Rollout::forward(objective, &self.start, &self.data, &self.steps, self.settings, never).unwrap()
    }

    fn loss(&self) -> f64 {
        let (objective, never) = (Objective::new(&self.network, Mode::Train), Stop::never());
        self.rollout(&objective, &never).end().dot(&self.weights)
    }

    fn gradient(&self, order: Order, how: Differences) -> MetaGradient {
        let (objective, never) = (Objective::new(&self.network, Mode::Train), Stop::never());
        self.rollout(&objective, &never).backward(self.weights.clone(), order, how).unwrap()
    }

    /// The gradient against differences of the loss in random directions of images, labels, rate and start.
    fn check(&self, name: &str) {
        let gradient = self.gradient(Order::Exact, Differences::Exact);
        let shift = |by: f64| {
            let images = normal(11, self.data.images.dims());
            let labels = normal(12, self.data.targets.rows().dims());
            let along = parameters(&self.network, 13);
            let rows = self.data.targets.rows().clone() + labels.clone() * by;
            let moved = |images_by: f64, labels_by: bool, rate_by: f64, start_by: f64| Self {
                network: self.network.clone(),
                start: self.start.clone().add_scaled(&along, start_by),
                data: Synthetic {
                    images: self.data.images.clone() + images.clone() * images_by,
                    targets: if labels_by { Targets::Logits(rows.clone()) } else { self.data.targets.clone() },
                },
                steps: self.steps.clone(),
                weights: self.weights.clone(),
                settings: Settings { rate: self.settings.rate + rate_by, ..self.settings },
            };
            [
                moved(by, false, 0.0, 0.0),
                moved(0.0, true, 0.0, 0.0),
                moved(0.0, false, by, 0.0),
                moved(0.0, false, 0.0, by),
            ]
            .map(|case| case.loss())
        };
        let step = 1e-6;
        let (plus, minus) = (shift(step), shift(-step));
        let dot = |a: Tensor<4>, b: Tensor<4>| (a * b).sum().into_scalar::<f64>();
        let labels = gradient.labels.unwrap() * normal(12, self.data.targets.rows().dims());
        let expected = [
            ("images", dot(gradient.images, normal(11, self.data.images.dims()))),
            ("labels", labels.sum().into_scalar::<f64>()),
            ("rate", gradient.rate),
            ("start", gradient.start.dot(&parameters(&self.network, 13))),
        ];
        for (i, (what, exact)) in expected.into_iter().enumerate() {
            let difference = (plus[i] - minus[i]) / (2.0 * step);
            let error = (exact - difference).abs() / difference.abs().max(1e-3);
            assert!(error < 1e-5, "{name}: {what} {exact} against {difference}");
        }
    }
}

const ALL: &str = "color_crop_cutout_flip_scale_rotate";

#[test]
fn gradients_of_images_equal_finite_differences_with_augmentation() {
    Case::new("convnet-d2-w8", 8, 3, ALL).check("convnet with augmentation");
    Case::new("convnet-d2-w8", 8, 3, "none").check("convnet");
}

#[test]
fn batch_norm_and_max_pooling_pass_too() {
    Case::new("resnet18-bn-w2", 16, 2, ALL).check("resnet18");
    // Maps of one and two pixels make it steep: small steps stay clear of the kinks.
    let mut vgg = Case::new("vgg11-bn-w4", 32, 2, ALL);
    vgg.settings.rate = 1e-4;
    vgg.check("vgg11");
}

#[test]
fn momentum_is_followed() {
    let mut case = Case::new("convnet-d2-w4", 8, 4, "none");
    case.settings.momentum = 0.7;
    case.check("momentum");
}

#[test]
fn one_step_has_no_order() {
    let case = Case::new("convnet-d2-w4", 8, 1, ALL);
    let [exact, detached] = [Order::Exact, Order::Detached].map(|order| case.gradient(order, Differences::Exact));
    assert!(distance(&detached.images, &exact.images) < 1e-14);
    assert!(distance(&detached.labels.unwrap(), &exact.labels.unwrap()) < 1e-14);
    assert_eq!(detached.rate, exact.rate);
    let several = Case::new("convnet-d2-w4", 8, 3, ALL);
    let [exact, detached] = [Order::Exact, Order::Detached].map(|order| several.gradient(order, Differences::Exact));
    assert!(distance(&detached.images, &exact.images) > 1e-4, "for several steps the Hessian matters");
}

#[test]
fn central_differences_agree() {
    let case = Case::new("convnet-d2-w4", 8, 3, ALL);
    let exact = case.gradient(Order::Exact, Differences::Exact);
    let central = case.gradient(Order::Exact, Differences::Central { step: 1e-7 });
    assert!(distance(&central.images, &exact.images) < 1e-5);
    assert!((central.rate - exact.rate).abs() < 1e-5 * exact.rate.abs());
}

#[test]
fn constants_in_a_label_row_change_nothing() {
    let case = Case::new("convnet-d2-w4", 8, 3, ALL);
    let labels = case.gradient(Order::Exact, Differences::Exact).labels.unwrap();
    let (sums, largest) = (labels.clone().sum_dim(1).abs().max(), labels.abs().max());
    assert!(sums.into_scalar::<f64>() < 1e-6 * largest.into_scalar::<f64>());
}

#[test]
fn parameters_wait_anywhere_with_the_same_bytes() {
    let single = |offload: Offload| {
        let mut case = Case::new("convnet-d2-w4", 8, 4, ALL);
        case.start = case.network.init(1, &Device::flex());
        case.weights = case.network.init(2, &Device::flex());
        case.data.images = case.data.images.cast(DType::F32);
        case.data.targets = Targets::Logits(case.data.targets.rows().clone().cast(DType::F32));
        case.settings = Settings { rate: 0.05, momentum: 0.5, offload };
        let gradient = case.gradient(Order::Exact, Differences::Exact);
        (gradient.images.into_data(), gradient.rate)
    };
    let device = single(Offload::Device);
    assert_eq!(single(Offload::Host), device);
    assert_eq!(single(Offload::Disk), device);
}

#[test]
fn a_stop_ends_a_rollout_and_a_lost_student_is_named() {
    let case = Case::new("convnet-d2-w4", 8, 3, "none");
    let objective = Objective::new(&case.network, Mode::Train);
    let run = |settings, stop: Stop| {
        Rollout::forward(&objective, &case.start, &case.data, &case.steps, settings, &stop).err()
    };
    assert!(matches!(run(case.settings, Stop::after(1)), Some(GradError::Interrupted(_))));
    let wild = Settings { rate: f64::INFINITY, ..case.settings };
    assert!(matches!(run(wild, Stop::never()), Some(GradError::Diverged { step: 1, .. })));
}
