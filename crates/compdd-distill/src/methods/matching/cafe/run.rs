//! One distillation: a step is the whole life of a network. The images take a step, the network learns from them until it has
//! moved, the images take the next step, until the network moves no more.

use burn::tensor::Tensor;

use super::{
    loss::{Aligned, Alignment},
    monitor::{AccuracyMonitor, Window},
    recipe::CafeRecipe,
};
use crate::{
    eval::{Student, TrainingHooks, TrainingSet, View, accuracy},
    methods::{
        Distiller, MethodError, Start, State, StepContext, StepReport,
        matching::{
            chunks::ChunkPlan,
            pixels::Pixels,
            real::{RealBatch, RealClasses, partial_shuffle},
            siamese::Siamese,
        },
    },
};
use compdd_core::{
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_data::data::Prefetcher;
use compdd_nn::{
    grad::GradError,
    nn::{Network, Params},
};

/// A run of CAFE.
pub(super) struct Run<'a> {
    start: Start<'a>,
    recipe: CafeRecipe,
    network: Network,
    alignment: Alignment,
    passes: ChunkPlan,
    siamese: Siamese,
    /// By step of the images: `inner_cap` of them belong to an iteration.
    real: Prefetcher<RealBatch>,
    /// The training images of every class.
    classes: Vec<(u32, Vec<usize>)>,
    pixels: Pixels,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: CafeRecipe, images: Tensor<4>) -> Result<Self, MethodError> {
        let task = start.task;
        let [channels, _, side] = task.train.shape();
        let network = start.network.build(channels, side, task.subset.classes_len())?;
        if network.couples_images() && start.chunk.is_some() {
            return Err(GradError::ChunkedBatchNorm.into());
        }
        let classes = task.training_classes();
        let passes = ChunkPlan::new(&start, &network);
        let siamese = Siamese::new(recipe.dsa(), start.seed, classes.len());
        let source = RealClasses::new(task, start.seed, recipe.batch_real, siamese.clone());
        Ok(Self {
            alignment: Alignment::new(&network, &recipe.weights(), passes),
            passes,
            siamese,
            real: Prefetcher::new(move |step| source.batch(step)),
            classes,
            pixels: Pixels::new(images, recipe.lr_img, recipe.momentum_img),
            start,
            recipe,
            network,
        })
    }

    /// Loss and gradient of the images in a step.
    fn aligned(&self, params: &Params, batch: &RealBatch, place: u64, images: &Tensor<4>) -> Aligned {
        let rows = |from, to| batch.rows(from, to, self.start.device);
        let real = self.alignment.real(&self.network, params, &batch.counts, rows);
        let draws = self.siamese.synthetic(place, self.start.ipc, self.start.task.train.shape());
        let augmented = draws.apply(images);
        let aligned = self.alignment.aligned(&self.network, params, &real, &augmented, self.start.ipc);
        Aligned { images: draws.pullback(&aligned.images), ..aligned }
    }

    /// Accuracy on some real training images of every class.
    fn measured(&self, params: &Params, place: u64, ctx: &StepContext<'_>) -> Result<f64, MethodError> {
        let (task, count) = (self.start.task, self.classes.len() as u64);
        let drawn = self.classes.iter().zip(0..).flat_map(|((_, members), class)| {
            let mut stream = Stream::new(self.start.seed, "watched images", place * count + class);
            partial_shuffle(&mut stream, members, self.recipe.watch_images.min(members.len()))
        });
        let view = View::some(&task.train, &task.space, drawn.collect::<Vec<_>>());
        let batch = self.passes.images().min(view.len());
        let passes = crate::eval::InferenceOptions { device: self.start.device, batch, stop: ctx.stop };
        Ok(accuracy(&self.network, params, &view, passes)?.fraction())
    }

    /// The images as the network is trained on them.
    fn training_set(&self, images: &Tensor<4>) -> TrainingSet {
        let labels = self.classes.iter().flat_map(|(label, _)| vec![*label; self.start.ipc]).collect();
        let learning_rate = self.recipe.train_lr as f32;
        TrainingSet { images: images.clone(), labels: Labels::Hard(labels), weights: None, learning_rate }
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.recipe.iterations
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let (step, seed) = (ctx.step as u64, self.start.seed);
        let (steps, epochs) = (self.recipe.inner_cap, self.recipe.epoch_cap);
        let most = (steps * (epochs + 1)) as u64;
        let params = self.network.init(Stream::child_seed(seed, "network", step), self.start.device);
        let training_seed = Stream::child_seed(seed, "network training", step);
        let mut student = Student::from_params(&self.network, self.recipe.plan(), training_seed, params);
        let (mut monitor, mut settled) = (AccuracyMonitor::new(self.recipe.watcher), Window::new(self.recipe.window));
        let (mut measurements, mut taken, mut loss, mut smoothing) = (0, 0, None, 0.0);
        let mut pixels = self.pixels.clone();
        pixels.descent.rate = self.recipe.image_rate(ctx.step);
        while taken < steps {
            let place = step * steps as u64 + taken as u64;
            taken += 1;
            let batch = self.real.take(place, taken < steps);
            let aligned = self.aligned(student.params(), &batch, place, &pixels.images);
            pixels.update(aligned.images);
            loss = Some(aligned.loss);
            smoothing = monitor.read(self.measured(student.params(), step * most + measurements, ctx)?);
            measurements += 1;
            settled.push(smoothing);
            if settled.is_full() && settled.spread() < self.recipe.settled_below {
                break;
            }
            if taken == steps {
                break;
            }
            let (data, mut moved) = (self.training_set(&pixels.images), Window::new(self.recipe.window));
            for _ in 0..epochs {
                student.train_epoch(&data, &mut TrainingHooks::new(0, ctx.stop, &()))?;
                smoothing = monitor.read(self.measured(student.params(), step * most + measurements, ctx)?);
                measurements += 1;
                moved.push(smoothing);
                if moved.spread() > self.recipe.moved_above {
                    break;
                }
            }
        }
        self.pixels = pixels;
        let loss = loss.unwrap_or_else(|| Tensor::zeros([1], self.start.device));
        Ok(self.passes.report(ctx.step, &loss, || {
            let epochs = student.epochs_done() as f64;
            vec![("inner_steps", taken as f64), ("network_epochs", epochs), ("network_accuracy", smoothing)]
        }))
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        Ok(self.pixels.distilled(&self.start, 1))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        self.pixels.save(state);
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        Ok(self.pixels.load(state, self.start.device)?)
    }
}
