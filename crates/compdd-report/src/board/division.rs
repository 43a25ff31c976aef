//! The rules of the closed division.

use std::collections::HashMap;

use super::Division;
use compdd_core::{
    protocol::{Fit, Protocol, Scoring},
    recipe,
    record::{Budget, Flag, Record, value_of},
};

/// The flags that open the division, whatever else holds.
const OPENING: [Flag; 5] =
    [Flag::ChangedRecipe, Flag::GivenExperts, Flag::BestOnTest, Flag::Imported, Flag::SkippedFiles];

/// The built-in settings, worked out once; those that depend on the set are worked out for each record.
pub struct Rules {
    settings: HashMap<(&'static str, Budget), (Scoring, serde_json::Value)>,
    definitions: HashMap<&'static str, String>,
}

impl Default for Rules {
    fn default() -> Self {
        let budgets = [Budget::Paper, Budget::Quick, Budget::Smoke];
        let pairs = Protocol::all().iter().flat_map(|protocol| budgets.map(|budget| (protocol, budget)));
        let settings = pairs.map(|(protocol, budget)| {
            let settings = protocol.scoring(budget);
            let value = value_of(&settings);
            ((protocol.id.as_str(), budget), (settings, value))
        });
        let definitions = Protocol::all().iter().map(|protocol| (protocol.id.as_str(), protocol.hash())).collect();
        Self { settings: settings.collect(), definitions }
    }
}

impl Rules {
    /// What speaks against the method of a record: that this version does not have it.
    pub fn method(&self, record: &Record) -> Option<String> {
        let method = &record.cell.method;
        recipe::method(method).is_err().then(|| format!("`{method}` is no method of this version"))
    }

    /// The division of a record, and every reason for the open one.
    pub fn judge(&self, record: &Record) -> (Division, Vec<String>) {
        let mut reasons = Vec::new();
        let cell = &record.cell;
        if cell.budget != Budget::Paper {
            reasons.push(format!("budget `{}`, not `paper`", cell.budget));
        } else if record.flags.contains(&Flag::ReducedBudget) {
            reasons.push("the set was made with a reduced budget".into());
        }
        reasons.extend(self.method(record));
        reasons.extend(self.protocol(record));
        if record.students.len() < Record::ENOUGH_STUDENTS {
            reasons.push(Flag::FewStudents.meaning().into());
        }
        reasons.extend(OPENING.iter().filter(|flag| record.flags.contains(flag)).map(|flag| flag.meaning().to_owned()));
        reasons.extend(cell.pruning.as_ref().map(|pruning| format!("training images were pruned: {}", pruning.rule)));
        if record.own_list().is_some() {
            reasons.push("a custom class list, not a published one".into());
        }
        if !cell.is_reference() && record.bundles.is_empty() {
            reasons.push("no bundle is named".into());
        }
        (if reasons.is_empty() { Division::Closed } else { Division::Open }, reasons)
    }

    /// What keeps a record's protocol from being a built-in one that was followed. Settings that are left out have their built-in values; how
    /// long the reference trains is for its recipe to say.
    pub fn protocol(&self, record: &Record) -> Option<String> {
        let cell = &record.cell;
        let known = self.settings.iter().find(|((id, budget), _)| *id == cell.protocol && *budget == cell.budget);
        let Some((_, (settings, value))) = known else {
            return Some(format!("`{}` is no built-in protocol", cell.protocol));
        };
        let written = || serde_json::from_value::<Scoring>(record.protocol.clone()).ok();
        let same = match Protocol::find(&cell.protocol).filter(|protocol| protocol.depends_on_the_set()) {
            Some(protocol) => {
                written().is_some_and(|found| protocol.fitted(cell.budget, &Fit::of(record)) == Ok(found))
            }
            None => record.protocol == *value || written().is_some_and(|found| found == *settings),
        };
        let defined = |hash: &String| self.definitions.get(cell.protocol.as_str()) == Some(hash);
        if !same || !record.protocol_hash.as_ref().is_none_or(defined) {
            return Some(format!("the settings are not those of `{}`", cell.protocol));
        }
        let epochs = settings.total_epochs();
        let other = record.students.iter().find(|student| student.epochs != epochs && !cell.is_reference());
        other.map(|student| format!("a student of {} epochs, where `{}` has {epochs}", student.epochs, cell.protocol))
    }
}
