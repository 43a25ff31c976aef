//! What is asked of every image.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{CamMethod, Comparison, ScoresError};

/// Whose map is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// That of the class of the image, as the paper has it.
    #[default]
    Target,
    /// That of the class the network takes it for, as the released code has it.
    Predicted,
}

/// Where cells are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grid {
    /// On the map as the layer has it, such as 7x7.
    #[default]
    Layer,
    /// On the map brought to the size of the image.
    Image,
}

/// How activated shares are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How activations and gradients become a map.
    pub method: CamMethod,
    /// Thresholds in `[0, 1]`, rising. The paper's is 0.5.
    pub thresholds: Vec<f32>,
    /// Whether a cell at the threshold counts.
    pub comparison: Comparison,
    /// Whose map.
    pub question: Question,
    /// Where cells are counted.
    pub grid: Grid,
    /// Seed of the noise, for the method that has some.
    pub seed: u64,
}

impl Default for Settings {
    /// The paper's, with the thresholds of Figures 8 to 10 of its supplement.
    fn default() -> Self {
        Self {
            method: CamMethod::default(),
            thresholds: vec![0.1, 0.5, 0.9],
            comparison: Comparison::default(),
            question: Question::default(),
            grid: Grid::default(),
            seed: 0,
        }
    }
}

impl Settings {
    /// The settings with their thresholds in order.
    ///
    /// # Errors
    /// When there is no threshold, or one is outside of 0 to 1 or there twice.
    pub fn checked(mut self) -> Result<Self, ScoresError> {
        self.thresholds.sort_by(f32::total_cmp);
        let inside = self.thresholds.iter().all(|threshold| (0.0..=1.0).contains(threshold));
        let rising = self.thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        if self.thresholds.is_empty() || !inside || !rising {
            return Err(ScoresError::Thresholds { thresholds: self.thresholds });
        }
        Ok(self)
    }
}

/// Reads and writes the words of a type.
macro_rules! words {
    ($kind:ident, $what:literal, $(($word:literal, $value:ident)),+) => {
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$value => $word),+ })
            }
        }

        impl FromStr for $kind {
            type Err = ScoresError;

            fn from_str(text: &str) -> Result<Self, ScoresError> {
                match text.trim() {
                    $($word => Ok(Self::$value),)+
                    other => Err(ScoresError::Word { what: $what, word: other.into(), known: &[$($word),+] }),
                }
            }
        }
    };
}

words!(Question, "class", ("target", Target), ("predicted", Predicted));
words!(Grid, "grid", ("layer", Layer), ("image", Image));
