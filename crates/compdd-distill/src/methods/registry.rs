//! Every method that `compdd run --method` knows: one line each.

use super::{Method, MethodError, coreset, full, matching, random, rded, recover, scored, trajectory};
use compdd_core::recipe::RecipeError;

static METHODS: &[&dyn Method] = &[
    &random::Random,
    &coreset::HERDING,
    &coreset::K_CENTER,
    &scored::CRAIG,
    &scored::GRADMATCH,
    &scored::GLISTER,
    &scored::FORGETTING,
    &scored::EL2N,
    &rded::Rded,
    &recover::SRE2L,
    &recover::CDA,
    &recover::GVBSM,
    &recover::EDC,
    &matching::DC,
    &matching::DSA,
    &matching::IDC_I,
    &matching::IDC,
    &matching::CAFE,
    &matching::DM,
    &matching::DATADAM,
    &matching::IDM,
    &matching::MMD,
    &trajectory::MTT,
    &trajectory::TESLA,
    &trajectory::FTD,
    &trajectory::DATM,
    &trajectory::PAD,
    &trajectory::EDF,
    &full::Full,
];

/// The registered methods, in the order of tables.
pub fn all() -> &'static [&'static dyn Method] {
    METHODS
}

/// The method with this name.
///
/// # Errors
/// [`RecipeError::UnknownMethod`] lists the known names.
pub fn find(slug: &str) -> Result<&'static dyn Method, MethodError> {
    let found = METHODS.iter().copied().find(|method| method.slug() == slug);
    found.ok_or_else(|| RecipeError::unknown_method(slug).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::CELL;
    use compdd_core::recipe::{self, Recipe, RecipeRequest};

    #[test]
    fn every_builtin_recipe_is_complete_and_valid() {
        for method in all() {
            for budget in ["paper", "quick", "smoke"] {
                let request = RecipeRequest { budget, ..CELL };
                let recipe = Recipe::resolve(*method, None, &[], &request).unwrap();
                method.check(&recipe).unwrap();
                assert_eq!(recipe, Recipe::shipped(method.info(), &[], &request).unwrap());
            }
        }
    }

    #[test]
    fn the_methods_are_those_of_the_catalogue() {
        let known: Vec<&str> = recipe::methods().iter().map(|method| method.slug).collect();
        assert_eq!(all().iter().map(|method| method.slug()).collect::<Vec<_>>(), known);
    }

    #[test]
    fn unknown_methods_are_refused_with_the_list() {
        let error = find("edff").err().unwrap();
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert!(error.to_string().contains("edff") && help.contains("random"), "{error} {help}");
    }
}
