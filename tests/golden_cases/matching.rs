//! Kinds of the matching family: losses between real and synthetic batches, and their gradients.

use burn::tensor::{Tensor, TensorData};
use compdd::{
    grad::{Batch, Differences, Differentiable, Objective, Targets},
    methods::matching::{
        features::{Distance, Embedding, Extractor, MapKind, MapNorm, Maps, Matched, Matcher, Weights},
        gradient::{GradientDistance, Metric, Tensors},
    },
    nn::{ConvNet, Mode, Network, NetworkSpec, Norm, Params},
};

use super::Case;

/// The network of a case and its parameters.
pub fn network(case: &Case) -> Result<(Network, Params), String> {
    let (_, shape) = case.f32("in.real")?;
    let shape = &shape[shape.len() - 3..];
    let norm = if case.word("norm")? == "bn" { Norm::Batch } else { Norm::Instance };
    let spec = ConvNet { norm, depth: case.number("depth")?, width: case.number("width")?, ..ConvNet::default() };
    let network = NetworkSpec::ConvNet(spec).build(shape[0], shape[1], case.number("classes")?);
    let network = network.map_err(|error| error.to_string())?;
    let params = Params::from_named(network.layout(), case.below("in.net."), "the case", case.device())
        .map_err(|error| error.to_string())?;
    if params.names() != case.names("param_order")? {
        return Err(format!("parameters in the order {:?}", params.names()));
    }
    Ok((network, params))
}

/// The images `[n, 3, side, side]` of one class out of `[classes, n, 3, side, side]`, with their labels.
pub fn batch(images: &Tensor<5>, class: usize) -> Batch {
    let [classes, n, channels, height, width] = images.dims();
    let mut rows = vec![0.0; n * classes];
    rows.iter_mut().skip(class).step_by(classes).for_each(|entry| *entry = 1.0);
    let rows = Tensor::from_data(TensorData::new(rows, [n, classes]), &images.device());
    Batch {
        images: images.clone().narrow(0, class, 1).reshape([n, channels, height, width]),
        targets: Targets::Probabilities(rows),
    }
}

/// `dc_match`.
pub fn gradients(case: &Case) -> Result<(), String> {
    let (network, params) = network(case)?;
    let distance = match case.word("metric")? {
        "ours" => GradientDistance { metric: Metric::Ours, tensors: Tensors::Matrices },
        "mse" => GradientDistance { metric: Metric::Mse, tensors: Tensors::All },
        "cos" => GradientDistance { metric: Metric::Cos, tensors: Tensors::All },
        other => return Err(format!("unknown metric `{other}`")),
    };
    let (real, synthetic) = (case.tensor::<5>("in.real")?, case.tensor::<5>("in.syn")?);
    let objective = Objective::new(&network, Mode::Eval);
    let (mut loss, mut gradient) = (Tensor::zeros([1], case.device()), Vec::new());
    for class in 0..network.classes() {
        let images = batch(&synthetic, class);
        let target = objective.gradient(&params, &batch(&real, class)).1;
        let compared = distance.compare(&target, &objective.gradient(&params, &images).1);
        loss = loss + compared.loss;
        gradient.push(objective.products(&params, &images, &compared.direction, Differences::Exact).images);
    }
    case.check_tensor("loss", &loss)?;
    case.check_tensor("grad_syn", &Tensor::cat(gradient, 0))
}

/// `dm_loss`.
pub fn distribution(case: &Case) -> Result<(), String> {
    let extractor = Extractor { embedding: Some(Embedding::Features), maps: None };
    let weights = Weights { maps: 0.0, embedding: 1.0, scale: 1.0 };
    features(case, &Matcher { extractor, distance: Distance::Mse, weights }).map(drop)
}

/// `datadam_loss`.
pub fn attention(case: &Case) -> Result<(), String> {
    let power = case.real("p")?;
    let layers = Maps::layers_of(&network(case)?.0, &[]);
    let matcher = Matcher {
        extractor: Extractor {
            embedding: Some(Embedding::Features),
            maps: Some(Maps { kind: MapKind::Attention { power }, norm: MapNorm::L2, layers }),
        },
        distance: Distance::Mse,
        weights: Weights {
            maps: 1.0,
            embedding: f64::from(case.real("lambda")?),
            scale: f64::from(case.real("scale")?),
        },
    };
    let terms = features(case, &matcher)?.terms;
    case.check_tensor("sam_per_layer", &Tensor::cat(terms.maps, 0))?;
    case.check_tensor("mmd", &terms.embedding.ok_or("no embedding was compared")?)
}

/// Checks loss and gradient of a matcher on all classes at once.
fn features(case: &Case, matcher: &Matcher) -> Result<Matched, String> {
    let (network, params) = network(case)?;
    let rows = |name: &str| -> Result<(Tensor<4>, usize), String> {
        let images = case.tensor::<5>(name)?;
        let [classes, n, channels, height, width] = images.dims();
        Ok((images.reshape([classes * n, channels, height, width]), n))
    };
    let ((real, of_each), (synthetic, n)) = (rows("in.real")?, rows("in.syn")?);
    let (real, _) = matcher.extractor.rows(&network, &params, real, Mode::Train);
    let real = real.class_means(&vec![of_each; network.classes()]);
    let matched = matcher.matched(&network, &params, &real, synthetic, n, None);
    case.check_tensor("loss", &matched.loss)?;
    case.check_tensor("grad_syn", &matched.images)?;
    Ok(matched)
}
