//! `bilp_ite`: what leaving out a real image does to the step of the synthetic ones; `bilp_running`: what is remembered of it; `bilp_threshold`: which images
//! that leaves.

use burn::tensor::Tensor;
use compdd::{
    grad::{Batch, Differences, Differentiable as _, Objective},
    methods::matching::{
        features::{self, Distance, Embedding, Extractor, Matcher, Statistics, Weights},
        gradient::{self, GradientDistance, Metric, Tensors},
    },
    nn::{Mode, Params},
    recipe::ScoreTransform,
    select::{RunningMoments, RunningScores, rank_error},
};

use super::{
    Case,
    matching::{batch, network},
};

/// What is known of every image: exact differences with the image less without it, and their first orders.
#[derive(Default)]
struct Effects {
    loss_exact: Vec<f64>,
    loss_taylor: Vec<f64>,
    meta_exact: Vec<f64>,
    meta_taylor: Vec<f64>,
    projection_exact: Vec<f64>,
    projection: Vec<f64>,
}

/// `bilp_ite`.
pub fn effects(case: &Case) -> Result<(), String> {
    let found = if case.word("objective")? == "dm" { of_features(case)? } else { of_gradients(case)? };
    let n = found.meta_exact.len();
    let kept = |scores: &[f64]| {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let mut kept = order[..(0.6 * n as f64 + 0.5) as usize].to_vec();
        kept.sort_unstable();
        kept.into_iter().map(|i| i as f32).collect::<Vec<_>>()
    };
    for (name, values) in [
        ("loss_exact", &found.loss_exact),
        ("loss_taylor", &found.loss_taylor),
        ("meta_exact", &found.meta_exact),
        ("meta_taylor", &found.meta_taylor),
        ("projection_exact", &found.projection_exact),
        ("projection", &found.projection),
    ] {
        case.check(name, &values.iter().map(|&value| value as f32).collect::<Vec<_>>())?;
    }
    case.check("keep_meta_exact", &kept(&found.meta_exact))?;
    case.check("keep_meta_taylor", &kept(&found.meta_taylor))?;
    case.check("rank_error", &[rank_error(&found.meta_exact, &found.meta_taylor) as f32])?;
    case.check("rank_error_loss", &[rank_error(&found.loss_exact, &found.loss_taylor) as f32])?;
    case.check("rank_error_projection", &[rank_error(&found.projection_exact, &found.projection) as f32])
}

/// Length of the change of a step, and its share along the step.
fn change(with: &Tensor<4>, without: Tensor<4>) -> (f64, f64) {
    let value = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    let length = value(with.clone().square().sum().sqrt());
    let difference = with.clone() - without;
    (value(difference.clone().square().sum().sqrt()), value((difference * with.clone()).sum()) / length)
}

fn of_gradients(case: &Case) -> Result<Effects, String> {
    let (network, params) = network(case)?;
    let distance = match case.word("objective")? {
        "dc_ours" => GradientDistance { metric: Metric::Ours, tensors: Tensors::Matrices },
        _ => GradientDistance { metric: Metric::Mse, tensors: Tensors::All },
    };
    let label = case.number("label")?;
    let of_class =
        |name: &str| -> Result<Batch, String> { Ok(batch_of(&case.tensor::<4>(name)?, label, network.classes())) };
    let (images, shown) = (of_class("in.real")?, of_class("in.syn")?);
    let objective = Objective::new(&network, Mode::Eval);
    let gradient = |batch: &Batch| objective.gradient(&params, batch).1;
    let (mean, own, n) = (gradient(&images), gradient(&shown), images.len());
    case.check_tensor("phi_mean", &mean.flatten())?;
    let matched = |real: &Params| {
        let compared = distance.compare(real, &own);
        let step = objective.products(&params, &shown, &compared.direction, Differences::Exact).images;
        (f64::from(compared.loss.into_scalar::<f32>()), step)
    };
    let (loss, step) = matched(&mean);
    case.check("loss", &[loss as f32])?;
    let slope = distance.compare(&own, &mean).direction;
    let mut found = Effects::default();
    for i in 0..n {
        let single = batch_of(&images.images.clone().narrow(0, i, 1), label, network.classes());
        let removed = gradient(&single).add_scaled(&mean, -1.0).scale(1.0 / (n - 1) as f64);
        let (other, without) = matched(&mean.clone().add_scaled(&removed, -1.0));
        let (length, along) = change(&step, without);
        found.loss_exact.push(loss - other);
        found.loss_taylor.push(slope.dot(&removed));
        found.meta_exact.push(length);
        found.projection_exact.push(along);
    }
    let effects = gradient::Effects::new(objective, &params, distance, mean, &shown);
    found.meta_taylor = effects.norms(&images);
    found.projection = effects.projections(&images);
    Ok(found)
}

/// Images with a class.
fn batch_of(images: &Tensor<4>, label: usize, classes: usize) -> Batch {
    let [n, channels, height, width] = images.dims();
    let copies = Tensor::cat(vec![images.clone().reshape([1, n, channels, height, width]); classes], 0);
    batch(&copies, label)
}

fn of_features(case: &Case) -> Result<Effects, String> {
    let (network, params) = network(case)?;
    let matcher = Matcher {
        extractor: Extractor { embedding: Some(Embedding::Features), maps: None },
        distance: Distance::Mse,
        weights: Weights { maps: 0.0, embedding: 1.0, scale: 1.0 },
    };
    let (real, images) = (case.tensor::<4>("in.real")?, case.tensor::<4>("in.syn")?);
    let (n, shown) = (real.dims()[0], images.dims()[0]);
    let (rows, _) = matcher.extractor.rows(&network, &params, real, Mode::Train);
    let mean = rows.clone().class_means(&[n]);
    let embedding = |rows: &Statistics| rows.embedding.clone().ok_or("no embedding");
    case.check_tensor("phi_mean", &embedding(&mean)?.flatten::<1>(0, 1))?;
    let matched = |real: &Statistics| {
        let matched = matcher.matched(&network, &params, real, images.clone(), shown, None);
        (f64::from(matched.loss.into_scalar::<f32>()), matched.images)
    };
    let (loss, step) = matched(&mean);
    case.check("loss", &[loss as f32])?;
    let own = matcher.extractor.rows(&network, &params, images.clone(), Mode::Train).0.class_means(&[shown]);
    let slope = (embedding(&mean)? - embedding(&own)?) * 2.0;
    let mut found = Effects::default();
    for i in 0..n {
        let removed = embedding(&rows.narrow(i, 1).less(&mean))? / (n - 1) as f64;
        let rest = Statistics { embedding: Some(embedding(&mean)? - removed.clone()), maps: Vec::new() };
        let (other, without) = matched(&rest);
        let (length, along) = change(&step, without);
        found.loss_exact.push(loss - other);
        found.loss_taylor.push(f64::from((slope.clone() * removed).sum().into_scalar::<f32>()));
        found.meta_exact.push(length);
        found.projection_exact.push(along);
    }
    let effects = features::Effects { matcher: &matcher, network: &network, params: &params, images: &images };
    found.meta_taylor = effects.norms(&rows, 5);
    found.projection = effects.projections(&rows).ok_or("no projections")?;
    Ok(found)
}

/// `bilp_running`. Values that start from zero are not offered.
pub fn running(case: &Case) -> Result<(), String> {
    let ((images, _), (scores, _)) = (case.f32("in.batch")?, case.f32("in.ite")?);
    let mut known = RunningScores::default();
    for (image, score) in images.iter().zip(scores) {
        known.update(*image as u64, f64::from(score));
    }
    let (mut values, mut seen) = ([0.0; 12], [0.0; 12]);
    for (image, score) in known.iter() {
        (values[image as usize], seen[image as usize]) = (score as f32, 1.0);
    }
    case.later(&["running_zero_init"]);
    case.check("running", &values)?;
    case.check("seen", &seen)
}

/// `bilp_threshold`.
pub fn threshold(case: &Case) -> Result<(), String> {
    let (scores, shape) = case.f32("in.scores")?;
    let transform = if case.word("transform")? == "log" { ScoreTransform::Log } else { ScoreTransform::None };
    let (mut moments, mut keep, mut means, mut variances) = (RunningMoments::default(), vec![], vec![], vec![]);
    for batch in scores.chunks_exact(shape[1]) {
        let batch: Vec<f64> = batch.iter().copied().map(f64::from).collect();
        let survivors = moments.cut(&batch, case.real("beta")?.into(), transform);
        keep.extend(survivors.keep.iter().map(|&keep| f32::from(u8::from(keep))));
        let (mean, variance) = moments.values.ok_or("no moments")?;
        means.push(mean as f32);
        variances.push(variance as f32);
    }
    case.check("mu", &means)?;
    case.check("var", &variances)?;
    case.check("keep", &keep)
}
