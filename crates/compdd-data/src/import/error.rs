//! Why a foreign set is refused.

use std::path::PathBuf;

use super::StoredAs;
use crate::data::DataError;
use compdd_core::files::IoError;

/// Why a foreign set is refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ImportError {
    /// No such path.
    #[error("there is nothing at {path}", path = path.display())]
    #[diagnostic(help(
        "give a .pt, .npy, .npz, .safetensors or .parquet file, a folder with images_*.pt or train-*.parquet, or a folder of pictures"
    ))]
    NothingThere {
        /// What was given.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// A dataset folder that lacks some of its shards.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Shards(#[from] DataError),
    /// A folder without tensors, shards and pictures.
    #[error("{path} holds neither images_*.pt nor train-*.parquet nor pictures", path = path.display())]
    #[diagnostic(help(
        "tensors: images_best.pt, labels_best.pt, lr_best.pt (or images_5000.pt, images.npy, ...); shards: train-*.parquet, here or in data/; pictures: one sub-folder per class, or files named class000_id000.png"
    ))]
    NothingToImport {
        /// The folder.
        path: PathBuf,
    },
    /// A folder with several files of arrays, none of which is called as images are.
    #[error("{path} holds several files of arrays, none called images or images_*: {}", files.join(", "), path = path.display())]
    #[diagnostic(help("give the file that is meant instead of its folder"))]
    SeveralFiles {
        /// The folder.
        path: PathBuf,
        /// Their names.
        files: Vec<String>,
    },
    /// A file that is damaged, or of a format that is not read.
    #[error("{path} cannot be read: {reason}", path = path.display())]
    #[diagnostic(help(
        "files of torch.save, numpy.save, numpy.savez and safetensors are read, and Parquet files of pictures; a download may be incomplete"
    ))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that is whole and holds something else.
    #[error("{path} holds {found}, where a set was expected", path = path.display())]
    #[diagnostic(help(
        "a set is a tensor `images` with `labels` in a file beside it, a pair or a dictionary of both, or DC's results; in Python: torch.save({{'images': images, 'labels': labels}}, 'set.pt')"
    ))]
    Content {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// An array that a set needs.
    #[error("{path} has no array `{wanted}`, but: {found}", path = path.display())]
    #[diagnostic(help(
        "name the arrays `images`, and `labels`, `logits` or `probabilities`; `learning_rate`, `mean` and `std` may stand beside them"
    ))]
    NoArray {
        /// The file.
        path: PathBuf,
        /// `images` or `labels`.
        wanted: &'static str,
        /// The arrays that are there.
        found: String,
    },
    /// A file that does not hold the views of a minibatch.
    #[error("{path} holds no labels of views saved by torch.save: {reason}", path = path.display())]
    #[diagnostic(help(
        "an archive of soft labels has folders `epoch_E` of files `batch_B.tar`, each a list of boxes, mirrors, partners, share, window and logits; a download may be incomplete"
    ))]
    Views {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that does not hold experts.
    #[error("{path} is no buffer of experts saved by torch.save: {reason}", path = path.display())]
    #[diagnostic(help(
        "a replay_buffer_*.pt holds a list of experts, each a list of snapshots, each a list of tensors; a download may be incomplete"
    ))]
    Trajectories {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file that belongs beside the images is missing.
    #[error("{images} has no labels beside it: {expected} does not exist", images = images.display(), expected = expected.display())]
    #[diagnostic(help("put the labels there, or leave out the number: sets without labels cannot be scored"))]
    NoLabels {
        /// The images.
        images: PathBuf,
        /// Where labels were looked for.
        expected: PathBuf,
    },
    /// A tensor of the wrong shape.
    #[error("{path}: {what} have shape {found:?}, expected {expected}", path = path.display())]
    #[diagnostic(help("images are [N, 3, H, W]; labels are [N] or [N, classes] of the subset given with --subset"))]
    Shape {
        /// The file.
        path: PathBuf,
        /// `images`, `labels`.
        what: &'static str,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that was expected, in words.
        expected: String,
    },
    /// NaN or infinity.
    #[error("{path}: image {image} holds {value}", path = path.display())]
    #[diagnostic(help("the distillation that made this set diverged; use an earlier checkpoint"))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Index of the image.
        image: usize,
        /// The value.
        value: f32,
    },
    /// Values that are not in the declared pixel space.
    #[error(
        "{path}: values from {low:.3} to {high:.3} look like {looks}, not like {declared} ones",
        path = path.display(), looks = looks.describe(), declared = declared.describe()
    )]
    #[diagnostic(help("declare what the file holds: --values {}", looks.word()))]
    Range {
        /// The file.
        path: PathBuf,
        /// Smallest value.
        low: f32,
        /// Largest value.
        high: f32,
        /// What the values look like.
        looks: StoredAs,
        /// What they were declared to be.
        declared: StoredAs,
    },
    /// Values that fit no pixel space.
    #[error(
        "{path}: values from {low:.3} to {high:.3} cannot be {declared} pixels",
        path = path.display(), declared = declared.describe()
    )]
    #[diagnostic(help(
        "whitened sets need the whitening of their training data (--zca with --data); a diverged set cannot be used"
    ))]
    Implausible {
        /// The file.
        path: PathBuf,
        /// Smallest value.
        low: f32,
        /// Largest value.
        high: f32,
        /// What they were declared to be.
        declared: StoredAs,
    },
    /// Labels that are no classes of the subset.
    #[error("{path}: {reason}", path = path.display())]
    #[diagnostic(help("the set was made for other classes: choose its subset with --subset (`compdd subset list`)"))]
    Labels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A step size that cannot train anything.
    #[error("{path}: the student learning rate is {value}", path = path.display())]
    #[diagnostic(help("it must be positive; give another one with --learning-rate"))]
    LearningRate {
        /// The file.
        path: PathBuf,
        /// The value.
        value: f32,
    },
    /// Pictures that cannot be decoded.
    #[error("{} of the pictures cannot be decoded:{}", files.len(), bad_list(files))]
    #[diagnostic(help("copy or download these files again; a set with missing images is another set"))]
    BadPictures {
        /// Files and reasons.
        files: Vec<(PathBuf, String)>,
    },
    /// Pictures of different sizes.
    #[error(
        "{path} is {found_w} x {found_h} pixels, {first} is {first_w} x {first_h}",
        path = path.display(), first = first.display(),
        found_w = found[0], found_h = found[1], first_w = size[0], first_h = size[1]
    )]
    #[diagnostic(help("the pictures of a set must have one size; they are not resized on import"))]
    PictureSize {
        /// The picture that differs.
        path: PathBuf,
        /// Its width and height.
        found: [usize; 2],
        /// The first picture.
        first: PathBuf,
        /// Its width and height.
        size: [usize; 2],
    },
    /// Images that are no squares.
    #[error("{path}: the images are {width} x {height} pixels, but students are scored on squares", path = path.display())]
    #[diagnostic(help("crop or resize them to squares before they are imported; nothing is resized on import"))]
    NotSquare {
        /// The file, or the first of several.
        path: PathBuf,
        /// Their width.
        width: usize,
        /// Their height.
        height: usize,
    },
    /// A class folder or number that the subset does not have.
    #[error("{path}: `{name}` is no class of {subset}", path = path.display())]
    #[diagnostic(help("{}", class_help(near)))]
    UnknownClass {
        /// The folder or file.
        path: PathBuf,
        /// What it is called.
        name: String,
        /// Id of the subset.
        subset: String,
        /// Class names that are close.
        near: Vec<String>,
    },
    /// Classes without a picture.
    #[error("{path} has no picture of {}", classes.join(", "), path = path.display())]
    #[diagnostic(help("every class of the subset needs at least one picture; check --subset"))]
    MissingClasses {
        /// The folder.
        path: PathBuf,
        /// Synsets and labels.
        classes: Vec<String>,
    },
    /// Pictures cannot be in a whitened space.
    #[error("pictures cannot be stored as whitened images")]
    #[diagnostic(help("leave out --zca: pictures are normalised with the subset's mean and std"))]
    WhitenedPictures,
    /// The parts do not fit together.
    #[error("the set cannot be stored: {reason}")]
    #[diagnostic(help("images, labels and learning rate must belong to the same set"))]
    Inconsistent {
        /// What does not fit.
        reason: String,
    },
}

fn bad_list(files: &[(PathBuf, String)]) -> String {
    files.iter().fold(String::new(), |text, (path, reason)| text + &format!("\n  {}: {reason}", path.display()))
}

fn class_help(near: &[String]) -> String {
    let rule = "folders are named by synset, label or position; files classNNN_idMMM by position or ImageNet index";
    if near.is_empty() { rule.to_owned() } else { format!("did you mean {}? {rule}", near.join(" or ")) }
}
