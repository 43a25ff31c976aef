//! `sre2l`, `cda`, `gvbsm`, `edc`: images recovered from frozen networks by gradient descent on their pixels, until the networks are sure of
//! their classes and their layers see the statistics of the images they were trained on.
//!
//! Sources: Yin, Xing and Shen, `NeurIPS` 2023 (arXiv 2306.13092), section 3; Yin and Shen 2023 (arXiv 2311.18838), section 3; G-VBSM (Shao et al.,
//! CVPR 2024, arXiv 2311.17950); EDC (Shao et al., `NeurIPS` 2024, arXiv 2404.13733). All are one run whose switches stand in the recipe: the
//! first two differ in how the size of the crops moves ([`views`]); G-VBSM lets several networks take turns, holds the inputs of convolutions
//! against statistics as well ([`matching`]) and spreads the images of a class ([`densify`]); EDC begins with real images, matches the
//! statistics of classes and keeps images near their average ([`flatness`]). A step of the run is one step of a batch of images
//! ([`batches`]); the networks are the teachers that the run names. What may enter: the recipe, what is seen of the images, the terms of the
//! loss, how images begin and are stored, one run of it all.

mod backbone;
pub mod batches;
pub mod densify;
pub mod eigen;
pub mod flatness;
mod initial;
pub mod loss;
pub mod matching;
mod recipe;
mod run;
pub mod statistics;
mod storage;
#[cfg(test)]
mod tests;
pub mod views;

use super::{Distiller, Method, MethodError, Requirements, Start};
use crate::teachers::TeacherLogits;
use compdd_core::recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue};
use compdd_data::data::Task;
use recipe::RecoverRecipe;
use run::Run;

/// Share of the test images of CIFAR-10 that none of EDC's own networks reaches after ten epochs; ours, the paper gives no limit.
const TOO_GOOD: f64 = 0.9;

/// A registered method: its entry in the catalogue.
pub(super) struct Recover(&'static MethodInfo);

/// Every crop of any size, from the first iteration on.
pub(super) static SRE2L: Recover = Recover(&catalogue::SRE2L);
/// Large crops first, small ones later.
pub(super) static CDA: Recover = Recover(&catalogue::CDA);

/// Several networks in turns, statistics of convolutions, spread images.
pub(super) static GVBSM: Recover = Recover(&catalogue::GVBSM);
/// The same from real images, with the statistics of classes.
pub(super) static EDC: Recover = Recover(&catalogue::EDC);

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
        let demand = recipe.demand();
        let statistics = (!demand.is_empty()).then_some(demand);
        Ok(Requirements { network: Some(recipe.network), observer: true, statistics, ..Requirements::default() })
    }

    fn caution(&self, task: &Task, teachers: &[TeacherLogits]) -> Option<String> {
        let worth = |logits: &TeacherLogits| {
            let (teacher, test) = (logits.teacher(), logits.teacher().card().test.as_ref());
            (teacher.to_string(), test.map_or(0.0, |score| score.accuracy.fraction()))
        };
        let asked = self.slug() == catalogue::EDC.slug && task.subset.slug == "cifar10";
        asked.then(|| caution(teachers.iter().map(worth))).flatten()
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<RecoverRecipe>().map_err(RecipeError::OutOfRange)?;
        Ok(Box::new(Run::new(start, recipe)?))
    }
}

/// What is said of teachers, by name and share of test images, that EDC should not recover CIFAR-10 from.
fn caution(teachers: impl Iterator<Item = (String, f64)>) -> Option<String> {
    let names: Vec<String> = teachers.filter(|(_, share)| *share >= TOO_GOOD).map(|(name, _)| name).collect();
    (!names.is_empty()).then(|| {
        format!(
            "caution: edc gets 17 points less on CIFAR-10 from networks that are too good for it, such as pre-trained ones (table 19): {}; \
             the paper trains them for ten epochs at most (--teacher edc-cifar10)",
            names.join(", ")
        )
    })
}
