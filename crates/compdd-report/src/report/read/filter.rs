//! Which records are wanted.

use std::borrow::Borrow;

use super::super::ReportError;
use compdd_core::record::{Budget, Cell, Fidelity, Flag, Query, Record, Store};

/// Which records are wanted; an empty entry accepts everything, but for the budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Slugs of methods.
    pub methods: Vec<String>,
    /// Ids or slugs of subsets.
    pub subsets: Vec<String>,
    /// Images per class. The full data set is wanted whatever is given.
    pub ipcs: Vec<usize>,
    /// Slugs of networks.
    pub networks: Vec<String>,
    /// Id or slug of the protocol.
    pub protocol: Option<String>,
    /// Image side.
    pub resolution: Option<usize>,
    /// Budget. Without it the full one, or that of the records that are named.
    pub budget: Option<Budget>,
    /// Fidelity.
    pub fidelity: Option<Fidelity>,
    /// Scored as part of the run, or afterwards.
    pub scored: Option<Scored>,
    /// Only recipes as they ship.
    pub shipped: bool,
    /// Ends of the ids of records: their short hashes.
    pub records: Vec<String>,
}

/// When a set was scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scored {
    /// By the run that made it.
    Run,
    /// Afterwards, as a bundle.
    Again,
}

impl Scored {
    fn of(cell: &Cell) -> Self {
        if cell.source.starts_with("bundle:") { Self::Again } else { Self::Run }
    }
}

/// Whether less than the published effort is behind a record, in distilling or in scoring.
pub(super) fn is_reduced(record: &Record) -> bool {
    record.cell.budget != Budget::Paper || record.flags.contains(&Flag::ReducedBudget)
}

impl Filter {
    /// What is wanted of all records of a store.
    ///
    /// # Errors
    /// When a named one does not exist, or none is left; the message says which flag would find some.
    pub fn list(&self, store: &Store, all: &[impl Borrow<Record>]) -> Result<Vec<Record>, ReportError> {
        let all: Vec<&Record> = all.iter().map(Borrow::borrow).collect();
        for end in &self.records {
            if !all.iter().any(|record| record.id.ends_with(end.as_str())) {
                store.find(end)?;
            }
        }
        self.choose(&all)
    }

    /// As [`Filter::list`], without a look at the names.
    ///
    /// # Errors
    /// When none is left.
    pub fn choose(&self, all: &[impl Borrow<Record>]) -> Result<Vec<Record>, ReportError> {
        let asked: Vec<&Record> = all.iter().map(Borrow::borrow).filter(|record| self.accepts(record)).collect();
        let chosen: Vec<Record> =
            asked.iter().filter(|record| self.accepts_budget(record)).map(|&record| record.clone()).collect();
        if chosen.iter().all(|record| record.cell.is_reference()) {
            return Err(self.none(all.len(), &asked));
        }
        Ok(chosen)
    }

    fn accepts(&self, record: &Record) -> bool {
        let cell = &record.cell;
        let any = |wanted: &[String], query: fn(String) -> Query| {
            wanted.is_empty() || wanted.iter().any(|word| query(word.clone()).accepts(cell))
        };
        let one = Query {
            protocol: self.protocol.clone(),
            resolution: self.resolution,
            fidelity: self.fidelity,
            ..Query::default()
        };
        any(&self.methods, |word| Query { method: Some(word), ..Query::default() })
            && any(&self.subsets, |word| Query { subset: Some(word), ..Query::default() })
            && any(&self.networks, |word| Query { network: Some(word), ..Query::default() })
            && (self.ipcs.is_empty() || cell.is_reference() || self.ipcs.contains(&cell.ipc))
            && one.accepts(cell)
            && self.scored.is_none_or(|scored| scored == Scored::of(cell) || cell.is_reference())
            && !(self.shipped && record.flags.contains(&Flag::ChangedRecipe))
            && (self.records.is_empty() || self.records.iter().any(|end| record.id.ends_with(end.as_str())))
    }

    fn accepts_budget(&self, record: &Record) -> bool {
        match self.budget {
            Some(Budget::Paper) => !is_reduced(record),
            Some(budget) => record.cell.budget == budget || (record.cell.budget == Budget::Paper && is_reduced(record)),
            None => !self.records.is_empty() || !is_reduced(record),
        }
    }

    /// Why none is left.
    fn none(&self, all: usize, asked: &[&Record]) -> ReportError {
        let mut budgets: Vec<String> = asked.iter().map(|record| record.cell.budget.to_string()).collect();
        if asked.iter().any(|record| record.cell.budget == Budget::Paper && is_reduced(record)) {
            budgets.push(Budget::Quick.to_string());
        }
        budgets.retain(|budget| *budget != Budget::Paper.to_string());
        budgets.sort();
        budgets.dedup();
        let others = asked.iter().filter(|record| !record.cell.is_reference()).count();
        let (why, help) = if all == 0 {
            (
                "there are no results".to_owned(),
                "score a set with `compdd run`, or name their folder with --results".to_owned(),
            )
        } else if others > 0 && self.budget.is_none() && !budgets.is_empty() {
            let flags: Vec<String> = budgets.iter().map(|budget| format!("--budget {budget}")).collect();
            (
                format!("the {others} that fit were made with a reduced budget"),
                format!("{} shows them, and the chart says so", flags.join(" or ")),
            )
        } else {
            (
                format!("none of {all} is what was asked for"),
                "`compdd results list` prints all records; ask for less".to_owned(),
            )
        };
        ReportError::NoRecord { why, help }
    }
}
