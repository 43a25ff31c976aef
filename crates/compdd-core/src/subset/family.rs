//! Families of subsets, and the conventions each of them brings along.

use serde::{Deserialize, Serialize};

/// The eight categories of Comp-DD (EDF supplement, section 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Category {
    Bird,
    Car,
    Dog,
    Fish,
    Insect,
    Music,
    Round,
    Snake,
}

/// Which end of a category's complexity ranking a subset holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// Large, clear objects.
    Easy,
    /// Small objects in complex scenes.
    Hard,
}

impl Category {
    /// All eight, in alphabetical order.
    pub const ALL: [Self; 8] =
        [Self::Bird, Self::Car, Self::Dog, Self::Fish, Self::Insect, Self::Music, Self::Round, Self::Snake];

    /// The word used in slugs, singular.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Bird => "bird",
            Self::Car => "car",
            Self::Dog => "dog",
            Self::Fish => "fish",
            Self::Insect => "insect",
            Self::Music => "music",
            Self::Round => "round",
            Self::Snake => "snake",
        }
    }
}

impl Difficulty {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Easy, Self::Hard];

    /// The word used in slugs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Hard => "hard",
        }
    }
}

/// Where a list of classes comes from; decides resolution, network, normalisation and known counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "family")]
pub enum Family {
    /// One of the 16 subsets of the Comp-DD benchmark, ten `ImageNet` classes.
    CompDd {
        /// The category.
        category: Category,
        /// Easy or hard.
        difficulty: Difficulty,
    },
    /// `ImageNette`, `ImageWoof`, ...: ten `ImageNet` classes, the lineage of MTT.
    ImagenetTen,
    /// CIFAR-10.
    Cifar10,
    /// CIFAR-100 with its fine labels.
    Cifar100,
    /// Tiny-ImageNet, 200 classes.
    TinyImagenet,
    /// ImageNet-1K, all classes.
    Imagenet1k,
    /// A list from a file, as `compdd subset build` writes it.
    OwnList,
    /// The built-in procedural pictures.
    Scenes {
        /// Which pictures.
        level: Level,
    },
}

/// Which pictures of the built-in scenes a subset has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Large objects.
    Easy,
    /// Small objects in clutter.
    Hard,
    /// Both in turn.
    Mixed,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Hard, Self::Mixed];

    /// The slug of its subset.
    pub fn subset(self) -> &'static str {
        match self {
            Self::Easy => "scenes-easy",
            Self::Hard => "scenes-hard",
            Self::Mixed => "scenes-mixed",
        }
    }
}

/// Channel statistics (R, G, B) of the lineage's loaders, in units of the `[0, 1]` pixel range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of each channel.
    pub mean: [f32; 3],
    /// Standard deviation of each channel.
    pub std: [f32; 3],
}

const CIFAR: Normalisation = Normalisation { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.2010] };
const IMAGENET: Normalisation = Normalisation { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

impl Family {
    /// A human name for headings.
    pub fn title(self) -> &'static str {
        match self {
            Self::CompDd { .. } => "Comp-DD",
            Self::ImagenetTen => "ImageNet ten-class",
            Self::Cifar10 => "CIFAR-10",
            Self::Cifar100 => "CIFAR-100",
            Self::TinyImagenet => "Tiny-ImageNet",
            Self::Imagenet1k => "ImageNet-1K",
            Self::OwnList => "own list",
            Self::Scenes { .. } => "built-in scenes",
        }
    }

    /// Whether classes are named by `ImageNet` synsets.
    pub fn uses_synsets(self) -> bool {
        matches!(self, Self::CompDd { .. } | Self::ImagenetTen | Self::TinyImagenet | Self::Imagenet1k | Self::OwnList)
    }

    /// Whether the images are generated, so that no data root is needed.
    pub fn is_built_in(self) -> bool {
        matches!(self, Self::Scenes { .. })
    }

    /// Side of the square images, in pixels, that the literature uses (64 for ImageNet-1K, 32 for the scenes).
    pub fn default_resolution(self) -> usize {
        match self {
            Self::CompDd { .. } | Self::ImagenetTen | Self::OwnList => 128,
            Self::TinyImagenet | Self::Imagenet1k => 64,
            Self::Cifar10 | Self::Cifar100 | Self::Scenes { .. } => 32,
        }
    }

    /// Mean and std per channel as the MTT..EDF code sets them.
    ///
    /// CIFAR-100 takes CIFAR-10's values there (DC alone has its own), and so it does here. The scenes use `ImageNet`'s.
    pub fn normalisation(self) -> Normalisation {
        match self {
            Self::Cifar10 | Self::Cifar100 => CIFAR,
            Self::CompDd { .. }
            | Self::ImagenetTen
            | Self::TinyImagenet
            | Self::Imagenet1k
            | Self::OwnList
            | Self::Scenes { .. } => IMAGENET,
        }
    }
}

/// The lineage's `ConvNet` for a square input: one block for each halving down to a 4x4 map.
pub(super) fn network_for(resolution: usize) -> &'static str {
    match resolution {
        0..=47 => "convnet-d3",
        48..=95 => "convnet-d4",
        96..=191 => "convnet-d5",
        _ => "convnet-d6",
    }
}
