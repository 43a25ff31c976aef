//! `selection`: coresets over feature matrices.

use compdd::select::{herding, k_center};

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
