//! Acceptance checks of the family, on tiny networks and images.

use super::recipe::TrajectoryRecipe;
use crate::methods::{
    find,
    recipe::{Recipe, RecipeRequest},
};

/// The built-in recipe of a method.
pub(super) fn recipe(method: &str) -> TrajectoryRecipe {
    let method = find(method).expect("a registered method");
    let recipe = Recipe::resolve(method, None, &[], &RecipeRequest::for_tests()).expect("a complete recipe");
    recipe.typed().expect("a recipe of the family")
}
