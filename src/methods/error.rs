//! What can go wrong in a method.

use super::{StateError, recipe::RecipeError};

/// What can go wrong in a method.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MethodError {
    /// Not a registered name.
    #[error("unknown method `{name}`")]
    #[diagnostic(help("registered methods: {known}"))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The reference was asked to distil.
    #[error("`{method}` distils nothing")]
    #[diagnostic(help("it trains students on the whole training set: run it without --ipc"))]
    NoDistillation {
        /// The method.
        method: &'static str,
    },
    /// A class has fewer training images than the set needs.
    #[error("class {class} has {found} training images, but {needed} images per class were asked for")]
    #[diagnostic(help("lower --ipc to at most {found}"))]
    TooFewImages {
        /// The class, by synset or name.
        class: String,
        /// Images there are.
        found: usize,
        /// Images asked for.
        needed: usize,
    },
    /// The loss left the finite numbers.
    #[error("{method} diverged: the loss of step {step} is {loss}")]
    #[diagnostic(help("lower the learning rate with --set, or resume from the last checkpoint with a changed recipe"))]
    Diverged {
        /// The method.
        method: String,
        /// The step.
        step: usize,
        /// The loss, as printed.
        loss: f64,
    },
    /// The recipe is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Recipe(#[from] RecipeError),
    /// The saved state cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    State(#[from] StateError),
    /// The network cannot be built for the task.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] crate::nn::NetworkError),
    /// A network inside the method could not be trained.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(#[from] crate::eval::EvalError),
    /// The selection could not be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Select(#[from] crate::select::SelectError),
}
