//! Which entries are wanted.

use std::collections::BTreeSet;

use super::{BoardError, Division, Entry};
use compdd_core::record::Query;

/// What a reader asks for; an empty part accepts everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By cell.
    pub query: Query,
    /// By division.
    pub division: Option<Division>,
}

impl Filter {
    /// Whether an entry is wanted.
    pub fn accepts(&self, entry: &Entry) -> bool {
        self.query.accepts(&entry.record.cell) && self.division.is_none_or(|division| division == entry.division)
    }

    /// Refuses a protocol without a version where the wanted entries have several: their numbers cannot be compared.
    pub(super) fn check_versions(&self, entries: &[Entry]) -> Result<(), BoardError> {
        let Some(slug) = self.query.protocol.as_ref().filter(|protocol| !protocol.contains('@')) else { return Ok(()) };
        let found: BTreeSet<String> = entries.iter().map(|entry| entry.record.cell.protocol.clone()).collect();
        if found.len() < 2 {
            return Ok(());
        }
        Err(BoardError::Versions { slug: slug.clone(), found: found.into_iter().collect() })
    }
}
