//! What a method needs before it starts: asked once, announced and prepared by the engine, handed over in [`Start`](super::Start).

use crate::{experts::Demand, feature_network, statistics};

/// What a recipe asks the engine for. The default asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// Pixels are whitened (ZCA), whether the user asks for it or not.
    pub whitening: bool,
    /// The network to distil with and to score unless the user names one; none: the one the subset is usually given.
    pub network: Option<String>,
    /// Experts that the run reads; those that are missing are trained.
    pub experts: Option<Demand>,
    /// The network by which images are chosen; it is trained where no other run has done so.
    pub features: Option<feature_network::Demand>,
    /// The method asks the run's teacher; its content enters the recipe.
    pub observer: bool,
    /// Statistics of every teacher of the run over the training images; those that are missing are gathered.
    pub statistics: Option<statistics::Demand>,
    /// Every student gets a set of its own (a random draw a student, as the lineage's random baseline does).
    pub draw_per_student: bool,
}
