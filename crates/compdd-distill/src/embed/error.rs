//! What can go wrong between images and points.

use crate::teachers::TeacherError;
use compdd_core::{record::RecordError, subset::SubsetError};
use compdd_data::data::DataError;
use compdd_nn::{augment::AugmentError, nn::NetworkError};

/// Errors of embeddings.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum EmbedError {
    /// The images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] DataError),
    /// The bundle.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The subset of the bundle.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Subset(#[from] SubsetError),
    /// The network.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// The teacher.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Teacher(#[from] TeacherError),
    /// Stored images that hold several.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Formation(#[from] AugmentError),
    /// A network for images of another size.
    #[error("{network} looks at images of {wanted:?} (channels, height, width), and these are {found:?}")]
    #[diagnostic(help("choose a teacher that was trained at this resolution, or leave --teacher out"))]
    Shape {
        /// The network.
        network: String,
        /// What it looks at.
        wanted: [usize; 3],
        /// What there is.
        found: [usize; 3],
    },
    /// Too few images to have neighbours.
    #[error("{found} images are too few to be laid out by their neighbours")]
    #[diagnostic(help("show {least} at least: raise --per-class or --classes"))]
    Few {
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
    },
    /// A perplexity that is none.
    #[error("--perplexity {perplexity}: a perplexity is a number of neighbours, larger than 1")]
    #[diagnostic(help("values from 5 to 50 are usual"))]
    Perplexity {
        /// What was asked for.
        perplexity: f64,
    },
    /// Features that are not numbers.
    #[error("the features of image {image} are not finite")]
    #[diagnostic(help("the images or the network's parameters are damaged or have diverged"))]
    NotFinite {
        /// Position of the image.
        image: usize,
    },
}
