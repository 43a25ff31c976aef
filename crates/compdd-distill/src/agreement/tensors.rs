//! What is composed of the framework's operations besides layers: losses, maps and moments, sorting and indexing, bytes on their way to the device.

use burn::tensor::{Device, IndexingUpdateOp, Tensor};

use super::{
    Case, Values,
    inputs::{host, noise, whole, with_gradient},
};
use compdd_data::data::{ImageSet, PixelSpace};
use compdd_nn::{
    feed::{Form, HostBatch},
    nn::{kernels, loss},
};

/// Rounding of sums of some hundred terms in single precision, in another order.
const TOLERANCE: f64 = 1e-5;

pub fn cases() -> Vec<Case> {
    [losses(), maps(), places(), bytes()].into_iter().flatten().collect()
}

/// A case that is differentiated by its one input.
fn differentiated<const D: usize, const E: usize>(
    name: &'static str,
    shape: [usize; D],
    f: impl Fn(Tensor<D>) -> Tensor<E> + 'static,
) -> Case {
    Case::new(name, TOLERANCE, move |device| with_gradient(name, shape, device, &f))
}

fn losses() -> Vec<Case> {
    let rows = |x: &Tensor<2>| noise::<2>("labels", [17, 10], &x.device().without_autodiff());
    vec![
        differentiated("cross-entropy with classes", [17, 10], |z: Tensor<2>| {
            let classes = whole((0..17).map(|i| i * 7 % 10).collect(), [17], &z.device().without_autodiff());
            loss::hard_cross_entropy(z, classes)
        }),
        differentiated("cross-entropy with logits", [17, 10], move |z| {
            let labels = rows(&z);
            loss::soft_cross_entropy(z, labels)
        }),
        differentiated("cross-entropy of many classes", [9, 700], |z: Tensor<2>| {
            // Weights that do not add up to one.
            let weights = noise::<2>("weights", [9, 700], &z.device().without_autodiff()).abs();
            loss::probability_cross_entropy(z, weights)
        }),
        differentiated("gradient of label logits", [17, 10], move |labels| {
            loss::soft_cross_entropy(rows(&labels), labels)
        }),
        differentiated("divergence from a teacher", [17, 10], move |z| {
            let teacher = rows(&z);
            loss::distillation_divergence(z, teacher, 4.0)
        }),
        differentiated("squared differences of logits", [17, 10], move |z| {
            let teacher = rows(&z);
            loss::logit_squares(z, teacher)
        }),
    ]
}

fn maps() -> Vec<Case> {
    let attention = |name, power| differentiated(name, [3, 5, 9, 9], move |x| kernels::attention(x, power));
    vec![
        attention("attention of power 1", 1.0),
        attention("attention of power 1.5", 1.5),
        attention("attention of power 4", 4.0),
        differentiated("moments of channels", [4, 6, 7, 7], |x| Tensor::cat(kernels::channel_moments(x).into(), 0)),
        differentiated("error function", [4, 33], Tensor::erf),
        differentiated("powers, roots and exponentials", [4, 33], |x: Tensor<2>| {
            let size = x.clone().abs() + 0.1;
            size.clone().powf_scalar(1.7) + size.clone().sqrt() + size.recip() + (x * -0.5).exp()
        }),
    ]
}

fn places() -> Vec<Case> {
    let forward = |name: &'static str, f: fn(&Device) -> Values| Case::new(name, 0.0, f);
    vec![
        differentiated("rows by number", [6, 4], |x| x.clone().select(0, whole(vec![3, 3, 0, 5], [4], &x.device()))),
        differentiated("pixels by number", [4, 3, 64], |x: Tensor<3>| {
            let places = whole((0..256).map(|i| i * 37 % 64).collect(), [4, 1, 64], &x.device());
            x.gather(2, places.expand([4, 3, 64]))
        }),
        differentiated("cut, mirrored and joined", [4, 3, 8, 8], |x: Tensor<4>| {
            let cut = |from: usize| x.clone().slice([1..3, 0..3, from..from + 6, 0..8]);
            Tensor::cat(vec![cut(2).flip([3]), cut(0)], 0)
        }),
        differentiated("values put into a block", [6, 8], |x: Tensor<2>| {
            let block = x.clone().slice([0..2, 0..3]) * 2.0;
            x.slice_assign([1..3, 4..7], block)
        }),
        differentiated("masked values", [5, 33], |x: Tensor<2>| {
            let large = x.clone().greater_elem(0.3);
            x.mask_fill(large, 0.25).square()
        }),
        forward("sorted values", |device| {
            let x = noise::<2>("sorted", [5, 33], device);
            vec![host(&x.clone().sort(1)), host(&x.clone().topk(7, 1)), host(&x.argmax(1).float())]
        }),
        forward("largest and smallest values", |device| {
            let x = noise::<2>("extremes", [5, 33], device);
            vec![host(&x.clone().max_dim(1)), host(&x.clone().min_dim(0)), host(&x.sign())]
        }),
        forward("floors and whole numbers", |device| {
            let x = noise::<2>("floors", [9, 9], device) * 4.0;
            vec![host(&x.clone().floor().clamp(-3.0, 3.0).int().float()), host(&x.round())]
        }),
        forward("rows added at numbers", |device| {
            let places = whole(vec![1, 4, 5], [3], device);
            let rows = noise::<2>("added", [3, 4], device);
            vec![host(&Tensor::<2>::zeros([6, 4], device).select_assign(0, places, rows, IndexingUpdateOp::Add))]
        }),
    ]
}

/// Images that hold every byte, as the feed brings them to a device.
fn bytes() -> Vec<Case> {
    let gathered = |device: &Device| {
        let pixels = (0..=255).cycle().take(2 * 3 * 256).collect();
        let set = ImageSet::new(pixels, vec![0; 2], [3, 16, 16], vec!["a".into()]).expect("two images of one class");
        let space = PixelSpace::Normalised { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
        vec![host(&HostBatch::gather(&space, &set, &[1, 0], Form::of(device)).tensor(device))]
    };
    vec![Case::new("bytes of images", TOLERANCE, gathered)]
}
