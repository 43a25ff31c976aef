//! What a tangent costs: a block of the `ConvNet` (convolution, instance norm, `ReLU`, pooling) on duals beside the same
//! block on values, forward and backward, on the CPU; and a transposed augmentation beside the tracked one.
//!
//! `cargo bench --bench dual_block [-- SECONDS [CASE..]]` prints one line a case (`channels,side,batch`; all unless
//! named): milliseconds of both and the ratio, for the block, its convolution and its norm. The two take turns; a figure
//! is the smallest of the turns that fit into the seconds (0.3 each unless said). On a busy machine trust the ratio of
//! processor time with one thread (`RAYON_NUM_THREADS=1`). Forward and backward together, a convolution of duals has
//! eight products where one of values has three, and a norm reads and writes twice as much: 2.67 and 2 are the marks.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};
use compdd::{
    augment::{Draws, DsaConfig, Kind, Op},
    nn::kernels,
};

/// Input channels, side, batch; values without tangents where the block is the first.
const CASES: &[(usize, usize, usize)] = &[
    (3, 32, 10),
    (128, 32, 10),
    (128, 16, 10),
    (128, 8, 10),
    (3, 32, 100),
    (128, 32, 100),
    (128, 16, 100),
    (128, 8, 100),
    (128, 64, 10),
    (128, 128, 10),
];
const WIDTH: usize = 128;
const PARTS: [(&str, [bool; 2]); 3] = [("block", [true, true]), ("conv", [true, false]), ("norm", [false, true])];

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

/// A block with its inputs in place.
struct Block {
    /// Values, and values with tangents.
    inputs: [Tensor<4>; 2],
    maps: [Tensor<4>; 2],
    first: bool,
    weights: [Tensor<4>; 2],
    gamma: [Tensor<1>; 2],
    beta: [Tensor<1>; 2],
}

impl Block {
    fn new((channels, side, batch): (usize, usize, usize)) -> Self {
        let first = channels == 3;
        let stacked = if first { batch } else { 2 * batch };
        Self {
            inputs: [batch, stacked].map(|n| random([n, channels, side, side])),
            maps: [batch, 2 * batch].map(|n| random([n, WIDTH, side, side])),
            first,
            weights: [random([WIDTH, channels, 3, 3]), random([WIDTH, channels, 3, 3])],
            gamma: [random([WIDTH]), random([WIDTH])],
            beta: [random([WIDTH]), random([WIDTH])],
        }
    }

    /// Forward and backward of the parts asked for, on values or on duals.
    fn run(&self, dual: bool, [convolve, normalise]: [bool; 2]) {
        let which = usize::from(dual);
        let track = |x: &Tensor<4>| x.clone().autodiff().require_grad();
        let [gamma, beta] = [&self.gamma, &self.beta].map(|v| v[0].clone().autodiff().require_grad());
        let z = if convolve {
            let (x, w, ones) = (track(&self.inputs[which]), track(&self.weights[0]), [1, 1]);
            if dual {
                kernels::dual_conv2d(x, !self.first, w, self.weights[1].clone(), ones, ones, kernels::Blocks::Small)
            } else {
                kernels::conv2d(x, w, ones, ones, kernels::Blocks::Small)
            }
        } else {
            track(&self.maps[which])
        };
        let y = match (normalise, dual) {
            (true, true) => kernels::dual_norm_relu_pool(z, gamma, beta, self.gamma[1].clone(), self.beta[1].clone()),
            (true, false) => kernels::norm_relu_pool(z, gamma, beta),
            (false, _) => z,
        };
        black_box(y.sum().backward());
    }
}

/// Processor time of the process so far, in seconds.
fn processor() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes the one structure it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Smallest wall and processor time of each, in milliseconds, taking turns.
fn compare(seconds: f64, runs: [&dyn Fn(); 2]) -> [[f64; 2]; 2] {
    let mut best = [[f64::INFINITY; 2]; 2];
    let start = Instant::now();
    while best[0][0] == f64::INFINITY || start.elapsed() < Duration::from_secs_f64(seconds) {
        for (best, run) in best.iter_mut().zip(runs) {
            let (wall, busy) = (Instant::now(), processor());
            run();
            let spent = [wall.elapsed().as_secs_f64() * 1e3, (processor() - busy) * 1e3];
            *best = [best[0].min(spent[0]), best[1].min(spent[1])];
        }
    }
    best
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let seconds = words.first().map_or(Ok(0.3), |word| word.parse::<f64>())?;
    let wanted = |(channels, side, batch)| {
        words.len() < 2 || words[1..].iter().any(|word| *word == format!("{channels},{side},{batch}"))
    };
    let mut out = stdout();
    writeln!(out, "channels side batch  part    values ms  duals ms  ratio  processor")?;
    for &case in CASES.iter().filter(|case| wanted(**case)) {
        let block = Block::new(case);
        for (name, parts) in PARTS {
            let [values, duals] = compare(seconds, [&|| block.run(false, parts), &|| block.run(true, parts)]);
            let (channels, side, batch) = case;
            writeln!(
                out,
                "{channels:8} {side:4} {batch:5}  {name:5} {:11.3} {:9.3} {:6.2} {:10.2}",
                values[0],
                duals[0],
                duals[0] / values[0],
                duals[1] / values[1]
            )?;
            out.flush()?;
        }
    }
    if words.len() < 2 {
        let slots = [(0..256).map(|i| i as f32 / 256.0).collect()];
        let draws = Draws::new(vec![Op::from_slots(Kind::Rotate, &DsaConfig::default(), [3, 32, 32], &slots)]);
        let cotangent = random([256, 3, 32, 32]);
        let tracked = || {
            let x = cotangent.zeros_like().autodiff().require_grad();
            black_box((draws.apply(x) * cotangent.clone()).sum().backward());
        };
        let direct = || drop(black_box(draws.pullback(cotangent.clone())));
        let [graph, pullback] = compare(seconds, [&tracked, &direct]);
        writeln!(out, "rotation of 256 images of 32 px: tracked {:.3} ms, pullback {:.3} ms", graph[0], pullback[0])?;
    }
    Ok(())
}
