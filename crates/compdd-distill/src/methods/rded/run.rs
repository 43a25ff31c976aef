//! One run: a class a step.

use burn::tensor::{Tensor, TensorData};

use super::{LabelKind, RdedRecipe};
use crate::{
    eval::{LogitSource, View},
    methods::{Distiller, MethodError, Start, State, StateError, StepContext, StepReport},
    select::{ranking, realism},
};
use compdd_core::{
    progress::Interrupted,
    protocol::{Operation, Pipeline, ResizedCropConfig},
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_data::data::PixelSpace;
use compdd_nn::augment::{BatchSpec, DrawBatch as _, Sampling, mosaic};

/// Most crops of one pass through the observer.
const PASS: usize = 128;

/// The set as it grows. Classes whose step is not done yet have grey images and labels of zeros.
pub(in crate::methods) struct Run<'a> {
    start: Start<'a>,
    recipe: RdedRecipe,
    observer: &'a dyn LogitSource,
    /// The labels that some image carries: that of every step.
    classes: Vec<u32>,
    /// `[classes * ipc, 3, side, side]`.
    images: Vec<f32>,
    /// The observer's logits of the images: `[classes * ipc, outputs]`.
    logits: Vec<f32>,
}

/// The best crop of an image.
struct Patch {
    realism: f64,
    /// `[3, side / tiles, side / tiles]`.
    pixels: Vec<f32>,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: RdedRecipe) -> Result<Self, MethodError> {
        let method = start.method.to_owned();
        let observer = start.observer.ok_or_else(|| MethodError::NoObserver { method: method.clone() })?;
        let (task, [channels, side, _]) = (start.task, start.task.train.shape());
        if matches!(task.space, PixelSpace::Zca { .. }) {
            return Err(MethodError::Whitened { method });
        }
        if side % recipe.tiles != 0 {
            return Err(MethodError::Tiles { side, tiles: recipe.tiles });
        }
        let outputs = task.subset.classes_len();
        let unused = task.subset.unused_labels();
        let classes: Vec<u32> = (0..outputs as u32).filter(|label| !unused.contains(label)).collect();
        let images = classes.len() * start.ipc;
        let run = Self {
            observer,
            images: vec![0.0; images * channels * side * side],
            logits: vec![0.0; images * outputs],
            classes,
            recipe,
            start,
        };
        for &label in &run.classes {
            run.candidates(label)?;
        }
        Ok(run)
    }

    /// The images as they stand.
    pub fn images(&self) -> &[f32] {
        &self.images
    }

    /// Pictures of a class that are kept.
    fn kept(&self) -> usize {
        self.start.ipc * self.recipe.tiles.pow(2)
    }

    /// Positions in the training set of the images of a class that are looked at.
    fn candidates(&self, label: u32) -> Result<Vec<usize>, MethodError> {
        let (train, tiles) = (&self.start.task.train, self.recipe.tiles);
        let members = train.of_class(label);
        if members.len() < self.kept() {
            let class = train.classes()[label as usize].clone();
            return Err(MethodError::TooFewPictures {
                class,
                found: members.len(),
                needed: self.kept(),
                most: members.len() / tiles.pow(2),
            });
        }
        let order = Stream::new(self.start.seed, "rded-candidates", u64::from(label)).permutation(members.len());
        let count = self.recipe.candidates.max(self.kept());
        Ok(order.into_iter().take(count).map(|place| members[place]).collect())
    }

    /// Random square crops of one training image, each `side / tiles` pixels a side. What is drawn depends on the image alone.
    fn crops(&self, position: usize) -> Result<Tensor<4>, MethodError> {
        let (task, crops) = (self.start.task, self.recipe.crops);
        let shape @ [_, side, _] = task.train.shape();
        let crop = ResizedCropConfig {
            scale: [self.recipe.min_area, 1.0],
            ratio: [1.0; 2],
            size: Some(side / self.recipe.tiles),
            antialias: true,
        };
        let batch = BatchSpec { images: crops, shape, normalisation: None, sampling: Sampling::PerImage };
        let pipeline = Pipeline::new(vec![Operation::RandomResizedCrop(crop)]);
        let draws = pipeline.draw_batch(&batch, self.start.seed, position as u64)?;
        let image = View::all(&task.train, &task.space).tensor(&[position], self.start.device);
        Ok(draws.apply(image.repeat_dim(0, crops)))
    }

    /// Pictures of `side / tiles` pixels in the middle of grey ones of the whole side, as the observer knows its images.
    fn padded(&self, patches: Tensor<4>) -> Tensor<4> {
        let ([n, channels, small, _], [_, side, _]) = (patches.dims(), self.start.task.train.shape());
        if small == side {
            return patches;
        }
        let inside = (side - small) / 2..(side - small) / 2 + small;
        let grey = Tensor::zeros([n, channels, side, side], &patches.device());
        grey.slice_assign([0..n, 0..channels, inside.clone(), inside], patches)
    }

    /// The best crop of every image at `positions`.
    fn patches(&self, positions: &[usize], label: u32) -> Result<Vec<Patch>, MethodError> {
        let crops = positions.iter().map(|&position| self.crops(position)).collect::<Result<Vec<_>, _>>()?;
        let crops = Tensor::cat(crops, 0);
        let logits = values(self.observer.logits(self.padded(crops.clone())));
        let (pixels, count) = (values(crops), self.recipe.crops);
        let (outputs, size) = (self.start.task.subset.classes_len(), pixels.len() / (positions.len() * count));
        let scores: Vec<f64> = logits.chunks_exact(outputs).map(|row| realism(row, label as usize)).collect();
        let best = |(image, scores): (usize, &[f64])| {
            let crop = ranking(scores)[0];
            Patch { realism: scores[crop], pixels: pixels[(image * count + crop) * size..][..size].to_vec() }
        };
        Ok(scores.chunks_exact(count).enumerate().map(best).collect())
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.classes.len()
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let (label, tiles, ipc) = (self.classes[ctx.step], self.recipe.tiles, self.start.ipc);
        let mut patches = Vec::new();
        for positions in self.candidates(label)?.chunks((PASS / self.recipe.crops).max(1)) {
            if ctx.stop.is_requested() {
                return Err(Interrupted.into());
            }
            patches.extend(self.patches(positions, label)?);
        }
        let mut order = ranking(&patches.iter().map(|patch| patch.realism).collect::<Vec<_>>());
        order.truncate(self.kept());
        let [channels, side, _] = self.start.task.train.shape();
        let pixels: Vec<f32> = order.iter().flat_map(|&i| patches[i].pixels.iter().copied()).collect();
        let kept = TensorData::new(pixels, [self.kept(), channels, side / tiles, side / tiles]);
        let images = mosaic(Tensor::from_data(kept, self.start.device), tiles);
        let logits = values(self.observer.logits(images.clone()));
        let (images, place) = (values(images), ctx.step * ipc);
        self.images[place * channels * side * side..][..images.len()].copy_from_slice(&images);
        self.logits[place * (logits.len() / ipc)..][..logits.len()].copy_from_slice(&logits);
        let loss = order.iter().map(|&i| -patches[i].realism).sum::<f64>() / order.len() as f64;
        Ok(StepReport { loss: Some(loss), ..StepReport::default() })
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        let classes = self.start.task.subset.classes_len();
        let of_image = |i: usize| self.classes[i / self.start.ipc];
        let labels = match self.recipe.labels {
            LabelKind::Soft => Labels::Logits { values: self.logits.clone(), classes },
            LabelKind::Hard => Labels::Hard((0..self.classes.len() * self.start.ipc).map(of_image).collect()),
        };
        Ok(self.start.distilled(self.images.clone(), labels, self.recipe.learning_rate))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        state.put("images", bytemuck::cast_slice(&self.images).to_vec());
        state.put("logits", bytemuck::cast_slice(&self.logits).to_vec());
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        for (name, values) in [("images", &mut self.images), ("logits", &mut self.logits)] {
            let bytes = state.get(name)?;
            if bytes.len() != 4 * values.len() {
                let reason = format!("{} bytes where {} were expected", bytes.len(), 4 * values.len());
                return Err(StateError::Unfit { name: name.to_owned(), reason }.into());
            }
            *values = bytemuck::pod_collect_to_vec(bytes);
        }
        Ok(())
    }
}
