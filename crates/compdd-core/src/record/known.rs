//! The subsets that records name, each looked up once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::subset::Subset;

type Found = Arc<Result<Subset, String>>;

/// Subsets by id, shared by all threads that check records: a lookup parses every list there is.
#[derive(Debug, Default)]
pub struct KnownSubsets {
    found: Mutex<HashMap<String, Found>>,
}

impl KnownSubsets {
    /// The subset of an id, or why there is none.
    pub fn find(&self, id: &str) -> Found {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found.get(id) {
            return known.clone();
        }
        let fresh = Arc::new(Subset::known(id).map_err(|error| error.to_string()));
        found.insert(id.to_owned(), fresh.clone());
        fresh
    }
}
