//! Training speed of `ConvNets` on the CPU: one side of `train_step.py`, which starts this program and its `PyTorch`
//! peer and has them work in turns.
//!
//! Protocol: a line `form depth resolution batch mode steps` on standard input (`form`: `kernels` or `composed`;
//! `mode`: `train`, forward and backward, or `eval`, forward without gradients) is answered by a line with the seconds
//! a step took, and the loss.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Distribution, Tensor};
use compdd::nn::kernels;

const WIDTH: usize = 128;
const CLASSES: usize = 10;

/// The parameters of a `ConvNet`: filters, scale and shift of each block, and the head.
struct Network {
    blocks: Vec<(Tensor<4>, Tensor<1>, Tensor<1>)>,
    head: Tensor<2>,
}

impl Network {
    fn new(depth: usize, resolution: usize, device: &Device) -> Self {
        let blocks = (0..depth)
            .map(|block| {
                let channels = if block == 0 { 3 } else { WIDTH };
                let spread = (2.0 / (9 * channels) as f64).sqrt();
                let filters = Tensor::random([WIDTH, channels, 3, 3], Distribution::Normal(0.0, spread), device);
                (filters, Tensor::ones([WIDTH], device), Tensor::zeros([WIDTH], device))
            })
            .collect();
        let features = WIDTH * (resolution >> depth).pow(2);
        let spread = (1.0 / features as f64).sqrt();
        Self { blocks, head: Tensor::random([features, CLASSES], Distribution::Normal(0.0, spread), device) }
    }

    fn tracked(&self) -> Self {
        let blocks = self.blocks.iter().cloned();
        let blocks = blocks.map(|(w, g, b)| (leaf(w), leaf(g), leaf(b))).collect();
        Self { blocks, head: leaf(self.head.clone()) }
    }

    fn logits(&self, mut x: Tensor<4>) -> Tensor<2> {
        for (filters, gamma, beta) in &self.blocks {
            x = kernels::norm_relu_pool(kernels::conv3x3(x, filters.clone()), gamma.clone(), beta.clone());
        }
        x.flatten::<2>(1, 3).matmul(self.head.clone())
    }
}

fn leaf<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.autodiff().require_grad()
}

/// One case with its inputs in place.
struct Case {
    network: Network,
    images: Tensor<4>,
    labels: Tensor<2>,
}

impl Case {
    fn new(depth: usize, resolution: usize, batch: usize) -> Self {
        let device = Device::flex();
        device.seed(0);
        let labels = Tensor::random([batch, CLASSES], Distribution::Normal(0.0, 1.0), &device);
        Self {
            network: Network::new(depth, resolution, &device),
            images: Tensor::random([batch, 3, resolution, resolution], Distribution::Normal(0.0, 1.0), &device),
            labels: softmax(labels, 1),
        }
    }

    fn step(&self, train: bool) -> f32 {
        if !train {
            return self.network.logits(self.images.clone()).mean().into_scalar::<f32>();
        }
        let network = self.network.tracked();
        let logits = network.logits(Tensor::from_inner(self.images.clone()));
        let labels = Tensor::from_inner(self.labels.clone());
        let loss = -(labels * log_softmax(logits, 1)).sum_dim(1).mean();
        let mut gradients = loss.backward();
        for (w, g, b) in &network.blocks {
            let taken = (w.grad_remove(&mut gradients), g.grad_remove(&mut gradients), b.grad_remove(&mut gradients));
            drop(taken);
        }
        drop(network.head.grad_remove(&mut gradients));
        loss.into_scalar::<f32>()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    let mut out = stdout();
    let mut kept: Option<(Vec<usize>, Case)> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [form, depth, resolution, batch, mode, steps] = words[..] else {
            return Err(format!("expected `form depth resolution batch mode steps`, got `{line}`").into());
        };
        let sizes = [depth, resolution, batch].map(str::parse).into_iter().collect::<Result<Vec<usize>, _>>()?;
        kernels::set_enabled(form == "kernels");
        if kept.as_ref().is_none_or(|(key, _)| *key != sizes) {
            kept = Some((sizes.clone(), Case::new(sizes[0], sizes[1], sizes[2])));
        }
        let Some((_, case)) = &kept else { continue };
        let (steps, mut loss) = (steps.parse::<u32>()?, 0.0);
        let start = Instant::now();
        for _ in 0..steps {
            loss = case.step(mode == "train");
        }
        writeln!(out, "{} {loss}", start.elapsed().as_secs_f64() / f64::from(steps))?;
        out.flush()?;
    }
    Ok(())
}
