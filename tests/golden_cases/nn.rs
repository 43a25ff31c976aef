//! Kinds of the networks: forward pass, loss and gradients.

use burn::tensor::Tensor;
use compdd::nn::{
    AlexNet, ConvNet, Depth, Mode, Network, NetworkSpec, Norm, Params, ResNet, Stem, Taps, Vgg11,
    loss::{hard_cross_entropy, soft_cross_entropy},
};

use super::Case;

/// The network of a case and its parameters; the order of the parameters must be that of the case.
fn prepare(case: &Case, spec: &NetworkSpec) -> Result<(Network, Params), String> {
    let (network, params) = read(case, spec)?;
    if params.names() != case.names("param_order")? {
        return Err(format!("parameters in the order {:?}", params.names()));
    }
    Ok((network, params))
}

/// The network of a case and its parameters, whatever their order.
pub fn read(case: &Case, spec: &NetworkSpec) -> Result<(Network, Params), String> {
    let (_, shape) = case.f32("in.x")?;
    let network = spec.build(shape[1], shape[2], case.number("classes")?).map_err(|error| error.to_string())?;
    let device = case.device();
    let params = Params::from_named(network.layout(), case.below("in.net."), "the case", device)
        .map_err(|error| error.to_string())?;
    Ok((network, params))
}

/// `convnet_forward`.
pub fn convnet(case: &Case) -> Result<(), String> {
    let spec = ConvNet { depth: case.number("depth")?, width: case.number("width")?, ..ConvNet::default() };
    let (network, params) = prepare(case, &NetworkSpec::ConvNet(spec))?;
    let params = params.track();
    let x = case.tensor::<4>("in.x")?.autodiff().require_grad();
    let y = case.tensor::<2>("in.y")?.autodiff().require_grad();
    let features: Vec<String> = (0..case.number("depth")?).map(|block| format!("feat{block}")).collect();
    let wanted: Vec<&str> = features.iter().map(String::as_str).collect();
    let out = network.forward_with(&params, x.clone(), Mode::Train, Taps::Named(&wanted));
    for (block, (_, map)) in out.taps.iter().enumerate() {
        case.check_tensor(&format!("feat.{block}"), map)?;
    }
    case.check_tensor("logits", &out.logits)?;
    let hard = hard_cross_entropy(out.logits.clone().inner(), case.integers("in.labels")?);
    case.check_tensor("hard_loss", &hard)?;
    let loss = soft_cross_entropy(out.logits, y.clone());
    case.check_tensor("loss", &loss)?;
    let mut gradients = loss.backward();
    case.check_tensor("grad_x", &x.grad_remove(&mut gradients).ok_or("no gradient of x")?)?;
    case.check_tensor("grad_y", &y.grad_remove(&mut gradients).ok_or("no gradient of y")?)?;
    let gradients = params.gradients(&mut gradients);
    for (slot, value) in gradients.entries() {
        case.check_tensor(&format!("grad.net.{}", slot.name), value)?;
    }
    Ok(())
}

/// `resnet18_forward`.
pub fn resnet18(case: &Case) -> Result<(), String> {
    let width = case.number("base_width")?;
    forward(
        case,
        &NetworkSpec::ResNet(ResNet { stem: stem(case)?, norm: norm(case)?, width, ..ResNet::new(Depth::D18) }),
    )
}

/// The stem of a case.
pub fn stem(case: &Case) -> Result<Stem, String> {
    match (case.word("stem")?, case.settings["ap"].as_bool()) {
        ("cifar", Some(true)) => Ok(Stem::AvgPool),
        ("cifar", _) => Ok(Stem::Cifar),
        ("tiny", _) => Ok(Stem::Tiny),
        ("imagenet", _) => Ok(Stem::ImageNet),
        (other, _) => Err(format!("unknown stem `{other}`")),
    }
}

/// `vgg11_forward`.
pub fn vgg11(case: &Case) -> Result<(), String> {
    forward(
        case,
        &NetworkSpec::Vgg11(Vgg11 { norm: norm(case)?, width: case.number("base_width")?, ..Vgg11::default() }),
    )
}

/// `alexnet_forward`.
pub fn alexnet(case: &Case) -> Result<(), String> {
    let list = case.settings["channels"].as_array().ok_or("setting `channels` is no list")?;
    let counts: Vec<usize> = list.iter().filter_map(serde_json::Value::as_u64).map(|count| count as usize).collect();
    let channels = counts.try_into().map_err(|counts| format!("channels {counts:?}"))?;
    forward(case, &NetworkSpec::AlexNet(AlexNet { channels, ..AlexNet::default() }))
}

/// The norm of a case.
pub fn norm(case: &Case) -> Result<Norm, String> {
    match case.word("norm")? {
        "in" => Ok(Norm::Instance),
        "bn" => Ok(Norm::Batch),
        other => Err(format!("unknown norm `{other}`")),
    }
}

/// Logits, hard cross-entropy, gradients, running statistics.
fn forward(case: &Case, spec: &NetworkSpec) -> Result<(), String> {
    let (network, params) = prepare(case, spec)?;
    let params = params.track();
    let x = case.tensor::<4>("in.x")?.autodiff().require_grad();
    let mode = if case.word("mode")? == "train" { Mode::Train } else { Mode::Eval };
    let out = network.forward(&params, x.clone(), mode);
    case.check_tensor("logits", &out.logits)?;
    if mode == Mode::Train {
        for (slot, value) in network.layout().buffers.iter().zip(&out.buffers) {
            case.check_tensor(&format!("new.{}", slot.name), value)?;
        }
    }
    let loss = hard_cross_entropy(out.logits, case.integers("in.labels")?);
    case.check_tensor("loss", &loss)?;
    let mut gradients = loss.backward();
    case.check_tensor("grad_x", &x.grad_remove(&mut gradients).ok_or("no gradient of x")?)?;
    let gradients = params.gradients(&mut gradients);
    let first = gradients.names()[0].to_owned();
    case.check_tensor(&format!("grad.net.{first}"), &gradients.values()[0])?;
    let norms: Result<Vec<f32>, String> = gradients.values().iter().map(length).collect();
    case.check("grad_norms", &norms?)
}

/// `network_forward`: logits in eval mode, and a step in train mode with given masks.
pub fn network(case: &Case) -> Result<(), String> {
    let spec = NetworkSpec::parse(case.word("network")?).map_err(|error| error.to_string())?;
    let (network, params) = read(case, &spec)?;
    let x = case.tensor::<4>("in.x")?;
    case.check_tensor("eval_logits", &network.forward(&params, x.clone(), Mode::Eval).logits)?;

    let masks: Vec<Tensor<2>> =
        (0..case.number("masks")?).map(|i| case.tensor(&format!("in.mask.{i}"))).collect::<Result<_, _>>()?;
    let drawn = network.masks(x.dims()[0], 0, 0, case.device());
    let shapes = |masks: &[Tensor<2>]| masks.iter().map(Tensor::dims).collect::<Vec<_>>();
    if shapes(&masks) != shapes(&drawn) {
        return Err(format!("masks of shapes {:?}", shapes(&drawn)));
    }
    let (params, x) = (params.track(), x.autodiff().require_grad());
    let out = network.forward_dropping(&params, x.clone(), &masks);
    case.check_tensor("logits", &out.logits)?;
    for (slot, value) in network.layout().buffers.iter().zip(&out.buffers) {
        case.check_tensor(&format!("new.{}", file_name(case, &slot.name)), value)?;
    }
    let loss = hard_cross_entropy(out.logits, case.integers("in.labels")?);
    case.check_tensor("loss", &loss)?;
    let mut gradients = loss.backward();
    case.check_tensor("grad_x", &x.grad_remove(&mut gradients).ok_or("no gradient of x")?)?;
    let gradients = params.gradients(&mut gradients);
    let of = |name: &str| {
        let found = gradients.entries().find(|(slot, _)| slot.name == name);
        found.map(|(_, value)| value).ok_or(format!("no parameter `{name}`"))
    };
    case.check_tensor("first", of(case.word("first")?)?)?;
    let order = case.names("param_order")?;
    if order.len() != gradients.values().len() {
        return Err(format!("{} parameters instead of {}", gradients.values().len(), order.len()));
    }
    let norms: Result<Vec<f32>, String> = order.into_iter().map(|name| length(of(name)?)).collect();
    case.check("grad_norms", &norms?)
}

/// The name under which the file of a case has a tensor of the network.
fn file_name(case: &Case, name: &str) -> String {
    if case.f32(&format!("in.net.{name}")).is_ok() { name.into() } else { name.replace(".shortcut.", ".downsample.") }
}

/// L2 norm, summed in double precision.
fn length(values: &Tensor<1>) -> Result<f32, String> {
    let values = values.clone().try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
    Ok(values.into_iter().map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32)
}
