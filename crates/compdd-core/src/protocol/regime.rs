//! Families of protocols that differ in what a student learns from alone: the label regimes.

use std::{fmt, str::FromStr, sync::LazyLock};

use super::{Protocol, ProtocolError};

/// A family: `regimes-sgd` has the settings of `no-kd@1`, `regimes-adamw` those of `kd-rded@1`. Results of different families share no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `regimes-sgd`.
    Sgd,
    /// `regimes-adamw`.
    AdamW,
}

/// What the students of a family's protocol learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Regime {
    /// The class of every image.
    Hard,
    /// One prediction of the teacher an image, the same in every view.
    Soft,
    /// The teacher's predictions for every view.
    Teacher,
    /// The labels that the method learned or stored.
    Own,
    /// The class of every image, without augmentation: what DD-Ranking's augmentation-robust score asks for besides.
    Plain,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sgd, Self::AdamW];

    /// The name without a regime.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Sgd => "regimes-sgd",
            Self::AdamW => "regimes-adamw",
        }
    }

    /// Its protocol for a regime.
    ///
    /// # Panics
    /// Never: every family has a protocol for every regime, which a test holds.
    pub fn protocol(self, regime: Regime) -> &'static Protocol {
        Protocol::find(&format!("{self}-{regime}")).expect("a protocol for every regime")
    }
}

impl Regime {
    /// The three that are compared.
    pub const COMPARED: [Self; 3] = [Self::Hard, Self::Soft, Self::Teacher];
    /// All, those that are compared first.
    pub const ALL: [Self; 5] = [Self::Hard, Self::Soft, Self::Teacher, Self::Own, Self::Plain];

    /// The last word of its protocols' names.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Teacher => "teacher",
            Self::Own => "own",
            Self::Plain => "plain",
        }
    }

    /// Family and regime of a protocol's id; none for other protocols.
    pub fn of(id: &str) -> Option<(Family, Self)> {
        static ALL: LazyLock<Vec<(&str, (Family, Regime))>> = LazyLock::new(|| {
            let pairs = Family::ALL.into_iter().flat_map(|family| Regime::ALL.map(|regime| (family, regime)));
            pairs.map(|(family, regime)| (family.protocol(regime).id.as_str(), (family, regime))).collect()
        });
        ALL.iter().find(|(known, _)| *known == id).map(|(_, pair)| *pair)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.slug())
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.slug())
    }
}

impl FromStr for Family {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        let known = Self::ALL.into_iter().find(|family| family.slug() == text);
        known.ok_or_else(|| ProtocolError::NoFamily { found: text.to_owned() })
    }
}
