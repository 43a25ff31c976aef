//! `gsam_step`, `label_init`: a sharpness-aware step, and label logits from several experts.

use burn::tensor::Tensor;
use compdd::{
    experts::{
        LabelMean,
        gsam::{Gradient, Gsam},
    },
    nn::{ConvNet, Mode, NetworkSpec, Params, loss::hard_cross_entropy},
};

use super::Case;

/// `gsam_step`.
pub fn gsam(case: &Case) -> Result<(), String> {
    let images = case.tensor::<4>("in.images")?;
    let labels = case.integers("in.labels")?;
    let [_, channels, side, _] = images.dims();
    let named = case.below("in.net.");
    let width = named.get("features.0.weight").map(|(shape, _)| shape[0]).ok_or("no first convolution")?;
    let classes = named.get("classifier.bias").map(|(shape, _)| shape[0]).ok_or("no head")?;
    let spec = ConvNet { depth: case.number("depth")?, width, ..ConvNet::default() };
    let network = NetworkSpec::ConvNet(spec).build(channels, side, classes).map_err(|error| error.to_string())?;
    let params =
        Params::from_named(network.layout(), named, "the case", case.device()).map_err(|error| error.to_string())?;
    if params.names() != case.names("param_order")? {
        return Err("the parameters have another order".to_owned());
    }
    let adaptive = case.settings["adaptive"].as_bool().ok_or("setting `adaptive` is no truth value")?;
    let gsam = Gsam { rho: case.real("rho")?, alpha: case.real("alpha")?, adaptive };
    let step = gsam.step(&params, case.real("lr")?, |params| {
        let tracked = params.track();
        let loss = hard_cross_entropy(network.forward(&tracked, images.clone(), Mode::Train).logits, labels.clone());
        let gradient = tracked.gradients(&mut loss.clone().backward());
        Gradient { loss: loss.inner(), gradient }
    });
    let values: [(&str, &Tensor<1>); 7] = [
        ("loss", &step.loss),
        ("grad", &step.gradient),
        ("perturbation", &step.perturbation),
        ("loss_perturbed", &step.loss_perturbed),
        ("grad_perturbed", &step.gradient_perturbed),
        ("orthogonal", &step.orthogonal),
        ("direction", &step.direction),
    ];
    for (name, value) in values {
        case.check_tensor(name, value)?;
    }
    case.check("new", &step.params.to_host())
}

/// `label_init`.
pub fn labels(case: &Case) -> Result<(), String> {
    let (labels, _) = case.f32("in.labels")?;
    let labels: Vec<u32> = labels.into_iter().map(|label| label as u32).collect();
    let (logits, shape) = case.f32("in.logits")?;
    let [_, images, classes] = shape[..] else { return Err(format!("`in.logits` has shape {shape:?}")) };
    let mut mean = LabelMean::new(&labels, classes);
    for expert in logits.chunks_exact(images * classes) {
        mean.add(expert);
    }
    let correct: Vec<f32> = mean.correct().iter().map(|&count| count as f32).collect();
    case.check("correct", &correct)?;
    case.check("labels", &mean.labels())
}
