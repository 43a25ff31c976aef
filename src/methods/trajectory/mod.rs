//! Trajectory matching: distilled images on which a student takes, in a few steps, the way that experts took on real
//! images in epochs.
//!
//! One engine serves the family; a method is a recipe for it. [`matching`] is the loss, `schedule` says what an iteration
//! uses, `enhance` is EDF's Discriminative Area Enhancement, `run` ties them to [`crate::grad`]'s rollouts and to
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

use super::{
    Distiller, Kind, Method, MethodError, Start,
    recipe::{Recipe, RecipeError},
};
use crate::experts::Demand;

/// A method of the family: a name and a recipe.
pub(super) struct Trajectory {
    slug: &'static str,
    summary: &'static str,
    recipe: &'static str,
}

/// The family, in the order of publication.
pub(super) static MTT: Trajectory = Trajectory {
    slug: "mtt",
    summary: "images that lead a student along the path of experts (Cazenavette et al. 2022)",
    recipe: include_str!("../../../benchmarks/recipes/mtt.toml"),
};
pub(super) static TESLA: Trajectory = Trajectory {
    slug: "tesla",
    summary: "trajectory matching that follows each student step on its own (Cui et al. 2023)",
    recipe: include_str!("../../../benchmarks/recipes/tesla.toml"),
};
pub(super) static FTD: Trajectory = Trajectory {
    slug: "ftd",
    summary: "trajectory matching on flat experts, averaged images (Du et al. 2023)",
    recipe: include_str!("../../../benchmarks/recipes/ftd.toml"),
};
pub(super) static DATM: Trajectory = Trajectory {
    slug: "datm",
    summary: "trajectory matching of the right difficulty, with learned soft labels (Guo et al. 2024)",
    recipe: include_str!("../../../benchmarks/recipes/datm.toml"),
};
pub(super) static PAD: Trajectory = Trajectory {
    slug: "pad",
    summary: "DATM with curriculum experts and without shallow parameters (Li et al. 2024)",
    recipe: include_str!("../../../benchmarks/recipes/pad.toml"),
};
pub(super) static EDF: Trajectory = Trajectory {
    slug: "edf",
    summary: "DATM that emphasises discriminative areas and drops common patterns (Wang et al. 2025)",
    recipe: include_str!("../../../benchmarks/recipes/edf.toml"),
};

impl Method for Trajectory {
    fn slug(&self) -> &'static str {
        self.slug
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn kind(&self) -> Kind {
        Kind::Distillation
    }

    fn builtin_recipe(&self) -> &'static str {
        self.recipe
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<TrajectoryRecipe>()?.check()
    }

    fn consistent(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<TrajectoryRecipe>()?.consistent()
    }

    fn whitens(&self, recipe: &Recipe) -> bool {
        recipe.typed::<TrajectoryRecipe>().is_ok_and(|recipe| recipe.whiten)
    }

    fn demand(&self, recipe: &Recipe, seed: u64) -> Result<Option<Demand>, MethodError> {
        let recipe = recipe.typed::<TrajectoryRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Some(recipe.demand(seed)?))
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<TrajectoryRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Run::new(start, recipe)?))
    }
}
