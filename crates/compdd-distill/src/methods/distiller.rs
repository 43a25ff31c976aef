//! The two traits between the engine and a method: [`Method`] (what it is, how it starts) and [`Distiller`] (one run of it).

use burn::tensor::Device;

use super::{MethodError, Requirements, State};
use crate::{
    eval::{Following, LogitSource},
    experts::Buffer,
    feature_network::FeatureNetwork,
    statistics::Statistics,
    teachers::TeacherLogits,
};
use compdd_core::{
    progress::Stop,
    recipe::{Check, Kind, Recipe},
    record::{Distilled, Labels, Provenance},
};
use compdd_data::data::Task;
use compdd_nn::{grad::Offload, nn::NetworkSpec};

/// A registered method: an entry in the catalogue, checks of its recipe, and how a run starts.
pub trait Method: Check + Sync {
    /// The name on the command line and in every record.
    fn slug(&self) -> &'static str {
        self.info().slug
    }

    /// One line for `compdd method list`.
    fn summary(&self) -> &'static str {
        self.info().summary
    }

    /// What it gives.
    fn kind(&self) -> Kind {
        self.info().kind
    }

    /// What a run of this recipe needs before it starts; `seed` is that of the run.
    ///
    /// # Errors
    /// When the recipe asks for experts that cannot be.
    fn requirements(&self, _recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        Ok(Requirements::default())
    }

    /// What a user should know of the teachers of a run, in a sentence; it is said before the run starts.
    fn caution(&self, _task: &Task, _teachers: &[TeacherLogits]) -> Option<String> {
        None
    }

    /// Starts a run. A [`Kind::Reference`] has nothing to start.
    ///
    /// # Errors
    /// When the task does not fit (too few images of a class, no network at this resolution, ...).
    fn start<'a>(&self, _start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        Err(MethodError::NoDistillation { method: self.slug() })
    }
}

/// Everything a method may look at when it starts. The test set is in the task for the protocols' sake; methods never read it.
#[derive(Clone)]
pub struct Start<'a> {
    /// The images and classes.
    pub task: &'a Task,
    /// The resolved hyper-parameters.
    pub recipe: &'a Recipe,
    /// Images per class.
    pub ipc: usize,
    /// Seed of this run: the root of every stream the method draws from.
    pub seed: u64,
    /// Slug of the method, for the bundle.
    pub method: &'a str,
    /// What the bundle says about its origin.
    pub provenance: &'a Provenance,
    /// The network that the record names.
    pub network: &'a NetworkSpec,
    /// Where to compute.
    pub device: &'a Device,
    /// The experts that the method demanded.
    pub experts: Option<&'a Buffer>,
    /// The network that the method demanded to choose images by.
    pub features: Option<&'a FeatureNetwork>,
    /// The teacher that the method asks, if it requires one.
    pub observer: Option<&'a dyn LogitSource>,
    /// The same, for methods that look inside.
    pub teachers: &'a [TeacherLogits],
    /// The statistics of these teachers that the method demanded, in their order.
    pub statistics: &'a [Statistics],
    /// Where the student's parameters wait during a rollout.
    pub offload: Offload,
    /// Most images of a student minibatch that are differentiated at a time; none: all.
    pub chunk: Option<usize>,
    /// How training before the first step is followed, stopped and saved.
    pub preparation: Following<'a>,
}

impl<'a> Start<'a> {
    /// The network that the method demanded.
    pub(super) fn feature_network(&self) -> Result<&'a FeatureNetwork, MethodError> {
        self.features.ok_or_else(|| MethodError::NoFeatures { method: self.method.to_owned() })
    }

    /// A set of this run: images `[n, channels, height, width]` in the task's pixel space, one label each, and the step size of
    /// the students.
    pub(super) fn distilled(&self, images: Vec<f32>, labels: Labels, learning_rate: f32) -> Distilled {
        let task = self.task;
        let [channels, height, width] = task.train.shape();
        let (subset, classes, notes) = Distilled::describe_subset(&task.subset);
        Distilled {
            images,
            shape: [labels.len(), channels, height, width],
            labels,
            weights: None,
            learning_rate,
            formation: 1,
            space: task.space.record(),
            subset,
            classes,
            notes,
            method: self.method.to_owned(),
            ipc: self.ipc,
            recipe: self.recipe.to_json(),
            provenance: self.provenance.clone(),
        }
    }
}

/// One run of a method, driven step by step.
pub trait Distiller {
    /// How many steps the run takes; selections that need no training take none.
    fn steps(&self) -> usize;

    /// One optimisation step. What it reports goes to the progress bar and the trace.
    ///
    /// # Errors
    /// When the arithmetic leaves the finite numbers, or a stop was asked for in the middle of a long step.
    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError>;

    /// The distilled set as it stands; called at evaluation points and at the end.
    ///
    /// # Errors
    /// When a class has too few images to choose from.
    fn snapshot(&self) -> Result<Distilled, MethodError>;

    /// Everything needed to continue after a crash, momentum included.
    ///
    /// # Errors
    /// When the state cannot be read back from the device.
    fn save(&self, state: &mut State) -> Result<(), MethodError>;

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When the state belongs to another method or shape.
    fn load(&mut self, state: &State) -> Result<(), MethodError>;
}

/// What the engine tells a step.
pub struct StepContext<'a> {
    /// Index of the step, from 0.
    pub step: usize,
    /// Set when the user asked to stop: long steps look at it.
    pub stop: &'a Stop,
}

/// What a step tells the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepReport {
    /// The loss of the step, checked for finiteness by the engine.
    pub loss: Option<f64>,
    /// Further named values for the trace.
    pub values: Vec<(&'static str, f64)>,
    /// Further named values of each class in label order, for the trace.
    pub by_class: Vec<(&'static str, Vec<f64>)>,
}
