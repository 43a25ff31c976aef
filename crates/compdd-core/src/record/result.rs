//! The record of one result.

use super::{
    Budget, Bundle, Cell, Distilled, RecordError, Store, StudentRecord, Summary, TeacherRefs, hash, json, published,
};
use crate::subset::Subset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    cmp::Reverse,
    path::{Component, Path, PathBuf},
};

/// One result, with everything that decided it by value or by hash. Two identical runs write identical records: times,
/// memory and the machine are in the [`Timing`](super::Timing) file beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// `compdd-record`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// [`Cell::id`] of `cell`, also the name of the file.
    pub id: String,
    /// What was run.
    pub cell: Cell,
    /// The subset in full.
    pub subset: SubsetRecord,
    /// What a reader must know before comparing this number.
    pub flags: Vec<Flag>,
    /// What the students' accuracies amount to.
    pub summary: Summary,
    /// Every student's score, in the order of their seeds' numbering.
    pub students: Vec<StudentRecord>,
    /// Share of the full-data accuracy that is recovered, where the reference is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// The method's hyper-parameters; their hash is `cell.recipe_hash`.
    pub recipe: Value,
    /// The images: source, hashes, decode settings, skipped files.
    pub data: Value,
    /// Every setting of the protocol.
    pub protocol: Value,
    /// Content address of the protocol's definition; absent from records of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_hash: Option<String>,
    /// The teacher that the protocol asked, or a list of several; their content address is `cell.teacher`.
    #[serde(rename = "teacher", default, skip_serializing_if = "TeacherRefs::is_empty")]
    pub teachers: TeacherRefs,
    /// The distilled sets: one for all students, or one draw a student; none for the reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<BundleRef>,
    /// What papers print for this cell; never mixed with what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// Version of compdd that made the record.
    pub code_version: String,
}

/// The subset as it was when the result was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubsetRecord {
    /// Slug and version.
    pub id: String,
    /// Synsets or names; label = position.
    pub classes: Vec<String>,
    /// Errata.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl From<&Subset> for SubsetRecord {
    fn from(subset: &Subset) -> Self {
        let classes = subset.classes.iter().map(|c| c.synset.clone()).collect();
        Self { id: subset.id(), classes, notes: subset.notes.clone() }
    }
}

/// Something that keeps a number from being compared with others as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Less than the published effort was spent.
    ReducedBudget,
    /// Fewer than five students.
    FewStudents,
    /// The published class list has a known mistake.
    SubsetErratum,
    /// Files of the data set were unreadable and left out.
    SkippedFiles,
    /// The set was made elsewhere.
    Imported,
    /// Settings differ from the recipe shipped for this method and subset.
    ChangedRecipe,
    /// The experts were given, not trained as the recipe says.
    GivenExperts,
    /// The checkpoint was chosen by its test accuracy.
    BestOnTest,
}

impl Flag {
    /// All of them, in the order in which records list them.
    pub const ALL: [Self; 8] = [
        Self::ReducedBudget,
        Self::FewStudents,
        Self::SubsetErratum,
        Self::SkippedFiles,
        Self::Imported,
        Self::ChangedRecipe,
        Self::GivenExperts,
        Self::BestOnTest,
    ];

    /// The word in records: `reduced-budget`.
    pub fn word(self) -> String {
        json::value_of(&self).as_str().unwrap_or_default().to_owned()
    }

    /// What the flag tells a reader, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::ReducedBudget => "reduced budget: not comparable with papers",
            Self::FewStudents => "fewer than five students",
            Self::SubsetErratum => "the published class list has a known mistake",
            Self::SkippedFiles => "damaged images were left out",
            Self::Imported => "the set was made elsewhere",
            Self::ChangedRecipe => "the recipe was changed",
            Self::GivenExperts => "the experts were given, not trained as the recipe says",
            Self::BestOnTest => "chosen by its test accuracy",
        }
    }
}

/// How much of the accuracy of the full data set is recovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// Mean accuracy divided by the reference's.
    pub ratio: f64,
    /// Mean accuracy of the reference, fraction.
    pub reference_mean: f64,
    /// Id of the reference record (method `full`, same subset, protocol, network and resolution).
    pub reference: String,
}

/// A distilled set on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleRef {
    /// Folder, relative to the results folder where it lies inside it.
    pub path: String,
    /// BLAKE3 of its `data.safetensors`.
    pub data_hash: String,
}

impl BundleRef {
    /// The reference to a bundle on disk; one outside the results folder is known by its name.
    ///
    /// # Errors
    /// When the folder is no bundle.
    pub fn to(path: &Path, store: &Store) -> Result<Self, RecordError> {
        let data_hash = Bundle::info(path)?.manifest.data.blake3;
        let inside = path.starts_with(store.root());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: if inside { store.relative(path) } else { name }, data_hash })
    }

    /// Where it lies in a results folder, if it is kept; none for a path that leads out of the folder, by itself or by a link.
    pub fn inside(&self, store: &Store) -> Option<PathBuf> {
        let path = Path::new(&self.path);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        (!self.path.is_empty() && path.components().all(plain))
            .then(|| store.root().join(path))
            .and_then(|path| store.plain(path))
    }
}

/// A value printed in a paper, as a fraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Which paper, and where in it.
    pub source: String,
    /// Mean accuracy, fraction.
    pub mean: f64,
    /// Standard deviation as printed, fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
}

impl Record {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-record";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;
    /// Number of students below which [`Flag::FewStudents`] is set.
    pub const ENOUGH_STUDENTS: usize = 5;

    const KIND: json::Format = json::Format {
        name: Self::FORMAT,
        newest: Self::VERSION,
        help: "records are written by compdd and checked by `compdd results validate`; schemas/record.schema.json describes them",
    };

    /// Puts a record together; id, hashes, summary and the flags that follow from the rest are filled in.
    ///
    /// `cell.recipe_hash` and `cell.students` are set from `recipe` and `students`. Fails if there is no student.
    pub fn new(
        mut cell: Cell,
        subset: &Subset,
        students: Vec<StudentRecord>,
        recipe: Value,
        data: Value,
    ) -> Result<Self, RecordError> {
        let summary = Summary::of_students(&students)
            .ok_or_else(|| RecordError::Inconsistent("a record needs at least one student".to_owned()))?;
        let published = published::of(&cell, subset)?;
        cell.recipe_hash = hash::value(&recipe);
        cell.students = students.len();
        let mut record = Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            id: cell.id(),
            cell,
            subset: subset.into(),
            flags: Vec::new(),
            summary,
            students,
            recovery: None,
            recipe,
            data,
            protocol: Value::Null,
            protocol_hash: None,
            teachers: TeacherRefs::default(),
            bundles: Vec::new(),
            published,
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        for flag in record.implied_flags() {
            record.flag(flag);
        }
        Ok(record)
    }

    /// The flags that follow from the other entries.
    pub fn implied_flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if self.cell.budget != Budget::Paper {
            flags.push(Flag::ReducedBudget);
        }
        if self.students.len() < Self::ENOUGH_STUDENTS {
            flags.push(Flag::FewStudents);
        }
        if self.cell.subset.ends_with("@paper") {
            flags.push(Flag::SubsetErratum);
        }
        flags
    }

    /// Where its page is on a site, from the root: `records/<subset>/<id>.html`.
    pub fn page(&self) -> String {
        format!("records/{}/{}.html", self.cell.subset, self.id)
    }

    /// The custom class list that the classes come from; none for a subset that ships with compdd.
    pub fn own_list(&self) -> Option<Subset> {
        Subset::of_record(&self.subset.id, &self.subset.classes, &self.subset.notes)
    }

    /// Adds a flag, once, keeping the order fixed.
    pub fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
            self.flags.sort_unstable();
        }
    }

    /// Sets the recovery ratio against a full-data record.
    pub fn recover_from(&mut self, reference: &Self) {
        self.recovery = self.recovery_from(reference);
    }

    /// The recovery ratio against a full-data record; none if that one classified nothing correctly.
    pub fn recovery_from(&self, reference: &Self) -> Option<Recovery> {
        let mean = reference.summary.mean;
        let ratio = self.summary.mean / mean;
        (mean > 0.0).then(|| Recovery { ratio, reference_mean: mean, reference: reference.id.clone() })
    }

    /// Of several records that others could be measured against, the first counts: the one with the most students.
    pub fn precedence(&self) -> (Reverse<usize>, &str) {
        (Reverse(self.students.len()), &self.id)
    }

    /// Refers to the bundle the students were trained on.
    pub fn keep_bundle(&mut self, bundle: BundleRef, distilled: &Distilled) {
        if distilled.provenance.budget != Budget::Paper {
            self.flag(Flag::ReducedBudget);
        }
        if !distilled.provenance.imported_from.is_empty() {
            self.flag(Flag::Imported);
        }
        self.bundles.push(bundle);
    }

    /// Reads a record; nothing beyond its form is checked, see [`Store::validate`](super::Store::validate).
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        json::read(path, Self::KIND)
    }

    /// Reads a record from text; `path` is for the messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecordError> {
        json::parse(text, path, Self::KIND)
    }

    /// The bytes of the file.
    pub fn to_json(&self) -> Result<String, RecordError> {
        json::text(self, Path::new(&self.id))
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        json::write(path, self)
    }

    /// The JSON schema of this format, as checked in under `schemas/record.schema.json`.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }
}
