//! The rules about the distilled sets.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Notes;
use crate::record::{
    Budget, Bundle, BundleRef, Distilled, Flag, Labels, Manifest, PixelSpaceRecord, Record, Store, with_causes,
};
use crate::subset::Subset;

const WRITTEN: &str = "hand in the bundle as compdd wrote it, with all of its files";
const SAME_RUN: &str = "hand in the bundle that this record's students learned from";

/// The sets of a submission, each read once.
pub(super) struct Sets<'a> {
    store: &'a Store,
    read: BTreeMap<String, Result<(Manifest, Distilled), String>>,
}

impl<'a> Sets<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, read: BTreeMap::new() }
    }

    /// The bundles that records named.
    pub fn named(&self) -> BTreeSet<String> {
        self.read.keys().cloned().collect()
    }

    /// Everything about a record's sets.
    pub fn check(&mut self, record: &Record, notes: &mut Notes<'_>) {
        if record.cell.is_reference() {
            return;
        }
        if record.bundles.is_empty() {
            notes.error("no bundle is named: the number cannot be scored again", SAME_RUN);
        }
        if record.students.iter().any(|student| student.draw >= record.bundles.len().max(1)) {
            notes.error("a student learned from a set that is not named", SAME_RUN);
        }
        for bundle in &record.bundles {
            match self.find(bundle) {
                Err(problem) => notes.error(problem, WRITTEN),
                Ok((manifest, _)) if manifest.data.blake3 != bundle.data_hash => {
                    notes.error(format!("the bundle `{}` has another hash than the record's", bundle.path), SAME_RUN);
                }
                Ok((manifest, set)) => {
                    for what in disagreements(record, manifest) {
                        notes.error(format!("the bundle `{}` {what}", bundle.path), SAME_RUN);
                    }
                    contents(record, bundle, set, notes);
                }
            }
        }
    }

    fn find(&mut self, bundle: &BundleRef) -> Result<&(Manifest, Distilled), String> {
        let store = self.store;
        let read = || {
            let path = bundle
                .inside(store)
                .ok_or_else(|| format!("the bundle `{}` lies outside of the folder", bundle.path))?;
            if !path.exists() {
                return Err(format!("the bundle `{}` is missing", bundle.path));
            }
            let set = Bundle::read(&path).map_err(|error| with_causes(&error))?;
            let manifest = Bundle::info(&path).map_err(|error| with_causes(&error))?.manifest;
            Ok((manifest, set))
        };
        let found = self.read.entry(bundle.path.clone()).or_insert_with(read);
        found.as_ref().map_err(|problem| problem.replace(&format!("{}/", store.root().display()), ""))
    }
}

/// Where the manifest says something else than the cell.
fn disagreements(record: &Record, manifest: &Manifest) -> Vec<String> {
    let cell = &record.cell;
    let side = manifest.shape[2].to_string();
    let pairs = [
        ("method", manifest.method.as_str(), cell.method.as_str()),
        ("subset", &manifest.subset, &cell.subset),
        ("images per class", &manifest.ipc.to_string(), &cell.ipc.to_string()),
        ("resolution", &side, &cell.resolution.to_string()),
        ("recipe", &manifest.recipe_hash, &cell.recipe_hash),
        ("fidelity", &manifest.provenance.fidelity.to_string(), &cell.fidelity.to_string()),
    ]
    .map(|(what, found, wanted)| (what, found.to_owned(), wanted.to_owned()));
    let differ = pairs.into_iter().filter(|(_, found, wanted)| found != wanted);
    let mut wrong: Vec<String> =
        differ.map(|(what, found, wanted)| format!("has {what} `{found}`, the record `{wanted}`")).collect();
    let (origin, has) = (&manifest.provenance, |flag| record.flags.contains(&flag));
    if origin.budget != Budget::Paper && !has(Flag::ReducedBudget) {
        wrong.push(format!("was made with budget `{}`, which the record does not say", origin.budget));
    }
    if !origin.imported_from.is_empty() && !has(Flag::Imported) {
        wrong.push("was made elsewhere, which the record does not say".into());
    }
    if manifest.recipe_hash != crate::record::hash::value(&manifest.recipe) {
        wrong.push("has a recipe without its hash".into());
    }
    let classes: Vec<&str> = manifest.classes.iter().map(|class| class.synset.as_str()).collect();
    if classes != record.subset.classes {
        wrong.push("has other classes than the record".into());
    }
    wrong
}

/// The images and labels themselves.
fn contents(record: &Record, bundle: &BundleRef, set: &Distilled, notes: &mut Notes<'_>) {
    let Ok(subset) = Subset::find(&record.cell.subset) else { return };
    let ipc = record.cell.ipc;
    let (images, classes) = (set.len(), [subset.distinct_classes(), subset.classes_len()]);
    if !classes.iter().any(|classes| classes * ipc == images) {
        let what = format!("the bundle `{}` has {images} images, not {} classes x {ipc}", bundle.path, classes[1]);
        notes.error(what, "store as many images as the number per class allows; more would be another benchmark");
    }
    if let Labels::Hard(labels) = &set.labels {
        let mut counts = vec![0_usize; subset.classes_len()];
        for label in labels {
            if let Some(count) = counts.get_mut(*label as usize) {
                *count += 1;
            }
        }
        if let Some(label) = labels.iter().find(|label| **label as usize >= counts.len()) {
            let what = format!("the bundle `{}` has label {label}, the subset {} classes", bundle.path, counts.len());
            notes.error(what, SAME_RUN);
        }
        if let Some(class) = counts.iter().position(|count| *count > ipc) {
            let name = &subset.classes[class].label;
            let what =
                format!("the bundle `{}` has {} images of class `{name}`, not {ipc}", bundle.path, counts[class]);
            notes.error(what, "give every class its number of images");
        }
    }
    pixels(&subset, bundle, set, notes);
}

/// Values far from what the pixel space gives: the usual sign that a set is not stored in the space that it names.
fn pixels(subset: &Subset, bundle: &BundleRef, set: &Distilled, notes: &mut Notes<'_>) {
    let remedy = "import the set again with the mean and std that it was stored with";
    let (mean, std) = set.space.channels();
    let usual = subset.normalisation();
    if matches!(set.space, PixelSpaceRecord::Normalised { .. }) && (mean, std) != usual {
        let what = format!(
            "the bundle `{}` is normalised by {mean:?} and {std:?}, not as `{}` usually is",
            bundle.path,
            subset.id()
        );
        notes.warning(what, remedy);
    }
    let squares = set.images.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
    let size = (squares / set.images.len() as f64).sqrt();
    if !(0.05..=20.0).contains(&size) {
        let what = format!(
            "the values of bundle `{}` are of size {size:.3}; images of its pixel space are of size 1",
            bundle.path
        );
        notes.warning(what, remedy);
    }
}
