//! What is kept of the distilled sets.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::StoredSet;
use crate::record::{Bundle, BundleRef, Manifest, Record, Store, hash, with_causes};

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
            return if record.cell.method == "full" { StoredSet::Reference } else { StoredSet::ScoreOnly };
        }
        let mut kept = Vec::new();
        for bundle in &record.bundles {
            match self.find(bundle) {
                Ok(Some(manifest)) => kept.push((manifest.data.bytes, manifest.label_bytes as u64, manifest.labels)),
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
        let path = bundle
            .inside(self.store)
            .ok_or_else(|| format!("the bundle `{}` lies outside of the folder", bundle.path))?;
        if !path.exists() {
            let missing = || format!("the bundle `{}` is missing: a submission brings its sets", bundle.path);
            return if self.strict { Err(missing()) } else { Ok(None) };
        }
        match &*self.look(&path) {
            Ok(manifest) if manifest.data.blake3 == bundle.data_hash => Ok(Some(manifest.clone())),
            Ok(_) => Err(format!("the bundle `{}` is another one than the record's", bundle.path)),
            Err(problem) => Err(problem.clone()),
        }
    }

    fn look(&self, path: &Path) -> Looked {
        if let Some(seen) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return seen.clone();
        }
        let looked = Arc::new(self.read(path));
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), looked.clone());
        looked
    }

    fn read(&self, path: &Path) -> Result<Manifest, String> {
        let manifest = Bundle::info(path).map_err(|error| with_causes(&error))?.manifest;
        let data = path.join(Bundle::DATA);
        let changed = || format!("the data of bundle `{}` was changed after it was written", self.store.relative(path));
        let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", data.display());
        let same = if self.strict {
            hash::bytes(&std::fs::read(&data).map_err(unreadable)?) == manifest.data.blake3
        } else {
            std::fs::metadata(&data).map_err(unreadable)?.len() == manifest.data.bytes
        };
        if same { Ok(manifest) } else { Err(changed()) }
    }
}
