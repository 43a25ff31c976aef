//! What is known of a method without running it, and what only the method itself knows about its recipe.

use super::{Evaluator, Recipe};

/// What kind of result a method gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It picks real images.
    Selection,
    /// It learns images.
    Distillation,
    /// It is no distillation at all: students see the whole training set. The upper bound of every table.
    Reference,
}

/// A method that ships with compdd, as lists and pages show it.
#[derive(Clone, Copy, Debug)]
pub struct MethodInfo {
    /// The name on the command line and in every record, such as `k-center`.
    pub slug: &'static str,
    /// One line for `compdd method list`.
    pub summary: &'static str,
    /// What it gives.
    pub kind: Kind,
    /// The recipe file that ships with compdd (TOML, complete: every key has a value).
    pub recipe: &'static str,
}

/// A method that can judge a recipe.
pub trait Check {
    /// The method's entry in the catalogue.
    fn info(&self) -> &'static MethodInfo;

    /// Deserialises the recipe and checks its ranges, without doing any work.
    ///
    /// # Errors
    /// What is wrong with which key, as a sentence.
    fn check(&self, recipe: &Recipe) -> Result<(), String>;

    /// The keys that name files. A result's address holds the content of such a file, not its path.
    fn files(&self) -> &'static [&'static str] {
        &[]
    }

    /// What scores real images while distilling unless the user says otherwise; none for methods that compare no batches of real images.
    fn adapts(&self) -> Option<Evaluator> {
        None
    }

    /// Checks what several keys of a complete recipe say together.
    ///
    /// # Errors
    /// What contradicts what, as a sentence.
    fn consistent(&self, _recipe: &Recipe) -> Result<(), String> {
        Ok(())
    }
}

/// A method that takes every value, for recipes that are shown or compared and not run.
pub(super) struct Unchecked(pub &'static MethodInfo);

impl Check for Unchecked {
    fn info(&self) -> &'static MethodInfo {
        self.0
    }

    fn check(&self, _recipe: &Recipe) -> Result<(), String> {
        Ok(())
    }
}
