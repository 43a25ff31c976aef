//! Kinds of trajectory matching: gradients through the training of a student.

use burn::tensor::{Tensor, TensorData};
use compdd::{
    augment::{Draws, DsaConfig, Token},
    grad::{Differences, MetaGradient, Objective, Offload, Order, Rollout, Settings, Step, Synthetic, Targets},
    methods::trajectory::matching::{Drop, Match, compare},
    nn::{ConvNet, Mode, NetworkSpec, Params},
    progress::Stop,
};

use super::Case;

/// What a case's rollout ends in.
struct Outcome {
    losses: Vec<f64>,
    end: Vec<f32>,
    matched: Match,
    gradient: MetaGradient,
}

/// `trajectory_meta_gradient`.
pub fn meta_gradient(case: &Case) -> Result<(), String> {
    let outcome = run(case, 0.0, Order::Exact)?;
    case.check("student_losses", &single(&outcome.losses))?;
    case.check("theta_T", &outcome.end)?;
    check_gradients(case, &outcome, "grad_")
}

/// `tesla_gradient`: the detached order, and the exact one beside it.
pub fn tesla(case: &Case) -> Result<(), String> {
    let outcome = run(case, 0.0, Order::Detached)?;
    case.check("theta_T", &outcome.end)?;
    let rate = case.f32("in.lr")?.0[0];
    let start = start(case)?.1.to_host();
    let sum: Vec<f32> = start.iter().zip(&outcome.end).map(|(start, end)| (start - end) / rate).collect();
    case.check("grad_sum", &sum)?;
    check_gradients(case, &outcome, "grad_")?;
    let exact = run(case, 0.0, Order::Exact)?;
    check_derivatives(case, &exact.gradient, "exact.grad_")
}

/// `edf_cpd`.
pub fn cpd(case: &Case) -> Result<(), String> {
    let drop = case.settings["alpha"].as_f64().ok_or("setting `alpha` is no number")?;
    let outcome = run(case, drop, Order::Exact)?;
    case.check("student_losses", &single(&outcome.losses))?;
    case.check("theta_T", &outcome.end)?;
    case.check("kept", &[outcome.matched.kept as f32])?;
    let (start, target) = (start(case)?.1.to_host(), case.f32("in.target")?.0);
    let all: f64 = start.iter().zip(&target).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let keep: Vec<f32> = outcome.matched.adjoint.iter().map(|slope| if *slope == 0.0 { 0.0 } else { 1.0 }).collect();
    let kept = keep.iter().zip(&start).zip(&target);
    let denominator: f64 = kept.map(|((keep, a), b)| f64::from(keep * (a - b)).powi(2)).sum();
    case.check("loss_full_denominator", &[(outcome.matched.loss * denominator / all) as f32])?;
    // Two nearly equal squared errors may change places in single precision: a handful of coordinates may differ.
    let expected = case.f32("out.keep_mask")?.0;
    let different = keep.iter().zip(&expected).filter(|(a, b)| a != b).count();
    if different > 2 {
        return Err(format!("{different} coordinates are kept on one side only"));
    }
    case.mark("keep_mask");
    check_gradients(case, &outcome, "grad_")
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn check_gradients(case: &Case, outcome: &Outcome, prefix: &str) -> Result<(), String> {
    case.check("loss", &[outcome.matched.loss as f32])?;
    check_derivatives(case, &outcome.gradient, prefix)
}

fn check_derivatives(case: &Case, gradient: &MetaGradient, prefix: &str) -> Result<(), String> {
    case.check_tensor(&format!("{prefix}images"), &gradient.images)?;
    case.check(&format!("{prefix}lr"), &[gradient.rate as f32])?;
    match &gradient.labels {
        Some(labels) => case.check_tensor(&format!("{prefix}labels"), labels),
        None => Ok(()),
    }
}

/// The network of a case: a slug under `network`, or a `ConvNet` by its depth and width.
fn network(case: &Case) -> Result<NetworkSpec, String> {
    if let Some(slug) = case.settings["network"].as_str() {
        return NetworkSpec::parse(slug).map_err(|error| error.to_string());
    }
    let spec = ConvNet { depth: case.number("depth")?, width: case.number("width")?, ..ConvNet::default() };
    Ok(NetworkSpec::ConvNet(spec))
}

/// The network of a case and its parameters at the start.
fn start(case: &Case) -> Result<(compdd::nn::Network, Params), String> {
    let side = case.f32("in.images")?.1[2];
    let network = network(case)?.build(3, side, case.number("classes")?).map_err(|error| error.to_string())?;
    let device = case.device();
    let params = Params::from_named(network.layout(), case.below("in.theta0."), "the case", device)
        .map_err(|error| error.to_string())?;
    if params.names() != case.names("param_order")? {
        return Err(format!("parameters in the order {:?}", params.names()));
    }
    Ok((network, params))
}

fn run(case: &Case, drop: f64, order: Order) -> Result<Outcome, String> {
    let (network, params) = start(case)?;
    let data = Synthetic { images: case.tensor::<4>("in.images")?, targets: targets(case, network.classes())? };
    let steps = steps(case)?;
    let settings = Settings { rate: f64::from(case.f32("in.lr")?.0[0]), momentum: 0.0, offload: Offload::Device };
    let never = Stop::never();
    let objective = Objective::new(&network, Mode::Train);
    let rollout = Rollout::forward(&objective, &params, &data, &steps, settings, &never).map_err(|e| e.to_string())?;
    let (losses, end) = (rollout.losses().to_vec(), rollout.end().to_host());
    let matched =
        compare(&end, &params.to_host(), &case.f32("in.target")?.0, Drop::Smallest(drop)).map_err(|e| e.to_string())?;
    let adjoint = Tensor::from_data(TensorData::new(matched.adjoint.clone(), [end.len()]), &params.device());
    let gradient =
        rollout.backward(params.unflatten(&adjoint), order, Differences::Exact).map_err(|error| error.to_string())?;
    Ok(Outcome { losses, end, matched, gradient })
}

fn targets(case: &Case, classes: usize) -> Result<Targets, String> {
    if case.settings["soft"].as_bool() != Some(false) {
        return Ok(Targets::Logits(case.tensor::<2>("in.labels")?));
    }
    let labels = case.f32("in.labels")?.0;
    let rows: Vec<f32> =
        labels.iter().flat_map(|&label| (0..classes).map(move |c| f32::from(c == label as usize))).collect();
    let rows = TensorData::new(rows, [labels.len(), classes]);
    Ok(Targets::Probabilities(Tensor::from_data(rows, case.device())))
}

/// The student steps of a case: rows below zero pad a short minibatch.
fn steps(case: &Case) -> Result<Vec<Step>, String> {
    let (idx, shape) = case.f32("in.idx")?;
    let side = case.f32("in.images")?.1[2];
    let augmented = case.settings["aug"].as_bool() == Some(true);
    let slots = |name: &str| if augmented { case.f32(name).map(|(values, _)| values) } else { Ok(Vec::new()) };
    let slots = [slots("in.draw.a")?, slots("in.draw.b")?, slots("in.draw.c")?];
    let width = shape[1];
    let step = |step: usize| {
        let rows: Vec<usize> =
            idx[step * width..][..width].iter().filter(|&&row| row >= 0.0).map(|&row| row as usize).collect();
        let draws = if augmented {
            let name = case.settings["ops"][step].as_str().ok_or("setting `ops` is no list of words")?;
            let token = Token::ALL.into_iter().find(|token| token.name() == name).ok_or("unknown operation")?;
            let config = DsaConfig {
                crop_ratio: case.settings["crop_ratio"].as_f64().unwrap_or(0.125) as f32,
                ..DsaConfig::default()
            };
            let slots: Vec<Vec<f32>> = slots.iter().map(|slot| slot[step * width..][..rows.len()].to_vec()).collect();
            Draws::replay(&config, token, [3, side, side], &slots)
        } else {
            Draws::default()
        };
        Ok(Step { rows, draws })
    };
    (0..shape[0]).map(step).collect()
}
