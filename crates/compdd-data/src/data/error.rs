//! What can go wrong between a folder and a tensor, said so that the reader knows what to do next.

use std::{fmt, path::PathBuf};

use compdd_core::{files::IoError, limits, progress::Interrupted};

use super::{cache::CacheError, decode::Decode, source::Split};

/// How many files or classes an error message lists before it only counts.
const SHOWN: usize = limits::LISTED;

/// An image file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Why it was refused, in one line.
    pub reason: String,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// A class of a subset that a source lacks, or holds without a single image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LackingClass {
    /// Identity of the class: a synset or a plain class name.
    pub synset: String,
    /// Its human name.
    pub label: String,
    /// Which split lacks it.
    pub split: Split,
    /// Where it was looked for.
    pub looked: PathBuf,
    /// A name in the source that means this class as well as another one.
    pub ambiguous: Option<String>,
}

impl fmt::Display for LackingClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.synset)?;
        if self.label != self.synset {
            write!(f, " ({})", self.label)?;
        }
        write!(f, ", {}: {}", self.split, self.looked.display())?;
        match &self.ambiguous {
            Some(name) => {
                write!(f, " (`{name}` may be another class of ImageNet that is called so: name it by its synset)")
            }
            None => Ok(()),
        }
    }
}

/// A list under an error message: one item a line, cut after [`SHOWN`].
fn listed<T: fmt::Display>(items: &[T]) -> String {
    let mut lines: Vec<String> = items.iter().take(SHOWN).map(|item| format!("\n  {item}")).collect();
    if items.len() > SHOWN {
        lines.push(format!("\n  ... and {} more", items.len() - SHOWN));
    }
    lines.concat()
}

fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn joined(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".into();
    }
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown}, ... ({} in all)", names.len()) } else { shown }
}

/// Everything the data room can refuse.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum DataError {
    /// A subset of real images was asked for without a data folder.
    #[error("the subset {subset} is made of real images, but no data folder was given")]
    #[diagnostic(help(
        "name the folder with --data PATH or in COMPDD_DATA; the built-in subsets scenes-easy and scenes-hard need none"
    ))]
    NoRoot {
        /// Slug of the subset.
        subset: String,
    },
    /// The data folder does not exist or is a file.
    #[error("the data folder {} {}", path.display(), if *is_file { "is a file, not a folder" } else { "does not exist" })]
    #[diagnostic(help("give the folder that holds the dataset with --data PATH or COMPDD_DATA"))]
    MissingRoot {
        /// The path that was given.
        path: PathBuf,
        /// It exists, but is no folder.
        is_file: bool,
    },
    /// No source recognises the folder, nor one of the folders in it.
    #[error("no known dataset layout in {} (it holds: {})", path.display(), joined(found))]
    #[diagnostic(help(
        "known layouts: train/<class>/*.jpg|jpeg|png with val/<class> or test/<class>, where <class> is the synset or the \
         class name, or with a flat val/ and an annotation; ImageNet as Kaggle lays it out (ILSVRC/Data/CLS-LOC) or as its \
         archives (ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar); Tiny-ImageNet; WebDataset shards; \
         CIFAR-10 and CIFAR-100 as binary files (data_batch_1..5.bin, test_batch.bin; train.bin, test.bin) or as Python \
         files (data_batch_1..5, test_batch; train, test, meta); Parquet shards (train-*.parquet); NumPy arrays (train.npz \
         with test.npz, or x_train, y_train, x_test, y_test in one .npz or as .npy); or a folder that contains one of these"
    ))]
    UnknownLayout {
        /// The folder that was looked at.
        path: PathBuf,
        /// What lies in it, sorted.
        found: Vec<String>,
    },
    /// A folder holds class folders itself, without a `train` or `val` above them.
    #[error("{} holds class folders, but no `train` and `val` or `test` folders", path.display())]
    #[diagnostic(help(
        "this looks like one split of a dataset: name the folder above it, and call this one `train` if it holds the \
         training images, `val` or `test` if it holds the others"
    ))]
    OneSplit {
        /// The folder.
        path: PathBuf,
    },
    /// Something would be overwritten.
    #[error("{} exists already", path.display())]
    #[diagnostic(help("name a folder that does not exist yet; it is made"))]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// Several folders below the root hold the subset and none is named after it.
    #[error("more than one folder below {} holds {subset}: {}", root.display(), joined(folders))]
    #[diagnostic(help("name the one that is meant: --data {}/{}", root.display(), folders.first().map_or("", String::as_str)))]
    AmbiguousRoot {
        /// The folder that was given.
        root: PathBuf,
        /// Slug of the subset.
        subset: String,
        /// The candidates, sorted.
        folders: Vec<String>,
    },
    /// A split has no folder.
    #[error("{} has no {split} images: there is no {}", path.display(), looked.join(" or "))]
    #[diagnostic(help("add them, or name another data folder; every subset needs train and test images"))]
    MissingSplit {
        /// The dataset folder.
        path: PathBuf,
        /// The split that is missing.
        split: Split,
        /// What would have been accepted.
        looked: Vec<String>,
    },
    /// Images lie directly in a folder and nothing says which class each has.
    #[error("the classes of the images in {} are not known{}{}", images.display(), if refused.is_empty() { "" } else { ":" }, listed(refused))]
    #[diagnostic(help(
        "put one of these into {}: LOC_val_solution.csv (from Kaggle), ILSVRC2012_devkit_t12.tar.gz (from image-net.org), \
         val_annotations.txt (of Tiny-ImageNet), or val_synsets.txt (50000 lines, the synset of ILSVRC2012_val_00000001 first; or lines of file name and synset). Or sort \
         the images into a folder for every class",
        folder.display()
    ))]
    UnlabelledImages {
        /// The folder or archive of the images.
        images: PathBuf,
        /// Where the annotation should lie.
        folder: PathBuf,
        /// Files that might have been the annotation, and why they are not.
        refused: Vec<String>,
    },
    /// Shards or arrays number their classes, and nothing says what the numbers mean.
    #[error("the labels in {} number their {classes} classes (the last is {last}) and do not say what the numbers mean", path.display())]
    #[diagnostic(help(
        "put classes.txt beside them: one synset or name a line, that of class 0 first. Only numbers from 0 to 999 are taken \
         for the sorted synsets of ImageNet-1K without a list"
    ))]
    NumberedClasses {
        /// The folder of the shards, or the file of the arrays.
        path: PathBuf,
        /// How many different numbers there are.
        classes: usize,
        /// The largest.
        last: u32,
    },
    /// A symbolic link leads to a folder that it lies in.
    #[error("{} is a link to {}, which it lies in", path.display(), ancestor.display())]
    #[diagnostic(help("remove the link: following it would never end"))]
    LinkLoop {
        /// The link.
        path: PathBuf,
        /// The folder it leads to.
        ancestor: PathBuf,
    },
    /// Some of the files that make up a binary dataset are missing.
    #[error("{} lacks {} of its {split} images", path.display(), joined(files))]
    #[diagnostic(help("download and unpack the binary version again; all files must lie in one folder"))]
    MissingFiles {
        /// The dataset folder.
        path: PathBuf,
        /// The split they belong to.
        split: Split,
        /// The file names.
        files: Vec<String>,
    },
    /// Classes of the subset are not there at all.
    #[error("{} of {subset} not found:{}", counted(classes.len(), "class", "classes"), listed(classes))]
    #[diagnostic(help(
        "a class folder carries the synset or the class name; `compdd subset verify {subset} --data PATH` shows what is \
         there. Classes found in this source: {}",
        joined(available)
    ))]
    MissingClasses {
        /// Slug of the subset.
        subset: String,
        /// The classes, and where they were looked for.
        classes: Vec<LackingClass>,
        /// The classes that the source does have.
        available: Vec<String>,
    },
    /// Classes are there but hold no usable image.
    #[error("{} of {subset} without a usable image:{}", counted(classes.len(), "class", "classes"), listed(classes))]
    #[diagnostic(help("put .jpg, .jpeg or .png files there; files that --skip-bad leaves out do not count"))]
    EmptyClasses {
        /// Slug of the subset.
        subset: String,
        /// The classes, and where images were looked for.
        classes: Vec<LackingClass>,
    },
    /// A folder that is named by the label of a class holds images of another one.
    #[error("{} is taken for {synset} by its name, but holds {}, which is an image of another class", folder.display(), file.display())]
    #[diagnostic(help(
        "name the folder by the synset of the class that its images show, or take the other images out"
    ))]
    OtherClass {
        /// The folder.
        folder: PathBuf,
        /// The class that it is taken for.
        synset: String,
        /// The first file that begins with another synset.
        file: PathBuf,
    },
    /// Image files are corrupt, cut short or empty.
    #[error("{} cannot be used:{}", counted(files.len(), "image file", "image files"), listed(files))]
    #[diagnostic(help("replace these files, or go on without them with --skip-bad (the record then lists them)"))]
    BadImages {
        /// Every bad file of both splits, sorted by path.
        files: Vec<BadFile>,
    },
    /// A CIFAR binary file has the wrong length.
    #[error("{} has {found} bytes, a complete file has {expected}", path.display())]
    #[diagnostic(help("the file is cut short or of another format; download and unpack the binary version again"))]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Bytes of a complete file.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// A CIFAR record carries an impossible label.
    #[error("{}: record {record} has label {label}, but there are {classes} classes", path.display())]
    #[diagnostic(help("the file is damaged or of another format; download and unpack the binary version again"))]
    WrongLabel {
        /// The file.
        path: PathBuf,
        /// Position of the record, from 0.
        record: usize,
        /// The label byte.
        label: u8,
        /// How many classes the dataset has.
        classes: usize,
    },
    /// A file is not what its name or its place says.
    #[error("{}: {why}", path.display())]
    #[diagnostic(help(
        "a file that is damaged or cut short has to be downloaded or made again; one that is whole is of a form that is not read: docs/data.md \
         lists those that are"
    ))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in it.
        why: String,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
    /// Images changed while they were read.
    #[error("the {split} images in {} changed while they were read", folder.display())]
    #[diagnostic(help("wait until whatever writes there is done, then run the same command again; nothing was kept"))]
    Changed {
        /// The dataset folder.
        folder: PathBuf,
        /// The split.
        split: Split,
    },
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// An image side that makes no sense.
    #[error("a resolution of {resolution} pixels is outside {}..={}", Decode::SMALLEST, Decode::LARGEST)]
    #[diagnostic(help("give --res a usual size: 32, 64, 128 or 256"))]
    Resolution {
        /// What was asked for.
        resolution: usize,
    },
    /// The held-out share is no share, or leaves a class without training images.
    #[error("a held-out share of {share} {why}")]
    #[diagnostic(help("give a share between 0 (nothing held out) and 0.5"))]
    HeldOut {
        /// What was asked for.
        share: f64,
        /// What is wrong with it.
        why: String,
    },
    /// Pixels, labels and shape of an image set disagree.
    #[error("the parts of an image set disagree: {why}")]
    #[diagnostic(help(
        "an image set needs channels x height x width bytes per label, and labels below the number of classes"
    ))]
    Inconsistent {
        /// Which parts, in words.
        why: String,
    },
    /// Whitening needs a matrix that is too large, or too few images.
    #[error("ZCA whitening is impossible here: {why}")]
    #[diagnostic(help("whitening is meant for small images (32 or 64 pixels); leave it off for larger ones"))]
    Whitening {
        /// The reason.
        why: String,
    },
}
