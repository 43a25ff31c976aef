//! The network of a draw: born, pretrained, and trained on between two steps of the images.

use burn::tensor::Tensor;

use super::recipe::{GradientRecipe, TrainOn};
use crate::{
    eval::{RealImages, Standing, Student, TrainingData, TrainingHooks, TrainingSet, View},
    methods::{MethodError, Start, StateError, matching::real::partial_shuffle},
};
use compdd_core::{progress::Stop, record::Labels, rng::Stream};
use compdd_nn::{
    augment::Formation,
    feed::PixelTensors as _,
    nn::{Mode, Network, Params},
};

/// Real images of every class that the running statistics of batch norms are brought up to date with (DC, released code).
const NORM_IMAGES: usize = 16;

/// What names the training in a saved network.
const TAG: &str = "gradient matching";

/// How the networks of a run are made and trained.
pub(super) struct NetworkTrainer<'a> {
    pub start: Start<'a>,
    pub recipe: GradientRecipe,
    pub network: Network,
    /// The training images of every class.
    pub classes: Vec<(u32, Vec<usize>)>,
}

/// The network of a draw as a step leaves it to the next one.
pub(super) enum Learner {
    /// On the device; bytes are made of it when a checkpoint is due.
    Standing { draw: u64, place: Box<Standing> },
    /// As a checkpoint had it.
    Saved(Vec<u8>),
}

impl NetworkTrainer<'_> {
    fn seed(&self, purpose: &str, draw: u64) -> u64 {
        Stream::child_seed(self.start.seed, purpose, draw)
    }

    fn with_params(&self, draw: u64, params: Params) -> Student<'_> {
        Student::from_params(&self.network, self.recipe.plan(), self.seed("network training", draw), params)
    }

    /// The network of a draw, untrained.
    fn fresh(&self, draw: u64) -> Student<'_> {
        self.with_params(draw, self.network.init(self.seed("network", draw), self.start.device))
    }

    /// The network of a draw before its first step.
    pub fn begin(&self, draw: u64, stop: &Stop) -> Result<Student<'_>, MethodError> {
        let mut student = self.fresh(draw);
        if self.recipe.pretrain_epochs > 0 {
            let images = RealImages::new(View::training(self.start.task), self.recipe.train_lr as f32);
            epochs(&mut student, &images, self.recipe.pretrain_epochs, stop)?;
        }
        Ok(student)
    }

    /// The network of a draw as the step before left it; without one, the checkpoint lacks what belongs to this step.
    pub fn taken_up(&self, draw: u64, learner: Option<&Learner>) -> Result<Student<'_>, MethodError> {
        match learner {
            None => return Err(StateError::Missing("network".to_owned()).into()),
            Some(Learner::Standing { draw: own, place }) if *own == draw => {
                return Ok(self.with_params(draw, place.params().clone()).standing_at((**place).clone()));
            }
            Some(Learner::Standing { .. }) => {}
            Some(Learner::Saved(bytes)) => {
                let mut student = self.fresh(draw);
                if student.restore(bytes, TAG)? {
                    return Ok(student);
                }
            }
        }
        let reason = format!("it is not the network of draw {draw}");
        Err(StateError::Unfit { name: "network".to_owned(), reason }.into())
    }

    /// What a checkpoint keeps of a network.
    pub fn saved(&self, learner: &Learner) -> Result<Vec<u8>, MethodError> {
        match learner {
            Learner::Standing { draw, .. } => Ok(self.taken_up(*draw, Some(learner))?.to_bytes(TAG)?),
            Learner::Saved(bytes) => Ok(bytes.clone()),
        }
    }

    /// Running statistics from real images of all classes together, for the steps that will use them as they are.
    pub fn recalibrate_batch_norm(&self, student: &mut Student<'_>, step: u64) {
        if !self.network.couples_images() {
            return;
        }
        let count = self.classes.len() as u64;
        let drawn = self.classes.iter().zip(0..).flat_map(|((_, members), class)| {
            let mut stream = Stream::new(self.start.seed, "norm images", step * count + class);
            partial_shuffle(&mut stream, members, NORM_IMAGES.min(members.len()))
        });
        let task = self.start.task;
        let images = task.space.tensor(&task.train, &drawn.collect::<Vec<_>>(), self.start.device);
        let buffers = self.network.forward(student.params(), images, Mode::Train).buffers;
        student.replace_statistics(buffers);
    }

    /// Training between two steps of the stored images.
    pub fn train(
        &self,
        student: &mut Student<'_>,
        stored: &Tensor<4>,
        formation: &Formation,
        step: u64,
        stop: &Stop,
    ) -> Result<(), MethodError> {
        let (task, rate) = (self.start.task, self.recipe.train_lr as f32);
        match self.recipe.train_on {
            TrainOn::Synthetic => {
                let labels =
                    self.classes.iter().flat_map(|(label, _)| vec![*label; self.start.ipc]).collect::<Vec<_>>();
                let labels = Labels::Hard(formation.repeat(&labels));
                let images = formation.decode(stored.clone());
                let data = TrainingSet { images, labels, weights: None, learning_rate: rate };
                epochs(student, &data, self.recipe.inner_epochs, stop)
            }
            TrainOn::Real => {
                let all = task.training();
                let count = if self.recipe.train_images == 0 { all.len() } else { self.recipe.train_images };
                let mut stream = Stream::new(self.start.seed, "training images", step);
                let drawn = partial_shuffle(&mut stream, &all, count.min(all.len()));
                let data = RealImages::new(View::some(&task.train, &task.space, drawn), rate);
                epochs(student, &data, self.recipe.inner_epochs, stop)
            }
        }
    }
}

fn epochs(student: &mut Student<'_>, data: &dyn TrainingData, count: usize, stop: &Stop) -> Result<(), MethodError> {
    let mut watch = TrainingHooks::new(0, stop, &());
    for _ in 0..count {
        student.train_epoch(data, &mut watch)?;
    }
    Ok(())
}
