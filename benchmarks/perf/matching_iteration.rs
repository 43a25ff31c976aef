//! One iteration of DM, `DataDAM` or DC: one side of `matching_iteration.py`, which starts this program and its
//! `PyTorch` peer and has them work in turns on the same inputs.
//!
//! Protocol, one line of standard input for one of standard output: `case FILE` reads the inputs (a safetensors file) and
//! answers `ready`; `run` makes an iteration and answers with its seconds and its loss; `write FILE` writes the gradient of
//! the images in the last iteration and answers `written`.

mod inputs;
mod place;

use std::{
    io::{BufRead, Write, stdin, stdout},
    time::Instant,
};

use burn::tensor::{Tensor, TensorData};
use compdd::{
    augment::{Draws, DsaConfig, Token},
    grad::{Batch, Differences, Differentiable, Objective, Targets},
    methods::matching::{
        features::{Distance, Embedding, Extractor, MapKind, MapNorm, Maps, Matcher, Statistics, Weights},
        gradient::{GradientDistance, Metric, Tensors},
    },
    nn::{Mode, Network, NetworkSpec, Params, kernels},
};
use inputs::{Descent, Inputs, Outcome, write};

/// Most images of a forward pass, where they do not depend on each other.
const PASS: usize = 256;

/// How DC compares gradients.
const DISTANCE: GradientDistance = GradientDistance { metric: Metric::Ours, tensors: Tensors::Matrices };

/// A case with its inputs in place, and the images that an iteration learns.
struct Case {
    network: Network,
    params: Params,
    /// Real images of every class.
    real: Vec<f32>,
    /// Real and synthetic images per class.
    counts: [usize; 2],
    /// `[channels, height, width]`.
    shape: [usize; 3],
    /// The operation of every class and its draw; none without augmentation.
    draws: Option<Vec<(Token, [f32; 3])>>,
    /// The loss on features; none where gradients are matched.
    features: Option<Matcher>,
    images: Tensor<4>,
    descent: Descent<4>,
}

impl Case {
    fn new(inputs: &Inputs) -> Outcome<Self> {
        let images = inputs.tensor::<4>("images")?;
        let [_, channels, height, width] = images.dims();
        let classes = inputs.number("classes")? as usize;
        let network = NetworkSpec::parse(inputs.note("network")?)?.build(channels, height, classes)?;
        let slots = inputs.values("slots")?.as_chunks::<3>().0;
        let tokens = inputs.note("operations")?.split(',').map(|name| {
            Token::ALL.into_iter().find(|token| token.name() == name).ok_or(format!("no operation `{name}`"))
        });
        let draws: Result<Vec<_>, _> =
            tokens.zip(slots).map(|(token, slots)| token.map(|token| (token, *slots))).collect();
        let [maps, embedding, scale] = ["maps_weight", "embedding_weight", "scale"].map(|name| inputs.number(name));
        let weights = Weights { maps: maps?, embedding: embedding?, scale: scale? };
        let power = inputs.number("power")? as f32;
        let layers = Maps::layers_of(&network, &[]);
        let attention = Maps { kind: MapKind::Attention { power }, norm: MapNorm::L2, layers };
        let extractor =
            Extractor { embedding: Some(Embedding::Features), maps: (weights.maps > 0.0).then_some(attention) };
        let features = Matcher { extractor, distance: Distance::Mse, weights };
        Ok(Self {
            params: network.init(0, &place::device()).unflatten(&inputs.tensor("begin")?),
            network,
            real: inputs.values("real")?.to_vec(),
            counts: [inputs.shape("real")?[0] / classes, images.dims()[0] / classes],
            shape: [channels, height, width],
            draws: (inputs.number("augmented")? > 0.0).then_some(draws?),
            features: (inputs.note("method")? == "features").then_some(features),
            images,
            descent: Descent::new(inputs, "images")?,
        })
    }

    fn classes(&self) -> usize {
        self.images.dims()[0] / self.counts[1]
    }

    /// The augmentation of `n` images of a class.
    fn draw(&self, class: usize, n: usize) -> Option<Draws> {
        let (token, slots) = self.draws.as_ref()?[class];
        let slots = slots.map(|slot| vec![slot; n]);
        Some(Draws::replay(&DsaConfig::default(), token, self.shape, &slots))
    }

    /// The images of a class, augmented, in host memory.
    fn real(&self, class: usize) -> Vec<f32> {
        let size = self.counts[0] * self.shape.iter().product::<usize>();
        let mut own = self.real[class * size..(class + 1) * size].to_vec();
        if let Some(draws) = self.draw(class, self.counts[0]) {
            draws.apply_host(&mut own, self.shape);
        }
        own
    }

    /// Each class's part of the synthetic images, or of what belongs to them, under its augmentation.
    fn each(&self, rows: &Tensor<4>, f: impl Fn(Draws, Tensor<4>) -> Tensor<4>) -> Tensor<4> {
        let ipc = self.counts[1];
        let part = |class| {
            let own = rows.clone().narrow(0, class * ipc, ipc);
            match self.draw(class, ipc) {
                Some(draws) => f(draws, own),
                None => own,
            }
        };
        Tensor::cat((0..self.classes()).map(part).collect(), 0)
    }

    fn tensor(&self, values: Vec<f32>) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        let n = values.len() / (channels * height * width);
        Tensor::from_data(TensorData::new(values, [n, channels, height, width]), &place::device())
    }

    /// Loss and gradient of the images, by features.
    fn by_features(&self, matcher: &Matcher) -> (f64, Tensor<4>) {
        let classes = self.classes();
        let real: Vec<f32> = (0..classes).flat_map(|class| self.real(class)).collect();
        let pass = if self.network.couples_images() { real.len() } else { PASS * self.shape.iter().product::<usize>() };
        let rows = |values: &[f32]| {
            matcher.extractor.rows(&self.network, &self.params, self.tensor(values.to_vec()), Mode::Train).0
        };
        let real = Statistics::cat(&real.chunks(pass).map(rows).collect::<Vec<_>>())
            .class_means(&vec![self.counts[0]; classes]);
        let augmented = self.each(&self.images, |draws, own| draws.apply(own));
        let matched = matcher.matched(&self.network, &self.params, &real, augmented, self.counts[1], None);
        (f64::from(matched.loss.into_scalar::<f32>()), self.each(&matched.images, |draws, own| draws.pullback(own)))
    }

    /// Loss and gradient of the images, by the gradients that they give the network.
    fn by_gradients(&self) -> (f64, Tensor<4>) {
        let objective = Objective::new(&self.network, Mode::Train);
        let batch = |images: Tensor<4>, class: usize| {
            let n = images.dims()[0];
            let rows: Vec<f32> = (0..n * self.classes()).map(|i| f32::from(i % self.classes() == class)).collect();
            let rows = Tensor::from_data(TensorData::new(rows, [n, self.classes()]), &place::device());
            Batch { images, targets: Targets::Probabilities(rows) }
        };
        let (mut loss, ipc, mut parts) = (0.0, self.counts[1], Vec::new());
        for class in 0..self.classes() {
            let (_, real) = objective.gradient(&self.params, &batch(self.tensor(self.real(class)), class));
            let own = batch(self.images.clone().narrow(0, class * ipc, ipc), class);
            let synthetic = objective.gradient(&self.params, &own).1;
            let compared = DISTANCE.compare(&real, &synthetic);
            loss += f64::from(compared.loss.into_scalar::<f32>());
            parts.push(objective.products(&self.params, &own, &compared.direction, Differences::Exact).images);
        }
        (loss, Tensor::cat(parts, 0))
    }

    /// One iteration: loss and gradient, then a step of the images.
    fn iteration(&mut self) -> (f64, Tensor<4>) {
        let (loss, gradient) = match &self.features {
            Some(matcher) => self.by_features(matcher),
            None => self.by_gradients(),
        };
        self.images = self.descent.step(self.images.clone(), gradient.clone());
        (loss, gradient)
    }
}

fn main() -> Outcome<()> {
    kernels::tune_allocator();
    place::open()?;
    let mut out = stdout();
    let mut case: Option<Case> = None;
    let mut last: Option<Tensor<4>> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&words[..], &mut case) {
            (["case", file], _) => {
                case = Some(Case::new(&Inputs::read(file)?)?);
                writeln!(out, "ready")?;
            }
            (["run"], Some(case)) => {
                let start = Instant::now();
                let (loss, gradient) = case.iteration();
                last = Some(gradient);
                place::wait()?;
                writeln!(out, "{} {loss}", start.elapsed().as_secs_f64())?;
            }
            (["write", file], Some(_)) => {
                write(file, [("images", last.clone().ok_or("`write` comes after `run`")?.into_data())])?;
                writeln!(out, "written")?;
            }
            _ => return Err(format!("expected `case FILE`, then `run` or `write FILE`; got `{line}`").into()),
        }
        out.flush()?;
    }
    Ok(())
}
