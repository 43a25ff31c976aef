//! `selection`: coresets over feature matrices; `rded_score`: crops by what an observer makes of them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use compdd::{
    augment::mosaic,
    select::{herding, k_center, ranking, realism},
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
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &Device::flex());
    let kept = patches.reshape([n * m, channels, height, width]).select(0, rows);
    case.check_tensor("mosaic", &mosaic(kept, factor))
}
