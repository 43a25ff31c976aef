//! [`ImageStream`]: the images of one split, one portion after the other, however many there are.

use std::collections::BTreeSet;

use super::{
    cache::fingerprint,
    decode::Decode,
    error::{BadFile, DataError},
    image_set::ImageSet,
    library::Library,
    load::{self, Listing, Request},
    scenes::{self, Collection},
    source::{Item, Part, Split, find_any, find_split},
    task::labelled,
};
use compdd_core::subset::{ClassEntry, Family, Level, Subset};

/// Bytes of decoded images that a portion may hold, and images.
const PORTION_BYTES: usize = 32 << 20;
const PORTION_IMAGES: usize = 256;

/// The images of one split of a source. Only their list is held in memory, about 150 bytes an image; pixels come
/// portion by portion.
///
/// An image has a *slot*, its place in the order that every layout agrees on: class after class, each sorted by name.
/// Portions follow the order on the disk.
#[derive(Clone, Debug)]
pub struct ImageStream {
    origin: Origin,
    subset: Option<String>,
    split: Split,
    decode: Decode,
    classes: Vec<ClassEntry>,
    names: Vec<String>,
    labels: Vec<u32>,
    order: Vec<usize>,
    portion: usize,
}

#[derive(Clone, Debug)]
enum Origin {
    Source { part: Part, items: Vec<Item>, print: String },
    Scenes { collection: Collection, per_class: usize },
}

/// What may be chosen about the built-in scenes.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamOptions {
    /// Images a class; the default of the split where `None`.
    pub per_class: Option<usize>,
    /// Seed of the scenes.
    pub scene_seed: u64,
}

/// Some images of a stream.
#[derive(Debug)]
pub struct Portion {
    /// The images that could be decoded; the label is the position in [`ImageStream::classes`]. `None` where there are none.
    pub images: Option<ImageSet>,
    /// The slot of each of them.
    pub slots: Vec<usize>,
    /// Slots of those that could not, with the reason in one line.
    pub bad: Vec<(usize, String)>,
}

impl ImageStream {
    /// Lists the images of a split: those of a subset, or, without one, everything there is.
    ///
    /// # Errors
    /// When there is no such split, or when it lacks classes of the subset.
    pub fn open(
        subset: Option<&Subset>,
        library: &Library,
        split: Split,
        decode: Decode,
        options: StreamOptions,
    ) -> Result<Self, DataError> {
        let decode = decode.checked()?;
        match subset {
            Some(subset) => match subset.family {
                Family::Scenes { level } => Ok(Self::scenes(subset, level, split, decode, options)),
                _ if library.roots.is_empty() => Err(DataError::NoRoot { subset: subset.slug.clone() }),
                _ => Self::of_subset(subset, library, split, decode),
            },
            None if library.roots.is_empty() => Err(DataError::NoRoot { subset: "of all classes".into() }),
            None => Self::of_everything(library, split, decode),
        }
    }

    fn scenes(subset: &Subset, level: Level, split: Split, decode: Decode, options: StreamOptions) -> Self {
        let usual = if split == Split::Train { scenes::TRAIN_PER_CLASS } else { scenes::TEST_PER_CLASS };
        let per_class = options.per_class.unwrap_or(usual);
        let origin = Origin::Scenes { collection: Collection { level, seed: options.scene_seed }, per_class };
        let labels = (0..subset.classes_len() * per_class).map(|slot| (slot / per_class) as u32).collect();
        let order = (0..subset.classes_len() * per_class).collect();
        Self::new(origin, Some(subset.id()), split, decode, subset.classes.clone(), labels, order)
    }

    fn of_subset(subset: &Subset, library: &Library, split: Split, decode: Decode) -> Result<Self, DataError> {
        let part = find_split(subset, &library.roots, split)?;
        if !part.lacking.is_empty() {
            let available = part.source.classes(split)?;
            let classes = part.lacking.clone();
            return Err(DataError::MissingClasses { subset: subset.slug.clone(), classes, available });
        }
        Self::listed(part, Some(subset), &labelled(subset), subset.classes.clone(), split, decode)
    }

    fn of_everything(library: &Library, split: Split, decode: Decode) -> Result<Self, DataError> {
        let part = find_any(&library.roots, split)?;
        let known = Subset::find("imagenet-1k").ok();
        let classes: Vec<ClassEntry> =
            part.source.classes(split)?.into_iter().map(|name| named(name, known.as_ref())).collect();
        let entries: Vec<(&ClassEntry, u32)> = classes.iter().zip(0..).collect();
        Self::listed(part, None, &entries, classes.clone(), split, decode)
    }

    fn listed(
        part: Part,
        subset: Option<&Subset>,
        entries: &[(&ClassEntry, u32)],
        classes: Vec<ClassEntry>,
        split: Split,
        decode: Decode,
    ) -> Result<Self, DataError> {
        let names: Vec<String> = classes.iter().map(|class| class.synset.clone()).collect();
        let title = subset.map_or("all classes", |subset| subset.slug.as_str());
        let request = Request { subset: title, part: &part, split, classes: entries, names: &names, decode: &decode };
        let print = fingerprint::of(&request)?;
        let listing = Listing::of(&request)?;
        let order = listing.on_disk();
        let Listing { items, labels } = listing;
        let origin = Origin::Source { part, items, print };
        Ok(Self::new(origin, subset.map(Subset::id), split, decode, classes, labels, order))
    }

    fn new(
        origin: Origin,
        subset: Option<String>,
        split: Split,
        decode: Decode,
        classes: Vec<ClassEntry>,
        labels: Vec<u32>,
        order: Vec<usize>,
    ) -> Self {
        let size: usize = decode.shape().iter().product();
        let portion = (PORTION_BYTES / size).clamp(1, PORTION_IMAGES);
        let names = classes.iter().map(|class| class.synset.clone()).collect();
        Self { origin, subset, split, decode, classes, names, labels, order, portion }
    }

    /// As it is, with at most `images` images in a portion.
    #[must_use]
    pub fn with_portion(self, images: usize) -> Self {
        Self { portion: images.max(1), ..self }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Id of the subset; `None` for everything a source has.
    pub fn subset(&self) -> Option<&str> {
        self.subset.as_deref()
    }

    /// Which images.
    pub fn split(&self) -> Split {
        self.split
    }

    /// How files become pixels.
    pub fn decode(&self) -> &Decode {
        &self.decode
    }

    /// The classes, in label order.
    pub fn classes(&self) -> &[ClassEntry] {
        &self.classes
    }

    /// Position in [`classes`](Self::classes) of the image in a slot.
    pub fn label(&self, slot: usize) -> u32 {
        self.labels[slot]
    }

    /// Name of the image in a slot, as its source lists it.
    pub fn file(&self, slot: usize) -> String {
        match &self.origin {
            Origin::Source { items, .. } => items[slot].file.to_string_lossy().into_owned(),
            Origin::Scenes { per_class, .. } => format!("{:05}", slot % per_class),
        }
    }

    /// Number of portions.
    pub fn portions(&self) -> usize {
        self.order.len().div_ceil(self.portion)
    }

    /// Images of a portion.
    pub fn portion_len(&self, portion: usize) -> usize {
        self.slots(portion).len()
    }

    fn slots(&self, portion: usize) -> &[usize] {
        let start = (portion * self.portion).min(self.order.len());
        &self.order[start..(start + self.portion).min(self.order.len())]
    }

    /// What tells these images from others, and from themselves after any of their files changed (hex); portions included.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("compdd roll v1");
        let own = match &self.origin {
            Origin::Source { print, .. } => print.clone(),
            Origin::Scenes { collection, per_class } => {
                format!("{collection:?} {per_class} {} {:?}", self.split, self.names)
            }
        };
        hasher.update(own.as_bytes());
        hasher.update(self.decode.describe().as_bytes());
        hasher.update(&(self.portion as u64).to_le_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// Slots of the first images, at most `per_class` of each of the first `classes`.
    pub fn first(&self, per_class: usize, classes: usize) -> Vec<usize> {
        let mut taken = vec![0; self.classes.len()];
        let mut first = |&slot: &usize| {
            let label = self.labels[slot] as usize;
            taken[label] += 1;
            label < classes && taken[label] <= per_class
        };
        (0..self.len()).filter(|slot| first(slot)).collect()
    }

    /// Slot of the image with a name: as [`file`](Self::file) gives it, with or without its class and a slash before it.
    pub fn find(&self, name: &str) -> Option<usize> {
        let named = |&slot: &usize| {
            let (file, class) = (self.file(slot), &self.names[self.labels[slot] as usize]);
            file == name || name.strip_prefix(class.as_str()).and_then(|rest| rest.strip_prefix('/')) == Some(&file)
        };
        (0..self.len()).find(named)
    }

    /// Reads and decodes a portion on all threads.
    ///
    /// # Errors
    /// When the classes are not those of the built-in scenes.
    pub fn read(&self, portion: usize) -> Result<Portion, DataError> {
        self.read_slots(self.slots(portion))
    }

    /// Reads and decodes the images in some slots on all threads.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_slots(&self, wanted: &[usize]) -> Result<Portion, DataError> {
        let decoded = match &self.origin {
            Origin::Source { part, items, .. } => {
                let items: Vec<Item> = wanted.iter().map(|&slot| items[slot].clone()).collect();
                load::read(part, self.split, &items, &self.decode)
            }
            Origin::Scenes { collection, per_class } => {
                let draw = |&slot: &usize| {
                    let name = &self.names[self.labels[slot] as usize];
                    collection.picture(self.split, name, slot % per_class, self.decode.resolution)
                };
                wanted.iter().map(draw).map(|picture| picture.map(Ok)).collect::<Result<_, _>>()?
            }
        };
        let (mut pixels, mut slots, mut bad) = (Vec::new(), Vec::with_capacity(wanted.len()), Vec::new());
        for (&slot, image) in wanted.iter().zip(decoded) {
            match image {
                Ok(image) => {
                    pixels.extend_from_slice(&image);
                    slots.push(slot);
                }
                Err(reason) => bad.push((slot, reason)),
            }
        }
        let labels = slots.iter().map(|&slot| self.labels[slot]).collect();
        let images = ImageSet::new(pixels, labels, self.decode.shape(), self.names.clone());
        Ok(Portion { images: if slots.is_empty() { None } else { Some(images?) }, slots, bad })
    }

    /// Bad images as messages name them, sorted by path.
    pub fn bad_files(&self, bad: &[(usize, String)]) -> Vec<BadFile> {
        let path = |slot: usize| match &self.origin {
            Origin::Source { part, items, .. } => part.source.path(self.split, &items[slot]),
            Origin::Scenes { .. } => self.file(slot).into(),
        };
        let named = |(slot, reason): &(usize, String)| BadFile { path: path(*slot), reason: reason.clone() };
        let files: BTreeSet<_> = bad.iter().map(named).map(|file| (file.path, file.reason)).collect();
        files.into_iter().map(|(path, reason)| BadFile { path, reason }).collect()
    }
}

/// A class that a source names, as a list would have it.
fn named(name: String, known: Option<&Subset>) -> ClassEntry {
    let found = known.and_then(|subset| subset.classes.iter().find(|class| class.synset == name));
    found.cloned().unwrap_or_else(|| ClassEntry { label: name.clone(), synset: name, index: None })
}
