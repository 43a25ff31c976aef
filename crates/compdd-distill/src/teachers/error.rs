//! What can go wrong with teachers.

use std::path::PathBuf;

use crate::eval::EvalError;
use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
    record::RecordError,
    subset::SubsetError,
};
use compdd_data::data::DataError;
use compdd_nn::{augment::AugmentError, nn::NetworkError};

/// Why a teacher could not be trained, stored, imported or opened.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TeacherError {
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// The loss stopped being a number.
    #[error("the teacher diverged in epoch {epoch}: its training loss is not finite at learning rate {learning_rate}")]
    #[diagnostic(help("train with a smaller learning rate (--learning-rate)"))]
    Diverged {
        /// Index of the epoch, from 0.
        epoch: usize,
        /// Learning rate of that epoch.
        learning_rate: f32,
    },
    /// A setting is outside its range.
    #[error("teacher setting `{name}` is {value}, but must be {range}")]
    #[diagnostic(help("docs/commands/teacher.md lists the settings"))]
    Setting {
        /// Name of its flag.
        name: &'static str,
        /// The value as given.
        value: String,
        /// The accepted range, in words.
        range: &'static str,
    },
    /// An epoch is to be chosen, but there is nothing to choose it on.
    #[error("the best epoch cannot be kept: no training images are held out")]
    #[diagnostic(help("hold some out (--heldout 0.1), or keep the last epoch; test images never choose"))]
    NoHeldOut,
    /// A name that cannot be a folder of its own.
    #[error("`{name}` cannot be the name of a teacher")]
    #[diagnostic(help("use letters, digits, `-`, `_`, `.` and `@`, beginning with a letter or a digit"))]
    Name {
        /// The name as given.
        name: String,
    },
    /// Another teacher has the name.
    #[error("{} is another teacher: it was made from other images, another recipe or another file", path.display())]
    #[diagnostic(help("choose another --name, or remove the folder"))]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A list of teachers that is none.
    #[error("the list of teachers {name} cannot be used: {reason}")]
    #[diagnostic(help("docs/commands/teacher.md says what a list holds"))]
    List {
        /// Its name, or its file.
        name: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A folder without a card.
    #[error("{} is not a teacher: it has no card.json", path.display())]
    #[diagnostic(help(
        "`compdd teacher list` shows what there is, `compdd teacher lists` what is trained when it is asked; others come from `compdd teacher train` or `import`"
    ))]
    NotATeacher {
        /// The folder.
        path: PathBuf,
    },
    /// A card without its parameters.
    #[error("{} is missing", path.display())]
    #[diagnostic(help("copy the folder again, or remove it and train or import the teacher again"))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The parameters are not those the card describes.
    #[error(
        "{} does not match its card: expected BLAKE3 {expected}, found {found}{}",
        path.display(),
        if *missing > 0 { format!(" ({missing} bytes are missing)") } else { String::new() }
    )]
    #[diagnostic(help("copy the folder again, or remove it and train or import the teacher again"))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Hash in the card.
        expected: String,
        /// Hash of the bytes on disk.
        found: String,
        /// How much shorter the file is than it was.
        missing: u64,
    },
    /// Images other than the teacher knows.
    #[error("{} sees {expected}, but these are {found}", path.display())]
    #[diagnostic(help("give the resolution and whitening that the teacher was trained with (--res, --zca)"))]
    Images {
        /// The folder.
        path: PathBuf,
        /// What it was trained on.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Classes that the teacher has no output for.
    #[error(
        "a teacher of {teacher} has no output for {} of the classes of {subset}, such as {}",
        missing.len(),
        missing.iter().take(3).cloned().collect::<Vec<_>>().join(", ")
    )]
    #[diagnostic(help("use a teacher of the subset itself, or of a subset that contains it, such as imagenet-1k"))]
    Classes {
        /// Subset of the teacher.
        teacher: String,
        /// Subset that was asked for.
        subset: String,
        /// Synsets without an output.
        missing: Vec<String>,
    },
    /// Another process trains the same.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// A parameter that is no number.
    #[error("{}: tensor `{tensor}` holds {value}", path.display())]
    #[diagnostic(help("the network diverged or the file is damaged: get another one"))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The value.
        value: f32,
    },
    /// An imported teacher that is not as good, or as bad, as its card says.
    #[error(
        "{} classifies {:.2} % of {images} test images, but its card states {:.2} % ({:.2} points may lie between them)",
        path.display(),
        measured * 100.0,
        stated * 100.0,
        tolerance * 100.0
    )]
    #[diagnostic(help(
        "check the images, the resolution and the resize rule; import the teacher again with the accuracy that is true of these images (--stated)"
    ))]
    Disagrees {
        /// The folder, or the file.
        path: PathBuf,
        /// What the card states.
        stated: f64,
        /// What was measured.
        measured: f64,
        /// What may lie between them.
        tolerance: f64,
        /// On how many images.
        images: usize,
    },
    /// An imported teacher whose outputs are in another order than was said.
    #[error(
        "the outputs of {} are in another order than its card says: {differing} classes come out as others, {}",
        path.display(),
        classes.join(", ")
    )]
    #[diagnostic(help(
        "import it again with --subset naming a list whose order is that of the outputs; a list of your own may have any order (docs/commands/subset.md)"
    ))]
    Order {
        /// The folder, or the file.
        path: PathBuf,
        /// How many classes.
        differing: usize,
        /// The first of them: `n01440764 as n02102040`.
        classes: Vec<String>,
    },
    /// An imported teacher that hardly recognises anything.
    #[error(
        "{} classifies {:.2} % of the test images, but at least {:.2} % was expected (chance is {:.2} %)",
        file.display(),
        accuracy * 100.0,
        needed * 100.0,
        chance * 100.0
    )]
    #[diagnostic(help(
        "check the network, the order of the classes (--subset), the resolution and the resize rule; --force stores it and notes it in the card"
    ))]
    Weak {
        /// The file.
        file: PathBuf,
        /// What was measured.
        accuracy: f64,
        /// What was expected.
        needed: f64,
        /// Accuracy of guessing.
        chance: f64,
    },
    /// Weights that do not fit, or a network that cannot be built.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// The images that a whitening is fitted to.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] DataError),
    /// The subset that a card names.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Subset(#[from] SubsetError),
    /// A setting of the augmentation.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] AugmentError),
    /// A card cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// Training or scoring failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(EvalError),
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

impl From<EvalError> for TeacherError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Interrupted(stop) => Self::Interrupted(stop),
            EvalError::Diverged { epoch, learning_rate, .. } => Self::Diverged { epoch, learning_rate },
            other => Self::Eval(other),
        }
    }
}
