//! [`Task`]: a subset with its images, ready to be distilled and scored.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    decode::Decode,
    error::{BadFile, DataError, LackingClass},
    image_set::ImageSet,
    library::Library,
    load::{Loaded, Request},
    resize::ResizeMode,
    scenes,
    source::{Part, Split, find},
    space::PixelSpace,
    zca::Zca,
};
use compdd_core::{
    pruning::{Pruning, Rule},
    rng::Stream,
    subset::{ClassEntry, Family, Level, Subset},
};

/// What one experiment works on.
#[derive(Clone, Debug)]
pub struct Task {
    /// The classes.
    pub subset: Subset,
    /// Training images, the held-out ones included.
    pub train: ImageSet,
    /// Test images.
    pub test: ImageSet,
    /// Ascending positions in `train` that are kept for selection; an equal share of every class, possibly none.
    pub heldout: Vec<usize>,
    /// How bytes become network input.
    pub space: PixelSpace,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// Where the images came from: all of them, whether they were pruned afterwards or not.
    pub source: SourceInfo,
    /// Which training images were left out before anything else saw them; none: all are there.
    pub pruning: Option<Pruning>,
}

/// What may be chosen about a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskOptions {
    /// Side of the images; the subset's own where `None`.
    pub resolution: Option<usize>,
    /// How other shapes become square.
    pub resize: ResizeMode,
    /// Whether shrinking is antialiased.
    pub antialias: bool,
    /// Leave bad files out instead of stopping.
    pub skip_bad: bool,
    /// Whiten instead of normalising.
    pub zca: bool,
    /// Share of the training images of every class that is kept for selection; 0 for none.
    pub heldout: f64,
    /// Seed of the held-out draw.
    pub seed: u64,
    /// Training images a class of the built-in scenes; ignored for real images.
    pub train_per_class: Option<usize>,
    /// Test images a class of the built-in scenes; ignored for real images.
    pub test_per_class: Option<usize>,
    /// Seed of the built-in scenes. It is part of the dataset's identity, so it does not follow the seed of a run.
    pub scene_seed: u64,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            resolution: None,
            resize: ResizeMode::Squash,
            antialias: true,
            skip_bad: false,
            zca: false,
            heldout: 0.0,
            seed: 0,
            train_per_class: None,
            test_per_class: None,
            scene_seed: 0,
        }
    }
}

/// Where the images of a task came from, as a record keeps it. No path of a machine is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourceInfo {
    /// `image-folder`, `cifar-10-binary`, `cifar-100-binary`, `scenes`.
    pub kind: String,
    /// How files became pixels.
    pub decode: Decode,
    /// The training images.
    pub train: SplitInfo,
    /// The test images.
    pub test: SplitInfo,
    /// Seed of the built-in scenes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_seed: Option<u64>,
    /// What a reader of the record should know, in sentences.
    pub notes: Vec<String>,
}

/// One split in a [`SourceInfo`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SplitInfo {
    /// Content hash of the split, see [`ImageSet::hash`].
    pub hash: String,
    /// How many images.
    pub images: usize,
    /// Images per class, in class order.
    pub per_class: Vec<usize>,
    /// Files left out because they could not be decoded, relative to the dataset folder, sorted.
    pub skipped: Vec<String>,
}

impl SourceInfo {
    /// What tells one set of images from another, wherever they lie: content hashes and how they were made (hex).
    pub fn identity(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("compdd images of a task v1");
        for hash in [&self.train.hash, &self.test.hash] {
            hasher.update(hash.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Number of damaged files that were left out.
    pub fn skipped(&self) -> usize {
        self.train.skipped.len() + self.test.skipped.len()
    }
}

impl SplitInfo {
    fn new(set: &ImageSet, bad: &[BadFile], folder: &Path) -> Self {
        let relative =
            |file: &BadFile| file.path.strip_prefix(folder).unwrap_or(&file.path).to_string_lossy().into_owned();
        Self {
            hash: set.hash().to_owned(),
            images: set.len(),
            per_class: set.class_counts(),
            skipped: bad.iter().map(relative).collect(),
        }
    }
}

impl Task {
    /// Loads the images of a subset: from the folders of a library, whose layouts are recognised by looking at them, or built
    /// in for the scenes.
    pub fn load(subset: &Subset, library: &Library, options: &TaskOptions) -> Result<Self, DataError> {
        let resolution = options.resolution.unwrap_or_else(|| subset.default_resolution());
        let decode = Decode { resolution, resize: options.resize, antialias: options.antialias }.checked()?;
        if !(0.0..=0.5).contains(&options.heldout) {
            return Err(DataError::HeldOut { share: options.heldout, why: "is not between 0 and 0.5".into() });
        }
        let (train, test, mut source) = match &subset.family {
            Family::Scenes { level } => built_in(subset, *level, decode, options)?,
            _ if library.roots.is_empty() => return Err(DataError::NoRoot { subset: subset.slug.clone() }),
            _ => from_library(subset, library, decode, options.skip_bad)?,
        };
        source.notes.extend(repeated_classes(subset));
        source.notes.extend(unusual_counts(subset, &train, &test));
        if !subset.family.is_built_in() {
            source.notes.extend(shared_images(&train, &test));
        }
        let heldout = held_out(&train, options.heldout, options.seed)?;
        let space = if options.zca { whitened(&train)? } else { normalised(subset) };
        tracing::info!(subset = %subset.slug, kind = %source.kind, train = train.len(), test = test.len(), resolution, "images loaded");
        Ok(Self { subset: subset.clone(), train, test, heldout, space, resolution, source, pruning: None })
    }

    /// The task with some of its training images alone: `kept` are ascending positions among all of them. Held-out images stay held out, whether they
    /// are named or not. The pixel space is that of all training images, and so is the source.
    #[must_use]
    pub fn keeping(self, kept: &[usize], rule: Rule) -> Self {
        let heldout: BTreeSet<usize> = self.heldout.iter().copied().collect();
        let positions: Vec<usize> =
            kept.iter().copied().chain(self.heldout.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
        let places = positions.iter().enumerate().filter(|(_, position)| heldout.contains(position));
        Self {
            heldout: places.map(|(place, _)| place).collect(),
            train: self.train.subset(&positions),
            pruning: Some(Pruning::new(rule, &positions)),
            ..self
        }
    }

    /// Ascending positions in `train` that are not held out.
    pub fn training(&self) -> Vec<usize> {
        let heldout: BTreeSet<usize> = self.heldout.iter().copied().collect();
        (0..self.train.len()).filter(|i| !heldout.contains(i)).collect()
    }

    /// Every label that images carry, ascending, with the ascending positions in `train` of its images that are not held
    /// out.
    pub fn training_classes(&self) -> Vec<(u32, Vec<usize>)> {
        let unused = self.subset.unused_labels();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.train.classes().len()];
        for position in self.training() {
            members[self.train.labels()[position] as usize].push(position);
        }
        let labelled = members.into_iter().enumerate().map(|(label, own)| (label as u32, own));
        labelled.filter(|(label, _)| !unused.contains(label)).collect()
    }
}

/// The classes of a subset with the label each gives its images.
///
/// A class that a published list names twice is loaded once and labelled by its last position, as the released loaders of
/// the lineage do; the earlier output never receives an image.
pub(super) fn labelled(subset: &Subset) -> Vec<(&ClassEntry, u32)> {
    let last = |class: &ClassEntry| subset.classes.iter().rposition(|other| other.synset == class.synset);
    let entries = subset.classes.iter().enumerate();
    entries.filter(|(i, class)| last(class) == Some(*i)).map(|(i, class)| (class, i as u32)).collect()
}

fn repeated_classes(subset: &Subset) -> Vec<String> {
    let kept = labelled(subset);
    let entries = subset.classes.iter().enumerate();
    entries
        .filter_map(|(i, class)| {
            let (_, label) = kept.iter().find(|(other, _)| other.synset == class.synset)?;
            (*label as usize != i).then(|| {
                format!(
                    "{} ({}) is listed at positions {i} and {label}; its images carry label {label}, output {i} gets none",
                    class.synset, class.label
                )
            })
        })
        .collect()
}

/// A sentence for each split whose numbers differ from those of the full dataset: partial copies are usable, and marked.
fn unusual_counts(subset: &Subset, train: &ImageSet, test: &ImageSet) -> Vec<String> {
    let expected = subset.expected_counts();
    let expected = |split: Split, i: usize| match split {
        Split::Train => expected.get(i).and_then(|count| count.train),
        Split::Test => expected.get(i).and_then(|count| count.test),
    };
    let mut notes = Vec::new();
    for (split, set) in [(Split::Train, train), (Split::Test, test)] {
        let counts = set.class_counts();
        let differs = |i: &usize| expected(split, *i).is_some_and(|known| known != counts[*i]);
        let different: Vec<usize> = (0..counts.len()).filter(differs).collect();
        if let Some(&first) = different.first() {
            notes.push(format!(
                "{} of {} classes have other numbers of {split} images than the full dataset, such as {} with {} instead of {}",
                different.len(),
                counts.len(),
                subset.classes[first].synset,
                counts[first],
                expected(split, first).unwrap_or_default()
            ));
        }
    }
    for note in &notes {
        tracing::warn!(subset = %subset.slug, "{note}");
    }
    notes
}

/// A sentence about test images that are training images as well, pixel by pixel.
fn shared_images(train: &ImageSet, test: &ImageSet) -> Option<String> {
    let known: HashMap<[u8; 8], usize> = train.checksums().into_iter().zip(0..).collect();
    let found = test.checksums().into_iter().zip(0..).filter_map(|(sum, i)| Some((i, *known.get(&sum)?)));
    let shared: Vec<(usize, usize)> = found.filter(|(i, j)| test.image(*i) == train.image(*j)).collect();
    let (i, j) = *shared.first()?;
    let class = |set: &ImageSet, i: usize| set.classes()[set.labels()[i] as usize].clone();
    let note = format!(
        "{} of {} test images are training images as well, such as test image {i} ({}) and training image {j} ({})",
        shared.len(),
        test.len(),
        class(test, i),
        class(train, j),
    );
    tracing::warn!("{note}; `compdd data inspect --duplicates` names the files");
    Some(note)
}

fn class_names(subset: &Subset) -> Vec<String> {
    subset.classes.iter().map(|class| class.synset.clone()).collect()
}

fn from_library(
    subset: &Subset,
    library: &Library,
    decode: Decode,
    skip_bad: bool,
) -> Result<(ImageSet, ImageSet, SourceInfo), DataError> {
    let found = find(subset, &library.roots)?;
    if let Some(first) = found.lacking().first() {
        let available = found.split(first.split).source.classes(first.split)?;
        return Err(DataError::MissingClasses { subset: subset.slug.clone(), classes: found.lacking(), available });
    }
    let kind = found.kind();
    tracing::debug!(train = %found.train.folder.display(), test = %found.test.folder.display(), kind, "dataset found");
    let (classes, names) = (labelled(subset), class_names(subset));
    let load = |split| {
        let part = found.split(split);
        library.load(&Request { subset: &subset.slug, part, split, classes: &classes, names: &names, decode: &decode })
    };
    let (train, test) = (load(Split::Train)?, load(Split::Test)?);
    let bad: Vec<BadFile> = train.bad.iter().chain(&test.bad).cloned().collect();
    if !bad.is_empty() && !skip_bad {
        return Err(DataError::BadImages { files: bad });
    }
    let mut empty = without_images(&found.train, Split::Train, &classes, &train);
    empty.extend(without_images(&found.test, Split::Test, &classes, &test));
    if !empty.is_empty() {
        return Err(DataError::EmptyClasses { subset: subset.slug.clone(), classes: empty });
    }
    for file in &bad {
        tracing::warn!(file = %file.path.display(), reason = %file.reason, "image skipped");
    }
    let info = SourceInfo {
        kind,
        decode,
        train: SplitInfo::new(&train.images, &train.bad, &found.train.folder),
        test: SplitInfo::new(&test.images, &test.bad, &found.test.folder),
        scene_seed: None,
        notes: Vec::new(),
    };
    Ok((train.images, test.images, info))
}

fn without_images(part: &Part, split: Split, classes: &[(&ClassEntry, u32)], loaded: &Loaded) -> Vec<LackingClass> {
    let counts = loaded.images.class_counts();
    let empty = classes.iter().filter(|(_, label)| counts[*label as usize] == 0);
    empty
        .map(|(class, _)| LackingClass {
            synset: class.synset.clone(),
            label: class.label.clone(),
            split,
            looked: part.source.place(split, class),
            ambiguous: None,
        })
        .collect()
}

fn built_in(
    subset: &Subset,
    level: Level,
    decode: Decode,
    options: &TaskOptions,
) -> Result<(ImageSet, ImageSet, SourceInfo), DataError> {
    let collection = scenes::Collection { level, seed: options.scene_seed };
    let names = class_names(subset);
    let train =
        collection.images(Split::Train, &names, options.train_per_class.unwrap_or(scenes::TRAIN_PER_CLASS), &decode)?;
    let test =
        collection.images(Split::Test, &names, options.test_per_class.unwrap_or(scenes::TEST_PER_CLASS), &decode)?;
    let none = Path::new("");
    let info = SourceInfo {
        kind: "scenes".into(),
        decode,
        train: SplitInfo::new(&train, &[], none),
        test: SplitInfo::new(&test, &[], none),
        scene_seed: Some(options.scene_seed),
        notes: Vec::new(),
    };
    Ok((train, test, info))
}

fn normalised(subset: &Subset) -> PixelSpace {
    let (mean, std) = subset.normalisation();
    PixelSpace::Normalised { mean, std }
}

/// The whitened space. The only place where a whitening is fitted to images, and only training images are in scope.
fn whitened(train: &ImageSet) -> Result<PixelSpace, DataError> {
    let (mean, std) = ([0.0; 3], [1.0; 3]);
    let plain = PixelSpace::Normalised { mean, std };
    let rows = |from: usize, to: usize| plain.normalised(train, &(from..to).collect::<Vec<_>>());
    let whitening = Zca::fit_blocks(train.len(), train.shape(), Zca::EPSILON, rows)?;
    Ok(PixelSpace::Zca { mean, std, whitening: Arc::new(whitening) })
}

/// An equal share of every class, drawn without replacement.
fn held_out(train: &ImageSet, share: f64, seed: u64) -> Result<Vec<usize>, DataError> {
    let mut chosen = Vec::new();
    for label in 0..train.classes().len() as u32 {
        let mut members = train.of_class(label);
        let count = (members.len() as f64 * share).round() as usize;
        if count > 0 && count >= members.len() {
            let why = format!("leaves class {} without training images", train.classes()[label as usize]);
            return Err(DataError::HeldOut { share, why });
        }
        Stream::new(seed, "held-out", u64::from(label)).shuffle(&mut members);
        chosen.extend_from_slice(&members[..count]);
    }
    chosen.sort_unstable();
    Ok(chosen)
}
