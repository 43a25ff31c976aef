//! The methods: one file (or folder) each, one trait to implement, one line in [`registry`].
//!
//! A method turns a [`Task`](compdd_data::data::Task) into a distilled set. It knows its [recipe](compdd_core::recipe), its loss and its state; it
//! has no loop, no file name, no progress bar and no seed arithmetic: the engine in [`run`](crate::run) owns those. What
//! may enter: modules that implement [`Method`], and what several of them share.

mod coreset;
mod descent;
mod distiller;
mod error;
mod full;
pub mod matching;
mod names;
mod random;
mod rded;
pub mod recover;
mod registry;
mod requirements;
mod scored;
mod selected;
mod state;
mod tensors;
pub mod trajectory;

pub use distiller::{Distiller, Method, Start, StepContext, StepReport};
pub use error::MethodError;
pub use full::FullRecipe;
pub use registry::{all, find};
pub use requirements::Requirements;
pub use state::{State, StateError};

/// The cell that recipes are resolved for where a test does not care.
#[cfg(test)]
const CELL: compdd_core::recipe::RecipeRequest<'static> = compdd_core::recipe::RecipeRequest {
    subset: "cifar10",
    ipc: 1,
    budget: "paper",
    fidelity: "paper",
    resolution: 32,
};

/// The stop of tests that are never stopped.
#[cfg(test)]
static NEVER: std::sync::LazyLock<compdd_core::progress::Stop> = std::sync::LazyLock::new(Default::default);
