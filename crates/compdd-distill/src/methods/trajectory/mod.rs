//! Trajectory matching: distilled images on which a student takes, in a few steps, the way that experts took on real
//! images in epochs.
//!
//! One engine serves the family; a method is a recipe for it. [`matching`] is the loss, `schedule` says what an iteration
//! uses, `enhance` is EDF's Discriminative Area Enhancement, `run` ties them to [`compdd_nn::grad`]'s rollouts and to
//! [`crate::experts`]' buffers. MTT (arXiv 2203.11932), TESLA (2211.10586), FTD (2211.11004), DATM (2310.05773), PAD
//! (2408.03360), EDF (2410.17193).

mod enhance;
mod init;
mod learned;
pub mod matching;
mod recipe;
mod run;
mod schedule;
#[cfg(test)]
mod tests;

use recipe::TrajectoryRecipe;
use run::Run;

use super::{Distiller, Method, MethodError, Requirements, Start};
use compdd_core::recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue};

/// A method of the family.
pub(super) struct Trajectory {
    info: &'static MethodInfo,
}

/// The family, in the order of publication.
pub(super) static MTT: Trajectory = Trajectory { info: &catalogue::MTT };
pub(super) static TESLA: Trajectory = Trajectory { info: &catalogue::TESLA };
pub(super) static FTD: Trajectory = Trajectory { info: &catalogue::FTD };
pub(super) static DATM: Trajectory = Trajectory { info: &catalogue::DATM };
pub(super) static PAD: Trajectory = Trajectory { info: &catalogue::PAD };
pub(super) static EDF: Trajectory = Trajectory { info: &catalogue::EDF };

impl Check for Trajectory {
    fn info(&self) -> &'static MethodInfo {
        self.info
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<TrajectoryRecipe>()?.check()
    }

    fn files(&self) -> &'static [&'static str] {
        &["cam_weights"]
    }

    fn consistent(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<TrajectoryRecipe>()?.consistent()
    }
}

impl Method for Trajectory {
    fn requirements(&self, recipe: &Recipe, seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<TrajectoryRecipe>().map_err(RecipeError::OutOfRange)?;
        let experts = Some(recipe.demand(seed)?);
        Ok(Requirements { whitening: recipe.whiten, experts, ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<TrajectoryRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Run::new(start, recipe)?))
    }
}
