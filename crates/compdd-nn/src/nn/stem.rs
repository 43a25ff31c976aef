//! How a convolutional network takes its first steps, by the size of its images.

use super::{spec::Aspects, tensor_ops::Window};

/// The first layers of a residual network, and of the others where they have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stem {
    /// Chosen by the resolution: below 48 px [`Cifar`](Self::Cifar), below 96 px [`Tiny`](Self::Tiny), else
    /// [`ImageNet`](Self::ImageNet).
    Auto,
    /// 3x3 convolution.
    Cifar,
    /// 3x3 convolution with stride 2.
    Tiny,
    /// 7x7 convolution with stride 2, then max pooling 3x3 with stride 2.
    ImageNet,
    /// As `Cifar`, and every later stride is an average pooling instead; the head sees the 4x4 map.
    AvgPool,
}

impl Stem {
    const NAMES: [(Self, &'static str); 4] =
        [(Self::Cifar, "cifar"), (Self::Tiny, "tiny"), (Self::ImageNet, "imagenet"), (Self::AvgPool, "ap")];

    /// The stem that a token stands for.
    pub(super) fn of(token: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == token).map(|(stem, _)| *stem)
    }

    /// The token that stands for this stem; none for the choice by resolution.
    pub(super) fn token(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(stem, _)| *stem == self).map(|(_, name)| *name)
    }

    /// The stem at a resolution: itself, unless it is chosen by it.
    pub(super) fn at(self, resolution: usize) -> Self {
        match (self, resolution) {
            (Self::Auto, ..48) => Self::Cifar,
            (Self::Auto, ..96) => Self::Tiny,
            (Self::Auto, _) => Self::ImageNet,
            (stem, _) => stem,
        }
    }

    /// The first convolution of a residual network.
    pub(super) fn window(self) -> Window {
        match self {
            Self::ImageNet => Window::new(7, 2, 3),
            Self::Tiny => Window::new(3, 2, 1),
            Self::Auto | Self::Cifar | Self::AvgPool => Window::SAME3,
        }
    }
}

/// The first convolution of networks that have two: with stride 2 for large images, or at full size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Chosen by the resolution: at full size below 96 px.
    #[default]
    Auto,
    /// Stride 1; a pooling behind it is left out.
    Cifar,
    /// Stride 2, as published.
    ImageNet,
}

impl Start {
    /// Reads the tokens of a network that has a start and what `other` sets: the aspect, or none for a token that it does not know. Each aspect
    /// may be set once; the token that cannot be is the error.
    pub(super) fn read<'a>(
        &mut self,
        tokens: &[&'a str],
        mut other: impl FnMut(&str) -> Option<&'static str>,
    ) -> Result<(), &'a str> {
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = match Self::of(token) {
                Some(start) => {
                    *self = start;
                    "stem"
                }
                None => other(token).ok_or(token)?,
            };
            seen.claim(aspect, token)?;
        }
        Ok(())
    }

    /// The start that a token stands for.
    fn of(token: &str) -> Option<Self> {
        match token {
            "cifar" => Some(Self::Cifar),
            "imagenet" => Some(Self::ImageNet),
            _ => None,
        }
    }

    /// The token that stands for it; none for the choice by resolution.
    pub(super) fn token(self) -> Option<String> {
        match self {
            Self::Auto => None,
            Self::Cifar => Some("cifar".into()),
            Self::ImageNet => Some("imagenet".into()),
        }
    }

    /// Stride of the first convolution at a resolution.
    pub(super) fn stride(self, resolution: usize) -> usize {
        match (self, resolution) {
            (Self::Cifar, _) | (Self::Auto, ..96) => 1,
            (Self::ImageNet | Self::Auto, _) => 2,
        }
    }
}
