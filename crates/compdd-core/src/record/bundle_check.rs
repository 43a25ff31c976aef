//! The distilled sets that records refer to, where they are kept beside them.

use std::path::Path;

use super::{Bundle, BundleRef, Manifest, Store, hash, with_causes};

/// How closely the data of a bundle is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// It has as many bytes as its manifest says.
    Size,
    /// All of it is read and hashed.
    Hash,
}

impl BundleRef {
    /// The manifest of the set, which `look` reads at its place ([`Store::manifest_of`]); none where the set is not kept.
    ///
    /// # Errors
    /// In a sentence: a path that leads out of the folder, another set than the one meant, and what `look` finds.
    pub fn kept(
        &self,
        store: &Store,
        look: impl FnOnce(&Path) -> Result<Manifest, String>,
    ) -> Result<Option<Manifest>, String> {
        let path =
            self.inside(store).ok_or_else(|| format!("the bundle `{}` lies outside of the folder", self.path))?;
        if !path.exists() {
            return Ok(None);
        }
        let manifest = look(&path)?;
        let another = || format!("the bundle `{}` is another one than the record's", self.path);
        if manifest.data.blake3 == self.data_hash { Ok(Some(manifest)) } else { Err(another()) }
    }
}

impl Store {
    /// The manifest of a bundle in this folder whose data is what the manifest says.
    ///
    /// # Errors
    /// In a sentence: what cannot be read, and data that was changed.
    pub fn manifest_of(&self, bundle: &Path, depth: Depth) -> Result<Manifest, String> {
        let manifest = Bundle::info(bundle).map_err(|error| with_causes(&error))?.manifest;
        let data = bundle.join(Bundle::DATA);
        let shown = self.relative(bundle);
        let unreadable = |error| format!("the data of bundle `{shown}` cannot be read: {error}");
        let same = match depth {
            Depth::Size => std::fs::metadata(&data).map_err(unreadable)?.len() == manifest.data.bytes,
            Depth::Hash => hash::bytes(&std::fs::read(&data).map_err(unreadable)?) == manifest.data.blake3,
        };
        if same { Ok(manifest) } else { Err(format!("the data of bundle `{shown}` was changed after it was written")) }
    }
}
