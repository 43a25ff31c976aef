//! One run: a step of a batch of images a step.

use burn::tensor::{Int, Tensor, TensorData};

use super::{
    backbone::Backbone,
    batches::Batches,
    densify::{SIDE, densification},
    flatness::{Flatness, averaged, uphill},
    initial::{self, Initial},
    loss::Weights,
    recipe::{Backbones, LabelKind, RecoverRecipe},
    views::Views,
};
use crate::{
    eval::{LogitSource as _, Optimizer, Rule, Schedule, Teachers},
    methods::{Distiller, MethodError, Start, State, StateError, StepContext, StepReport, rded, tensors},
};
use compdd_core::{
    protocol::Ensemble,
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_data::data::PixelSpace;
use compdd_nn::nn::Taps;

/// Adam of the pixels.
const ADAM: Rule = Rule::AdamW { betas: [0.5, 0.9], epsilon: 1e-8, weight_decay: 0.0, matrices_only: false };
/// Most images of one pass for labels.
const PASS: usize = 128;

/// What a network made of a batch.
struct Found {
    loss: f64,
    gradient: Tensor<4>,
    values: Vec<(&'static str, f64)>,
}

/// The set as it grows: one batch after the other. Where images begin as mosaics, these are made first, a class a step.
pub(super) struct Run<'a> {
    start: Start<'a>,
    recipe: RecoverRecipe,
    weights: Weights,
    views: Views,
    batches: Batches,
    flatness: Option<Flatness>,
    backbones: Vec<Backbone<'a>>,
    /// The labels that some image carries.
    classes: Vec<u32>,
    mosaics: Option<rded::Run<'a>>,
    /// `[classes * ipc, channels, side, side]`, class by class; where nothing has begun, what images begin as, and grey for noise.
    images: Vec<f32>,
    /// Which batch is being recovered.
    batch: usize,
    /// Its images, flat.
    pixels: Tensor<1>,
    /// The moving average of these.
    average: Option<Tensor<1>>,
    optimizer: Optimizer,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: RecoverRecipe) -> Result<Self, MethodError> {
        let method = start.method.to_owned();
        let task = start.task;
        if matches!(task.space, PixelSpace::Zca { .. }) {
            return Err(MethodError::Whitened { method });
        }
        let count = if recipe.backbones == Backbones::First { 1 } else { start.teachers.len() };
        let teachers = start.teachers.get(..count).filter(|teachers| !teachers.is_empty());
        let teachers = teachers.ok_or_else(|| MethodError::NoObserver { method: method.clone() })?;
        let backbone = |(place, teacher)| Backbone::new(&start, &recipe, place, teacher);
        let backbones = teachers.iter().enumerate().map(backbone).collect::<Result<Vec<_>, _>>()?;
        let unused = task.subset.unused_labels();
        let classes: Vec<u32> = (0..task.subset.classes_len() as u32).filter(|label| !unused.contains(label)).collect();
        let size: usize = task.train.shape().iter().product();
        let images = match recipe.initial {
            Initial::Real => initial::real(&start, &classes)?,
            Initial::Noise | Initial::Mosaic => vec![0.0; classes.len() * start.ipc * size],
        };
        let mosaics = (recipe.initial == Initial::Mosaic).then(|| initial::mosaics(&start, &recipe)).transpose()?;
        Ok(Self {
            weights: recipe.weights(),
            views: recipe.views(),
            batches: recipe.batches(classes.len(), start.ipc),
            flatness: recipe.flatness(),
            backbones,
            mosaics,
            images,
            classes,
            batch: 0,
            pixels: Tensor::zeros([0], start.device),
            average: None,
            optimizer: Optimizer::new(ADAM),
            recipe,
            start,
        })
    }

    /// Steps before the first one of recovery.
    fn steps_of_mosaics(&self) -> usize {
        self.mosaics.as_ref().map_or(0, rded::Run::steps)
    }

    /// The seed of the streams of a batch.
    fn seed(&self, batch: usize) -> u64 {
        Stream::child_seed(self.start.seed, "recover", batch as u64)
    }

    fn size(&self) -> usize {
        self.start.task.train.shape().iter().product()
    }

    /// Begins a batch with an optimiser that has seen no gradient.
    fn begin(&mut self, batch: usize) {
        let (size, members) = (self.size(), self.batches.members(batch));
        let values: Vec<f32> = if self.recipe.initial == Initial::Noise {
            let mut stream = Stream::new(self.seed(batch), "noise", 0);
            (0..members.len() * size).map(|_| stream.normal()).collect()
        } else {
            members.iter().flat_map(|place| self.images[place * size..][..size].iter().copied()).collect()
        };
        let count = values.len();
        self.pixels = Tensor::from_data(TensorData::new(values, [count]), self.start.device);
        self.average = self.flatness.map(|_| self.pixels.clone());
        self.optimizer = Optimizer::new(ADAM);
        self.batch = batch;
        if self.recipe.moving_reset {
            self.backbones.iter_mut().for_each(|backbone| backbone.matching.forget());
        }
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
        for (place, image) in self.batches.members(self.batch).into_iter().zip(values.chunks_exact(size)) {
            images[place * size..][..size].copy_from_slice(image);
        }
    }

    /// The mean of the logits of all networks.
    fn logits(&self, images: &[f32]) -> Vec<f32> {
        let [channels, height, width] = self.start.task.train.shape();
        let teachers = &self.start.teachers[..self.backbones.len()];
        let teachers = Teachers::of(teachers, Ensemble::Mean).expect("a run has a teacher");
        let pass = |images: &[f32]| {
            let shape = [images.len() / self.size(), channels, height, width];
            let images = Tensor::from_data(TensorData::new(images.to_vec(), shape), self.start.device);
            teachers.logits(images).into_data().iter::<f32>().collect::<Vec<_>>()
        };
        images.chunks(PASS * self.size()).flat_map(pass).collect()
    }

    /// A class of the mosaics that images begin as.
    fn mosaic(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let run = self.mosaics.as_mut().expect("they are made first");
        let report = run.step(ctx)?;
        if ctx.step + 1 == run.steps() {
            self.images = run.images().to_vec();
        }
        Ok(report)
    }

    /// Sum over the classes with more than one image of what their images lack in difference.
    fn densification(&self, view: &Tensor<4>, labels: &[u32]) -> Option<Tensor<1>> {
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        let of_class = |class| {
            let places = (0..labels.len()).filter(|&i| labels[i] == class).map(|i| i as i32);
            let places: Vec<i32> = places.collect();
            let count = places.len();
            (count > 1).then(|| {
                let places = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), self.start.device);
                densification(view.clone().select(0, places), SIDE, self.recipe.densify_temperature)
            })
        };
        classes.into_iter().filter_map(of_class).reduce(|sum, class| sum + class)
    }

    /// One step of the batch in work: iteration `t` of it, iteration `turn` of the run.
    fn descend(&mut self, step: usize, turn: usize, t: usize) -> Result<StepReport, MethodError> {
        let place = turn % self.backbones.len();
        let before = self.backbones[place].matching.clone();
        let mut found = self.slope(self.pixels.clone(), place, t)?;
        if found.loss.is_finite()
            && let Some(radius) = self.recipe.sharpness()
        {
            // The moving statistics are those of the images, not of the place uphill.
            let after = std::mem::replace(&mut self.backbones[place].matching, before.clone());
            let count = self.pixels.dims()[0];
            let there = self.pixels.clone() + uphill(found.gradient, radius).reshape([count]);
            let there = self.slope(there, place, t)?;
            self.backbones[place].matching = after;
            found = Found { gradient: there.gradient, ..found };
        }
        if !found.loss.is_finite() {
            self.backbones[place].matching = before;
            return Err(MethodError::Diverged { method: self.start.method.to_owned(), step, loss: found.loss });
        }
        self.update(found.gradient, t);
        Ok(StepReport { loss: Some(found.loss), values: found.values, ..StepReport::default() })
    }

    /// The loss that a network has of pixels of the batch in work in iteration `t`, and its gradient.
    fn slope(&mut self, pixels: Tensor<1>, place: usize, t: usize) -> Result<Found, MethodError> {
        let [channels, height, width] = self.start.task.train.shape();
        let members = self.batches.members(self.batch);
        let labels: Vec<u32> = members.iter().map(|place| self.classes[place / self.start.ipc]).collect();
        let shape = [labels.len(), channels, height, width];
        let seed = self.seed(self.batch);
        let images = pixels.reshape(shape).autodiff().require_grad();
        let view = self.views.apply(images.clone(), seed, t)?;
        let average = match &self.average {
            Some(average) => Some(self.views.apply(average.clone().reshape(shape), seed, t)?),
            None => None,
        };
        let backbone = &mut self.backbones[place];
        let outputs = backbone.outputs(&labels, self.start.device);
        let seen = backbone.forward(view.clone(), Taps::Inputs(backbone.matching.kinds()));
        let flat = self.flatness.zip(average).map(|(flatness, average)| backbone.flatness(&flatness, &seen, average));
        let layers = backbone.matching.distances(seen.taps, &labels, &mut Stream::new(seed, "hooks", t as u64));
        let terms = self.weights.terms(seen.logits, outputs, layers, &view, images.clone());
        let dense = (self.recipe.densify > 0.0).then(|| self.densification(&view, &labels)).flatten();
        let weighted = [(&dense, self.recipe.densify), (&flat, self.recipe.flatness_weight)];
        let extra = weighted.into_iter().filter_map(|(term, weight)| Some(term.clone()? * weight));
        let total = extra.fold(terms.total, |total, term| total + term);
        let loss = f64::from(total.clone().into_scalar::<f32>());
        let gradient = images.grad_remove(&mut total.backward()).expect("the loss depends on the images");
        let value = |term: Tensor<1>| f64::from(term.into_scalar::<f32>());
        let mut values = vec![
            ("cross_entropy", value(terms.cross_entropy)),
            ("statistics", terms.layers.into_iter().flatten().map(value).sum()),
        ];
        values.extend(dense.map(|term| ("densification", value(term))));
        values.extend(flat.map(|term| ("flatness", value(term))));
        Ok(Found { loss, gradient, values })
    }

    fn update(&mut self, gradient: Tensor<4>, t: usize) {
        let shape = gradient.dims();
        let rate = Schedule::Cosine { base: self.recipe.lr_img, total: self.recipe.iterations, zeta: 1.0 }.rate(t);
        let count: usize = shape.iter().product();
        let pixels = vec![self.pixels.clone()];
        let updated = self.optimizer.update(pixels, vec![gradient.reshape([count])], &[shape.len()], rate);
        let updated = updated.into_iter().next().expect("one tensor was given");
        self.pixels = self.clamped(updated, shape);
        if let (Some(average), Some(flatness)) = (self.average.take(), self.flatness) {
            self.average = Some(averaged(average, self.pixels.clone(), flatness.decay));
        }
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.steps_of_mosaics() + self.batches.len() * self.recipe.iterations
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let Some(turn) = ctx.step.checked_sub(self.steps_of_mosaics()) else { return self.mosaic(ctx) };
        let (batch, t) = (turn / self.recipe.iterations, turn % self.recipe.iterations);
        if t == 0 {
            self.begin(batch);
        }
        let report = self.descend(ctx.step, turn, t)?;
        if t + 1 == self.recipe.iterations {
            let mut images = std::mem::take(&mut self.images);
            self.place(&mut images);
            self.images = images;
        }
        Ok(report)
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
        if self.flatness.is_some() {
            tensors::put_optional(state, "average", self.average.as_ref());
        }
        for (place, backbone) in self.backbones.iter().enumerate() {
            backbone.matching.save(state, &format!("moving.{place}"));
        }
        if let Some(run) = &self.mosaics {
            let mut inner = State::default();
            run.save(&mut inner)?;
            state.put("mosaics", inner.to_bytes()?);
        }
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        let (images, batches) = (state.get("images")?, self.batches.len());
        let batch = state.number("batch")? as usize;
        if images.len() != 4 * self.images.len() || batch >= batches {
            let reason = format!("{} bytes of images in batch {batch} of {batches}", images.len());
            return Err(StateError::Unfit { name: "images".to_owned(), reason }.into());
        }
        self.images = bytemuck::pod_collect_to_vec(images);
        self.batch = batch;
        let shape = [self.batches.members(batch).len() * self.size()];
        let device = self.start.device;
        self.pixels =
            tensors::get_optional(state, "pixels", shape, device)?.unwrap_or_else(|| Tensor::zeros([0], device));
        let averages = AVERAGES.map(|name| tensors::get_optional(state, name, shape, device));
        let averages = averages.into_iter().collect::<Result<Vec<_>, _>>()?;
        let averages = averages.into_iter().flatten().map(|average| vec![average]).collect();
        self.optimizer = Optimizer::restored(ADAM, averages, state.number("steps")? as u32);
        if self.flatness.is_some() {
            self.average = tensors::get_optional(state, "average", shape, device)?;
        }
        for (place, backbone) in self.backbones.iter_mut().enumerate() {
            backbone.matching.load(state, &format!("moving.{place}"))?;
        }
        if let Some(run) = &mut self.mosaics {
            run.load(&State::from_bytes(state.get("mosaics")?)?)?;
        }
        Ok(())
    }
}

/// The names of Adam's averages in a checkpoint.
const AVERAGES: [&str; 2] = ["first_average", "second_average"];
