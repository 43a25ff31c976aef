//! `sre2l`, `cda`: images recovered from a frozen network by gradient descent on their pixels, until the network is sure of their classes and
//! its batch norms see the statistics of the images it was trained on.
//!
//! Sources: Yin, Xing and Shen, `NeurIPS` 2023 (arXiv 2306.13092), section 3; Yin and Shen 2023 (arXiv 2311.18838), section 3. The two differ in
//! how the size of the crops moves ([`views`]) and in their numbers. A step of the run is one step of a batch of images of different
//! classes; the network is the teacher that the run names. What may enter: the recipe, what the network sees of the images ([`views`]), the
//! loss ([`loss`], [`statistics`]), how images are stored (`storage`), one run of it all.

pub mod loss;
mod recipe;
mod run;
pub mod statistics;
mod storage;
#[cfg(test)]
mod tests;
pub mod views;

use super::{Distiller, Method, MethodError, Requirements, Start};
use compdd_core::recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue};
use recipe::RecoverRecipe;
use run::Run;

/// A registered method: its entry in the catalogue.
pub(super) struct Recover(&'static MethodInfo);

/// Every crop of any size, from the first iteration on.
pub(super) static SRE2L: Recover = Recover(&catalogue::SRE2L);
/// Large crops first, small ones later.
pub(super) static CDA: Recover = Recover(&catalogue::CDA);

impl Check for Recover {
    fn info(&self) -> &'static MethodInfo {
        self.0
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<RecoverRecipe>()?.check()
    }
}

impl Method for Recover {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<RecoverRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Requirements { network: Some(recipe.network), observer: true, ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<RecoverRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Run::new(start, recipe)?))
    }
}
