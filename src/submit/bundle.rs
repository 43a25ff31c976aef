//! The rules about the distilled sets.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::finding::Notes;
use crate::{
    data::{PixelSpace, SourceInfo},
    limits::LOOKED_AT_BYTES,
    record::{
        Bundle, BundleRef, Depth, Distilled, Flag, Labels, Manifest, PixelSpaceRecord, Record, Store, hash, with_causes,
    },
    subset::Subset,
};

const WRITTEN: &str = "hand in the bundle as compdd wrote it, with all of its files";
const SAME_RUN: &str = "hand in the bundle that this record's students learned from";
/// A learning rate above this is nobody's: a student would diverge at once.
const LARGEST_RATE: f32 = 1e4;

/// The sets of a submission, each read once; what is kept of one does not grow with its images.
pub(super) struct Sets<'a> {
    store: &'a Store,
    read: BTreeMap<String, Result<Looked, String>>,
}

/// What is kept of a set.
struct Looked {
    manifest: Manifest,
    /// None for a set too large to be looked at.
    content: Option<Content>,
}

struct Content {
    labels: Labels,
    space: PixelSpaceRecord,
    /// Root mean square of the values.
    size: f64,
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
                Ok(Looked { manifest, .. }) if manifest.data.blake3 != bundle.data_hash => {
                    notes.error(format!("the bundle `{}` has another hash than the record's", bundle.path), SAME_RUN);
                }
                Ok(looked) => {
                    for what in looked.manifest.disagreements(record) {
                        notes.error(format!("the bundle `{}` {what}", bundle.path), SAME_RUN);
                    }
                    steps(record, &looked.manifest, notes);
                    looked.check(record, bundle, notes);
                }
            }
        }
    }

    fn find(&mut self, bundle: &BundleRef) -> Result<&Looked, String> {
        let store = self.store;
        let found = self.read.entry(bundle.path.clone()).or_insert_with(|| Looked::at(store, bundle));
        found.as_ref().map_err(|problem| problem.replace(&format!("{}/", store.root().display()), ""))
    }
}

impl Looked {
    fn at(store: &Store, bundle: &BundleRef) -> Result<Self, String> {
        let path =
            bundle.inside(store).ok_or_else(|| format!("the bundle `{}` lies outside of the folder", bundle.path))?;
        if !path.exists() {
            return Err(format!("the bundle `{}` is missing", bundle.path));
        }
        let manifest = Bundle::info(&path).map_err(|error| with_causes(&error))?.manifest;
        if manifest.data.bytes > LOOKED_AT_BYTES.most {
            return Ok(Self { manifest: store.manifest_of(&path, Depth::Hash)?, content: None });
        }
        Ok(Self { manifest, content: Some(Content::read(&path)?) })
    }

    /// The images and labels themselves.
    fn check(&self, record: &Record, bundle: &BundleRef, notes: &mut Notes<'_>) {
        let Ok(subset) = Subset::known(&record.cell.subset) else { return };
        let ipc = record.cell.ipc;
        let (images, classes) = (self.manifest.shape[0], [subset.distinct_classes(), subset.classes_len()]);
        if !classes.iter().any(|classes| classes.checked_mul(ipc) == Some(images)) {
            let what = format!("the bundle `{}` has {images} images, not {} classes x {ipc}", bundle.path, classes[1]);
            notes.error(what, "store as many images as the number per class allows; more would be another benchmark");
        }
        let Some(content) = &self.content else {
            let what = format!("the bundle `{}` is too large to be looked at ({})", bundle.path, LOOKED_AT_BYTES.name);
            return notes.warning(what, "a person looks at its labels and values");
        };
        if let Labels::Hard(labels) = &content.labels {
            per_class(&subset, ipc, bundle, labels, notes);
        }
        if self.manifest.learning_rate > LARGEST_RATE {
            let what = format!("the bundle `{}` has the learning rate {:e}", bundle.path, self.manifest.learning_rate);
            notes.error(what, SAME_RUN);
        }
        content.pixels(&subset, bundle, notes);
        content.data_hash(record, bundle, notes);
    }
}

/// As many optimiser steps as the epochs have minibatches: those of the set, or as many as the protocol says.
fn steps(record: &Record, manifest: &Manifest, notes: &mut Notes<'_>) {
    let images = manifest.shape[0].saturating_mul(manifest.formation.saturating_pow(2));
    let Some(batch) = record.protocol["batch"].as_u64().filter(|batch| *batch > 0) else { return };
    let each = record.protocol["epoch_steps"].as_u64().map_or(images.div_ceil(batch as usize), |steps| steps as usize);
    if record.students.iter().any(|student| student.epochs.checked_mul(each) != Some(student.steps)) {
        notes.error("a student's steps are not its epochs times the minibatches of the set", SAME_RUN);
    }
}

/// Every class has its number of images, and no other.
fn per_class(subset: &Subset, ipc: usize, bundle: &BundleRef, labels: &[u32], notes: &mut Notes<'_>) {
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
        let what = format!("the bundle `{}` has {} images of class `{name}`, not {ipc}", bundle.path, counts[class]);
        notes.error(what, "give every class its number of images");
    }
}

impl Content {
    fn read(path: &Path) -> Result<Self, String> {
        let Distilled { images, labels, space, .. } = Bundle::read(path).map_err(|error| with_causes(&error))?;
        let squares = images.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>();
        Ok(Self { labels, space, size: (squares / images.len() as f64).sqrt() })
    }

    /// Values far from what the pixel space gives: the usual sign that a set is not stored in the space that it names.
    fn pixels(&self, subset: &Subset, bundle: &BundleRef, notes: &mut Notes<'_>) {
        let remedy = "import the set again with the mean and std that it was stored with";
        let (mean, std) = self.space.channels();
        let usual = subset.normalisation();
        if matches!(self.space, PixelSpaceRecord::Normalised { .. }) && (mean, std) != usual {
            let what = format!(
                "the bundle `{}` is normalised by {mean:?} and {std:?}, not as `{}` usually is",
                bundle.path,
                subset.id()
            );
            notes.warning(what, remedy);
        }
        let size = self.size;
        if !(0.05..=20.0).contains(&size) {
            let what = format!(
                "the values of bundle `{}` are of size {size:.3}; images of its pixel space are of size 1",
                bundle.path
            );
            notes.warning(what, remedy);
        }
    }

    /// The hash of the images in the cell follows from what the record says of them and from the pixel space of the set; given experts and a
    /// whitening are part of it, and not at hand.
    fn data_hash(&self, record: &Record, bundle: &BundleRef, notes: &mut Notes<'_>) {
        let remedy = "hand in the record as compdd wrote it";
        let Ok(source) = serde_json::from_value::<SourceInfo>(record.data.clone()) else {
            return notes.error("the record does not say which images were trained and tested on", remedy);
        };
        let PixelSpaceRecord::Normalised { mean, std } = self.space else { return };
        let space = PixelSpace::Normalised { mean, std };
        let follows = hash::of(&(source.identity(), space.hash())) == record.cell.data_hash;
        if !follows && !record.flags.contains(&Flag::GivenExperts) {
            let what = format!("the hash of the images does not follow from them and the bundle `{}`", bundle.path);
            notes.error(what, remedy);
        }
    }
}
