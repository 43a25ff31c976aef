//! What can go wrong in a method.

use super::StateError;
use compdd_core::{progress::Interrupted, recipe::RecipeError};

/// What can go wrong in a method.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MethodError {
    /// The user asked to stop: everything is as it was before the step.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
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
    /// There is no such method, or its recipe is wrong.
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
    Network(#[from] compdd_nn::nn::NetworkError),
    /// A method that matches experts was started without any.
    #[error("{method} was started without experts")]
    #[diagnostic(help("this is a mistake in the program: please report it"))]
    NoExperts {
        /// The method.
        method: String,
    },
    /// A method that asks a teacher was started without one.
    #[error("{method} was started without a teacher")]
    #[diagnostic(help("this is a mistake in the program: please report it"))]
    NoObserver {
        /// The method.
        method: String,
    },
    /// A method that chooses images by a network was started without one.
    #[error("{method} was started without a feature network")]
    #[diagnostic(help("this is a mistake in the program: please report it"))]
    NoFeatures {
        /// The method.
        method: String,
    },
    /// The network to choose by cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Features(#[from] crate::feature_network::FeatureNetworkError),
    /// A class has fewer training images than pictures are kept, one of each.
    #[error("class {class} has {found} training images, but {needed} are needed, one for every picture of the set")]
    #[diagnostic(help("lower --ipc to at most {most}, or show fewer pictures on an image (--set tiles=1)"))]
    TooFewPictures {
        /// The class, by synset or name.
        class: String,
        /// Images there are.
        found: usize,
        /// Pictures of the class in the set.
        needed: usize,
        /// The largest number of images per class that can be filled.
        most: usize,
    },
    /// Pictures do not fill an image.
    #[error("{tiles} pictures side by side do not fill an image of {side} pixels a side")]
    #[diagnostic(help("use a number that divides the side: --set tiles=1 or tiles=2, or another --res"))]
    Tiles {
        /// Side of an image in pixels.
        side: usize,
        /// Pictures along a side.
        tiles: usize,
    },
    /// Pixels are cropped, bounded or stored as bytes, and whitened values are none.
    #[error("{method} works on pixels, and whitened images have none")]
    #[diagnostic(help("leave --zca out"))]
    Whitened {
        /// The method.
        method: String,
    },
    /// Statistics are to be matched, and the network has none.
    #[error("{method} matches the running statistics of batch norms, and `{network}` has no batch norm")]
    #[diagnostic(help(
        "name a teacher whose network has batch norm (--teacher), or leave the statistics out: --set statistics=0.0"
    ))]
    NoStatistics {
        /// The method.
        method: String,
        /// Slug of the network.
        network: String,
    },
    /// A method that holds images against statistics of its teachers was started without them.
    #[error("{method} was started without the statistics of its teachers")]
    #[diagnostic(help("this is a mistake in the program: please report it"))]
    NoneGathered {
        /// The method.
        method: String,
    },
    /// The statistics of a teacher cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Statistics(#[from] crate::statistics::StatisticsError),
    /// An image could not be stored as the recipe asks.
    #[error("an image could not be stored: {reason}")]
    #[diagnostic(help("keep the values themselves: --set storage=exact"))]
    Storage {
        /// What the encoder says.
        reason: String,
    },
    /// The learned step size of the student left the positive numbers.
    #[error("{method} diverged: the student's learning rate would become {rate} in step {step}")]
    #[diagnostic(help("lower `lr_lr` (the learning rate of the learning rate) or `lr_img` with --set"))]
    LostRate {
        /// The method.
        method: String,
        /// The step.
        step: usize,
        /// The step size that was refused.
        rate: f64,
    },
    /// No iteration is small enough to count any more.
    #[error(
        "{method} stands still: for {iterations} iterations in a row, up to step {step}, the matching loss exceeded {threshold} \
         (the last one is {loss})"
    )]
    #[diagnostic(help("lower `lr_img`, `learning_rate` or the start epochs, or raise `skip_above`, with --set"))]
    Stuck {
        /// The method.
        method: String,
        /// The step.
        step: usize,
        /// Skipped iterations.
        iterations: u64,
        /// The largest loss that counts.
        threshold: f64,
        /// The last loss.
        loss: f64,
    },
    /// The student's training could not be differentiated.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Grad(#[from] compdd_nn::grad::GradError),
    /// The experts cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Experts(#[from] crate::experts::ExpertError),
    /// An expert does not move.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Standing(#[from] super::trajectory::matching::StandingExpert),
    /// A teacher cannot be asked about the classes of the task.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Teacher(#[from] crate::teachers::TeacherError),
    /// The activation maps could not be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cam(#[from] crate::cam::CamError),
    /// A network inside the method could not be trained.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(#[from] crate::eval::EvalError),
    /// Images cannot be augmented or held as the recipe asks.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] compdd_nn::augment::AugmentError),
    /// The first images cannot be whitened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] compdd_data::data::DataError),
    /// Networks could not be asked about the training images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Prune(#[from] crate::prune::PruneError),
    /// The selection could not be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Select(#[from] crate::select::SelectError),
}

impl MethodError {
    /// Whether the numbers got out of hand: the state before the step is the last good one.
    pub fn is_divergence(&self) -> bool {
        let student = |error: &compdd_nn::grad::GradError| matches!(error, compdd_nn::grad::GradError::Diverged { .. });
        match self {
            Self::Diverged { .. } | Self::LostRate { .. } | Self::Stuck { .. } => true,
            Self::Grad(error) => student(error),
            Self::Eval(error) => matches!(error, crate::eval::EvalError::Diverged { .. }),
            _ => false,
        }
    }
}
