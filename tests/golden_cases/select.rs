//! `selection`: coresets over features and gradients; `bilp_loss_criterion`: smoothed losses and what they keep; `rded_score`: crops by what an observer makes of them.

use burn::tensor::{Int, Tensor, TensorData};
use compdd::{
    augment::mosaic,
    pruning::Side,
    select::{
        Candidates, Target, Validation, bias_gradients, craig, glister, gradmatch, herding, k_center, kept, ranking,
        realism, smoothing,
    },
};

use super::Case;

/// `selection/herding` and `selection/kcenter`.
pub fn coreset(case: &Case) -> Result<(), String> {
    let (features, shape) = case.f32("in.features")?;
    let [n, d]: [usize; 2] = shape.try_into().map_err(|shape| format!("features of shape {shape:?}"))?;
    let m = case.number("m")?;
    let method = case.word("method")?;
    let select = if method == "herding" { herding } else { k_center };
    let order = select(&features, n, d, m).map_err(|error| error.to_string())?;
    case.check("order", &order.iter().map(|&i| i as f32).collect::<Vec<_>>())?;
    if method == "kcenter" {
        let row = |i: usize| features[i * d..][..d].iter().map(|&v| f64::from(v));
        let distance = |i: usize, j: usize| row(i).zip(row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let nearest = |i: usize| order.iter().map(|&j| distance(i, j)).fold(f64::INFINITY, f64::min);
        let radius = (0..n).map(nearest).fold(0.0, f64::max).sqrt();
        case.check("cover_radius", &[radius as f32])?;
    }
    Ok(())
}

/// A matrix and its shape.
fn matrix(case: &Case, name: &str) -> Result<(Vec<f32>, [usize; 2]), String> {
    let (values, shape) = case.f32(name)?;
    Ok((values, shape.try_into().map_err(|shape| format!("`{name}` has shape {shape:?}"))?))
}

fn whole(values: &[f32]) -> Vec<u32> {
    values.iter().map(|&value| value as u32).collect()
}

fn places(order: &[usize]) -> Vec<f32> {
    order.iter().map(|&i| i as f32).collect()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// `selection/craig`.
pub fn craig_cover(case: &Case) -> Result<(), String> {
    let (gradients, [n, d]) = matrix(case, "in.features")?;
    let cover = craig(&gradients, n, d, case.number("m")?).map_err(|error| error.to_string())?;
    case.check("order", &places(&cover.order))?;
    case.check("weights", &cover.weights)?;
    case.check("gains", &narrow(&cover.gains))
}

/// `selection/gradmatch`.
pub fn pursuit(case: &Case) -> Result<(), String> {
    let (gradients, [n, d]) = matrix(case, "in.features")?;
    let target = if case.word("target")? == "sum" { Target::Sum } else { Target::Mean };
    let (m, lambda, tolerance) = (case.number("m")?, case.real("lam")?.into(), case.real("tol")?.into());
    let found = gradmatch(&gradients, [n, d, m], target, lambda, tolerance).map_err(|error| error.to_string())?;
    case.check("order", &places(&found.order))?;
    case.check("weights", &narrow(&found.weights))?;
    case.check("residual_norm", &[found.residual as f32])
}

/// `selection/glister`.
pub fn glister_choice(case: &Case) -> Result<(), String> {
    let (logits, [n, classes]) = matrix(case, "in.logits_train")?;
    let labels = whole(&case.f32("in.labels_train")?.0);
    let (held, held_labels) = (case.f32("in.logits_val")?.0, whole(&case.f32("in.labels_val")?.0));
    let gradients = bias_gradients(&logits, &labels, classes);
    let validation = Validation { logits: &held, labels: &held_labels };
    let size = [n, classes, case.number("m")?];
    let choice = glister(&gradients, size, validation, case.real("eta")?.into(), Candidates::All);
    let choice = choice.map_err(|error| error.to_string())?;
    case.check("order", &places(&choice.order))?;
    case.check("gains", &narrow(&choice.gains))
}

/// `bilp_loss_criterion`.
pub fn loss_criterion(case: &Case) -> Result<(), String> {
    let (curves, [epochs, images]) = matrix(case, "in.curves")?;
    let weights = smoothing(epochs);
    let smoothed = |i: usize| (0..epochs).map(|e| weights[e] * f64::from(curves[e * images + i])).sum();
    let scores: Vec<f64> = (0..images).map(smoothed).collect();
    case.check("utility", &narrow(&scores))?;
    let removed =
        case.real("drop_ratio")?.to_string().parse().map_err(|error: compdd::pruning::RuleError| error.to_string())?;
    let labels = whole(&case.f32("in.labels")?.0);
    case.check("kept", &places(&kept(&labels, &scores, removed, Side::High)))
}

/// `rded_score`: realism of crops, the best of every image, the surest images, and their mosaics.
pub fn rded(case: &Case) -> Result<(), String> {
    let (logits, shape) = case.f32("in.logits")?;
    let [_, crops, classes]: [usize; 3] = shape.try_into().map_err(|shape| format!("logits of shape {shape:?}"))?;
    let (label, factor, ipc) = (case.number("label")?, case.number("factor")?, case.number("ipc")?);
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
    let scores: Vec<f64> = logits.chunks_exact(classes).map(|row| realism(row, label)).collect();
    case.check("score", &narrow(&scores))?;
    let best: Vec<usize> = scores.chunks_exact(crops).map(|scores| ranking(scores)[0]).collect();
    case.check("best_crop", &best.iter().map(|&crop| crop as f32).collect::<Vec<_>>())?;
    let highest: Vec<f64> = best.iter().enumerate().map(|(i, crop)| scores[i * crops + crop]).collect();
    let order = &ranking(&highest)[..ipc * factor * factor];
    case.check("order", &order.iter().map(|&i| i as f32).collect::<Vec<_>>())?;
    case.check("sorted_ce", &narrow(&order.iter().map(|&i| -highest[i]).collect::<Vec<_>>()))?;
    let rows: Vec<i64> = order.iter().map(|&i| (i * crops + best[i]) as i64).collect();
    let (patches, count) = (case.tensor::<5>("in.patches")?, rows.len());
    let [n, m, channels, height, width] = patches.dims();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), case.device());
    let kept = patches.reshape([n * m, channels, height, width]).select(0, rows);
    case.check_tensor("mosaic", &mosaic(kept, factor))
}
