//! How a convolutional network takes its first steps, by the size of its images.

use super::tensor_ops::Window;

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
