//! One run: a step of a batch of images a step.

use burn::tensor::{Int, Tensor, TensorData};

use super::{
    loss::Weights,
    recipe::{LabelKind, RecoverRecipe},
    views::Views,
};
use crate::{
    eval::{LogitSource as _, Optimizer, Rule, Schedule},
    methods::{Distiller, MethodError, Start, State, StateError, StepContext, StepReport, tensors},
    teachers::TeacherLogits,
};
use compdd_core::{
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_data::data::PixelSpace;

/// Adam of the pixels.
const ADAM: Rule = Rule::AdamW { betas: [0.5, 0.9], epsilon: 1e-8, weight_decay: 0.0, matrices_only: false };
/// Most images of one pass for labels.
const PASS: usize = 128;

/// The set as it grows: one batch after the other. A batch holds one image of each of at most [`RecoverRecipe::batch`] classes; all classes get
/// their first image before any gets its second.
pub(super) struct Run<'a> {
    start: Start<'a>,
    recipe: RecoverRecipe,
    weights: Weights,
    views: Views,
    teacher: &'a TeacherLogits,
    /// The output of the network for every label.
    outputs: Vec<usize>,
    /// The labels that some image carries.
    classes: Vec<u32>,
    /// `[classes * ipc, channels, side, side]`, class by class; grey where nothing has begun.
    images: Vec<f32>,
    /// Which batch is being recovered.
    batch: usize,
    /// Its images, flat.
    pixels: Tensor<1>,
    optimizer: Optimizer,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: RecoverRecipe) -> Result<Self, MethodError> {
        let method = start.method.to_owned();
        let task = start.task;
        let [teacher, ..] = start.teachers else { return Err(MethodError::NoObserver { method }) };
        if matches!(task.space, PixelSpace::Zca { .. }) {
            return Err(MethodError::Whitened { method });
        }
        let inside = teacher.teacher();
        if recipe.statistics > 0.0 && inside.network().layout().buffers.is_empty() {
            let network = inside.network().spec().slug();
            return Err(MethodError::NoStatistics { method, network });
        }
        let unused = task.subset.unused_labels();
        let classes: Vec<u32> = (0..task.subset.classes_len() as u32).filter(|label| !unused.contains(label)).collect();
        let size: usize = task.train.shape().iter().product();
        Ok(Self {
            weights: recipe.weights(),
            views: Views {
                crop: recipe.crop,
                min_area: recipe.min_area,
                curriculum: recipe.curriculum,
                milestone: recipe.milestone,
                iterations: recipe.iterations,
                roll: recipe.roll,
            },
            teacher,
            outputs: inside.card().outputs(&task.subset)?,
            images: vec![0.0; classes.len() * start.ipc * size],
            classes,
            batch: 0,
            pixels: Tensor::zeros([0], start.device),
            optimizer: Optimizer::new(ADAM),
            recipe,
            start,
        })
    }

    /// Batches that together hold one image of every class.
    fn chunks(&self) -> usize {
        self.classes.len().div_ceil(self.recipe.batch)
    }

    /// The positions in the set of the images of a batch, and the positions of their classes.
    fn members(&self, batch: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (image, first) = (batch / self.chunks(), batch % self.chunks() * self.recipe.batch);
        let ipc = self.start.ipc;
        (first..self.classes.len().min(first + self.recipe.batch)).map(move |class| (class * ipc + image, class))
    }

    /// The seed of the streams of a batch.
    fn seed(&self, batch: usize) -> u64 {
        Stream::child_seed(self.start.seed, "recover", batch as u64)
    }

    fn size(&self) -> usize {
        self.start.task.train.shape().iter().product()
    }

    /// Begins a batch with noise and an optimiser that has seen no gradient.
    fn begin(&mut self, batch: usize) {
        let mut stream = Stream::new(self.seed(batch), "noise", 0);
        let noise: Vec<f32> = (0..self.members(batch).count() * self.size()).map(|_| stream.normal()).collect();
        let count = noise.len();
        self.pixels = Tensor::from_data(TensorData::new(noise, [count]), self.start.device);
        self.optimizer = Optimizer::new(ADAM);
        self.batch = batch;
    }

    /// The pixels within what bytes can hold.
    fn clamped(&self, pixels: Tensor<1>, shape: [usize; 4]) -> Tensor<1> {
        let (mean, std) = self.start.task.space.statistics();
        let bound = |value: f32| {
            let values: Vec<f32> = mean.iter().zip(std).map(|(mean, std)| (value - mean) / std).collect();
            Tensor::<4>::from_data(TensorData::new(values, [1, shape[1], 1, 1]), self.start.device).expand(shape)
        };
        let count: usize = shape.iter().product();
        pixels.reshape(shape).max_pair(bound(0.0)).min_pair(bound(1.0)).reshape([count])
    }

    /// Copies the batch in work to its places in the set.
    fn place(&self, images: &mut [f32]) {
        let size = self.size();
        let values: Vec<f32> = self.pixels.clone().into_data().iter::<f32>().collect();
        for ((place, _), image) in self.members(self.batch).zip(values.chunks_exact(size)) {
            images[place * size..][..size].copy_from_slice(image);
        }
    }

    fn logits(&self, images: &[f32]) -> Vec<f32> {
        let [channels, height, width] = self.start.task.train.shape();
        let pass = |images: &[f32]| {
            let shape = [images.len() / self.size(), channels, height, width];
            let images = Tensor::from_data(TensorData::new(images.to_vec(), shape), self.start.device);
            self.teacher.logits(images).into_data().iter::<f32>().collect::<Vec<_>>()
        };
        images.chunks(PASS * self.size()).flat_map(pass).collect()
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.chunks() * self.start.ipc * self.recipe.iterations
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let (batch, t) = (ctx.step / self.recipe.iterations, ctx.step % self.recipe.iterations);
        if t == 0 {
            self.begin(batch);
        }
        let labels: Vec<i32> =
            self.members(batch).map(|(_, class)| self.outputs[self.classes[class] as usize] as i32).collect();
        let [channels, height, width] = self.start.task.train.shape();
        let shape = [labels.len(), channels, height, width];
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [shape[0]]), self.start.device);
        let images = self.pixels.clone().reshape(shape).autodiff().require_grad();
        let view = self.views.apply(images.clone(), self.seed(batch), t)?;
        let teacher = self.teacher.teacher();
        let terms = self.weights.terms(teacher.network(), teacher.params(), &view, images.clone(), labels);
        let loss = f64::from(terms.total.clone().into_scalar::<f32>());
        if !loss.is_finite() {
            return Err(MethodError::Diverged { method: self.start.method.to_owned(), step: ctx.step, loss });
        }
        let gradient = images.grad_remove(&mut terms.total.backward()).expect("the loss depends on the images");
        let rate = Schedule::Cosine { base: self.recipe.lr_img, total: self.recipe.iterations, zeta: 1.0 }.rate(t);
        let count: usize = shape.iter().product();
        let pixels = vec![self.pixels.clone()];
        let updated = self.optimizer.update(pixels, vec![gradient.reshape([count])], &[shape.len()], rate);
        let updated = updated.into_iter().next().expect("one tensor was given");
        self.pixels = self.clamped(updated, shape);
        if t + 1 == self.recipe.iterations {
            let mut images = std::mem::take(&mut self.images);
            self.place(&mut images);
            self.images = images;
        }
        let value = |term: Tensor<1>| f64::from(term.into_scalar::<f32>());
        let values = vec![
            ("cross_entropy", value(terms.cross_entropy)),
            ("statistics", terms.layers.into_iter().map(value).sum()),
        ];
        Ok(StepReport { loss: Some(loss), values, ..StepReport::default() })
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        let task = self.start.task;
        let mut images = self.images.clone();
        self.place(&mut images);
        self.recipe.storage.round_trip(&mut images, task.train.shape(), &task.space)?;
        let labels = match self.recipe.labels {
            LabelKind::Soft => Labels::Logits { values: self.logits(&images), classes: task.subset.classes_len() },
            LabelKind::Hard => {
                let each = self.classes.iter().flat_map(|&label| std::iter::repeat_n(label, self.start.ipc));
                Labels::Hard(each.collect())
            }
        };
        Ok(self.start.distilled(images, labels, self.recipe.learning_rate))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        state.put("images", bytemuck::cast_slice(&self.images).to_vec());
        state.put_number("batch", self.batch as u64);
        state.put_number("steps", u64::from(self.optimizer.steps()));
        tensors::put(state, "pixels", &self.pixels);
        let averages = self.optimizer.averages();
        for (place, name) in AVERAGES.into_iter().enumerate() {
            tensors::put_optional(state, name, averages.get(place).map(|average| &average[0]));
        }
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        let (images, batches) = (state.get("images")?, self.chunks() * self.start.ipc);
        let batch = state.number("batch")? as usize;
        if images.len() != 4 * self.images.len() || batch >= batches {
            let reason = format!("{} bytes of images in batch {batch} of {batches}", images.len());
            return Err(StateError::Unfit { name: "images".to_owned(), reason }.into());
        }
        self.images = bytemuck::pod_collect_to_vec(images);
        self.batch = batch;
        let shape = [self.members(batch).count() * self.size()];
        let device = self.start.device;
        self.pixels =
            tensors::get_optional(state, "pixels", shape, device)?.unwrap_or_else(|| Tensor::zeros([0], device));
        let averages = AVERAGES.map(|name| tensors::get_optional(state, name, shape, device));
        let averages = averages.into_iter().collect::<Result<Vec<_>, _>>()?;
        let averages = averages.into_iter().flatten().map(|average| vec![average]).collect();
        self.optimizer = Optimizer::restored(ADAM, averages, state.number("steps")? as u32);
        Ok(())
    }
}

/// The names of Adam's averages in a checkpoint.
const AVERAGES: [&str; 2] = ["first_average", "second_average"];
