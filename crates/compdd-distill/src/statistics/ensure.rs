//! Gathering what a demand lacks: one pass over the training images for a teacher, resumable, the same bytes whatever happens.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use burn::tensor::{Device, Tensor};

use super::{
    Cost, Demand, HookedLayer, Statistics, StatisticsError,
    file::{self, Card},
    image_moments, moments,
    moments::cells,
    sums::Sums,
};
use crate::{
    eval::{LogitSource as _, View, views::normalisation},
    teachers::TeacherLogits,
};
use compdd_core::{
    files::Lock,
    progress::{Hooks, Interrupted, Progress, Stop},
    record::hash,
    rng::Stream,
};
use compdd_data::data::Task;
use compdd_nn::{
    augment::{BatchSpec, DrawBatch as _, Sampling},
    nn::{LayerKind, Mode, Taps},
};

/// Where and how statistics are gathered. Nothing in here changes a byte of them.
#[derive(Clone, Copy)]
pub struct StatisticsContext<'a> {
    /// Where to compute.
    pub device: &'a Device,
    /// Set from outside to stop; what is gathered is saved first.
    pub stop: &'a Stop,
    /// Who hears about the batches.
    pub progress: &'a dyn Progress,
    /// Time between checkpoints.
    pub every: Duration,
}

/// The statistics that meet a demand already, if they are there.
///
/// # Errors
/// [`StatisticsError::Damaged`] with the file that is.
pub fn find(demand: &Demand, teacher: &TeacherLogits, task: &Task) -> Result<Option<Statistics>, StatisticsError> {
    let job = Job::new(demand, teacher, task);
    Statistics::open(&job.folder(), &job.identity)
}

/// The statistics that meet a demand, found in the folder of the teacher or gathered over the training images that are not held out, and kept
/// there. An interrupted or killed call is continued by the next one, and the bytes are those of a call that was not; what another process is
/// gathering is waited for. Images come in an order, and views are drawn, that depend on the demand alone.
///
/// # Errors
/// [`StatisticsError::Interrupted`] when `context.stop` was set, [`StatisticsError::Damaged`].
pub fn ensure(
    demand: &Demand,
    teacher: &TeacherLogits,
    task: &Task,
    context: StatisticsContext<'_>,
) -> Result<Statistics, StatisticsError> {
    let job = Job::new(demand, teacher, task);
    let (folder, unfinished) = (job.folder(), job.unfinished());
    if let Some(found) = Statistics::open(&folder, &job.identity)? {
        return Ok(found);
    }
    let hooks = Hooks { progress: context.progress, stop: context.stop };
    let lock = Lock::in_turn::<StatisticsError>(&unfinished, &job.stage(), hooks)?;
    let statistics = match Statistics::open(&folder, &job.identity)? {
        Some(found) => found,
        None => job.finish(job.gather(&unfinished.join("sums.safetensors"), context)?)?,
    };
    lock.clear(&unfinished)?;
    Ok(statistics)
}

/// What gathering the statistics of a demand costs.
pub fn cost(demand: &Demand, teacher: &TeacherLogits, task: &Task, device: &Device) -> Cost {
    let (network, params) = (teacher.teacher().network(), teacher.teacher().params());
    let [channels, height, width] = network.input();
    let nothing = Tensor::zeros([1, channels, height, width], device);
    let inputs = network.forward_with(params, nothing, Mode::Eval, Taps::Inputs(demand.kinds())).taps;
    let values = |(layer, (_, z)): (&HookedLayer, &(String, Tensor<4>))| {
        let [_, c, h, w] = z.dims();
        2 * (c + demand.patch_of(layer.kind).map_or(0, |side| cells([h, w], side)))
    };
    let layers = demand.layers(network);
    demand.cost(task, layers.iter().zip(&inputs).map(values).sum())
}

/// One pass over the images of a task through a teacher.
struct Job<'a> {
    demand: &'a Demand,
    teacher: &'a TeacherLogits,
    task: &'a Task,
    identity: String,
}

impl<'a> Job<'a> {
    fn new(demand: &'a Demand, teacher: &'a TeacherLogits, task: &'a Task) -> Self {
        let identity = demand.identity(teacher.hash(), &View::training(task).hash());
        Self { demand, teacher, task, identity }
    }

    fn root(&self) -> PathBuf {
        self.teacher.teacher().path().join("statistics")
    }

    /// What this work is called while it goes on.
    fn stage(&self) -> String {
        format!("statistics of {}", self.teacher.teacher())
    }

    fn folder(&self) -> PathBuf {
        self.root().join(hash::short(&self.identity))
    }

    fn unfinished(&self) -> PathBuf {
        self.root().join(format!("unfinished-{}", hash::short(&self.identity)))
    }

    fn gather(&self, checkpoint: &Path, context: StatisticsContext<'_>) -> Result<Sums, StatisticsError> {
        let (demand, view) = (self.demand, View::training(self.task));
        let order = Stream::new(0, "statistics", 0).permutation(view.len());
        let mut feed = view.feed(&order, demand.batch, context.device);
        let mut sums = Sums::load(checkpoint)?;
        let stage = self.stage();
        context.progress.begin(&stage, feed.len());
        let mut saved = Instant::now();
        while sums.batches < feed.len() {
            if context.stop.is_requested() {
                sums.save(checkpoint)?;
                return Err(Interrupted.into());
            }
            let number = sums.batches;
            let images = &order[number * demand.batch..];
            let images = &images[..images.len().min(demand.batch)];
            let labels: Vec<u32> = images.iter().map(|&i| view.label(i)).collect();
            self.add(&mut sums, self.seen(feed.take(number), number)?, &labels);
            sums.batches += 1;
            context.progress.advance(&stage, sums.batches, "");
            if saved.elapsed() >= context.every {
                sums.save(checkpoint)?;
                saved = Instant::now();
            }
        }
        context.progress.end(&stage, "");
        Ok(sums)
    }

    /// A batch as in the training of the networks.
    fn seen(&self, images: Tensor<4>, number: usize) -> Result<Tensor<4>, StatisticsError> {
        let Some(pipeline) = self.demand.views.pipeline() else { return Ok(images) };
        let [n, channels, height, width] = images.dims();
        let batch = BatchSpec {
            images: n,
            shape: [channels, height, width],
            normalisation: normalisation(&self.task.space),
            sampling: Sampling::PerImage,
        };
        let seed = Stream::child_seed(0, "statistics", 0);
        Ok(pipeline.draw_batch(&batch, seed, number as u64)?.apply(images))
    }

    fn add(&self, sums: &mut Sums, images: Tensor<4>, labels: &[u32]) {
        let (demand, inside) = (self.demand, self.teacher.teacher());
        let layers = demand.layers(inside.network());
        let taps = Taps::Inputs(demand.kinds());
        let inputs = inside.network().forward_with(inside.params(), images, Mode::Eval, taps).taps;
        let (weight, classes) = (labels.len() as f64, self.task.subset.classes_len());
        for (layer, (_, z)) in layers.iter().zip(inputs) {
            let patch = demand.patch_of(layer.kind);
            if demand.convolutions && layer.kind == LayerKind::Conv {
                for (key, row) in layer.keys().iter().zip(moments(z.clone(), patch)) {
                    sums.add(&file::array(layer, key), [0, 1], &values(row), weight);
                }
            }
            if demand.classes {
                for (key, rows) in layer.keys().iter().zip(image_moments(z, patch)) {
                    let (name, [_, width]) = (file::of_classes(file::array(layer, key)), rows.dims());
                    for (row, label) in values(rows).chunks_exact(width).zip(labels) {
                        sums.add(&name, [*label as usize, classes], row, 1.0);
                    }
                }
            }
        }
    }

    /// Means of the sums: over all images, and over those of every class; zeros for a class without images.
    fn finish(&self, sums: Sums) -> Result<Statistics, StatisticsError> {
        let (view, classes) = (View::training(self.task), self.task.subset.classes_len());
        let mut counts = vec![0_usize; classes];
        (0..view.len()).for_each(|i| counts[view.label(i) as usize] += 1);
        let mean = |(name, array): (String, Vec<f64>)| {
            let rows = if name.ends_with(file::CLASSES) { classes } else { 1 };
            let width = array.len() / rows;
            let count = |row: usize| if rows == 1 { view.len() } else { counts[row].max(1) };
            let values = array.iter().enumerate().map(|(i, sum)| (sum / count(i / width) as f64) as f32).collect();
            let shape = if rows == 1 { vec![width] } else { vec![rows, width] };
            (name, (shape, values))
        };
        let card = Card::new(&self.identity, self.task.subset.id(), view.len());
        Statistics::write(&self.folder(), sums.arrays.into_iter().map(mean).collect(), card)
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
