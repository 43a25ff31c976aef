//! `rded`: the crops of real images that a trained network is surest of, several of them on an image, with its logits as labels.
//!
//! Source: Sun et al., CVPR 2024 (arXiv 2312.03526), sections 4.1 and 4.2. The observer is the teacher that the run names; a class is a
//! step, so that the work is shown, stopped and continued like any other. What may enter: the recipe here, one run of it in [`run`].

mod run;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{Distiller, Method, MethodError, Requirements, Start, selected::check_learning_rate};
use compdd_core::recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue};
use compdd_nn::nn::NetworkSpec;
pub(super) use run::Run;

/// The registered method.
pub(super) struct Rded;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RdedRecipe {
    pub tiles: usize,
    pub candidates: usize,
    pub crops: usize,
    pub min_area: f32,
    pub labels: LabelKind,
    pub network: String,
    pub learning_rate: f32,
    pub observer: String,
}

/// What the images are labelled with.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LabelKind {
    /// The observer's logits.
    Soft,
    /// The class.
    Hard,
}

impl Check for Rded {
    fn info(&self) -> &'static MethodInfo {
        &catalogue::RDED
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        let recipe = recipe.typed::<RdedRecipe>()?;
        check_learning_rate("learning_rate", recipe.learning_rate)?;
        for (name, value, largest) in
            [("tiles", recipe.tiles, 16), ("candidates", recipe.candidates, 1_000_000), ("crops", recipe.crops, 1000)]
        {
            if !(1..=largest).contains(&value) {
                return Err(format!("`{name}` is {value}, but must lie between 1 and {largest}"));
            }
        }
        if !(recipe.min_area > 0.0 && recipe.min_area <= 1.0) {
            return Err(format!("`min_area` is {}, but must lie in (0, 1]", recipe.min_area));
        }
        if !recipe.observer.is_empty() {
            return Err("`observer` is filled in by the run: name the observer with --teacher".to_owned());
        }
        NetworkSpec::parse(&recipe.network).map(drop).map_err(|error| format!("`network`: {error}"))
    }
}

impl Method for Rded {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<RdedRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Requirements { network: Some(recipe.network), observer: true, ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<RdedRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Run::new(start, recipe)?))
    }
}
