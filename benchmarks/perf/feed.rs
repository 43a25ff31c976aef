//! What minibatches cost a training loop: `cargo bench --bench feed -- FOLDER SUBSET SIDE DEPTH BATCH STEPS [ROUNDS]`.
//!
//! A `ConvNet` of DEPTH trains on the real images of SUBSET in FOLDER for STEPS minibatches, in turns with one batch that stays (`none`), with
//! batches gathered in line (`PixelTensors::tensor`) and with batches made ready ahead (`feed::Feed`); then only forward, as a test
//! pass does. Printed are the smallest milliseconds a step of all rounds and the share of the time that the loop waits for its batch.
//! The CPU uploads values, other devices bytes: `in line, bytes` is what a GPU would be given, on the CPU.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor, TensorData};
use compdd::{
    data::{Library, Task, TaskOptions},
    feed::{Feed, Form, HostBatch, PixelTensors as _},
    nn::{Mode, Network, NetworkSpec, Params, kernels, loss},
    rng::Stream,
    subset::Subset,
};

const FORMS: [&str; 4] = ["none", "in line", "in line, bytes", "ahead"];

/// One step on a batch; what it returns has been computed.
fn step(network: &Network, params: &Params, images: Tensor<4>, labels: &[i32], train: bool) -> (Params, f32) {
    if !train {
        let logits = network.forward(params, images, Mode::Eval).logits;
        return (params.clone(), logits.mean().into_scalar());
    }
    let labels = Tensor::from_data(TensorData::new(labels.to_vec(), [labels.len()]), &Device::flex());
    let tracked = params.track();
    let output = network.forward(&tracked, images, Mode::Train);
    let loss = loss::hard_cross_entropy(output.logits, labels);
    let gradient = tracked.gradients(&mut loss.clone().backward());
    (params.clone().add_scaled(&gradient, -0.01), loss.into_scalar())
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [folder, subset, side, depth, batch, steps, rest @ ..] = &words[..] else {
        return Err("usage: feed FOLDER SUBSET SIDE DEPTH BATCH STEPS [ROUNDS]".into());
    };
    let (side, batch, steps): (usize, usize, usize) = (side.parse()?, batch.parse()?, steps.parse()?);
    let rounds: usize = rest.first().map_or(Ok(3), |rounds| rounds.parse())?;
    let subset = Subset::find(subset)?;
    let options = TaskOptions { resolution: Some(side), ..TaskOptions::default() };
    let start = Instant::now();
    let task = Task::load(&subset, &Library::new([folder]), &options)?;
    let loaded = start.elapsed();
    let device = Device::flex();
    let network = NetworkSpec::parse(&format!("convnet-d{depth}"))?.build(3, side, task.train.classes().len())?;
    let mut out = stdout();
    writeln!(out, "{} images loaded in {:.1} s; {} steps of {batch}", task.train.len(), loaded.as_secs_f64(), steps)?;
    writeln!(out, "| | batches | ms a step | of which waiting | share |\n|---|---|---|---|---|")?;
    for train in [true, false] {
        let mut least = [(f64::INFINITY, 0.0); FORMS.len()];
        for round in 0..rounds {
            let mut order: Vec<usize> = (0..task.train.len()).collect();
            Stream::new(1, "bench order", round as u64).shuffle(&mut order);
            order.truncate(batch * steps);
            for (form, least) in FORMS.iter().zip(&mut least) {
                let mut params = network.init(0, &device);
                let kept = task.space.tensor(&task.train, &order[..batch], &device);
                let mut feed = Feed::new(&task.train, &task.space, order.clone(), batch, &device);
                let (mut waited, start) = (Duration::ZERO, Instant::now());
                for (number, indices) in order.chunks(batch).enumerate() {
                    let asked = Instant::now();
                    let images = match *form {
                        "none" => kept.clone(),
                        "ahead" => feed.take(number),
                        "in line" => task.space.tensor(&task.train, indices, &device),
                        _ => HostBatch::gather(&task.space, &task.train, indices, Form::Device).tensor(&device),
                    };
                    waited += asked.elapsed();
                    let labels: Vec<i32> = indices.iter().map(|&i| task.train.labels()[i] as i32).collect();
                    params = step(&network, &params, images, &labels, train).0;
                }
                let seconds = start.elapsed().as_secs_f64();
                if seconds < least.0 {
                    *least = (seconds, waited.as_secs_f64());
                }
            }
        }
        for (form, (seconds, waited)) in FORMS.iter().zip(least) {
            let (mode, each) = (if train { "training" } else { "forward" }, 1e3 / steps as f64);
            writeln!(
                out,
                "| {mode} | {form} | {:.2} | {:.2} | {:.2}% |",
                seconds * each,
                waited * each,
                100.0 * waited / seconds
            )?;
        }
    }
    Ok(())
}
