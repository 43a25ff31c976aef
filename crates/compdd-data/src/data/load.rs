//! From a source to an [`ImageSet`]: list, put in order, read, decode, resize.

use std::{
    collections::{BTreeSet, HashMap},
    sync::OnceLock,
};

use super::{
    decode::Decode,
    error::{BadFile, DataError},
    image_set::ImageSet,
    parse::is_synset,
    resize,
    source::{Item, Part, Picture, Split, name_of},
};
use compdd_core::{
    limits,
    progress::{Hooks, Interrupted},
    subset::ClassEntry,
};

/// Which images, and as what.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// Slug of the subset, for messages and lists.
    pub subset: &'a str,
    /// Where the images are.
    pub part: &'a Part,
    /// Which of them.
    pub split: Split,
    /// The classes, each with the label its images get.
    pub classes: &'a [(&'a ClassEntry, u32)],
    /// Class names of the resulting set.
    pub names: &'a [String],
    /// How files become pixels.
    pub decode: &'a Decode,
}

impl Request<'_> {
    /// The classes of the subset that a name in the source means, as a filter for the source.
    pub fn place_of(&self) -> Result<impl Fn(&str) -> Option<usize>, DataError> {
        let names = self.part.source.classes(self.split)?;
        let own: Vec<Option<String>> = self.classes.iter().map(|(class, _)| name_of(class, &names).cloned()).collect();
        let places: HashMap<String, usize> =
            own.into_iter().enumerate().filter_map(|(place, name)| Some((name?, place))).collect();
        Ok(move |name: &str| places.get(name).copied())
    }

    /// Refuses images that were found by the label of their class and whose files are named by the synset of another one.
    fn agree(&self, class: &ClassEntry, items: &[Item]) -> Result<(), DataError> {
        if !is_synset(class.synset.as_bytes()) {
            return Ok(());
        }
        let is_other = |item: &&Item| {
            let name = item.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            name.split_once('_').is_some_and(|(synset, _)| is_synset(synset.as_bytes()) && synset != class.synset)
        };
        let Some(item) = items.iter().find(is_other) else { return Ok(()) };
        let folder = self.part.source.place(self.split, class);
        if folder.file_name().is_some_and(|name| name == class.synset.as_str()) {
            return Ok(());
        }
        Err(DataError::OtherClass { folder, synset: class.synset.clone(), file: item.file.clone() })
    }

    /// The bad images of a listing as messages name them, sorted by path.
    pub fn bad_files(&self, listing: &Listing, bad: &[(usize, String)]) -> Vec<BadFile> {
        let named = |(slot, reason): &(usize, String)| BadFile {
            path: self.part.source.path(self.split, &listing.items[*slot]),
            reason: reason.clone(),
        };
        let mut files: Vec<BadFile> = bad.iter().map(named).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}

/// Images of one split as they were loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The images that could be decoded.
    pub images: ImageSet,
    /// The files that could not, sorted by path.
    pub bad: Vec<BadFile>,
}

/// The images of some classes in the order every layout agrees on, before any is read.
#[derive(Debug)]
pub(super) struct Listing {
    /// Class after class, each sorted by name.
    pub items: Vec<Item>,
    /// The label of each.
    pub labels: Vec<u32>,
}

impl Listing {
    /// Lists the images of a request.
    pub fn of(request: &Request) -> Result<Self, DataError> {
        let place = request.place_of()?;
        let mut members: Vec<Vec<Item>> = vec![Vec::new(); request.classes.len()];
        request.part.source.scan(request.split, &|name| place(name).is_some(), &mut |name, item| {
            if let Some(class) = place(name) {
                members[class].push(item);
            }
        })?;
        let mut listing = Self { items: Vec::new(), labels: Vec::new() };
        for (mut items, (class, label)) in members.into_iter().zip(request.classes) {
            request.agree(class, &items)?;
            items.sort_by_cached_key(Item::order);
            listing.labels.resize(listing.labels.len() + items.len(), *label);
            listing.items.append(&mut items);
        }
        Ok(listing)
    }

    /// The slots in the order in which their images lie on the disk.
    pub fn on_disk(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|&slot| self.items[slot].place);
        order
    }
}

/// Reads, decodes and resizes some images on all threads; the reason in one line where that cannot be done.
pub(super) fn read(part: &Part, split: Split, items: &[Item], decode: &Decode) -> Vec<Result<Vec<u8>, String>> {
    let ready: Vec<OnceLock<Result<Vec<u8>, String>>> = items.iter().map(|_| OnceLock::new()).collect();
    part.source.read_each(split, items, &|i, picture| {
        let _ = ready[i].set(picture.and_then(|picture| pixels(&picture, decode)));
    });
    let delivered =
        |cell: OnceLock<_>| cell.into_inner().unwrap_or_else(|| Err("the source did not deliver it".into()));
    ready.into_iter().map(delivered).collect()
}

/// Where decoded images go while they are loaded.
pub(super) trait Target {
    /// Whether a portion of the work was done by an earlier attempt.
    fn has(&self, portion: usize) -> bool;

    /// Stores the image of a slot.
    fn put(&mut self, slot: usize, pixels: &[u8]) -> Result<(), DataError>;

    /// Every image of a portion was stored, except for the bad ones.
    fn finish(&mut self, portion: usize, bad: &[(usize, String)]) -> Result<(), DataError>;

    /// Loading is about to stop: what is stored must be found by the next attempt, if the target can outlive this one.
    fn pause(&mut self) -> Result<(), DataError> {
        Ok(())
    }
}

/// Images that are read between two looks at the stop flag, two journal entries, two moves of the progress bar.
pub(super) const PORTION: usize = 512;

/// Reads, decodes and resizes every image of a listing on all threads; image `i` of the listing goes to slot `i`.
///
/// Images are visited in the order in which they lie on the disk, in portions, so that memory does not grow with their
/// number.
pub(super) fn decode(
    request: &Request,
    listing: &Listing,
    hooks: Hooks<'_>,
    target: &mut dyn Target,
) -> Result<(), DataError> {
    let (order, mut failed) = (listing.on_disk(), 0);
    let stage = format!("{} {} images", request.subset, request.split);
    hooks.progress.begin(&stage, order.len());
    for (portion, slots) in order.chunks(PORTION).enumerate() {
        if hooks.stop.is_requested() {
            target.pause()?;
            return Err(Interrupted.into());
        }
        if !target.has(portion) {
            let items: Vec<Item> = slots.iter().map(|&slot| listing.items[slot].clone()).collect();
            let mut bad = Vec::new();
            for (&slot, image) in slots.iter().zip(read(request.part, request.split, &items, request.decode)) {
                match image {
                    Ok(pixels) => target.put(slot, &pixels)?,
                    Err(reason) => bad.push((slot, reason)),
                }
            }
            target.finish(portion, &bad)?;
            failed += bad.len();
            if !limits::BAD_IMAGES.holds(failed) {
                return Err(DataError::Malformed {
                    path: request.part.folder.clone(),
                    why: format!("of the images that cannot be decoded {}", limits::BAD_IMAGES.exceeded(failed)),
                });
            }
        }
        hooks.progress.advance(&stage, portion * PORTION + slots.len(), "");
    }
    hooks.progress.end(&stage, "");
    Ok(())
}

/// The planar bytes of a picture at the resolution of `decode`.
pub(super) fn pixels(picture: &Picture, decode: &Decode) -> Result<Vec<u8>, String> {
    match picture {
        Picture::Encoded(bytes) => decode.bytes(bytes),
        Picture::Rgb { pixels, width, height } => Ok(resize::to_square(pixels, *width, *height, decode)),
    }
}

/// Slots that hold an image, ascending, given those that do not.
pub(super) fn good_slots(all: usize, bad: &[(usize, String)]) -> Vec<usize> {
    let bad: BTreeSet<usize> = bad.iter().map(|(slot, _)| *slot).collect();
    (0..all).filter(|slot| !bad.contains(slot)).collect()
}

/// Loads a split into memory.
pub(super) fn in_memory(request: &Request, hooks: Hooks<'_>) -> Result<Loaded, DataError> {
    let listing = Listing::of(request)?;
    let size: usize = request.decode.shape().iter().product();
    let mut memory = Memory { pixels: vec![0; listing.items.len() * size], size, bad: Vec::new() };
    decode(request, &listing, hooks, &mut memory)?;
    let Memory { mut pixels, bad, .. } = memory;
    let good = good_slots(listing.items.len(), &bad);
    for (to, &from) in good.iter().enumerate() {
        pixels.copy_within(from * size..(from + 1) * size, to * size);
    }
    pixels.truncate(good.len() * size);
    let labels = good.iter().map(|&slot| listing.labels[slot]).collect();
    let Request { decode, names, .. } = request;
    let images = ImageSet::decoded(pixels, labels, decode.shape(), names.to_vec(), decode.describe())?;
    Ok(Loaded { images, bad: request.bad_files(&listing, &bad) })
}

struct Memory {
    pixels: Vec<u8>,
    size: usize,
    bad: Vec<(usize, String)>,
}

impl Target for Memory {
    fn has(&self, _portion: usize) -> bool {
        false
    }

    fn put(&mut self, slot: usize, pixels: &[u8]) -> Result<(), DataError> {
        self.pixels[slot * self.size..][..self.size].copy_from_slice(pixels);
        Ok(())
    }

    fn finish(&mut self, _portion: usize, bad: &[(usize, String)]) -> Result<(), DataError> {
        self.bad.extend_from_slice(bad);
        Ok(())
    }
}
