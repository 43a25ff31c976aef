//! The distilled sets that records refer to, where they are kept beside them.

use std::path::Path;

use super::{Budget, Bundle, BundleRef, Flag, Manifest, Record, Store, hash, with_causes};
use crate::files::plain;

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
        let file = plain::open_plain(&data).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let same = length == manifest.data.bytes
            && (depth == Depth::Size || hash::reader(file).map_err(unreadable)? == manifest.data.blake3);
        if same { Ok(manifest) } else { Err(format!("the data of bundle `{shown}` was changed after it was written")) }
    }
}

impl Manifest {
    /// Where the manifest says something else than a record that names the set, each to follow its name: `has other classes than ...`.
    pub fn disagreements(&self, record: &Record) -> Vec<String> {
        let cell = &record.cell;
        let side = self.shape[2].to_string();
        let pairs = [
            ("method", self.method.as_str(), cell.method.as_str()),
            ("subset", &self.subset, &cell.subset),
            ("images per class", &self.ipc.to_string(), &cell.ipc.to_string()),
            ("resolution", &side, &cell.resolution.to_string()),
            ("recipe", &self.recipe_hash, &cell.recipe_hash),
            ("fidelity", &self.provenance.fidelity.to_string(), &cell.fidelity.to_string()),
        ]
        .map(|(what, found, wanted)| (what, found.to_owned(), wanted.to_owned()));
        let differ = pairs.into_iter().filter(|(_, found, wanted)| found != wanted);
        let mut wrong: Vec<String> =
            differ.map(|(what, found, wanted)| format!("has {what} `{found}`, the record `{wanted}`")).collect();
        let (origin, has) = (&self.provenance, |flag| record.flags.contains(&flag));
        if origin.budget != Budget::Paper && !has(Flag::ReducedBudget) {
            wrong.push(format!("was made with budget `{}`, which the record does not say", origin.budget));
        }
        if !origin.imported_from.is_empty() && !has(Flag::Imported) {
            wrong.push("was made elsewhere, which the record does not say".into());
        }
        if self.recipe_hash != hash::value(&self.recipe) {
            wrong.push("has a recipe without its hash".into());
        }
        let classes: Vec<&str> = self.classes.iter().map(|class| class.synset.as_str()).collect();
        if classes != record.subset.classes {
            wrong.push("has other classes than the record".into());
        }
        wrong
    }
}
