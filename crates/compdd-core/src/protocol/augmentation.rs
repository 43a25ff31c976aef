//! Differentiable siamese augmentation: which operations may be drawn, and with which strength. `augment` draws and applies them.
//!
//! Source: DSA (Zhao and Bilen, ICML 2021) in the form the trajectory-matching line evaluates with.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be wrong with an augmentation setting.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum AugmentError {
    /// A token of the strategy string has no meaning.
    #[error("augmentation strategy `{strategy}` has an unknown token `{token}`")]
    #[diagnostic(help("join the tokens you want with `_`, out of: color, crop, cutout, flip, scale, rotate"))]
    UnknownToken {
        /// The token as written.
        token: String,
        /// The whole strategy as written.
        strategy: String,
    },
    /// A number of the configuration is outside its range.
    #[error("augmentation setting `{name}` is {value}, but must be {range}")]
    #[diagnostic(help("leave `{name}` out to use the value of the published protocol"))]
    OutOfRange {
        /// Field of [`DsaConfig`] or of an operation of a [`Pipeline`](super::Pipeline).
        name: &'static str,
        /// The value as given.
        value: f32,
        /// The accepted range, in words.
        range: &'static str,
    },
    /// So many images do not fit into one.
    #[error("an image of {side} pixels a side cannot hold {factor} by {factor} others")]
    #[diagnostic(help("use a factor of 1 (no multi-formation), 2 or 3, or at most a quarter of the side"))]
    Formation {
        /// Images along a side.
        factor: usize,
        /// Side of the image that holds them, in pixels.
        side: usize,
    },
    /// An operation stands twice in a pipeline.
    #[error("the operation `{operation}` stands twice in the augmentation")]
    #[diagnostic(help(
        "leave one of them out: what is drawn is named after the operation, so both would draw the same"
    ))]
    Repeated {
        /// Its name.
        operation: &'static str,
    },
    /// An operation follows a mix.
    #[error("the operation `{operation}` stands behind a mix of the minibatch")]
    #[diagnostic(help("put `cutmix` or `mixup` at the end of the augmentation, and only one of them"))]
    BehindMix {
        /// Its name.
        operation: &'static str,
    },
    /// Pixels are not known as bytes.
    #[error("the operation `{operation}` needs images that are normalised bytes")]
    #[diagnostic(help(
        "it works before normalisation, which whitened images do not show: evaluate without --zca, or pad with `fill = \"mean\"`"
    ))]
    NoBytes {
        /// The name of the operation.
        operation: &'static str,
    },
    /// An image has too few pixels for a grid.
    #[error("an image of {height} by {width} pixels cannot be cut into {grid} by {grid} blocks")]
    #[diagnostic(help("use a `grid` of at most the number of pixels along a side"))]
    Grid {
        /// Blocks along a side.
        grid: usize,
        /// Height of the image in pixels.
        height: usize,
        /// Width of the image in pixels.
        width: usize,
    },
}

/// One entry of a strategy string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Token {
    /// Brightness, then saturation, then contrast.
    Color,
    /// Integer shift with zero fill.
    Crop,
    /// A zeroed square.
    Cutout,
    /// Left-right mirror.
    Flip,
    /// Resampling with one factor per axis.
    Scale,
    /// Rotation about the centre.
    Rotate,
}

impl Token {
    /// Every token, in the order of the published strategy.
    pub const ALL: [Self; 6] = [Self::Color, Self::Crop, Self::Cutout, Self::Flip, Self::Scale, Self::Rotate];

    /// The name used in strategy strings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Crop => "crop",
            Self::Cutout => "cutout",
            Self::Flip => "flip",
            Self::Scale => "scale",
            Self::Rotate => "rotate",
        }
    }
}

/// An ordered list of tokens, written `color_crop_cutout_flip_scale_rotate`; `none` is the empty list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub struct Strategy(Vec<Token>);

impl Strategy {
    /// The tokens in order.
    pub fn tokens(&self) -> &[Token] {
        &self.0
    }
}

impl FromStr for Strategy {
    type Err = AugmentError;

    fn from_str(text: &str) -> Result<Self, AugmentError> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let find = |token: &str| {
            Token::ALL
                .into_iter()
                .find(|known| known.name() == token)
                .ok_or_else(|| AugmentError::UnknownToken { token: token.to_owned(), strategy: text.to_owned() })
        };
        text.split('_').map(find).collect::<Result<_, _>>().map(Self)
    }
}

impl<const N: usize> From<[Token; N]> for Strategy {
    fn from(tokens: [Token; N]) -> Self {
        Self(tokens.into())
    }
}

impl TryFrom<String> for Strategy {
    type Error = AugmentError;

    fn try_from(text: String) -> Result<Self, AugmentError> {
        text.parse()
    }
}

impl From<Strategy> for String {
    fn from(strategy: Strategy) -> Self {
        strategy.to_string()
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let names: Vec<_> = self.0.iter().map(|token| token.name()).collect();
        f.write_str(&names.join("_"))
    }
}

/// How many tokens one call applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// One token, drawn uniformly, for the whole minibatch.
    S,
    /// Every token, in the order of the strategy.
    M,
}

/// The strengths of the operations; the defaults are those of the published evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DsaConfig {
    /// Which tokens may be drawn.
    pub strategy: Strategy,
    /// One token a call, or all of them.
    pub mode: Mode,
    /// Largest crop shift as a share of the side (0.25 in EDF).
    pub crop_ratio: f32,
    /// Convention of the sampling grid of `rotate` (`scale` and square images do not depend on it: a linear map about
    /// the centre is the same in both).
    pub align_corners: bool,
    /// Side of the erased square as a share of the image's side.
    pub cutout: f32,
    /// Probability of a mirror.
    pub flip: f32,
    /// Largest scale factor; the smallest is its inverse.
    pub scale: f32,
    /// Largest rotation in degrees, either way.
    pub rotate: f32,
    /// Width of the brightness range, in units of the network's input.
    pub brightness: f32,
    /// Largest saturation factor.
    pub saturation: f32,
    /// Smallest contrast factor; the largest is one more.
    pub contrast: f32,
}

impl Default for DsaConfig {
    fn default() -> Self {
        Self {
            strategy: Strategy(Token::ALL.to_vec()),
            mode: Mode::S,
            crop_ratio: 0.125,
            align_corners: true,
            cutout: 0.5,
            flip: 0.5,
            scale: 1.2,
            rotate: 15.0,
            brightness: 1.0,
            saturation: 2.0,
            contrast: 0.5,
        }
    }
}

impl DsaConfig {
    /// The published strengths with another strategy string.
    pub fn parse(strategy: &str) -> Result<Self, AugmentError> {
        Ok(Self { strategy: strategy.parse()?, ..Self::default() })
    }

    /// No augmentation at all.
    pub fn none() -> Self {
        Self { strategy: Strategy(Vec::new()), ..Self::default() }
    }

    /// Checks every number against its range.
    pub fn validate(&self) -> Result<(), AugmentError> {
        let share = |name, value: f32| (name, value, (0.0..=1.0).contains(&value), "a share between 0 and 1");
        let positive = |name, value: f32| (name, value, value >= 0.0 && value.is_finite(), "zero or more");
        let checks = [
            share("crop_ratio", self.crop_ratio),
            share("cutout", self.cutout),
            share("flip", self.flip),
            ("scale", self.scale, self.scale >= 1.0 && self.scale.is_finite(), "1 or more"),
            ("rotate", self.rotate, (0.0..=180.0).contains(&self.rotate), "an angle between 0 and 180 degrees"),
            positive("brightness", self.brightness),
            positive("saturation", self.saturation),
            positive("contrast", self.contrast),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            Some((name, value, _, range)) => Err(AugmentError::OutOfRange { name, value, range }),
            None => Ok(()),
        }
    }
}
