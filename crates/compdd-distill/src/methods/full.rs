//! `full`: the whole training set, the reference that recovery ratios are measured against.

use serde::{Deserialize, Serialize};

use super::{Method, selected::check_learning_rate};
use compdd_core::recipe::{Check, MethodInfo, Recipe, catalogue};

/// The registered method. It distils nothing: the engine trains the protocol's students on the training set.
pub(super) struct Full;

/// How the reference is trained.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FullRecipe {
    /// Learning rate of the students, with the protocol's drop.
    pub learning_rate: f32,
    /// Epochs over the whole training set.
    pub epochs: usize,
}

impl Check for Full {
    fn info(&self) -> &'static MethodInfo {
        &catalogue::FULL
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        let recipe = recipe.typed::<FullRecipe>()?;
        check_learning_rate("learning_rate", recipe.learning_rate)?;
        if recipe.epochs == 0 {
            return Err("`epochs` is 0, but must be 1 or more".to_owned());
        }
        Ok(())
    }
}

impl Method for Full {}
