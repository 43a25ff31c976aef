//! What can go wrong between images and scores.

use std::path::PathBuf;

use compdd_core::{files::IoError, progress::Interrupted};

use crate::cam::CamError;
use compdd_data::{
    data::DataError,
    scores::{ScoresError, shown},
};
use compdd_nn::nn::NetworkError;

/// Errors of scoring.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ComplexityError {
    /// The images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] DataError),
    /// The maps.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cam(#[from] CamError),
    /// The network.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// Settings, and files of scores.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scores(#[from] ScoresError),
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// The user asked to stop; what is scored is kept beside the file of scores.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// Another number of names than outputs.
    #[error("the network has {outputs} outputs, but {names} classes were named")]
    #[diagnostic(help("name the subset the network was trained on"))]
    Outputs {
        /// Outputs of the network.
        outputs: usize,
        /// Names of classes.
        names: usize,
    },
    /// The network does not know classes of the images.
    #[error("the network has no output for {}", shown(classes))]
    #[diagnostic(help(
        "ask for the class it predicts (`--class predicted`), or use a network that was trained on these classes"
    ))]
    NoOutput {
        /// The classes.
        classes: Vec<String>,
    },
    /// The images have another size than those of the network.
    #[error("the images are {images} px, but the network takes {network} px")]
    #[diagnostic(help("decode the images at the resolution of the network"))]
    Resolution {
        /// Side of the images.
        images: usize,
        /// Side that the network takes.
        network: usize,
    },
    /// Nothing to score.
    #[error("there are no images to score")]
    #[diagnostic(help("`compdd data inspect FOLDER` says what a folder holds"))]
    NoImages,
    /// The network's answers are no numbers.
    #[error("the scores of the network for {file} are not finite")]
    #[diagnostic(help("the parameters are damaged, or the network diverged in training: use another one"))]
    NotFinite {
        /// The image.
        file: String,
    },
    /// Another process works on the same file.
    #[error("another process is scoring into {}", out.display())]
    #[diagnostic(help("wait for it, or name another file"))]
    Busy {
        /// The file of scores.
        out: PathBuf,
    },
}
