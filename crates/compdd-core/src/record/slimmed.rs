//! Accuracy while channels are taken away: the report of `compdd slim`.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Accuracy, Cell, RecordError, Summary, TeacherRef, json};
use crate::pruning::Share;

const FORMAT: json::Format = json::Format {
    name: "compdd slim",
    newest: 1,
    help: "delete the file and give the command again: the students are trained afresh",
};

/// A student without a share of its channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// How much of the channels was to go.
    #[schemars(with = "String")]
    pub share: Share,
    /// How many channels are left.
    pub channels: usize,
    /// Accuracy right behind the cut.
    pub cut: Accuracy,
    /// After it was trained on.
    pub tuned: Accuracy,
}

/// One student of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlimmedStudent {
    /// Its seed.
    pub seed: u64,
    /// Accuracy with all channels, their scales drawn to zero.
    pub weighed: Accuracy,
    /// What became of it.
    pub cuts: Vec<Cut>,
}

impl SlimmedStudent {
    /// Whether it has not been without a share of its channels yet.
    pub fn lacks(&self, share: Share) -> bool {
        self.cuts.iter().all(|cut| cut.share != share)
    }
}

/// Students of one cell that lose channels. Equal calls write equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slimmed {
    /// Name of the format.
    pub format: String,
    /// Its version.
    pub version: u64,
    /// The cell of the students: that of their record.
    pub cell: Cell,
    /// The trained network that they begin as; none: fresh parameters.
    pub start: Option<TeacherRef>,
    /// Weight of the L1 norm of the channels' scales.
    pub penalty: f32,
    /// Channels that a batch norm scales.
    pub channels: usize,
    /// Those that are under way or done.
    pub students: Vec<SlimmedStudent>,
}

impl Slimmed {
    /// A report without a student.
    pub fn new(cell: Cell, start: Option<TeacherRef>, penalty: f32, channels: usize) -> Self {
        let (format, version) = (FORMAT.name.to_owned(), FORMAT.newest);
        Self { format, version, cell, start, penalty, channels, students: Vec::new() }
    }

    /// Reads a report.
    ///
    /// # Errors
    /// When there is none at `path`, or it is damaged.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        json::read(path, FORMAT)
    }

    /// Writes the report, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        json::write(path, self)
    }

    /// The accuracy with all channels.
    pub fn weighed(&self) -> Option<Summary> {
        Summary::of(&self.students.iter().map(|student| student.weighed).collect::<Vec<_>>())
    }

    /// What the students amount to without a share of their channels, right behind the cut and trained on; none unless all lost it.
    pub fn without(&self, share: Share) -> Option<[Summary; 2]> {
        let of = |student: &SlimmedStudent| student.cuts.iter().find(|cut| cut.share == share).cloned();
        let cuts: Vec<Cut> = self.students.iter().map(of).collect::<Option<_>>()?;
        let [cut, tuned] =
            [|cut: &Cut| cut.cut, |cut: &Cut| cut.tuned].map(|which| cuts.iter().map(which).collect::<Vec<_>>());
        Some([Summary::of(&cut)?, Summary::of(&tuned)?])
    }
}
