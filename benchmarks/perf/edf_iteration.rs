//! One iteration of EDF on the CPU: one side of `edf_iteration.py`, which starts this program and its `PyTorch` peer and
//! has them work in turns on the same inputs.
//!
//! Protocol, one line of standard input for one of standard output: `case FILE OFFLOAD` reads the inputs (a safetensors
//! file; offload `device`, `host` or `disk`) and answers `ready`; `run` makes an iteration and answers with its seconds and
//! its matching loss; `write FILE` writes the gradients of the last iteration and answers `written`.

use std::{
    collections::HashMap,
    error::Error,
    fs,
    io::{BufRead, Write, stdin, stdout},
    sync::atomic::AtomicBool,
    time::Instant,
};

use burn::tensor::{Device, Tensor, TensorData};
use compdd::{
    augment::{Draws, DsaConfig, Token},
    grad::{Differences, MetaGradient, Objective, Offload, Order, Rollout, Settings, Step, Synthetic, Targets},
    methods::trajectory::matching::{Drop, compare},
    nn::{Mode, Network, NetworkSpec, Params, kernels},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The inputs of a case, as `edf_iteration.py` writes them.
struct Inputs {
    tensors: HashMap<String, (Vec<f32>, Vec<usize>)>,
    notes: HashMap<String, String>,
}

impl Inputs {
    fn read(path: &str) -> Outcome<Self> {
        let bytes = fs::read(path)?;
        let notes = SafeTensors::read_metadata(&bytes)?.1.metadata().clone().ok_or("no metadata")?;
        let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let named = SafeTensors::deserialize(&bytes)?.tensors().into_iter();
        let tensors = named.map(|(name, view)| (name, (values(view.data()), view.shape().to_vec()))).collect();
        Ok(Self { tensors, notes })
    }

    fn values(&self, name: &str) -> Outcome<&[f32]> {
        Ok(&self.tensors.get(name).ok_or(format!("no `{name}`"))?.0)
    }

    fn tensor<const D: usize>(&self, name: &str) -> Outcome<Tensor<D>> {
        let (values, shape) = self.tensors.get(name).ok_or(format!("no `{name}`"))?;
        let shape: [usize; D] = shape.clone().try_into().map_err(|shape| format!("`{name}` is {shape:?}"))?;
        Ok(Tensor::from_data(TensorData::new(values.clone(), shape), &Device::flex()))
    }

    fn note(&self, name: &str) -> Outcome<&str> {
        Ok(self.notes.get(name).ok_or(format!("no `{name}`"))?)
    }

    fn number(&self, name: &str) -> Outcome<f64> {
        Ok(self.note(name)?.parse()?)
    }
}

/// Gradient descent with momentum: the buffer of one learned tensor.
struct Descent<const D: usize> {
    rate: f64,
    momentum: f64,
    buffer: Option<Tensor<D>>,
}

impl<const D: usize> Descent<D> {
    fn new(inputs: &Inputs, what: &str) -> Outcome<Self> {
        let (rate, momentum) = (inputs.number(&format!("lr_{what}"))?, inputs.number(&format!("momentum_{what}"))?);
        Ok(Self { rate, momentum, buffer: None })
    }

    fn step(&mut self, value: Tensor<D>, gradient: Tensor<D>) -> Tensor<D> {
        let buffer = match self.buffer.take() {
            Some(buffer) => buffer * self.momentum + gradient,
            None => gradient,
        };
        self.buffer = Some(buffer.clone());
        value - buffer * self.rate
    }
}

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
        let rows = &inputs.tensors.get("rows").ok_or("no `rows`")?;
        let (rows, batch) = (&rows.0, rows.1[1]);
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
            begin: network.init(0, &Device::flex()).unflatten(&inputs.tensor("begin")?),
            network,
            target: inputs.values("target")?.to_vec(),
            drop: Drop::Smallest(inputs.number("drop")?),
            steps: steps?,
            offload,
            data: Synthetic { images, targets: Targets::Logits(labels) },
            rate: Tensor::from_floats([inputs.number("rate")? as f32], &Device::flex()),
            images: Descent::new(inputs, "images")?,
            labels: Descent::new(inputs, "labels")?,
            learning: Descent::new(inputs, "rate")?,
        })
    }

    /// One iteration: rollout, matching loss, way back, update. Gives the loss and the gradients.
    fn iteration(&mut self) -> Outcome<(f64, MetaGradient)> {
        let rate = f64::from(self.rate.clone().into_scalar::<f32>());
        let settings = Settings { rate, momentum: 0.0, offload: self.offload };
        let never = AtomicBool::new(false);
        let objective = Objective::new(&self.network, Mode::Train);
        let rollout = Rollout::forward(&objective, &self.begin, &self.data, &self.steps, settings, &never)?;
        let matched = compare(&rollout.end().to_host(), &self.begin.to_host(), &self.target, self.drop)?;
        let length = matched.adjoint.len();
        let adjoint = Tensor::from_data(TensorData::new(matched.adjoint, [length]), &Device::flex());
        let gradient = rollout.backward(self.begin.unflatten(&adjoint), Order::Exact, Differences::Exact)?;
        let labels = gradient.labels.clone().ok_or("the labels are logits")?;
        let images = self.images.step(self.data.images.clone(), gradient.images.clone());
        let rows = self.labels.step(self.data.targets.rows().clone(), labels);
        self.data = Synthetic { images, targets: Targets::Logits(rows) };
        let slope = Tensor::from_floats([gradient.rate as f32], &Device::flex());
        self.rate = self.learning.step(self.rate.clone(), slope);
        Ok((matched.loss, gradient))
    }
}

/// Writes the gradients as `images`, `labels` and `rate`.
fn write(path: &str, gradient: &MetaGradient) -> Outcome<()> {
    let labels = gradient.labels.as_ref().ok_or("the labels are logits")?;
    let bytes = |values: Vec<f32>| values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
    let parts = [
        ("images", gradient.images.dims().to_vec(), bytes(gradient.images.clone().into_data().try_to_vec()?)),
        ("labels", labels.dims().to_vec(), bytes(labels.clone().into_data().try_to_vec()?)),
        ("rate", vec![1], bytes(vec![gradient.rate as f32])),
    ];
    let views: Result<Vec<_>, _> = parts
        .iter()
        .map(|(name, shape, bytes)| TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (*name, view)))
        .collect();
    fs::write(path, safetensors::serialize(views?, None)?)?;
    Ok(())
}

fn main() -> Outcome<()> {
    kernels::tune_allocator();
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
                writeln!(out, "{} {loss}", start.elapsed().as_secs_f64())?;
            }
            (["write", file], Some(_)) => {
                write(file, last.as_ref().ok_or("`write` comes after `run`")?)?;
                writeln!(out, "written")?;
            }
            _ => return Err(format!("expected `case FILE OFFLOAD`, then `run` or `write FILE`; got `{line}`").into()),
        }
        out.flush()?;
    }
    Ok(())
}
