//! What the leaderboard holds.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use super::{Submitter, dd_ranking};
use compdd_core::record::{Budget, LabelKind, Problem, Record, RecordError, Recovery, Store, Timing, percent::percent};

/// The leaderboard of one or several results folders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    /// By group (subset, images per class, protocol and its teacher, network, resolution, division, budget), then the best first.
    pub entries: Vec<Entry>,
    /// Records of others that were not taken, and why.
    pub aside: Vec<Problem>,
}

/// A record on the leaderboard, and what its neighbours make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What was measured.
    pub record: Arc<Record>,
    /// How long it took and where, if that was kept.
    pub timing: Option<Timing>,
    /// BLAKE3 of the record's file: what a number is traced by.
    pub hash: String,
    /// The record's file.
    pub file: PathBuf,
    /// The results that it belongs to.
    pub store: Store,
    /// Who handed it in; none for the own results.
    pub who: Option<Submitter>,
    /// Whether it comes from another folder than one's own, the first.
    pub foreign: bool,
    /// Whether it follows every rule.
    pub division: Division,
    /// Why it is in the open division, a few words each; empty in the closed one.
    pub reasons: Vec<String>,
    /// What the distilled set takes on disk.
    pub set: StoredSet,
    /// Its share of the full-data accuracy, where that was measured.
    pub recovery: Option<Recovery>,
    /// Hard-label recovery: accuracy of the full data less that of the set, both with hard labels, as a fraction. None without a
    /// full-data record, and for sets with soft labels: those are not scored with hard ones.
    pub hlr: Option<f64>,
    /// Improvement over random: accuracy of the set less that of random images under the same conditions, as a fraction.
    pub ior: Option<f64>,
    /// 1 and the number of entries of its group whose interval lies wholly above; none for a single student, which has no interval,
    /// and for the reference, which does not compete.
    pub rank: Option<usize>,
}

/// The two leagues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Division {
    /// Everything but the method is fixed: protocol, budget, recipe, number of students.
    Closed,
    /// Something is not, and says what.
    Open,
}

/// What of a distilled set is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredSet {
    /// There is none: the reference trains on the whole training set.
    Reference,
    /// It is not kept here; the record names its hash.
    ScoreOnly,
    /// It lies beside the record. Of several draws, each the set of a student, the largest counts.
    Kept {
        /// Bytes of the data file: images, labels and all.
        bytes: u64,
        /// Bytes of the labels among them.
        label_bytes: u64,
        /// What the labels are.
        labels: LabelKind,
    },
}

/// What must be equal for two entries to be ranked together: subset, images per class, protocol, network, resolution, division, budget.
pub type Group<'a> = (&'a str, usize, &'a str, Option<&'a str>, &'a str, usize, Division, Budget);

impl Entry {
    /// The group that it is ranked in.
    pub fn group(&self) -> Group<'_> {
        let cell = &self.record.cell;
        (
            &cell.subset,
            cell.ipc,
            &cell.protocol,
            cell.teacher.as_deref(),
            &cell.network,
            cell.resolution,
            self.division,
            cell.budget,
        )
    }

    /// Whether it is the full-data reference, which is shown but does not compete.
    pub fn is_reference(&self) -> bool {
        self.record.cell.is_reference()
    }

    /// What papers print for its cell, in percent, separated by slashes where they disagree.
    pub fn published(&self) -> String {
        self.record.published.iter().map(|published| percent(published.mean)).collect::<Vec<_>>().join("/")
    }

    /// DD-Ranking's [label-robust score](dd_ranking::lrs), 0 to 1.
    pub fn lrs(&self) -> Option<f64> {
        Some(dd_ranking::lrs(self.hlr?, self.ior?))
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed",
            Self::Open => "open",
        })
    }
}

impl FromStr for Division {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        match text {
            "closed" => Ok(Self::Closed),
            "open" => Ok(Self::Open),
            _ => Err(RecordError::UnknownWord { what: "division", found: text.to_owned(), known: "closed, open" }),
        }
    }
}
