//! Pruning before distillation: which training images are left out before anything else sees them (`BiLP`, arXiv 2305.18381, section 3.1).
//!
//! A [`Rule`] says by which [`Criterion`], how large a [`Share`] of every class, and from which [`Side`] of its scores; a [`Pruning`] is what came
//! of it, as addresses and bundles have it. What may enter: the words of rules. What may not: scores, images.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum RuleError {
    /// It does not have the parts of a rule.
    #[error("`{text}` is no rule of pruning")]
    #[diagnostic(help(
        "write CRITERION:SHARE or CRITERION:SHARE:SIDE, such as loss:0.95 or forgetting:0.3:low, or keep a stratum: loss:0.2..0.3"
    ))]
    Shape {
        /// What was given.
        text: String,
    },
    /// There is no such criterion.
    #[error("there is no criterion called `{word}`")]
    #[diagnostic(help("criteria: {}", words()))]
    Criterion {
        /// What was given.
        word: String,
    },
    /// The share is no share.
    #[error("a share of `{text}` cannot be removed")]
    #[diagnostic(help("name the share of every class that is removed: 0 or more and below 1, such as 0.95"))]
    Share {
        /// What was given.
        text: String,
    },
    /// There is no such side.
    #[error("there is no side called `{word}`")]
    #[diagnostic(help("low removes the images with the smallest scores, high those with the largest"))]
    Side {
        /// What was given.
        word: String,
    },
    /// It keeps nothing, or more than there is.
    #[error("`{text}` is no stratum of scores")]
    #[diagnostic(help(
        "name two shares of a class in the order of its scores, the smallest first, such as 0.2..0.3 or 0.9..1"
    ))]
    Stratum {
        /// What was given.
        text: String,
    },
}

/// What images are scored by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Criterion {
    /// The cross-entropy of networks in training, smoothed over the last epochs.
    Loss,
    /// The cross-entropy in the first epoch.
    LossInitial,
    /// Length of `softmax(z) - onehot(y)` in the last epoch (Paul, Ganguli and Dziugaite 2021).
    El2n,
    /// Length of the gradient of the whole network after the last epoch (the same).
    Grand,
    /// How often an image was right and then wrong again; never right counts as often as there are epochs (Toneva et al. 2019).
    Forgetting,
    /// Probability of the class less that of the most likely other one, in the last epoch.
    Margin,
    /// Place in the order of herding.
    Herding,
    /// Place in the order of k-center.
    KCenter,
    /// Place in the order of CRAIG.
    Craig,
    /// The same where picks are mapped back through another order of the class, as the released code does.
    CraigShuffledBug,
    /// Place in the order of `GradMatch`, then the others at random.
    GradMatch,
    /// Place in the order of GLISTER, then the others at random.
    Glister,
    /// One less the activated share of a map: the complexity of the scene (EDF).
    Complexity,
    /// A random number.
    Random,
}

impl Criterion {
    /// Every criterion.
    pub const ALL: [Self; 14] = [
        Self::Loss,
        Self::LossInitial,
        Self::El2n,
        Self::Grand,
        Self::Forgetting,
        Self::Margin,
        Self::Herding,
        Self::KCenter,
        Self::Craig,
        Self::CraigShuffledBug,
        Self::GradMatch,
        Self::Glister,
        Self::Complexity,
        Self::Random,
    ];

    /// What every training gives without a further pass.
    pub const OF_TRAINING: [Self; 5] = [Self::Loss, Self::LossInitial, Self::El2n, Self::Forgetting, Self::Margin];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::LossInitial => "loss-initial",
            Self::El2n => "el2n",
            Self::Grand => "grand",
            Self::Forgetting => "forgetting",
            Self::Margin => "margin",
            Self::Herding => "herding",
            Self::KCenter => "k-center",
            Self::Craig => "craig",
            Self::CraigShuffledBug => "craig-shuffled-bug",
            Self::GradMatch => "gradmatch",
            Self::Glister => "glister",
            Self::Complexity => "complexity",
            Self::Random => "random",
        }
    }

    /// Whether its order depends on how many images are kept.
    pub fn depends_on_share(self) -> bool {
        matches!(self, Self::GradMatch | Self::Glister)
    }

    /// The side that is removed where none is named: hard images by loss, as `BiLP` does; easy ones by the criteria whose authors keep the hard ones;
    /// the last picks of a coreset.
    pub fn usual_side(self) -> Side {
        match self {
            Self::El2n | Self::Grand | Self::Forgetting => Side::Low,
            _ => Side::High,
        }
    }
}

/// The names of the criteria as a list.
fn words() -> String {
    Criterion::ALL.map(Criterion::word).join(", ")
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Criterion {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let found = Self::ALL.into_iter().find(|criterion| criterion.word() == text.trim());
        found.ok_or_else(|| RuleError::Criterion { word: text.into() })
    }
}

/// Which scores are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The smallest.
    Low,
    /// The largest.
    High,
    /// The smallest up to this share of the class, and the largest beyond what is kept: a stratum is left.
    Around(Share),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Low => f.pad("low"),
            Self::High => f.pad("high"),
            Self::Around(from) => write!(f, "from {from}"),
        }
    }
}

impl FromStr for Side {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        match text.trim() {
            "low" => Ok(Self::Low),
            "high" => Ok(Self::High),
            word => Err(RuleError::Side { word: word.into() }),
        }
    }
}

/// A share below 1 in millionths, so that counts are exact: 0.29 of 100 is 29.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Millionths of a number of at most 1; none for others.
    fn millionths(text: &str) -> Option<u32> {
        let scaled = (text.trim().parse::<f64>().ok()? * f64::from(Self::WHOLE)).round_ties_even();
        (0.0..=f64::from(Self::WHOLE)).contains(&scaled).then_some(scaled as u32)
    }

    /// The places of `n` images in ascending order that are kept when this share is removed around a stratum that begins at `from`. Strata that
    /// follow each other share no image and leave none out; one that would be empty has an image.
    pub fn stratum_of(self, from: Self, n: usize) -> std::ops::Range<usize> {
        let place = |share: u32| (n as u64 * u64::from(share) / u64::from(Self::WHOLE)) as usize;
        let start = place(from.0).min(n.saturating_sub(1));
        start..place(from.0 + Self::WHOLE - self.0).max(start + 1).min(n)
    }

    /// As a fraction of 1.
    pub fn value(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }

    /// What is left of `n` images: `ceil((1 - share) n)`, so that no class is emptied.
    pub fn kept_of(self, n: usize) -> usize {
        n - (n as u64 * u64::from(self.0) / u64::from(Self::WHOLE)) as usize
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

impl FromStr for Share {
    type Err = RuleError;

    /// Reads a decimal number, rounded to millionths, halves to even.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        let share = Self::millionths(text).filter(|share| *share < Self::WHOLE);
        share.map(Self).ok_or_else(|| RuleError::Share { text: text.into() })
    }
}

/// What is removed of every class: `loss:0.95:high`; or which stratum of its scores is kept: `loss:0.2..0.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule {
    /// What images are scored by.
    pub criterion: Criterion,
    /// The share of every class that is removed.
    pub removed: Share,
    /// From which side.
    pub side: Side,
}

impl Rule {
    /// Keeps the images whose scores lie between two shares of their class, in millionths; none where that is nothing.
    fn stratum(criterion: Criterion, from: u32, to: u32) -> Option<Self> {
        let removed = Share(Share::WHOLE - to.checked_sub(from).filter(|kept| *kept > 0)?);
        Some(Self { criterion, removed, side: Side::Around(Share(from)) })
    }

    /// Rules that keep one of so many equal strata each, the lowest scores first.
    pub fn strata(criterion: Criterion, count: u32) -> Vec<Self> {
        let cut = |place: u32| (u64::from(place) * u64::from(Share::WHOLE) / u64::from(count.max(1))) as u32;
        (0..count).filter_map(|place| Self::stratum(criterion, cut(place), cut(place + 1))).collect()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Side::Around(from) = self.side {
            let to = f64::from(from.0 + Share::WHOLE - self.removed.0) / f64::from(Share::WHOLE);
            return write!(f, "{}:{from}..{to}", self.criterion);
        }
        write!(f, "{}:{}:{}", self.criterion, self.removed, self.side)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let parts: Vec<&str> = text.split(':').collect();
        if let [criterion, stratum] = parts[..]
            && let Some((from, to)) = stratum.split_once("..")
        {
            let criterion: Criterion = criterion.parse()?;
            let ends = Share::millionths(from).zip(Share::millionths(to));
            let rule = ends.and_then(|(from, to)| Self::stratum(criterion, from, to));
            return rule.ok_or_else(|| RuleError::Stratum { text: stratum.into() });
        }
        let (criterion, removed, side) = match parts[..] {
            [criterion, removed] => (criterion, removed, None),
            [criterion, removed, side] => (criterion, removed, Some(side)),
            _ => return Err(RuleError::Shape { text: text.into() }),
        };
        let criterion: Criterion = criterion.parse()?;
        let side = side.map_or_else(|| Ok(criterion.usual_side()), str::parse)?;
        Ok(Self { criterion, removed: removed.parse()?, side })
    }
}

/// Lets serde read and write a type as its text.
macro_rules! as_text {
    ($($kind:ident),+) => {$(
        impl TryFrom<String> for $kind {
            type Error = RuleError;

            fn try_from(text: String) -> Result<Self, RuleError> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(value: $kind) -> Self {
                value.to_string()
            }
        }
    )+};
}

as_text!(Criterion, Share, Rule);

/// The training images that were kept: part of a cell's address and of a bundle's provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pruning {
    /// What was removed of every class: criterion, share, side.
    #[schemars(with = "String")]
    pub rule: Rule,
    /// Number of images that were kept.
    pub images: usize,
    /// BLAKE3 (hex) of their ascending positions in the training set, eight bytes each, little endian.
    pub kept: String,
}

impl Pruning {
    /// What came of a rule; `kept` are ascending positions.
    pub fn new(rule: Rule, kept: &[usize]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for &position in kept {
            hasher.update(&(position as u64).to_le_bytes());
        }
        Self { rule, images: kept.len(), kept: hasher.finalize().to_hex().to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults of the released code: `int(.29 * 100)` is 28, and `1 - keep` adds rounding noise.
    #[test]
    fn counts_are_exact() {
        let kept = |share: &str, n| share.parse::<Share>().unwrap().kept_of(n);
        assert_eq!((kept("0.29", 100), kept("0.58", 100), kept("0.57", 100)), (71, 42, 43));
        assert_eq!((kept("0.9996", 5000), kept("0.99", 50), kept("0.999999", 50), kept("0", 50)), (2, 1, 1, 50));
        for percent in 0..100 {
            let share = Share(percent * 10_000);
            assert_eq!(share.kept_of(100), 100 - percent as usize);
            assert_eq!(share.to_string().parse::<Share>().unwrap(), share);
        }
    }

    #[test]
    fn rules_are_read_and_written_alike() {
        for criterion in Criterion::ALL {
            let rule: Rule = format!("{criterion}:0.5").parse().unwrap();
            assert_eq!((rule.criterion, rule.side), (criterion, criterion.usual_side()));
            assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule);
        }
        assert_eq!("loss:0.95".parse::<Rule>().unwrap().to_string(), "loss:0.95:high");
        assert_eq!("loss:0.950:low".parse::<Rule>().unwrap().to_string(), "loss:0.95:low");
        let rule: Rule = serde_json::from_str("\"el2n:0.3:low\"").unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), "\"el2n:0.3:low\"");
    }

    #[test]
    fn strata_divide_a_class() {
        for n in [1, 7, 10, 5000] {
            let mut taken = vec![0; n];
            for rule in Rule::strata(Criterion::Loss, 10) {
                assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule);
                let Side::Around(from) = rule.side else { panic!("{rule}") };
                rule.removed.stratum_of(from, n).for_each(|place| taken[place] += 1);
            }
            assert!(n < 10 || taken.iter().all(|count| *count == 1), "{n}");
            assert!(taken.iter().all(|count| *count > 0), "{n}");
        }
        assert_eq!("loss:0.2..0.3".parse::<Rule>().unwrap().to_string(), "loss:0.2..0.3");
        let whole: Rule = "loss:0..1".parse().unwrap();
        assert!(whole.removed.is_zero());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("loss", "loss"),
            ("los:0.5", "los"),
            ("loss:1", "1"),
            ("loss:-0.1", "-0.1"),
            ("loss:0.5:top", "top"),
            ("loss:nan", "nan"),
            ("loss:0.3..0.3", "0.3..0.3"),
            ("loss:0.9..1.1", "0.9..1.1"),
        ] {
            let error = text.parse::<Rule>().unwrap_err();
            assert!(error.to_string().contains(word) && miette::Diagnostic::help(&error).is_some(), "{text}: {error}");
        }
    }

    #[test]
    fn a_pruning_is_addressed_by_what_is_kept() {
        let rule: Rule = "loss:0.5".parse().unwrap();
        let pruning = Pruning::new(rule, &[0, 2]);
        assert_eq!(pruning, Pruning::new(rule, &[0, 2]));
        assert_ne!(pruning.kept, Pruning::new(rule, &[0, 3]).kept);
        assert_eq!((pruning.images, pruning.kept.len()), (2, 64));
    }
}
