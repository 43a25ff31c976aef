//! Training speed of networks: one side of `train_step.py`, which starts this program and its `PyTorch`
//! peer and has them work in turns.
//!
//! Protocol: a line `form network resolution batch mode steps` on standard input (`form`: `kernels` or `composed`;
//! `mode`: `train`, forward and backward; `eval`, forward without gradients; `recover`, the gradient of the loss of `SRe2L` with
//! respect to the images; or `relabel`, random views of a minibatch and their logits in half precision) is answered by a line with the seconds
//! a step took, and the loss.

mod place;

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use burn::tensor::{Distribution, Int, Tensor, activation::softmax};
use compdd::augment::{BatchSpec, DrawBatch as _, Sampling};
use compdd::methods::recover::{loss::Weights, matching::Matching};
use compdd::nn::{Mode, Network, NetworkSpec, Params, Taps, kernels, loss};
use compdd::protocol::Protocol;
use compdd::record::Budget;
use compdd::rng::Stream;
use half::f16;

const CLASSES: usize = 10;

/// `SRe2L`'s on CIFAR.
const RECOVERY: Weights = Weights { statistics: 0.01, first_layer: 10.0, total_variation: 0.0, l2: 0.0 };

/// One case with its inputs in place.
struct Case {
    network: Network,
    params: Params,
    images: Tensor<4>,
    labels: Tensor<2>,
}

impl Case {
    fn new(network: &str, resolution: usize, batch: usize) -> Result<Self, Box<dyn Error>> {
        let device = place::device();
        device.seed(0);
        let labels = Tensor::random([batch, CLASSES], Distribution::Normal(0.0, 1.0), &device);
        let network = NetworkSpec::parse(network)?.build(3, resolution, CLASSES)?;
        Ok(Self {
            params: network.init(0, &device),
            network,
            images: Tensor::random([batch, 3, resolution, resolution], Distribution::Normal(0.0, 1.0), &device),
            labels: softmax(labels, 1),
        })
    }

    fn step(&self, mode: &str) -> f32 {
        if mode == "recover" {
            let images = self.images.clone().autodiff().require_grad();
            let [batch, ..] = images.dims();
            let labels = Tensor::<1, Int>::zeros([batch], &images.device().without_autodiff());
            let mut matching = Matching::of_batch_norms(&self.params);
            let taps = Taps::Inputs(matching.kinds());
            let seen = self.network.forward_with(&self.params, images.clone(), Mode::Eval, taps);
            let layers = matching.distances(seen.taps, &[], &mut Stream::new(0, "hooks", 0));
            let terms = RECOVERY.terms(seen.logits, labels, layers, &images, images.clone());
            drop(images.grad_remove(&mut terms.total.clone().backward()));
            return terms.total.into_scalar::<f32>();
        }
        if mode == "relabel" {
            let [images, channels, height, width] = self.images.dims();
            let shape = [channels, height, width];
            let batch = BatchSpec { images, shape, normalisation: None, sampling: Sampling::PerImage };
            let protocol = Protocol::find("kd-fkd").expect("a protocol with stored labels").scoring(Budget::Paper);
            let draws = protocol.augmentation.draw_batch(&batch, 0, 0).expect("crops, mirrors, CutMix");
            let logits = self.network.forward(&self.params, draws.apply(self.images.clone()), Mode::Eval).logits;
            let stored: Vec<f16> = logits.into_data().iter::<f32>().map(f16::from_f32).collect();
            return stored[0].to_f32();
        }
        if mode == "eval" {
            return self
                .network
                .forward(&self.params, self.images.clone(), Mode::Eval)
                .logits
                .mean()
                .into_scalar::<f32>();
        }
        let params = self.params.track();
        let logits = self.network.forward(&params, self.images.clone(), Mode::Train).logits;
        let loss = loss::probability_cross_entropy(logits, self.labels.clone());
        drop(params.gradients(&mut loss.clone().backward()));
        loss.into_scalar::<f32>()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    place::open()?;
    let mut out = stdout();
    let mut kept: Option<(String, Case)> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [form, network, resolution, batch, mode, steps] = words[..] else {
            return Err(format!("expected `form network resolution batch mode steps`, got `{line}`").into());
        };
        let key = format!("{network} {resolution} {batch}");
        kernels::set_enabled(form == "kernels");
        if kept.as_ref().is_none_or(|(known, _)| *known != key) {
            kept = Some((key, Case::new(network, resolution.parse()?, batch.parse()?)?));
        }
        let Some((_, case)) = &kept else { continue };
        let (steps, mut loss) = (steps.parse::<u32>()?, 0.0);
        let start = Instant::now();
        for _ in 0..steps {
            loss = case.step(mode);
        }
        place::wait()?;
        writeln!(out, "{} {loss}", start.elapsed().as_secs_f64() / f64::from(steps))?;
        out.flush()?;
    }
    Ok(())
}
