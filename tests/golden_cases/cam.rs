//! `gradcam` and `edf_dae`: activation maps, complexity scores, gradient weights.

use burn::tensor::Tensor;
use compdd::{
    cam::{CamMethod, CamModel, Comparison, Noise, Threshold, complexity, dae_weights, normalise, resize},
    nn::{ConvNet, Depth, NetworkSpec, ResNet},
};

use super::{
    Case,
    nn::{norm, read, stem},
};

/// `gradcam`: in closed form where there is one, and by differentiation.
pub fn maps(case: &Case) -> Result<(), String> {
    // The width is that of the first convolution `[width, 3, k, k]`.
    let width = |name: &str| case.f32(&format!("in.net.{name}.weight")).map(|(_, shape)| shape[0]);
    let spec = match case.word("net")? {
        "convnet" => {
            let (depth, width) = (case.number("depth")?, width("features.0")?);
            NetworkSpec::ConvNet(ConvNet { depth, width, norm: norm(case)?, ..ConvNet::default() })
        }
        "resnet18" => NetworkSpec::ResNet(ResNet {
            stem: stem(case)?,
            norm: norm(case)?,
            width: width("conv1")?,
            ..ResNet::new(Depth::D18)
        }),
        other => return Err(format!("unknown network `{other}`")),
    };
    let (network, params) = read(case, &spec)?;
    let side = network.input()[2];
    let logits = network.forward(&params, case.tensor("in.x")?, compdd::nn::Mode::Eval).logits;
    case.check_tensor("logits", &logits)?;

    let model = CamModel::new(network, params, Some(case.word("layer")?)).map_err(|error| error.to_string())?;
    for model in [model.clone(), model.clone().with_chunk(1), model.by_differentiation()] {
        compare(case, &model, side)?;
    }
    Ok(())
}

fn compare(case: &Case, model: &CamModel, side: usize) -> Result<(), String> {
    let x = case.tensor::<4>("in.x")?;
    let targets: Vec<usize> = case.f32("in.cls")?.0.into_iter().map(|class| class as usize).collect();
    let evidence = model.evidence(x.clone(), &targets).map_err(|error| error.to_string())?;
    case.check_tensor("activation", &evidence.activation)?;
    case.check_tensor("gradient", &evidence.gradient)?;

    let (samples, sigma) = (case.number("samples")?, case.real("sigma")?);
    let blocks = case.tensor::<5>("in.noise")?;
    let [_, n, c, h, w] = blocks.dims();
    let block = |sample| blocks.clone().narrow(0, sample, 1).reshape([n, c, h, w]);
    let noise: Vec<Tensor<4>> = (0..samples).map(block).collect();
    for (tag, method) in [
        ("gradcam", CamMethod::GradCam),
        ("gradcampp", CamMethod::GradCamPlusPlus),
        ("smooth", CamMethod::SmoothGradCamPlusPlus { samples, sigma }),
    ] {
        let raw = model.raw(method, x.clone(), &targets, Noise::Given(&noise)).map_err(|error| error.to_string())?;
        let map = normalise(raw.clone());
        case.check_tensor(&format!("{tag}.raw"), &raw)?;
        case.check_tensor(&format!("{tag}.map"), &map)?;
        case.check_tensor(&format!("{tag}.up"), &resize(map, side))?;
        // Counted on the reference's maps: a cell beside the threshold may be on its other side in single precision.
        for (map, infix) in [("map", ""), ("up", "up_")] {
            let expected = case.tensor::<3>(&format!("out.{tag}.{map}"))?;
            for (text, threshold) in [("0.1", 0.1), ("0.5", 0.5), ("0.9", 0.9)] {
                let scores = complexity(expected.clone(), threshold, Comparison::AtLeast);
                case.check(&format!("{tag}.complexity_{infix}{text}"), &scores)?;
            }
        }
    }
    Ok(())
}

/// `edf_dae`.
pub fn dae(case: &Case) -> Result<(), String> {
    let threshold = match case.settings["threshold"].as_f64() {
        Some(value) => Threshold::Constant(value as f32),
        None => case.word("threshold")?.parse().map_err(|error| format!("{error}"))?,
    };
    let weights = dae_weights(case.tensor("in.maps")?, case.real("beta")?, threshold);
    let [n, h, w] = weights.dims();
    let weights = weights.reshape([n, 1, h, w]);
    case.check_tensor("weight", &weights)?;
    case.check_tensor("masked_grad", &(case.tensor::<4>("in.grad")? * weights))
}
