//! `dsa_ops`: one augmentation with recorded draws, and its gradient. `cutmix`: one mix with recorded draws, of a box and of whole
//! images. `fkd_replay`: recorded boxes and mirrors, as a teacher's labels of views are replayed.

use burn::tensor::Tensor;
use compdd::augment::{CropBox, CutMix, Draws, DsaConfig, Kind, Mixup, Op, ResizedCrop, Token};
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

/// `cutmix`: the mix by a box and the mix by a weight.
pub fn cutmix(case: &Case) -> Result<(), String> {
    let x = case.tensor::<4>("in.x")?;
    let [_, _, h, w] = x.dims();
    let whole = |name: &str| Ok::<_, String>(case.f32(name)?.0.into_iter().map(|v| v as usize).collect::<Vec<_>>());
    let (lam, centre, partners) = (case.f32("in.lam")?.0[0], whole("in.centre")?, whole("in.perm")?);
    let mix = CutMix::new(lam, [centre[0], centre[1]], partners.clone(), [h, w]);
    case.check("box", &mix.window().map(|edge| edge as f32))?;
    case.check("kept_fraction", &[mix.kept()])?;
    case.check_tensor("y", &Draws::new(vec![Op::CutMix(mix)]).apply(x.clone()))?;
    case.check_tensor("mixup", &Draws::new(vec![Op::Mixup(Mixup::new(lam, partners))]).apply(x))
}

/// `fkd_replay`: fractions of the sides, rounded to pixels, with and without antialias; then the mirror.
pub fn replay(case: &Case) -> Result<(), String> {
    let x = case.tensor::<4>("in.x")?;
    let ([_, _, h, w], size) = (x.dims(), case.number("size")?);
    let whole = |share: f32, side: usize| (share * side as f32).round() as usize;
    let coordinates = case.f32("in.coords")?.0;
    let boxes = coordinates.chunks_exact(4).map(|c| CropBox {
        top: whole(c[0], h),
        left: whole(c[1], w),
        height: whole(c[2], h),
        width: whole(c[3], w),
    });
    let boxes: Vec<CropBox> = boxes.collect();
    let pixels = boxes.iter().flat_map(|&b| <[usize; 4]>::from(b)).map(|edge| edge as f32);
    case.check("boxes", &pixels.collect::<Vec<_>>())?;
    let mirrored: Vec<bool> = case.f32("in.flip")?.0.iter().map(|&flip| flip == 1.0).collect();
    for (name, antialias) in [("plain", false), ("antialias", true)] {
        let crop = ResizedCrop::new(boxes.clone(), [h, w], [size, size], antialias);
        let draws = Draws::new(vec![Op::ResizedCrop(crop), Op::Flip { mirrored: mirrored.clone() }]);
        case.check_tensor(name, &draws.apply(x.clone()))?;
    }
    Ok(())
}
