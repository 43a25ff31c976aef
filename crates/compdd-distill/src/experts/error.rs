//! What can go wrong with experts and their buffers.

use std::path::PathBuf;

use crate::eval::EvalError;
use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
    record::RecordError,
};
use compdd_data::import::ImportError;
use compdd_nn::augment::AugmentError;

use super::Epochs;

/// Why experts could not be trained, stored or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ExpertError {
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// The loss stopped being a number.
    #[error(
        "expert {expert} diverged in epoch {epoch}: its training loss is not finite at learning rate {learning_rate}"
    )]
    #[diagnostic(help("train with a smaller learning rate, or a smaller rho if the optimiser is gsam"))]
    Diverged {
        /// Which expert.
        expert: usize,
        /// Index of the epoch, from 0.
        epoch: usize,
        /// Learning rate of that epoch.
        learning_rate: f32,
    },
    /// A setting is outside its range.
    #[error("expert setting `{name}` is {value}, but must be {range}")]
    #[diagnostic(help("docs/experts.md lists the settings with their published values"))]
    Setting {
        /// Key of the recipe.
        name: &'static str,
        /// The value as given.
        value: String,
        /// The accepted range, in words.
        range: &'static str,
    },
    /// A setting of the augmentation.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] AugmentError),
    /// Start and target epochs that the training does not reach.
    #[error(
        "a window that starts before epoch {end} and spans {span} ends at epoch {last}, but the experts are trained for {trained}"
    )]
    #[diagnostic(help("train longer (epochs), start earlier (max_start_epoch) or match fewer epochs (expert_epochs)"))]
    Window {
        /// One more than the largest start epoch (`T+`).
        end: usize,
        /// Epochs of one match (`M`).
        span: usize,
        /// The last epoch that would be read.
        last: usize,
        /// Epochs of the training.
        trained: usize,
    },
    /// A window without a start epoch or without a span.
    #[error("no start epoch lies in [{first}, {end}) with a span of {span}")]
    #[diagnostic(help("min_start_epoch must be below max_start_epoch, and expert_epochs at least 1"))]
    EmptyWindow {
        /// Smallest start epoch (`T-`).
        first: usize,
        /// One more than the largest start epoch (`T+`).
        end: usize,
        /// Epochs of one match (`M`).
        span: usize,
    },
    /// Epochs that the buffer does not hold.
    #[error("{path} holds epochs {stored}, but not {missing}", path = path.display())]
    #[diagnostic(help(
        "`compdd experts train` with the same settings and a later --keep adds them; an imported buffer cannot be extended"
    ))]
    MissingEpochs {
        /// The buffer.
        path: PathBuf,
        /// What it holds.
        stored: Epochs,
        /// What it lacks.
        missing: Epochs,
    },
    /// An expert that the buffer does not hold.
    #[error("{path} holds {stored} experts, but expert {expert} (counted from 0) was asked for", path = path.display())]
    #[diagnostic(help("train more with `compdd experts train --experts N`"))]
    MissingExpert {
        /// The buffer.
        path: PathBuf,
        /// Which one.
        expert: usize,
        /// How many there are.
        stored: usize,
    },
    /// A folder that is no buffer.
    #[error("{path} is no buffer of experts: it has no manifest.json", path = path.display())]
    #[diagnostic(help(
        "a buffer is a folder with manifest.json and expert-NNNN.safetensors; `compdd experts list` shows them"
    ))]
    NotABuffer {
        /// The folder.
        path: PathBuf,
    },
    /// A file of another length than its manifest says.
    #[error("{path} has {found} bytes instead of {expected}", path = path.display())]
    #[diagnostic(help("the file was cut off or replaced: copy it again, or delete it and train the expert again"))]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes in the manifest.
        expected: u64,
        /// Bytes on disk.
        found: u64,
    },
    /// A file whose header is not the one of an expert.
    #[error("{path} is no expert file: {reason}", path = path.display())]
    #[diagnostic(help("it was damaged or replaced: copy it again, or delete it and train the expert again"))]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that changed after it was written.
    #[error("{path} is damaged: its hash is {found}, its manifest says {expected}", path = path.display())]
    #[diagnostic(help("copy it again, or delete it and train the expert again: the same bytes come out"))]
    Hash {
        /// The file.
        path: PathBuf,
        /// BLAKE3 in the manifest.
        expected: String,
        /// BLAKE3 on disk.
        found: String,
    },
    /// A buffer of another network.
    #[error("{path} holds experts of {found}, not of {expected}", path = path.display())]
    #[diagnostic(help("student and experts must be the same network at the same resolution with the same classes"))]
    Network {
        /// The buffer.
        path: PathBuf,
        /// The network that was asked for.
        expected: String,
        /// The network in the manifest.
        found: String,
    },
    /// A network with running statistics.
    #[error("{network} keeps running statistics, which a buffer of parameters cannot hold")]
    #[diagnostic(help(
        "use the variant with instance norm, as all published buffers do (convnet-d3, resnet18-imagenet-in, ...)"
    ))]
    RunningStatistics {
        /// The network.
        network: String,
    },
    /// A folder whose name fits but whose content was made for something else.
    #[error("{path} was made by another training", path = path.display())]
    #[diagnostic(help("move the folder away, or choose another --experts-dir"))]
    Identity {
        /// The buffer.
        path: PathBuf,
    },
    /// Another process trains the same.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// A checkpoint that cannot be read.
    #[error("the checkpoint {} cannot be used: {reason}", path.display())]
    #[diagnostic(help("delete the file and give the command again: the expert goes on from its last stored epoch"))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A class with too few images.
    #[error("class {class} has {found} training images, but {needed} are needed")]
    #[diagnostic(help("ask for fewer images per class, or use more of the training set"))]
    TooFewImages {
        /// The class.
        class: String,
        /// What it has.
        found: usize,
        /// What is needed.
        needed: usize,
    },
    /// A class that the experts hardly ever get right.
    #[error(
        "only {found} of {needed} training images of class {class} are classified correctly by any of {experts} experts"
    )]
    #[diagnostic(help(
        "start from random images instead (--set init=real), train the experts longer, or train more of them"
    ))]
    TooFewCorrect {
        /// The class.
        class: String,
        /// Images that some expert gets right.
        found: usize,
        /// Images per class that were asked for.
        needed: usize,
        /// Experts that were tried.
        experts: usize,
    },
    /// A snapshot that is not one of the network.
    #[error("{path}: expert {expert}, snapshot {snapshot}: {reason}", path = path.display())]
    #[diagnostic(help(
        "give the network, the resolution and the subset that the experts were trained with (--network, --res, --subset)"
    ))]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// Expert in the file, from 0.
        expert: usize,
        /// Snapshot of the expert, from 0.
        snapshot: usize,
        /// What does not fit.
        reason: String,
    },
    /// A file of experts cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Import(#[from] ImportError),
    /// A manifest cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// Scores of images or of a held-out slice could not be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(EvalError),
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

impl From<EvalError> for ExpertError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Interrupted(stop) => Self::Interrupted(stop),
            other => Self::Eval(other),
        }
    }
}
