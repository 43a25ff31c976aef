//! `dsa_ops`: one augmentation with recorded draws, and its gradient. `cutmix`: one mix with recorded draws.

use burn::tensor::Tensor;
use compdd::augment::{CutMix, Draws, DsaConfig, Kind, Op, Token};
use serde::Deserialize;

use super::Case;

/// The settings and the recorded draws of a case as [`Draws`]. An op is a token of a strategy or one part of `color`.
fn draws(case: &Case, shape: [usize; 3]) -> Result<Draws, String> {
    let config = DsaConfig {
        crop_ratio: case.real("crop_ratio")?,
        align_corners: case.settings["align_corners"].as_bool().ok_or("setting `align_corners` is no flag")?,
        ..DsaConfig::default()
    };
    let slots = case.names("draws")?.into_iter().map(|name| Ok(case.f32(&format!("in.draw.{name}"))?.0));
    let slots = slots.collect::<Result<Vec<_>, String>>()?;
    if let Ok(token) = Token::deserialize(&case.settings["op"]) {
        return Ok(Draws::replay(&config, token, shape, &slots));
    }
    let kind = Kind::deserialize(&case.settings["op"]).map_err(|error| error.to_string())?;
    Ok(Draws::new(vec![Op::from_slots(kind, &config, shape, &slots)]))
}

/// `dsa_ops`, through the differentiable path and through the direct one; its gradient also by the pullback.
pub fn dsa(case: &Case) -> Result<(), String> {
    let x = case.tensor::<4>("in.x")?;
    let [_, c, h, w] = x.dims();
    let draws = draws(case, [c, h, w])?;
    case.check_tensor("y", &draws.apply(x.clone()))?;
    case.check_tensor("grad_x", &draws.pullback(case.tensor("in.cotangent")?))?;
    let x = x.autodiff().require_grad();
    let y = draws.apply(x.clone());
    case.check_tensor("y", &y)?;
    let inner: Tensor<1> = (y * case.tensor::<4>("in.cotangent")?).sum();
    case.check_tensor("inner", &inner)?;
    let mut gradients = inner.backward();
    case.check_tensor("grad_x", &x.grad_remove(&mut gradients).ok_or("no gradient of x")?)
}

/// `cutmix`. The files hold mixup as well, which nothing here uses.
pub fn cutmix(case: &Case) -> Result<(), String> {
    let x = case.tensor::<4>("in.x")?;
    let [_, _, h, w] = x.dims();
    let whole = |name: &str| Ok::<_, String>(case.f32(name)?.0.into_iter().map(|v| v as usize).collect::<Vec<_>>());
    let (lam, centre) = (case.f32("in.lam")?.0[0], whole("in.centre")?);
    let mix = CutMix::new(lam, [centre[0], centre[1]], whole("in.perm")?, [h, w]);
    case.check("box", &mix.window().map(|edge| edge as f32))?;
    case.check("kept_fraction", &[mix.kept()])?;
    case.check_tensor("y", &mix.images(x))?;
    case.mark("mixup");
    Ok(())
}
