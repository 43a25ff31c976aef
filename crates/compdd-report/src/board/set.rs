//! What is kept of the distilled sets.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::StoredSet;
use compdd_core::record::{BundleRef, Depth, Manifest, Record, Store};

type Looked = Arc<Result<Manifest, String>>;

/// The bundles of one folder, each looked at once however many records share it.
pub(super) struct Shelf<'a> {
    store: &'a Store,
    /// Whether every bundle must be there, and is hashed. Own results may have lost theirs, and are hashed by `compdd results validate`.
    strict: bool,
    seen: Mutex<HashMap<PathBuf, Looked>>,
}

impl<'a> Shelf<'a> {
    pub fn new(store: &'a Store, strict: bool) -> Self {
        Self { store, strict, seen: Mutex::default() }
    }

    /// What a record's sets take; a complaint for each that is missing or another one.
    pub fn set_of(&self, record: &Record, problems: &mut Vec<String>) -> StoredSet {
        if record.bundles.is_empty() {
            if self.strict && !record.cell.is_reference() {
                problems.push("no bundle is named: a submission brings its sets".into());
            }
            return if record.cell.is_reference() { StoredSet::Reference } else { StoredSet::ScoreOnly };
        }
        let mut kept = Vec::new();
        for bundle in &record.bundles {
            match self.find(bundle) {
                Ok(Some(manifest)) => {
                    if self.strict {
                        let differ = manifest.disagreements(record).into_iter();
                        problems.extend(differ.map(|what| format!("the bundle `{}` {what}", bundle.path)));
                    }
                    kept.push((manifest.data.bytes, manifest.label_bytes as u64, manifest.labels));
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let largest = kept.iter().copied().max_by_key(|(bytes, ..)| *bytes);
        match largest.filter(|_| kept.len() == record.bundles.len()) {
            Some((bytes, label_bytes, labels)) => StoredSet::Kept { bytes, label_bytes, labels },
            None => StoredSet::ScoreOnly,
        }
    }

    fn find(&self, bundle: &BundleRef) -> Result<Option<Manifest>, String> {
        match bundle.kept(self.store, |path| (*self.look(path)).clone())? {
            None if self.strict => {
                Err(format!("the bundle `{}` is missing: a submission brings its sets", bundle.path))
            }
            kept => Ok(kept),
        }
    }

    fn look(&self, path: &Path) -> Looked {
        if let Some(seen) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return seen.clone();
        }
        let depth = if self.strict { Depth::Hash } else { Depth::Size };
        let looked = Arc::new(self.store.manifest_of(path, depth));
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), looked.clone());
        looked
    }
}
