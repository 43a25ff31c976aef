//! Single operations on maps, forward and backward on the CPU: one side of `map_ops.py`, which starts this program and its
//! `PyTorch` peer and has them work in turns.
//!
//! Protocol: a line `form operation images channels side repeats` on standard input (`form`: `kernels` or `composed`) is
//! answered by a line with the smallest seconds of a forward pass without gradients, and of a forward and backward pass:
//! by the clock, then of processor time.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use compdd::nn::{PoolKind, Primal, TensorOps, Window, kernels};

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

/// Seconds by the clock from some start on, and processor time of the process.
fn now(start: Instant) -> [f64; 2] {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes the one structure it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    [start.elapsed().as_secs_f64(), time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9]
}

/// The inputs of an operation: maps, filters, scale and shift.
struct Inputs {
    x: Tensor<4>,
    weight: Tensor<4>,
    affine: [Tensor<1>; 2],
}

impl Inputs {
    fn new(images: usize, channels: usize, side: usize) -> Self {
        Self {
            x: random([images, channels, side, side]),
            weight: random([channels, channels, 3, 3]) * 0.03,
            affine: [random([channels]), random([channels])],
        }
    }

    /// The operation, on tracked inputs or not, and the sum of what it gives.
    fn run(&self, operation: &str, tracked: bool) -> Result<Tensor<1>, String> {
        let Self { x, weight, affine: [gamma, beta] } = self;
        let (mut x, mut weight, mut gamma, mut beta) = (x.clone(), weight.clone(), gamma.clone(), beta.clone());
        if tracked {
            x = x.autodiff().require_grad();
            weight = weight.autodiff().require_grad();
            gamma = gamma.autodiff().require_grad();
            beta = beta.autodiff().require_grad();
        }
        let attention = |power| kernels::attention(x.clone(), power).sum();
        Ok(match operation {
            "conv" => Primal::conv2d(x, weight, None, Window::SAME3, 1, kernels::Blocks::Small).sum(),
            "pool" => Primal::pool(x, PoolKind::Average, Window::HALVE).sum(),
            "batch-norm" => Primal::batch_norm_train(x, gamma, beta).0.sum(),
            "batch-norm-relu" => Primal::batch_norm_rectified_train(x, gamma, beta, kernels::Rectifier::Relu).0.sum(),
            "norm-relu" => Primal::norm_relu(x, gamma, beta).sum(),
            "attention-1" => attention(1.0),
            "attention-2" => attention(2.0),
            "attention-3" => attention(3.0),
            "attention-4" => attention(4.0),
            "attention-2.5" => attention(2.5),
            other => return Err(format!("no operation `{other}`")),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    let mut out = stdout();
    let mut kept: Option<(Vec<usize>, Inputs)> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [form, operation, images, channels, side, repeats] = words[..] else {
            return Err(format!("expected `form operation images channels side repeats`, got `{line}`").into());
        };
        let sizes = [images, channels, side].map(str::parse).into_iter().collect::<Result<Vec<usize>, _>>()?;
        kernels::set_enabled(form == "kernels");
        if kept.as_ref().is_none_or(|(key, _)| *key != sizes) {
            kept = Some((sizes.clone(), Inputs::new(sizes[0], sizes[1], sizes[2])));
        }
        let Some((_, inputs)) = &kept else { continue };
        let (start, mut least) = (Instant::now(), [f64::INFINITY; 4]);
        for _ in 0..repeats.parse::<usize>()? {
            let first = now(start);
            black_box(inputs.run(operation, false)?);
            let middle = now(start);
            black_box(inputs.run(operation, true)?.backward());
            let last = now(start);
            let spent = [0, 1].map(|clock| [middle[clock] - first[clock], last[clock] - middle[clock]]).concat();
            for (least, spent) in least.iter_mut().zip(spent) {
                *least = least.min(spent);
            }
        }
        writeln!(out, "{} {} {} {}", least[0], least[1], least[2], least[3])?;
        out.flush()?;
    }
    Ok(())
}
