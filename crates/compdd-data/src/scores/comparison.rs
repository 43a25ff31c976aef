//! What counts as activated.

use serde::{Deserialize, Serialize};

/// Whether a cell that equals the threshold counts as activated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// It does: `M >= t`, as the paper writes.
    #[default]
    AtLeast,
    /// It does not: `M > t`, as the released script counts.
    Above,
}

impl Comparison {
    /// Whether a cell of this value is activated.
    pub fn holds(self, value: f32, threshold: f32) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
        }
    }
}
