//! Which record answers a printed cell.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{Derived, Missing, PaperError, Printed, Table, Target, target::Asked};
use crate::board::{Board, Filter};
use compdd_core::{
    protocol::Protocol,
    pruning::Rule,
    recipe::{self, Recipe, RecipeRequest},
    record::{Cell, Fidelity, Flag, Query, Record, Store},
};

/// The records that tables may show.
#[derive(Clone, Debug)]
pub struct Records {
    records: Arc<[Arc<Record>]>,
    /// Where those of a method, a subset (without version) and a number of images per class are.
    places: HashMap<(String, String, usize), Vec<usize>>,
}

/// What compdd has for a printed cell.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// What the paper printed.
    pub printed: &'a Printed,
    /// What compdd would run, or why it cannot.
    pub target: Result<Target, Missing>,
    /// What was measured.
    pub record: Option<&'a Record>,
    /// What was measured where no single record answers.
    pub derived: Option<Derived>,
}

impl Answer<'_> {
    /// What was measured in the unit of the printed number, and whether with a reduced budget.
    pub fn measured(&self) -> Option<(f64, bool)> {
        let of_record = self.record.map(|record| (100.0 * record.summary.mean, record.is_reduced()));
        of_record.or_else(|| self.derived.as_ref().map(|derived| (derived.value, derived.reduced)))
    }
}

impl Records {
    /// The records of a folder, as the leaderboard takes them in.
    ///
    /// # Errors
    /// What [`Board::open`] refuses; otherwise as [`Records::of`].
    pub fn open(store: &Store, versions: &[String]) -> Result<Self, PaperError> {
        Self::of(Board::open(std::slice::from_ref(store), &Filter::default())?.records().into(), versions)
    }

    /// The records of a board; of the protocols that `versions` name (`no-kd@1`) only those.
    ///
    /// # Errors
    /// When none has one of the versions.
    pub fn of(records: Arc<[Arc<Record>]>, versions: &[String]) -> Result<Self, PaperError> {
        let known: BTreeSet<String> = records.iter().map(|record| record.cell.protocol.clone()).collect();
        for version in versions {
            if !known.contains(version) && !Protocol::all().iter().any(|protocol| protocol.id == *version) {
                let known = known.into_iter().collect();
                return Err(PaperError::UnknownVersion { found: version.clone(), known });
            }
        }
        let is_wanted = |cell: &Cell| {
            let mut same = versions.iter().filter(|version| slug(version) == slug(&cell.protocol)).peekable();
            same.peek().is_none() || same.any(|version| *version == cell.protocol)
        };
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        for (place, record) in records.iter().enumerate().filter(|(_, record)| is_wanted(&record.cell)) {
            let cell = &record.cell;
            places.entry((cell.method.clone(), slug(&cell.subset).to_owned(), cell.ipc)).or_default().push(place);
        }
        Ok(Self { records, places })
    }

    /// The records of a board; of every protocol only those of its latest version.
    ///
    /// # Errors
    /// As [`Records::of`].
    pub fn latest(records: Arc<[Arc<Record>]>) -> Result<Self, PaperError> {
        let mut latest: BTreeMap<&str, &str> = BTreeMap::new();
        for id in records.iter().map(|record| record.cell.protocol.as_str()) {
            let newest = latest.entry(slug(id)).or_insert(id);
            if version(id) > version(newest) {
                *newest = id;
            }
        }
        let latest: Vec<String> = latest.into_values().map(str::to_owned).collect();
        Self::of(records, &latest)
    }

    /// What there is for every cell of a table: the record with the paper's budget, most students and the latest version.
    ///
    /// # Errors
    /// When these were scored with several versions of a protocol.
    pub fn answers<'a>(&'a self, table: &'a Table) -> Result<Vec<Answer<'a>>, PaperError> {
        let answer = |printed: &'a Printed| {
            let target = Target::of(printed, table.network());
            let single = target.as_ref().ok().filter(|target| target.asked == Asked::Accuracy);
            let record = single.and_then(|target| self.best(target));
            let derived = target.as_ref().ok().and_then(|target| self.derived(target));
            Answer { printed, target, record, derived }
        };
        let answers: Vec<Answer<'_>> = table.cells().iter().map(answer).collect();
        one_version(table, &answers)?;
        Ok(answers)
    }

    /// Those of a target's method, subset and number of images per class.
    pub(super) fn near(&self, target: &Target) -> impl Iterator<Item = &Record> {
        let places = self.places.get(&(target.method.clone(), slug(&target.subset).to_owned(), target.ipc));
        places.into_iter().flatten().map(|place| &*self.records[*place])
    }

    pub(super) fn best(&self, target: &Target) -> Option<&Record> {
        self.near(target).filter(|record| target.is_answered_by(record)).min_by_key(|record| {
            let released = record.cell.fidelity == Fidelity::Released;
            let latest = Reverse(version(&record.cell.protocol));
            (record.is_reduced(), released, Reverse(record.students.len()), latest, &record.id)
        })
    }
}

impl Target {
    /// Whether a record is a measurement of this cell: same subset, network, protocol and resolution, and the method as the paper means it.
    pub fn is_answered_by(&self, record: &Record) -> bool {
        self.is_answered_without(self.prune, record)
    }

    /// The same, were this removed of the training images.
    pub(super) fn is_answered_without(&self, pruned: Option<Rule>, record: &Record) -> bool {
        let query = Query {
            method: Some(self.method.clone()),
            subset: Some(self.subset.clone()),
            ipc: Some(self.ipc),
            protocol: Some(self.protocol.clone()),
            network: Some(self.network.clone()),
            resolution: Some(self.resolution),
            ..Query::default()
        };
        let cell = &record.cell;
        !matches!(self.asked, Asked::Attacked(_))
            && query.accepts(cell)
            && self.is_distilled_as(cell)
            && cell.pruning.as_ref().map(|pruning| pruning.rule) == pruned
            && !record.flags.contains(&Flag::BestOnTest)
            && self.has_recipe_of(record)
    }

    /// Whether the set was made by the same network. A bundle does not say which: it counts as one of the usual network, tested on itself.
    fn is_distilled_as(&self, cell: &Cell) -> bool {
        let usual = self.network == self.source && self.source.starts_with("convnet-");
        cell.source == self.source || usual && cell.source.starts_with("bundle:")
    }

    fn has_recipe_of(&self, record: &Record) -> bool {
        if self.set.is_empty() && self.adaptive.is_none() {
            return !record.flags.contains(&Flag::ChangedRecipe);
        }
        let recipe = self.recipe(&record.cell);
        let (Some(expected), Some(mut found)) =
            (recipe.as_ref().and_then(|recipe| recipe.as_object()), record.recipe.as_object().cloned())
        else {
            return false;
        };
        let pruned = found.remove("adaptive").map(|settings| (settings["beta"].as_f64(), settings["lazy"].as_u64()));
        if pruned != self.adaptive.map(|(beta, lazy)| (Some(beta), Some(lazy as u64))) {
            return false;
        }
        let free = |key: &String| key == "origin" || self.free.contains(key);
        found.len() == expected.len()
            && expected.iter().filter(|(key, _)| !free(key)).all(|(key, value)| found.get(key) == Some(value))
    }

    /// The recipe of the cell at the budget and fidelity of a record.
    pub(super) fn recipe(&self, cell: &Cell) -> Option<Arc<Value>> {
        let (budget, fidelity) = (cell.budget.to_string(), cell.fidelity.to_string());
        let request = RecipeRequest {
            subset: &self.subset,
            ipc: self.ipc,
            budget: &budget,
            fidelity: &fidelity,
            resolution: self.resolution,
        };
        let overrides: Vec<(String, String)> = self.overrides().collect();
        Recipe::stored(recipe::method(&self.method).ok()?, &overrides, &request)
    }
}

/// Refuses answers by several versions of a protocol.
fn one_version(table: &Table, answers: &[Answer<'_>]) -> Result<(), PaperError> {
    let ids: BTreeSet<&str> = answers.iter().filter_map(|answer| Some(answer.record?.cell.protocol.as_str())).collect();
    let several = ids.iter().find(|id| ids.iter().any(|other| other != *id && slug(other) == slug(id)));
    let Some(first) = several else { return Ok(()) };
    let mut found: Vec<String> = ids.iter().filter(|id| slug(id) == slug(first)).map(ToString::to_string).collect();
    found.sort_by_key(|id| version(id));
    Err(PaperError::MixedVersions { table: table.id.clone(), found })
}

fn slug(id: &str) -> &str {
    id.split_once('@').map_or(id, |(slug, _)| slug)
}

fn version(id: &str) -> u64 {
    id.split_once('@').and_then(|(_, version)| version.parse().ok()).unwrap_or(0)
}
