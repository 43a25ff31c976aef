//! Which attacks there are, by name.

use std::{fmt, str::FromStr};

use super::{Apgd, Attack, Cw, Fgsm, Jitter, Objective, Pgd, Square, Vmi};

/// Why an attack cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum AttackError {
    /// A name that none has.
    #[error("there is no attack `{name}`")]
    #[diagnostic(help("there are {}", names().join(", ")))]
    Unknown {
        /// The name.
        name: String,
    },
    /// A loss that compares more classes than there are.
    #[error("`{attack}` compares the {needed} largest logits, and there are {classes} classes")]
    #[diagnostic(help("leave it out; `apgd-ce` and `square` do with two classes"))]
    Classes {
        /// The attack.
        attack: AttackKind,
        /// How many classes it needs.
        needed: usize,
        /// How many there are.
        classes: usize,
    },
}

/// The attacks, each with the settings of its own paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttackKind {
    /// [`Fgsm`].
    Fgsm,
    /// [`Pgd`].
    Pgd,
    /// [`Cw`].
    Cw,
    /// [`Vmi`].
    Vmi,
    /// [`Jitter`].
    Jitter,
    /// [`Apgd`] on cross-entropy.
    ApgdCe,
    /// [`Apgd`] on the difference of logits ratio.
    ApgdDlr,
    /// The same with targets.
    ApgdT,
    /// [`Square`].
    Square,
    /// The three of `AutoAttack` that are here, one after the other on what is left: `apgd-ce`, `apgd-t`, `square`. Its FAB is not.
    AutoAttack,
}

fn names() -> Vec<&'static str> {
    AttackKind::ALL.into_iter().map(AttackKind::slug).collect()
}

impl AttackKind {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 10] = [
        Self::Fgsm,
        Self::Pgd,
        Self::Cw,
        Self::Vmi,
        Self::Jitter,
        Self::ApgdCe,
        Self::ApgdDlr,
        Self::ApgdT,
        Self::Square,
        Self::AutoAttack,
    ];

    /// What it is called.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Fgsm => "fgsm",
            Self::Pgd => "pgd",
            Self::Cw => "cw",
            Self::Vmi => "vmi",
            Self::Jitter => "jitter",
            Self::ApgdCe => "apgd-ce",
            Self::ApgdDlr => "apgd-dlr",
            Self::ApgdT => "apgd-t",
            Self::Square => "square",
            Self::AutoAttack => "autoattack",
        }
    }

    /// Whether it stays within epsilon; one that does not is made once.
    pub fn is_bounded(self) -> bool {
        self != Self::Cw
    }

    /// The attacks that are made, one after the other on the images that are left. `iterations` replaces the number of steps, or of queries, of each.
    pub fn attacks(self, iterations: Option<usize>) -> Vec<Box<dyn Attack>> {
        let apgd = |objective| {
            let usual = Apgd::new(objective);
            Box::new(Apgd { steps: iterations.unwrap_or(usual.steps), ..usual }) as Box<dyn Attack>
        };
        macro_rules! with {
            ($kind:ident, $count:ident) => {{
                let usual = $kind::default();
                Box::new($kind { $count: iterations.unwrap_or(usual.$count), ..usual }) as Box<dyn Attack>
            }};
        }
        match self {
            Self::Fgsm => vec![Box::new(Fgsm)],
            Self::Pgd => vec![with!(Pgd, steps)],
            Self::Cw => vec![with!(Cw, steps)],
            Self::Vmi => vec![with!(Vmi, steps)],
            Self::Jitter => vec![with!(Jitter, steps)],
            Self::ApgdCe => vec![apgd(Objective::CrossEntropy)],
            Self::ApgdDlr => vec![apgd(Objective::Dlr)],
            Self::ApgdT => vec![apgd(Objective::TargetedDlr)],
            Self::Square => vec![with!(Square, queries)],
            Self::AutoAttack => [Self::ApgdCe, Self::ApgdT, Self::Square]
                .into_iter()
                .flat_map(|kind| kind.attacks(iterations))
                .collect(),
        }
    }

    /// Checks that there are as many classes as its loss compares.
    ///
    /// # Errors
    /// [`AttackError::Classes`].
    pub fn check(self, classes: usize) -> Result<(), AttackError> {
        let needed = match self {
            Self::ApgdT | Self::AutoAttack => 4,
            Self::ApgdDlr => 3,
            _ => 2,
        };
        if classes < needed { Err(AttackError::Classes { attack: self, needed, classes }) } else { Ok(()) }
    }
}

impl fmt::Display for AttackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.slug())
    }
}

impl FromStr for AttackKind {
    type Err = AttackError;

    fn from_str(text: &str) -> Result<Self, AttackError> {
        let known = Self::ALL.into_iter().find(|kind| kind.slug() == text.trim());
        known.ok_or_else(|| AttackError::Unknown { name: text.to_owned() })
    }
}
