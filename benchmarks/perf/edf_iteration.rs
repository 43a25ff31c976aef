//! One iteration of EDF: one side of `edf_iteration.py`, which starts this program and its `PyTorch` peer and
//! has them work in turns on the same inputs.
//!
//! Protocol, one line of standard input for one of standard output: `case FILE OFFLOAD` reads the inputs (a safetensors
//! file; offload `device`, `host` or `disk`) and answers `ready`; `run` makes an iteration and answers with its seconds and
//! its matching loss; `write FILE` writes the gradients of the last iteration and answers `written`.

mod inputs;
mod place;

use std::{
    io::{BufRead, Write, stdin, stdout},
    time::Instant,
};

use burn::tensor::{Tensor, TensorData};
use compdd::{
    augment::{Draws, DsaConfig, Token},
    grad::{Differences, MetaGradient, Objective, Offload, Order, Rollout, Settings, Step, Synthetic, Targets},
    methods::trajectory::matching::{Drop, compare},
    nn::{Mode, Network, NetworkSpec, Params, kernels},
    progress::Stop,
};
use inputs::{Descent, Inputs, Outcome, write};

/// A case with its inputs in place, and what an iteration learns.
struct Case {
    network: Network,
    begin: Params,
    target: Vec<f32>,
    drop: Drop,
    steps: Vec<Step>,
    offload: Offload,
    data: Synthetic,
    rate: Tensor<1>,
    images: Descent<4>,
    labels: Descent<2>,
    learning: Descent<1>,
}

impl Case {
    fn new(inputs: &Inputs, offload: Offload) -> Outcome<Self> {
        let (images, labels) = (inputs.tensor::<4>("images")?, inputs.tensor::<2>("labels")?);
        let [_, channels, side, _] = images.dims();
        let network = NetworkSpec::parse(inputs.note("network")?)?.build(channels, side, labels.dims()[1])?;
        let config = DsaConfig { crop_ratio: inputs.number("crop_ratio")? as f32, ..DsaConfig::default() };
        let (rows, batch) = (inputs.values("rows")?, inputs.shape("rows")?[1]);
        let slots = inputs.values("slots")?;
        let step = |(place, name): (usize, &str)| {
            let token = Token::ALL.into_iter().find(|token| token.name() == name).ok_or("unknown operation")?;
            let drawn: Vec<Vec<f32>> =
                (0..3).map(|slot| slots[(place * 3 + slot) * batch..][..batch].to_vec()).collect();
            Ok(Step {
                rows: rows[place * batch..][..batch].iter().map(|&row| row as usize).collect(),
                draws: Draws::replay(&config, token, [channels, side, side], &drawn),
            })
        };
        let steps: Outcome<Vec<Step>> = inputs.note("operations")?.split(',').enumerate().map(step).collect();
        Ok(Self {
            begin: network.init(0, &place::device()).unflatten(&inputs.tensor("begin")?),
            network,
            target: inputs.values("target")?.to_vec(),
            drop: Drop::Smallest(inputs.number("drop")?),
            steps: steps?,
            offload,
            data: Synthetic { images, targets: Targets::Logits(labels) },
            rate: Tensor::from_floats([inputs.number("rate")? as f32], &place::device()),
            images: Descent::new(inputs, "images")?,
            labels: Descent::new(inputs, "labels")?,
            learning: Descent::new(inputs, "rate")?,
        })
    }

    /// One iteration: rollout, matching loss, way back, update. Gives the loss and the gradients.
    fn iteration(&mut self) -> Outcome<(f64, MetaGradient)> {
        let rate = f64::from(self.rate.clone().into_scalar::<f32>());
        let settings = Settings { rate, momentum: 0.0, offload: self.offload };
        let never = Stop::never();
        let objective = Objective::new(&self.network, Mode::Train);
        let rollout = Rollout::forward(&objective, &self.begin, &self.data, &self.steps, settings, &never)?;
        let matched = compare(&rollout.end().to_host(), &self.begin.to_host(), &self.target, self.drop)?;
        let length = matched.adjoint.len();
        let adjoint = Tensor::from_data(TensorData::new(matched.adjoint, [length]), &place::device());
        let gradient = rollout.backward(self.begin.unflatten(&adjoint), Order::Exact, Differences::Exact)?;
        let labels = gradient.labels.clone().ok_or("the labels are logits")?;
        let images = self.images.step(self.data.images.clone(), gradient.images.clone());
        let rows = self.labels.step(self.data.targets.rows().clone(), labels);
        self.data = Synthetic { images, targets: Targets::Logits(rows) };
        let slope = Tensor::from_floats([gradient.rate as f32], &place::device());
        self.rate = self.learning.step(self.rate.clone(), slope);
        Ok((matched.loss, gradient))
    }
}

fn main() -> Outcome<()> {
    kernels::tune_allocator();
    place::open()?;
    let mut out = stdout();
    let mut case: Option<Case> = None;
    let mut last: Option<MetaGradient> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&words[..], &mut case) {
            (["case", file, offload], _) => {
                case = Some(Case::new(&Inputs::read(file)?, offload.parse()?)?);
                writeln!(out, "ready")?;
            }
            (["run"], Some(case)) => {
                let start = Instant::now();
                let (loss, gradient) = case.iteration()?;
                last = Some(gradient);
                place::wait()?;
                writeln!(out, "{} {loss}", start.elapsed().as_secs_f64())?;
            }
            (["write", file], Some(_)) => {
                let last = last.as_ref().ok_or("`write` comes after `run`")?;
                let labels = last.labels.as_ref().ok_or("the labels are logits")?;
                let rate = Tensor::<1>::from_floats([last.rate as f32], &place::device());
                write(
                    file,
                    [
                        ("images", last.images.clone().into_data()),
                        ("labels", labels.clone().into_data()),
                        ("rate", rate.into_data()),
                    ],
                )?;
                writeln!(out, "written")?;
            }
            _ => return Err(format!("expected `case FILE OFFLOAD`, then `run` or `write FILE`; got `{line}`").into()),
        }
        out.flush()?;
    }
    Ok(())
}
