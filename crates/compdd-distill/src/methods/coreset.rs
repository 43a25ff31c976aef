//! `herding` and `k-center`: real images chosen by their place among the features of a trained network.

use serde::{Deserialize, Serialize};

use super::{
    Distiller, Method, MethodError, Start, State, StepContext, StepReport,
    selected::{check_learning_rate, select},
};
use crate::{
    eval::{self, InferenceOptions, Plan, RealImages, Student, TrainingHooks, View},
    select::{SelectError, herding, k_center},
};
use compdd_core::{
    progress::Stop,
    recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue},
    record::Distilled,
    rng::Stream,
};
use compdd_nn::nn::{Network, NetworkSpec};

/// Welling 2009: greedy matching of the class mean.
pub(super) static HERDING: Coreset = Coreset { info: &catalogue::HERDING, pick: herding };

/// Sener and Savarese 2018: farthest points.
pub(super) static K_CENTER: Coreset = Coreset { info: &catalogue::K_CENTER, pick: k_center };

/// `pick(features [n, d], n, d, m)` gives `m` rows.
type Pick = fn(&[f32], usize, usize, usize) -> Result<Vec<usize>, SelectError>;

/// A selection on features.
pub(super) struct Coreset {
    info: &'static MethodInfo,
    pick: Pick,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CoresetRecipe {
    learning_rate: f32,
    feature_network: String,
    feature_epochs: usize,
    feature_learning_rate: f32,
    feature_batch: usize,
}

impl Check for Coreset {
    fn info(&self) -> &'static MethodInfo {
        self.info
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        let recipe = recipe.typed::<CoresetRecipe>()?;
        check_learning_rate("learning_rate", recipe.learning_rate)?;
        check_learning_rate("feature_learning_rate", recipe.feature_learning_rate)?;
        if recipe.feature_batch == 0 {
            return Err("`feature_batch` is 0, but must be 1 or more".to_owned());
        }
        match recipe.feature_network.as_str() {
            "same" => Ok(()),
            slug => NetworkSpec::parse(slug).map(drop).map_err(|error| format!("`feature_network`: {error}")),
        }
    }
}

impl Method for Coreset {
    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<CoresetRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Selection::new(self.pick, recipe, start)?))
    }
}

impl Coreset {
    /// This selection as the first part of another method: on the features of the run's own network, trained for so many
    /// epochs.
    pub(super) fn selection<'a>(&self, start: Start<'a>, feature_epochs: usize) -> Result<Selection<'a>, MethodError> {
        let recipe = CoresetRecipe {
            learning_rate: 0.01,
            feature_network: "same".to_owned(),
            feature_epochs,
            feature_learning_rate: 0.01,
            feature_batch: 256,
        };
        Selection::new(self.pick, recipe, start)
    }
}

/// One run: each step is an epoch of the feature network, the selection itself is the snapshot.
pub(super) struct Selection<'a> {
    pick: Pick,
    recipe: CoresetRecipe,
    network: Network,
    start: Start<'a>,
    /// The feature network's state between steps; none before the first.
    trained: Option<Vec<u8>>,
}

impl<'a> Selection<'a> {
    fn new(pick: Pick, recipe: CoresetRecipe, start: Start<'a>) -> Result<Self, MethodError> {
        let spec = match recipe.feature_network.as_str() {
            "same" => start.network.clone(),
            slug => NetworkSpec::parse(slug)?,
        };
        let [channels, _, side] = start.task.train.shape();
        let network = spec.build(channels, side, start.task.subset.classes_len())?;
        Ok(Self { pick, recipe, network, start, trained: None })
    }

    /// The feature network as it stands.
    fn student(&self) -> Result<Student<'_>, MethodError> {
        let seed = Stream::child_seed(self.start.seed, "feature-network", 0);
        let recipe = &self.recipe;
        let plan = Plan::on_real_images(recipe.feature_epochs, recipe.feature_batch, recipe.feature_learning_rate)?;
        let mut student = Student::new(&self.network, plan, seed, self.start.device);
        if let Some(bytes) = &self.trained {
            student.restore(bytes, self.start.task.train.hash())?;
        }
        Ok(student)
    }
}

impl Distiller for Selection<'_> {
    fn steps(&self) -> usize {
        self.recipe.feature_epochs
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let images = RealImages::new(View::training(self.start.task), self.recipe.feature_learning_rate);
        let mut student = self.student()?;
        student.train_epoch(&images, &mut TrainingHooks::new(0, ctx.stop, &()))?;
        let loss = student.last_loss();
        let state = student.to_bytes(self.start.task.train.hash())?;
        self.trained = Some(state);
        Ok(StepReport { loss: Some(loss), ..StepReport::default() })
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        let (student, never) = (self.student()?, Stop::never());
        let task = self.start.task;
        select(&self.start, self.recipe.learning_rate, |_, members| {
            let view = View::some(&task.train, &task.space, members.to_vec());
            let passes = InferenceOptions { device: self.start.device, batch: self.recipe.feature_batch, stop: &never };
            let features = eval::features(&self.network, student.params(), &view, passes)?;
            let width = features.len() / members.len().max(1);
            Ok((self.pick)(&features, members.len(), width, self.start.ipc)?.into())
        })
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        state.put("feature-network", self.trained.clone().unwrap_or_default());
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        let bytes = state.get("feature-network")?;
        self.trained = (!bytes.is_empty()).then(|| bytes.to_vec());
        Ok(())
    }
}
