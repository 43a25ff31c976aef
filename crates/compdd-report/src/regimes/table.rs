//! From records to tables whose rows may be compared.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
};

use super::RegimesError;
use compdd_core::{
    protocol::{Family, Fit, Regime},
    recipe::{self, Kind},
    record::{Budget, Record, hash},
};

/// Scores of sets and controls in the regimes of one family: one subset, network, number of images per class, teacher, number of steps and minibatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Whose settings the students had.
    pub family: Family,
    /// Images per class of the sets.
    pub ipc: usize,
    /// Steps of every row but the last, S.
    pub steps: usize,
    /// Minibatch of every row but the last, B.
    pub batch: usize,
    /// Content address of the teacher.
    pub teacher: String,
    /// Sets, then random images, other selections, the whole training set at S steps and on its own schedule.
    pub rows: Vec<Row>,
    /// Random images at every number of images per class that was scored, by regime.
    pub saturation: BTreeMap<Regime, Vec<Record>>,
}

/// A set or a control.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Its record in every regime in which it was scored; of several the one with the most students.
    pub scores: BTreeMap<Regime, Record>,
}

/// In which part of a table a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A distilled set, or crops.
    Set,
    /// Random real images.
    Random,
    /// Another selection of real images.
    Coreset,
    /// The whole training set at the steps of the sets.
    FullSteps,
    /// The whole training set on its own schedule.
    Full,
}

impl Place {
    fn of(record: &Record) -> Self {
        let cell = &record.cell;
        match recipe::method(&cell.method).map(|method| method.kind) {
            _ if cell.is_baseline() => Self::Full,
            _ if cell.is_reference() => Self::FullSteps,
            _ if cell.method == "random" => Self::Random,
            Ok(Kind::Selection) if record.recipe.get("observer").is_none() => Self::Coreset,
            _ => Self::Set,
        }
    }
}

/// What all records of a table share; the teacher, which not every regime asks, and the images per class come on top.
type Shared = (Family, String, String, usize, Budget, String);

/// The tables that records give, one a family, subset, network, resolution, budget, set of images, number of images per class and teacher. Each
/// that may not be is an error in its place.
pub fn tables(records: &[impl Borrow<Record>]) -> Vec<Result<Table, RegimesError>> {
    let mut shared: BTreeMap<Shared, Vec<(Regime, &Record)>> = BTreeMap::new();
    for record in records.iter().map(Borrow::borrow) {
        let cell = &record.cell;
        if let Some((family, regime)) = Regime::of(&cell.protocol) {
            let (subset, network, data) = (cell.subset.clone(), cell.network.clone(), cell.data_hash.clone());
            let key = (family, subset, network, cell.resolution, cell.budget, data);
            shared.entry(key).or_default().push((regime, record));
        }
    }
    let mut found = Vec::new();
    for ((family, ..), mut group) in shared {
        group.sort_by(|a, b| a.1.precedence().cmp(&b.1.precedence()));
        let places: BTreeSet<(usize, &str)> = group
            .iter()
            .filter(|(_, record)| record.cell.ipc > 0)
            .filter_map(|(_, record)| Some((record.cell.ipc, record.cell.teacher.as_deref()?)))
            .collect();
        found.extend(places.into_iter().map(|(ipc, teacher)| Table::of(family, &group, ipc, teacher)));
    }
    found
}

impl Table {
    fn of(family: Family, group: &[(Regime, &Record)], ipc: usize, teacher: &str) -> Result<Self, RegimesError> {
        let asked = |record: &Record| record.cell.teacher.as_deref().is_none_or(|own| own == teacher);
        let own: Vec<_> = group.iter().filter(|(_, record)| asked(record)).copied().collect();
        let here: Vec<_> =
            own.iter().filter(|(_, record)| record.cell.ipc == ipc || record.cell.is_baseline()).copied().collect();
        let mut compute = None;
        for (_, record) in here.iter().filter(|(_, record)| !record.cell.is_baseline()) {
            compute = Some(of_record(family, record)?);
        }
        let (steps, batch) = compute.unwrap_or_default();
        let mut rows: BTreeMap<(Place, String, String), BTreeMap<Regime, Record>> = BTreeMap::new();
        for (regime, record) in here {
            let set = record.bundles.first().map_or_else(String::new, |bundle| bundle.data_hash.clone());
            let key = (Place::of(record), record.cell.method.clone(), set);
            rows.entry(key).or_default().entry(regime).or_insert_with(|| record.clone());
        }
        let mut saturation: BTreeMap<Regime, Vec<Record>> = BTreeMap::new();
        for (regime, record) in own.iter().filter(|(_, record)| Place::of(record) == Place::Random) {
            let curve = saturation.entry(*regime).or_default();
            if Regime::COMPARED.contains(regime) && curve.iter().all(|known| known.cell.ipc != record.cell.ipc) {
                curve.push((*record).clone());
            }
        }
        saturation.retain(|_, curve| {
            curve.sort_by_key(|record| record.cell.ipc);
            !curve.is_empty()
        });
        let methods: Vec<(Place, String)> = rows.keys().map(|(place, method, _)| (*place, method.clone())).collect();
        let rows = rows.into_iter().map(|((place, method, set), scores)| {
            let several = methods.iter().filter(|other| **other == (place, method.clone())).count() > 1;
            let name = match place {
                Place::FullSteps => "full, S steps".to_owned(),
                Place::Full => "full, own schedule".to_owned(),
                _ if several => format!("{method} {}", hash::short(&set)),
                _ => method,
            };
            Row { name, place, scores }
        });
        Ok(Self { family, ipc, steps, batch, teacher: teacher.to_owned(), rows: rows.collect(), saturation })
    }

    /// A record of it, for what all share.
    pub(super) fn any(&self) -> Option<&Record> {
        self.rows.iter().flat_map(|row| row.scores.values()).next()
    }

    /// Whether a record stands in it.
    pub fn has(&self, id: &str) -> bool {
        self.rows.iter().flat_map(|row| row.scores.values()).any(|record| record.id == id)
    }
}

/// Steps and minibatch of a record, which must be those of its family's protocols for its images per class.
fn of_record(family: Family, record: &Record) -> Result<(usize, usize), RegimesError> {
    let fitted = family.protocol(Regime::Hard).fitted(record.cell.budget, &Fit::of(record));
    let settings = |reason: String| RegimesError::Settings { record: record.id.clone(), reason };
    let fitted = fitted.map_err(|error| settings(error.to_string()))?;
    let steps = fitted.total_epochs() * fitted.epoch_steps.unwrap_or_default();
    let words = |steps: &str, batch: &str| format!("{steps} steps of {batch} images");
    let expected = words(&steps.to_string(), &fitted.batch.to_string());
    for student in &record.students {
        let found = words(&student.steps.to_string(), &record.protocol["batch"].to_string());
        if found != expected {
            return Err(RegimesError::Compute { record: record.id.clone(), found, expected });
        }
    }
    Ok((steps, fitted.batch))
}
