//! `random`: real images drawn uniformly without replacement, the baseline of every table.

use serde::{Deserialize, Serialize};

use super::{
    Distiller, Method, MethodError, Requirements, Start,
    selected::{Selection, check_learning_rate, select},
};
use crate::select::random;
use compdd_core::{
    recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue},
    rng::Stream,
};

/// The registered method.
pub(super) struct Random;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RandomRecipe {
    learning_rate: f32,
    redraw: bool,
}

impl Check for Random {
    fn info(&self) -> &'static MethodInfo {
        &catalogue::RANDOM
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        check_learning_rate("learning_rate", recipe.typed::<RandomRecipe>()?.learning_rate)
    }
}

impl Method for Random {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<RandomRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Requirements { draw_per_student: recipe.redraw, ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<RandomRecipe>().map_err(RecipeError::OutOfRange)?;
        // It has no state: the seed says it all.
        Ok(Box::new(Selection(move || {
            select(&start, recipe.learning_rate, |label, members| {
                let mut stream = Stream::new(start.seed, "random-selection", u64::from(label));
                Ok(random(&mut stream, members.len(), start.ipc)?.into())
            })
        })))
    }
}
