//! `zca`: whitening, there and back.

use compdd::{data::Zca, feed::ZcaTensors as _};

use super::Case;

/// `zca`.
pub fn zca(case: &Case) -> Result<(), String> {
    let (pixels, shape) = case.f32("in.x")?;
    let [n, c, h, w]: [usize; 4] = shape.try_into().map_err(|shape| format!("images of shape {shape:?}"))?;
    let epsilon = case.real("eps")?;
    let zca = Zca::fit_matrix(&pixels, n, [c, h, w], epsilon).map_err(|error| error.to_string())?;
    case.check("mean", zca.mean())?;
    case.check("transform", zca.transform())?;
    case.check("inverse", zca.inverse())?;
    let whitened = zca.apply(case.tensor::<4>("in.x")?);
    case.check_tensor("y", &whitened)?;
    case.check_tensor("back", &zca.invert(whitened))
}
