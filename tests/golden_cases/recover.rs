//! Kinds of the methods that recover images from a network.

use burn::tensor::{Int, Tensor};
use compdd::{
    methods::recover::{
        densify::{densification, products},
        eigen::symmetric,
        flatness::{Form, averaged, divergence},
        loss::{Weights, mean_length, total_variation},
        matching::{CategoryForm, Comparison, Matched, Matching},
        statistics::moved,
    },
    nn::{Depth, LayerKind, Mode, NetworkSpec, Norm, ResNet, Taps},
    rng::Stream,
    statistics::moments,
};

use super::{Case, nn};

/// `sre2l_bn_loss`. The mean absolute form of the total variation is nowhere used.
pub fn loss(case: &Case) -> Result<(), String> {
    let spec = ResNet {
        stem: nn::stem(case)?,
        norm: Norm::Batch,
        width: case.number("base_width")?,
        ..ResNet::new(Depth::D18)
    };
    let (network, params) = nn::read(case, &NetworkSpec::ResNet(spec))?;
    let weights = Weights {
        statistics: f64::from(case.real("r_bn")?),
        first_layer: f64::from(case.real("first_multiplier")?),
        total_variation: f64::from(case.real("tv_l2")?),
        l2: f64::from(case.real("l2")?),
    };
    let x = case.tensor::<4>("in.x")?.autodiff().require_grad();
    case.check_tensor("logits", &network.forward(&params, x.clone(), Mode::Eval).logits)?;
    let mut matching = Matching::of_batch_norms(&params);
    let seen = network.forward_with(&params, x.clone(), Mode::Eval, Taps::Inputs(matching.kinds()));
    let layers = matching.distances(seen.taps, &[], &mut Stream::new(0, "hooks", 0));
    let terms = weights.terms(seen.logits, case.integers("in.labels")?, layers, &x, x.clone());
    case.check_tensor("ce", &terms.cross_entropy)?;
    case.check_tensor("r_layers", &Tensor::cat(terms.layers.into_iter().flatten().collect(), 0))?;
    case.check_tensor("tv_l2", &total_variation(&x))?;
    case.later(&["tv_l1"]);
    case.check_tensor("l2", &mean_length(x.clone()))?;
    case.check_tensor("total", &terms.total)?;
    case.check_tensor("grad_x", &x.grad_remove(&mut terms.total.backward()).ok_or("no gradient of x")?)
}

/// `gvbsm_densify`. The gain is the case's own: images are multiplied with it first.
pub fn densify(case: &Case) -> Result<(), String> {
    let (side, gain) = (case.number("pool")?, case.real("gain")?);
    let x = case.tensor::<4>("in.x")?.autodiff().require_grad();
    let seen = x.clone() * gain;
    let values: Vec<f64> = products(seen.clone(), side).into_data().iter::<f32>().map(f64::from).collect();
    let [n, ..] = x.dims();
    let eigenvalues: Vec<f32> = symmetric(&values, n).0.into_iter().map(|value| value as f32).collect();
    case.check("eigenvalues", &eigenvalues)?;
    let loss = densification(seen, side, f64::from(case.real("tau")?));
    case.check_tensor("loss", &loss)?;
    case.check_tensor("grad_x", &x.grad_remove(&mut loss.backward()).ok_or("no gradient of x")?)
}

/// The keys of the statistics in a case, in the library's order.
fn keys(case: &Case) -> Result<&'static [&'static str], String> {
    let keys = &["mean", "var", "patch_mean", "patch_var"];
    Ok(if case.word("layer")? == "conv" { keys } else { &keys[..2] })
}

/// `edc_statistics`. The class-conditional form of the case has mean and variance alone.
pub fn statistics(case: &Case) -> Result<(), String> {
    let keys = keys(case)?;
    let patch = (keys.len() == 4).then(|| case.number("patch")).transpose()?;
    let row = |kind: &str, key: &&str| case.tensor::<1>(&format!("in.{kind}.{key}"));
    let rows = |kind: &str| keys.iter().map(|key| row(kind, key)).collect::<Result<Vec<_>, _>>();
    let classes = |keys: &[&str]| -> Result<Vec<Vec<f32>>, String> {
        keys.iter().map(|key| Ok(case.f32(&format!("in.class.{key}"))?.0)).collect()
    };
    let labels: Tensor<1, Int> = case.integers("in.labels")?;
    let labels: Vec<u32> = labels.into_data().iter::<i64>().map(|label| label as u32).collect();
    let (moving, alpha) = (f64::from(case.real("momentum")?), f64::from(case.real("alpha")?));
    let measured = moments(case.tensor("in.z")?, patch);
    let [averages, _] = moved(moving, &rows("ema")?, &measured);
    for (key, (measured, average)) in keys.iter().zip(measured.iter().zip(&averages)) {
        case.check_tensor(&format!("stat.{key}"), measured)?;
        case.check_tensor(&format!("new_ema.{key}"), average)?;
    }
    let kinds: &[LayerKind] = &[LayerKind::Conv];
    let distance = |layer: Matched, comparison: Comparison| -> Result<_, String> {
        let z = case.tensor::<4>("in.z")?.autodiff().require_grad();
        let mut matching = Matching::new(kinds, vec![layer], comparison);
        let inputs = vec![("layer".to_owned(), z.clone())];
        let found = matching.distances(inputs, &labels, &mut Stream::new(0, "hooks", 0)).remove(0);
        let found = found.ok_or("the layer was left out")?;
        let gradient = z.grad_remove(&mut found.backward()).ok_or("no gradient of z")?;
        Ok((found, gradient))
    };
    let repo = |category| Comparison { moving, category, ..Comparison::default() };
    let layer =
        || -> Result<_, String> { Ok(Matched::new(patch, rows("global")?, classes(keys)?).with_average(rows("ema")?)) };
    case.check_tensor("free", &distance(layer()?, repo(0.0))?.0)?;
    case.check_tensor("category", &distance(layer()?, repo(1.0))?.0)?;
    let (found, gradient) = distance(layer()?, repo(alpha))?;
    case.check_tensor("r", &found)?;
    case.check_tensor("grad_z", &gradient)?;
    let paper = Comparison { category: 1.0, form: CategoryForm::Paper, ..Comparison::default() };
    let layer = Matched::new(None, rows("global")?[..2].to_vec(), classes(&keys[..2])?);
    let (found, gradient) = distance(layer, paper)?;
    case.check_tensor("form2", &found)?;
    case.check_tensor("form2_grad_z", &gradient)
}

/// `edc_flatness`. The released form averages over classes as well; what it would be without that is not used.
pub fn flatness(case: &Case) -> Result<(), String> {
    let temperature = case.real("tau")?;
    let (logits, average) = (case.tensor::<2>("in.logits")?, case.tensor::<2>("in.logits_ema")?);
    for (form, name, slope) in
        [(Form::Paper, "paper_batchmean", "grad_paper"), (Form::Repo, "code_elementmean", "grad_code")]
    {
        let logits = logits.clone().autodiff().require_grad();
        let loss = divergence(logits.clone(), average.clone(), temperature, form);
        case.check_tensor(name, &loss)?;
        case.check_tensor(slope, &logits.grad_remove(&mut loss.backward()).ok_or("no gradient of the logits")?)?;
    }
    case.later(&["code_batchmean"]);
    let images = averaged(case.tensor::<4>("in.images_ema")?, case.tensor("in.images")?, f64::from(case.real("beta")?));
    case.check_tensor("ema_images", &images)
}
