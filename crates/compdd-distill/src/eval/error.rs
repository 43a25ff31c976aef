//! What can stop an evaluation.

use std::path::PathBuf;

use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
    protocol::ProtocolError,
    record::RecordError,
};
use compdd_data::import::ImportError;

/// Why an evaluation gave no score.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum EvalError {
    /// The loss stopped being a number.
    #[error(
        "student {seed} diverged in epoch {epoch}: its training loss is not finite at learning rate {learning_rate}"
    )]
    #[diagnostic(help(
        "evaluate with a smaller learning rate; a learned rate that diverges belongs to images of another scale, so check the pixel space of the bundle"
    ))]
    Diverged {
        /// Seed of the student.
        seed: u64,
        /// Index of the epoch.
        epoch: usize,
        /// Learning rate of that epoch.
        learning_rate: f32,
    },
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// The learning rate of the training set cannot be used.
    #[error("the student learning rate is {value}")]
    #[diagnostic(help(
        "it must be positive and finite; nothing keeps a learned rate positive, so look at the bundle's manifest"
    ))]
    LearningRate {
        /// The rate as given.
        value: f32,
    },
    /// The labels do not fit the images or the network.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Labels(#[from] RecordError),
    /// The images do not fit the network or the test set.
    #[error("the training images are {found:?} (channels, height, width), but the test images are {expected:?}")]
    #[diagnostic(help(
        "test images are squares of the height of the set: a set that is not square has to be made or imported again"
    ))]
    Shape {
        /// Shape of the training images.
        found: [usize; 3],
        /// Shape of the test images.
        expected: [usize; 3],
    },
    /// The pixel block is not that many images.
    #[error("{values} pixel values do not make {images} images of {shape:?} (channels, height, width)")]
    #[diagnostic(help("the bundle is damaged: make or import it again"))]
    Size {
        /// Values in the block.
        values: usize,
        /// Labelled images.
        images: usize,
        /// Shape of one image.
        shape: [usize; 3],
    },
    /// A pixel of the training set is NaN or infinite.
    #[error("training image {image} holds a pixel that is not a number")]
    #[diagnostic(help("the distillation diverged or the file is damaged: make the bundle again"))]
    Pixels {
        /// Index of the first such image.
        image: usize,
    },
    /// Several images in one, in a space in which pixels are no longer pixels.
    #[error("whitened images cannot hold {formation} by {formation} others")]
    #[diagnostic(help("multi-formation enlarges parts of an image: distil it without --zca"))]
    Formation {
        /// Images along a side of a stored image.
        formation: usize,
    },
    /// Another number of weights than images.
    #[error("{weights} weights for {images} images")]
    #[diagnostic(help("a weighted training set has one weight for each image"))]
    Weights {
        /// Weights.
        weights: usize,
        /// Images.
        images: usize,
    },
    /// There is nothing to train or to test on.
    #[error("the {split} set is empty")]
    #[diagnostic(help("check the data root and the subset"))]
    Empty {
        /// `training` or `test`.
        split: &'static str,
    },
    /// A setting of the protocol.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Protocol(#[from] ProtocolError),
    /// The protocol asks a teacher, and none was named.
    #[error("the protocol asks a teacher, and none was named")]
    #[diagnostic(help(
        "name one with --teacher; `compdd teacher list` shows those there are, `compdd teacher train` makes one"
    ))]
    NoTeacher,
    /// Stored soft labels cannot be read, or not be written.
    #[error("the soft labels of {} are damaged: {reason}", path.display())]
    #[diagnostic(help("remove the file and start again: only what is missing is asked again"))]
    SoftLabels {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Soft labels that others made do not fit.
    #[error("the soft labels in {} do not fit: {reason}", path.display())]
    #[diagnostic(help(
        "they belong to the bundle, the protocol and the network that they are taken in for; where an archive has no indices of images, name a file with --order: a line an epoch, the indices of its images in the order of the views"
    ))]
    Archive {
        /// The folder.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// A file of others cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Import(#[from] ImportError),
    /// A saved student cannot be read.
    #[error("{what} does not hold a saved student: {reason}")]
    #[diagnostic(help("delete it and start again: the student is then trained from its first epoch"))]
    State {
        /// The file, or where the bytes came from.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process makes the same soft labels.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Locked(#[from] LockError),
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}
