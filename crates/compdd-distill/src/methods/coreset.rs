//! `herding` and `k-center`: real images chosen by their place among the features of a trained network.

use serde::{Deserialize, Serialize};

use super::{
    Distiller, Method, MethodError, Requirements, Start,
    names::network_or,
    selected::{Selection, check_learning_rate, select},
};
use crate::{
    eval::{self, InferenceOptions, View},
    feature_network::Demand,
    select::{SelectError, herding, k_center},
};
use compdd_core::{
    progress::Stop,
    recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue},
    record::Distilled,
};

/// Welling 2009: greedy matching of the class mean.
pub(super) static HERDING: Coreset = Coreset { info: &catalogue::HERDING, pick: Pick(herding) };

/// Sener and Savarese 2018: farthest points.
pub(super) static K_CENTER: Coreset = Coreset { info: &catalogue::K_CENTER, pick: Pick(k_center) };

/// A selection on features.
pub(super) struct Coreset {
    info: &'static MethodInfo,
    /// How it chooses.
    pub pick: Pick,
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
        network_or("feature_network", &recipe.feature_network, "same")
    }
}

impl Method for Coreset {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<CoresetRecipe>().map_err(RecipeError::OutOfRange)?;
        let demand = Demand {
            network: Demand::named(&recipe.feature_network),
            epochs: recipe.feature_epochs,
            batch: recipe.feature_batch,
            learning_rate: recipe.feature_learning_rate,
            trials: None,
        };
        Ok(Requirements { features: Some(demand), ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<CoresetRecipe>().map_err(RecipeError::OutOfRange)?;
        let pick = self.pick;
        Ok(Box::new(Selection(move || pick.set(&start, recipe.learning_rate, recipe.feature_batch))))
    }
}

/// Of features `[n, d]`, `n`, `d` and `m`: `m` rows.
type Rows = fn(&[f32], usize, usize, usize) -> Result<Vec<usize>, SelectError>;

/// A selection of rows as one of images.
#[derive(Clone, Copy)]
pub(super) struct Pick(Rows);

impl Pick {
    /// Images of every class, chosen on the features that the feature network of the run gives them, so many at a time.
    pub fn set(self, start: &Start<'_>, learning_rate: f32, batch: usize) -> Result<Distilled, MethodError> {
        let (task, device, never) = (start.task, start.device, Stop::never());
        let student = start.feature_network()?.student(task, device)?;
        select(start, learning_rate, |_, members| {
            let view = View::some(&task.train, &task.space, members.to_vec());
            let passes = InferenceOptions { device, batch, stop: &never };
            let features = eval::features(student.network(), student.params(), &view, passes)?;
            let width = features.len() / members.len().max(1);
            Ok((self.0)(&features, members.len(), width, start.ipc)?.into())
        })
    }
}
