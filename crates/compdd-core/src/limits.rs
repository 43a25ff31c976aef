//! How much is taken from files that others may have made: every limit in one place, each with the name that its message gives.
//!
//! What people hand in honestly stays far below all of them. Bounds that only one format has, such as the axes of an array, stand with its
//! reader. What may enter: numbers.

const MIB: u64 = 1 << 20;

/// A limit that a file can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it is called, here and in messages.
    pub name: &'static str,
    /// The most that is taken.
    pub most: u64,
}

impl Limit {
    /// A sentence about a number above the limit.
    pub fn exceeded(self, found: impl std::fmt::Display) -> String {
        format!("there are {found}, and the limit {} is {}", self.name, self.most)
    }

    /// Whether a number of things is within the limit.
    pub fn holds(self, count: usize) -> bool {
        count as u64 <= self.most
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident = $most:expr;)+) => {
        $($(#[$doc])+ pub const $name: Limit = Limit { name: stringify!($name), most: $most };)+
    };
}

limits! {
    /// Bytes of a record, a timing file or a manifest: a hundred students of twenty thousand classes take less than one.
    JSON_BYTES = 8 * MIB;
    /// Bytes of a text that a person wrote: `submission.toml`, a class list.
    TEXT_BYTES = MIB;
    /// Bytes of a table beside a record: a curve, the means of a complexity score.
    TABLE_BYTES = 16 * MIB;
    /// Bytes of the log of a run.
    LOG_BYTES = 256 * MIB;
    /// Bytes of the picture of a bundle.
    PREVIEW_BYTES = 64 * MIB;
    /// Bytes of the data of a bundle, images and all: 20 000 images of 224 pixels.
    BUNDLE_BYTES = 12 * 1024 * MIB;
    /// Bytes of the data of a bundle whose values `compdd submit check` looks at: 5000 images of 128 pixels. Of a larger one it reads the hash.
    LOOKED_AT_BYTES = 256 * MIB;
    /// Bytes of an image, of a list of images or of a file of the CIFAR sets, all of which are read whole.
    WHOLE_BYTES = 1024 * MIB;
    /// Bytes of a file of tensors that is imported: a buffer of a hundred experts of CIFAR-100 has 25 GB.
    TENSORS_BYTES = 64 * 1024 * MIB;
    /// What a compressed array may become at most without a question.
    EXPANDED_BYTES = 64 * MIB;
    /// What each of its bytes may become beyond that: images are hardly compressed at all.
    EXPANSION = 100;
    /// Tensors that a pickle describes.
    TENSORS = 1 << 20;
    /// Images that cannot be decoded, before the rest is not tried any more.
    BAD_IMAGES = 100_000;
    /// Students of a record. The resamples of their bootstrap take memory and time for every number of students that occurs.
    STUDENTS = 100;
    /// Bundles of a record: a draw for every student.
    BUNDLES = 100;
    /// Classes of a subset: ImageNet-21K has 21 841.
    CLASSES = 25_000;
    /// Notes of a subset, remarks of a bundle, published values of a record.
    NOTES = 100;
    /// Characters of a line about who hands something in.
    LINE = 300;
    /// Files and folders of a submission.
    FILES = 1_000_000;
}

/// The longest time that a timing file may give, in seconds: a century.
pub const LONGEST_SECONDS: f64 = 3.2e9;

/// So many errors of one kind are listed, and the rest counted.
pub const LISTED: usize = 20;
