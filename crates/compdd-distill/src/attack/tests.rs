//! Every attack on a linear model, whose answers are known, and on a small convolutional network.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    batch::{host, slope},
    *,
};
use crate::eval::{InferenceOptions, View};
use compdd_core::rng::Stream;
use compdd_data::data::{ImageSet, PixelSpace, Zca};
use compdd_nn::nn::{Mode, NetworkSpec};

const SHAPE: [usize; 3] = [3, 8, 8];
const EPSILON: f32 = 8.0 / 255.0;
const CLASSES: usize = 5;

fn uniform(name: &str, shape: [usize; 4]) -> Tensor<4> {
    let mut stream = Stream::new(1, name, 0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.uniform()).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// `z = x W`.
struct Linear(Tensor<2>);

impl Victim for Linear {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let [n, c, h, w] = images.dims();
        images.reshape([n, c * h * w]).matmul(self.0.clone())
    }
}

fn linear(classes: usize) -> Linear {
    let size = SHAPE.iter().product();
    let mut stream = Stream::new(2, "weights", 0);
    let weights: Vec<f32> = (0..size * classes).map(|_| stream.normal()).collect();
    Linear(Tensor::from_data(TensorData::new(weights, [size, classes]), &Device::flex()))
}

/// A network with the labels that it gives to images itself, so that all are right.
struct Ground {
    images: Tensor<4>,
    labels: Vec<u32>,
    places: Vec<usize>,
}

impl Ground {
    fn of(victim: &dyn Victim, count: usize) -> Self {
        let images = uniform("images", [count, SHAPE[0], SHAPE[1], SHAPE[2]]);
        let labels = ranked(&victim.logits(images.clone())).iter().map(|order| order[0] as u32).collect();
        Self { images, labels, places: (0..count).collect() }
    }

    fn batch(&self) -> Batch<'_> {
        Batch { images: self.images.clone(), labels: &self.labels, places: &self.places, seed: 3 }
    }
}

/// A small network with drawn parameters, as `with` is to see it.
fn on_a_network(with: impl FnOnce(&dyn Victim)) {
    let network = NetworkSpec::parse("convnet-d2-w8-bn").unwrap().build(3, 8, CLASSES).unwrap();
    let params = network.init(4, &Device::flex());
    let space = PixelSpace::Normalised { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] };
    with(&StudentVictim::new(&network, &params, &space));
}

fn losses(victim: &dyn Victim, images: &Tensor<4>, labels: &[u32]) -> Vec<f32> {
    host(cross_entropies(victim.logits(images.clone()), labels))
}

fn few(kind: AttackKind) -> Vec<Box<dyn Attack>> {
    kind.attacks(Some(if kind == AttackKind::Square { 40 } else { 8 }))
}

/// What is in front of the network is what images go through when they are scored: normalisation, and whitening where there is one.
#[test]
fn a_student_sees_images_as_when_it_is_scored() {
    let mut stream = Stream::new(5, "bytes", 0);
    let bytes = (0..6 * 192).map(|_| stream.below(256) as u8).collect();
    let set = ImageSet::new(bytes, vec![0; 6], SHAPE, vec!["a".into()]).unwrap();
    let all: Vec<usize> = (0..6).collect();
    let (mean, std) = ([0.4, 0.5, 0.6], [0.2, 0.3, 0.25]);
    let plain = PixelSpace::Normalised { mean, std };
    let zca = Zca::fit_matrix(&plain.normalised(&set, &all), 6, SHAPE, 0.1).unwrap();
    let whitened = PixelSpace::Zca { mean, std, whitening: zca.into() };
    let network = NetworkSpec::parse("convnet-d2-w8").unwrap().build(3, 8, CLASSES).unwrap();
    let params = network.init(4, &Device::flex());
    let unit = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
    let images = View::all(&set, &unit).tensor(&all, &Device::flex());
    for space in [plain, whitened] {
        let found = host(StudentVictim::new(&network, &params, &space).logits(images.clone()));
        let seen = View::all(&set, &space).tensor(&all, &Device::flex());
        let expected = host(network.forward(&params, seen, Mode::Eval).logits);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?} {expected:?}");
    }
}

/// No attack leaves 0..1; all but `cw` stay within epsilon.
#[test]
fn attacks_stay_in_the_ball() {
    on_a_network(|victim| {
        let ground = Ground::of(victim, 6);
        for kind in AttackKind::ALL {
            for attack in few(kind) {
                let moved = attack.perturb(victim, &ground.batch(), EPSILON, &Stop::never());
                let moved = moved.unwrap();
                let (after, before) = (host(moved), host(ground.images.clone()));
                assert!(after.iter().all(|value| (0.0..=1.0).contains(value)), "{kind}");
                let furthest = after.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // Without a bound, images that fool need not be found in so few steps.
                assert!(!kind.is_bounded() || furthest > 0.0, "{kind} moves nothing");
                assert!(!kind.is_bounded() || furthest <= EPSILON + 1e-6, "{kind}: {furthest}");
            }
        }
    });
}

/// The same seed gives the same bits; an image is moved alike whoever else is in its batch.
#[test]
fn attacks_depend_on_the_seed_and_the_image_alone() {
    on_a_network(|victim| {
        let (ground, go) = (Ground::of(victim, 6), Stop::never());
        let bits = |values: Tensor<4>| host(values).into_iter().map(f32::to_bits).collect::<Vec<_>>();
        for kind in AttackKind::ALL {
            for attack in few(kind) {
                let run = |batch: &Batch<'_>| attack.perturb(victim, batch, EPSILON, &go).unwrap();
                let whole = run(&ground.batch());
                assert_eq!(bits(whole.clone()), bits(run(&ground.batch())), "{kind}");
                let last = Batch {
                    images: ground.images.clone().narrow(0, 4, 2),
                    labels: &ground.labels[4..],
                    places: &ground.places[4..],
                    seed: 3,
                };
                let (alone, among) = (host(run(&last)), host(whole.narrow(0, 4, 2)));
                let apart = alone.iter().zip(&among).filter(|(a, b)| (*a - *b).abs() > 1e-4).count();
                assert!(apart * 50 < alone.len(), "{kind}: {apart} of {} pixels differ", alone.len());
            }
        }
        let drawn = |seed| Pgd::default().perturb(victim, &Batch { seed, ..ground.batch() }, EPSILON, &go).unwrap();
        assert_ne!(bits(drawn(3)), bits(drawn(4)));
    });
}

/// The loss of an image is no smaller after an attack that climbs it.
#[test]
fn losses_rise() {
    on_a_network(|victim| {
        let ground = Ground::of(victim, 12);
        let before = losses(victim, &ground.images, &ground.labels);
        for kind in [AttackKind::Fgsm, AttackKind::Pgd, AttackKind::Vmi, AttackKind::ApgdCe] {
            let go = Stop::never();
            let moved = kind.attacks(None)[0].perturb(victim, &ground.batch(), EPSILON, &go).unwrap();
            let after = losses(victim, &moved, &ground.labels);
            assert!(after.iter().zip(&before).all(|(after, before)| after >= before), "{kind}: {before:?} {after:?}");
        }
    });
}

/// With two classes the loss of a linear model is largest at `x + epsilon sign(w_other - w_y)`, within 0..1: FGSM is there at once, PGD and APGD get there.
#[test]
fn a_linear_model_has_a_known_worst_image() {
    let victim = linear(2);
    let ground = Ground::of(&victim, 4);
    let weights = host(victim.0.clone());
    let clean = host(ground.images.clone());
    let size: usize = SHAPE.iter().product();
    let worst = |place: usize| {
        let label = ground.labels[place / size] as usize;
        let away = weights[place % size * 2 + (1 - label)] - weights[place % size * 2 + label];
        (clean[place] + EPSILON * away.signum()).clamp(0.0, 1.0)
    };
    let worst: Vec<f32> = (0..clean.len()).map(worst).collect();
    let shape = ground.images.dims();
    let worst = Tensor::<4>::from_data(TensorData::new(worst, shape), &Device::flex());
    let highest = losses(&victim, &worst, &ground.labels);
    let go = Stop::never();
    let attacked = |attack: &dyn Attack| attack.perturb(&victim, &ground.batch(), EPSILON, &go).unwrap();
    let furthest = |images: Tensor<4>| {
        host(images).iter().zip(host(worst.clone())).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(furthest(attacked(&Fgsm)) < 1e-6);
    assert!(furthest(attacked(&Pgd { random_start: false, ..Pgd::default() })) < 1e-6);
    assert!(furthest(attacked(&Pgd::default())) < 1e-6);
    // An attack that ends with the first images that fool need not be at the worst.
    let steepest = losses(&victim, &attacked(&Apgd::new(Objective::CrossEntropy)), &ground.labels);
    let fooled = |loss: f32| loss > std::f32::consts::LN_2;
    assert!(steepest.iter().zip(&highest).all(|(found, best)| fooled(*found) == fooled(*best) && found <= best));
}

/// The best loss never falls, and ends where the images are that are handed back where none fools.
#[test]
fn apgd_never_loses_its_best() {
    on_a_network(|victim| {
        let ground = Ground::of(victim, 8);
        let (batch, mut last) = (ground.batch(), vec![f32::NEG_INFINITY; 8]);
        let ascent = |images: &Tensor<4>| {
            slope(victim, images, &ground.labels, |logits, _| cross_entropies(logits, &ground.labels))
        };
        let mut looks = 0;
        let watch = |best: &[f32]| {
            assert!(best.iter().zip(&last).all(|(new, old)| new >= old), "{last:?} {best:?}");
            last = best.to_vec();
            looks += 1;
        };
        let apgd = Apgd { steps: 60, ..Apgd::new(Objective::CrossEntropy) };
        // So near that nothing fools.
        let go = Stop::never();
        let climb = apgd.climb(&batch, (1e-4, "test"), &go, ascent, watch).unwrap();
        assert_eq!((looks, climb.fooled), (61, vec![false; 8]));
        let ends = losses(victim, &climb.images, &ground.labels);
        assert!(ends.iter().zip(&last).all(|(a, b)| (a - b).abs() < 1e-6), "{ends:?} {last:?}");
        // At such a distance the network is as good as linear: nothing is above one step of FGSM.
        let near = losses(victim, &Fgsm.perturb(victim, &batch, 1e-4, &go).unwrap(), &ground.labels);
        assert!(ends.iter().zip(&near).all(|(a, b)| a >= &(b - 1e-5)), "{ends:?} {near:?}");
    });
}

/// Carlini and Wagner's images fool with less than the whole way to another class's image, and are nearer the more steps there were.
#[test]
fn cw_finds_near_images() {
    let victim = linear(3);
    let ground = Ground::of(&victim, 6);
    let lengths = |steps| {
        let cw = Cw { steps, ..Cw::default() };
        let moved = cw.perturb(&victim, &ground.batch(), 0.0, &Stop::never()).unwrap();
        let fooled = batch::fooled(&victim.logits(moved.clone()), &ground.labels);
        assert!(fooled.iter().all(|fooled| *fooled), "{steps} steps: {fooled:?}");
        host((moved - ground.images.clone()).powi_scalar(2).reshape([6, 192]).sum_dim(1).sqrt())
    };
    let (few, many) = (lengths(80), lengths(300));
    assert!(few.iter().zip(&many).all(|(few, many)| many <= few));
    // The nearest image of another class in a linear model is (z_y - z_i) / |w_y - w_i| away, without the bounds 0..1.
    let weights = host(victim.0.clone());
    let logits = host(victim.logits(ground.images.clone()));
    for (image, found) in many.iter().enumerate() {
        let label = ground.labels[image] as usize;
        let away = |class: usize| {
            let gap = logits[image * 3 + label] - logits[image * 3 + class];
            let norm = (0..192).map(|p| (weights[p * 3 + label] - weights[p * 3 + class]).powi(2)).sum::<f32>().sqrt();
            gap / norm
        };
        let nearest = (0..3).filter(|&class| class != label).map(away).fold(f32::INFINITY, f32::min);
        assert!(*found >= nearest - 1e-4 && *found < 1.5 * nearest + 0.005, "{image}: {found} against {nearest}");
    }
}

/// What a wrong image was is never counted as right again, the attacks of an ensemble see only what is left, and fewer stand a larger epsilon.
#[test]
fn fewer_and_fewer_stand() {
    on_a_network(|victim| {
        let mut stream = Stream::new(6, "bytes", 0);
        let bytes: Vec<u8> = (0..20 * 192).map(|_| stream.below(256) as u8).collect();
        let unit = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
        let names: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
        let blank = ImageSet::new(bytes.clone(), vec![0; 20], SHAPE, names.clone()).unwrap();
        let all: Vec<usize> = (0..20).collect();
        let seen = victim.logits(View::all(&blank, &unit).tensor(&all, &Device::flex()));
        let labels = ranked(&seen).iter().map(|order| order[0] as u32).collect();
        let set = ImageSet::new(bytes, labels, SHAPE, names).unwrap();
        let (view, go, device) = (View::all(&set, &unit), Stop::never(), Device::flex());
        let passes = InferenceOptions { device: &device, batch: 7, stop: &go };
        let right: Vec<bool> = (0..20).map(|i| i % 5 != 0).collect();
        let stand = |kind: AttackKind, epsilon: f32| {
            let survey = survive(victim, &view, &right, &few(kind), (epsilon, 9), passes, &|_| ()).unwrap();
            assert!(survey.right.iter().zip(&right).all(|(after, before)| !after || *before));
            let count = survey.right.iter().filter(|right| **right).count();
            assert_eq!(survey.distance.is_some(), count < 16, "{kind}");
            count
        };
        for kind in [AttackKind::Fgsm, AttackKind::Pgd, AttackKind::ApgdCe, AttackKind::AutoAttack] {
            let counts = [1e-6, 0.003, 0.01, 0.5].map(|epsilon| stand(kind, epsilon));
            assert_eq!(counts[0], 16, "{kind}");
            assert!(counts.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{kind}: {counts:?}");
            assert!(counts[3] < 16, "{kind}: {counts:?}");
        }
        assert!(stand(AttackKind::AutoAttack, 0.01) <= stand(AttackKind::ApgdCe, 0.01));
        let stopped = Stop::after(3);
        let passes = InferenceOptions { stop: &stopped, ..passes };
        let survey = survive(victim, &view, &right, &few(AttackKind::Pgd), (0.01, 9), passes, &|_| ());
        assert!(matches!(survey, Err(crate::eval::EvalError::Interrupted(_))), "{survey:?}");
    });
}

/// A loss that compares more logits than there are is refused by name; every name is read back.
#[test]
fn names_and_classes() {
    for kind in AttackKind::ALL {
        assert_eq!(kind.slug().parse::<AttackKind>(), Ok(kind));
        assert!(kind.check(4).is_ok());
    }
    let error = AttackKind::ApgdT.check(3).unwrap_err();
    assert_eq!(error.to_string(), "`apgd-t` compares the 4 largest logits, and there are 3 classes");
    assert!(AttackKind::ApgdDlr.check(2).is_err() && AttackKind::Square.check(2).is_ok());
    assert_eq!("fab".parse::<AttackKind>().unwrap_err().to_string(), "there is no attack `fab`");
}
