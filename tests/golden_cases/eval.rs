//! `evaluate_steps`: a student's updates on given minibatches; `kd_loss`: what it learns from a teacher; `schedules`: its
//! learning rate by epoch, and what else moves along a curve.

use burn::tensor::{Int, Tensor, TensorData};
use compdd::{
    augment::DsaConfig,
    eval::{Plan, Rule, Schedule, Student, Targets, combined},
    methods::recover::views::Curriculum,
    nn::{
        ConvNet, NetworkSpec, Norm, Params,
        loss::{distillation_divergence, hard_cross_entropy, logit_squares, soft_cross_entropy},
    },
    protocol::Ensemble,
    record::Labels,
};

use super::Case;

/// The optimiser, the schedule over steps, and what is not part of a single step.
fn plan(case: &Case) -> Result<Plan, String> {
    let real = |key| case.real(key);
    let (base, weight_decay, total) = (real("lr")?, real("wd")?, case.number("steps")?);
    let (rule, schedule) = match case.word("opt")? {
        "sgd" => {
            let after = case.number("drop_at")?.checked_sub(1).ok_or("a drop before the first step")?;
            let schedule = Schedule::Drop { base, after, factor: 0.1 };
            (Rule::Sgd { momentum: real("momentum")?, weight_decay }, schedule)
        }
        "adamw" => {
            let matrices_only = case.settings["decay_matrices_only"].as_bool().unwrap_or(false);
            let rule = Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay, matrices_only };
            (rule, Schedule::Cosine { base, total, zeta: real("zeta")? })
        }
        other => return Err(format!("unknown optimiser `{other}`")),
    };
    Ok(Plan { epochs: 1, batch: 1, rule, schedule, augmentation: DsaConfig::none().into(), cutmix: 0.0 })
}

/// `evaluate_steps`.
pub fn steps(case: &Case) -> Result<(), String> {
    let (images, classes) = (case.tensor::<4>("in.images")?, case.number("classes")?);
    let [n, channels, side, _] = images.dims();
    let norm = match case.word("norm")? {
        "in" => Norm::Instance,
        "none" => Norm::None,
        other => return Err(format!("unknown norm `{other}`")),
    };
    let spec = ConvNet { depth: case.number("depth")?, width: case.number("width")?, norm, ..ConvNet::default() };
    let network = NetworkSpec::ConvNet(spec).build(channels, side, classes).map_err(|error| error.to_string())?;
    let device = case.device();
    let params = Params::from_named(network.layout(), case.below("in.net."), "the case", device)
        .map_err(|error| error.to_string())?;
    let (labels, _) = case.f32("in.labels")?;
    let labels = match case.settings["soft"].as_bool() {
        Some(true) => Labels::Logits { values: labels, classes },
        _ => Labels::Hard(labels.into_iter().map(|label| label as u32).collect()),
    };
    let targets = Targets::new(&labels, n, classes).map_err(|error| error.to_string())?;
    let plan = plan(case)?;
    let schedule = plan.schedule.clone();
    let mut student = Student::from_params(&network, plan, 0, params);

    let (order, shape) = case.f32("in.idx")?;
    let (mut losses, mut rates) = (Vec::new(), Vec::new());
    for (t, batch) in order.chunks_exact(shape[1]).enumerate() {
        if schedule.rebuilds(t) {
            student.rebuild_optimizer();
        }
        let indices: Vec<usize> = batch.iter().map(|&i| i as usize).collect();
        let rows = Tensor::<1, Int>::from_data(
            TensorData::new(batch.iter().map(|&i| i as i64).collect(), [batch.len()]),
            device,
        );
        let loss = student.step(images.clone().select(0, rows), targets.batch(&indices, device), schedule.rate(t));
        losses.push(loss.into_scalar::<f32>());
        rates.push(schedule.rate(t));
    }
    case.check("losses", &losses)?;
    case.check("lrs", &rates)?;
    for name in case.below("out.final.").keys() {
        let value = student.params().get(name).ok_or(format!("the network has no `{name}`"))?;
        case.check(&format!("final.{name}"), &value)?;
    }
    Ok(())
}

/// `kd_loss`: KL to a teacher at a temperature and its gradient; cross-entropy with a label's logits.
pub fn distillation_loss(case: &Case) -> Result<(), String> {
    let temperature = case.real("T")?;
    let (student, teacher) = (case.tensor::<2>("in.student")?, case.tensor::<2>("in.teacher")?);
    let divergence = |student| distillation_divergence(student, teacher.clone(), temperature);
    let entropy = |student| soft_cross_entropy(student, teacher.clone());
    for (name, loss) in [("kl", &divergence as &dyn Fn(Tensor<2>) -> Tensor<1>), ("sce", &entropy)] {
        let student = student.clone().autodiff().require_grad();
        let loss = loss(student.clone());
        let gradient = student.grad(&loss.backward()).ok_or("no gradient")?;
        case.check(name, &[loss.into_scalar()])?;
        case.check(&format!("grad_{name}"), &gradient.into_data().iter::<f32>().collect::<Vec<_>>())?;
    }
    let (weight, labels) = (case.real("ce_weight")?, case.integers("in.labels")?);
    let squares = student.clone().autodiff().require_grad();
    let hard = hard_cross_entropy(squares.clone(), labels);
    let loss = logit_squares(squares.clone(), teacher) + hard.mul_scalar(weight);
    let gradient = squares.grad(&loss.backward()).ok_or("no gradient")?;
    case.check("mse_gt", &[loss.into_scalar()])?;
    case.check("grad_mse_gt", &gradient.into_data().iter::<f32>().collect::<Vec<_>>())?;

    let several = case.tensor::<3>("in.ensemble")?;
    let answers: Vec<Tensor<2>> = several.iter_dim(0).map(|answer| answer.squeeze_dim(0)).collect();
    for (name, combination) in [("ensemble_balanced", Ensemble::Balanced), ("ensemble_mean", Ensemble::Mean)] {
        let one = combined(combination, answers.clone());
        case.check(name, &one.into_data().iter::<f32>().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// `schedules`: learning rates of students and of pixels, and the crops of CDA.
pub fn schedules(case: &Case) -> Result<(), String> {
    let total = case.number("epochs")?;
    for zeta in case.f32("in.zetas")?.0 {
        let schedule = Schedule::Cosine { base: 1.0, total, zeta };
        let check = |name: &str, schedule: Schedule| {
            case.check(&format!("{name}_{zeta}"), &(0..total).map(|epoch| schedule.rate(epoch)).collect::<Vec<_>>())
        };
        check("cos", schedule)?;
        check("linear", Schedule::Linear { base: 1.0, total, zeta })?;
        for (name, continuous) in [("ssrs", false), ("ssrs_continuous", true)] {
            check(name, Schedule::SmoothThenSteep { base: 1.0, total, zeta, continuous })?;
        }
    }
    let pixels = Schedule::Cosine { base: 1.0, total, zeta: 1.0 };
    case.check("pixel_cosine", &(0..total).map(|t| pixels.rate(t)).collect::<Vec<_>>())?;
    let least = f64::from(case.real("lo")?);
    for milestone in ["0.5", "1"] {
        for (name, curriculum) in [("cosine", Curriculum::Cosine), ("linear", Curriculum::Linear)] {
            let at = |t| curriculum.least_area(least, milestone.parse().unwrap_or(f64::NAN), total, t) as f32;
            case.check(&format!("cda_{name}_{milestone}"), &(0..total).map(at).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}
