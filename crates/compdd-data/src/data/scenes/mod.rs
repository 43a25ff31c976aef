//! The built-in scenes: procedural pictures of ten classes, so that everything runs without a file.
//!
//! A class is a combination of three cues: the shape of the object, the texture on it, and whether its two tones share a
//! hue or lie opposite each other on the colour circle. Every single cue occurs in several classes; hue, brightness,
//! place, angle and background are drawn at random, the same way for all classes, so a mean colour says nothing and a
//! network has to bind the cues together. `scenes-easy` shows the object large, `scenes-hard` small and between decoys
//! that carry the same shapes and textures in combinations without meaning; `scenes-mixed` shows both in turn. The exact mask
//! of the object is known.
//!
//! A picture is drawn in the unit square from one random stream and only then rasterised, so the resolution changes the
//! pixels and not the scene. What may enter: drawing. Loading and normalising happen next door.

mod colour;
mod compose;
mod export;
mod paint;
mod pattern;
mod shape;

use rayon::prelude::*;

pub use export::{Export, export};

use super::{
    decode::Decode,
    error::{DataError, LackingClass},
    image_set::ImageSet,
    source::Split,
};
use colour::Scheme;
use compdd_core::{rng::Stream, subset::Level};
use pattern::Texture;
use shape::Shape;

/// Training images a class, unless asked otherwise.
pub const TRAIN_PER_CLASS: usize = 1000;
/// Test images a class, unless asked otherwise.
pub const TEST_PER_CLASS: usize = 200;

/// What makes a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneClass {
    /// Name, used as synset and as label.
    pub name: &'static str,
    shape: Shape,
    texture: Texture,
    scheme: Scheme,
}

/// The ten classes, in label order.
pub const CLASSES: [SceneClass; 10] = [
    class("striped-disc", Shape::Disc, Texture::Stripes, Scheme::OneHue),
    class("dotted-disc", Shape::Disc, Texture::Dots, Scheme::OneHue),
    class("two-hue-striped-disc", Shape::Disc, Texture::Stripes, Scheme::TwoHues),
    class("striped-square", Shape::Square, Texture::Stripes, Scheme::OneHue),
    class("checked-square", Shape::Square, Texture::Checks, Scheme::OneHue),
    class("two-hue-checked-square", Shape::Square, Texture::Checks, Scheme::TwoHues),
    class("dotted-triangle", Shape::Triangle, Texture::Dots, Scheme::OneHue),
    class("checked-triangle", Shape::Triangle, Texture::Checks, Scheme::OneHue),
    class("dotted-star", Shape::Star, Texture::Dots, Scheme::OneHue),
    class("two-hue-striped-star", Shape::Star, Texture::Stripes, Scheme::TwoHues),
];

const fn class(name: &'static str, shape: Shape, texture: Texture, scheme: Scheme) -> SceneClass {
    SceneClass { name, shape, texture, scheme }
}

/// One of the two built-in worlds under one seed: everything that identifies its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    /// Small objects among decoys, instead of large ones.
    pub hard: bool,
    /// Seed of all pictures.
    pub seed: u64,
}

/// A rendered picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Bytes `[3, side, side]`.
    pub pixels: Vec<u8>,
    /// Whether the object covers at least half of a pixel, `[side, side]`.
    pub mask: Vec<bool>,
}

impl Scene {
    /// Share of the picture that is object, 0 to 1.
    pub fn share(&self) -> f64 {
        self.mask.iter().filter(|&&object| object).count() as f64 / self.mask.len() as f64
    }
}

impl World {
    /// Range of the share of the picture that the object covers.
    pub fn object_share(self) -> (f32, f32) {
        if self.hard { (0.08, 0.115) } else { (0.37, 0.56) }
    }

    /// Picture `index` of a class (position in [`CLASSES`]) and split, `side` pixels wide and high.
    pub fn scene(self, split: Split, class: usize, index: usize, side: usize) -> Scene {
        let level = if self.hard { "hard" } else { "easy" };
        let purpose = format!("scenes-{level}/{split}/{}", CLASSES[class].name);
        let mut stream = Stream::new(self.seed, &purpose, index as u64);
        paint::render(&compose::picture(&mut stream, CLASSES[class], self), side)
    }
}

/// The pictures of a built-in subset under one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Which pictures.
    pub level: Level,
    /// Seed of all pictures.
    pub seed: u64,
}

impl Collection {
    /// The picture at a place: of a mixed collection every second one is hard, and both worlds go through their pictures from the
    /// first one on.
    fn at(self, index: usize) -> (World, usize) {
        let (hard, index) = match self.level {
            Level::Easy => (false, index),
            Level::Hard => (true, index),
            Level::Mixed => (index % 2 == 1, index / 2),
        };
        (World { hard, seed: self.seed }, index)
    }

    /// The bytes `[3, side, side]` of picture `index` of a class that is given by its name.
    pub(super) fn picture(self, split: Split, name: &str, index: usize, side: usize) -> Result<Vec<u8>, DataError> {
        let class = position(name).ok_or_else(|| unknown(self, split, name))?;
        let (world, index) = self.at(index);
        Ok(world.scene(split, class, index, side).pixels)
    }

    /// `per_class` pictures of each class in `names`, class after class; the label is the position in `names`.
    pub fn images(
        self,
        split: Split,
        names: &[String],
        per_class: usize,
        decode: &Decode,
    ) -> Result<ImageSet, DataError> {
        let mut classes = Vec::with_capacity(names.len());
        for name in names {
            classes.push(position(name).ok_or_else(|| unknown(self, split, name))?);
        }
        let size: usize = decode.shape().iter().product();
        let mut pixels = vec![0; classes.len() * per_class * size];
        pixels.par_chunks_exact_mut(size).enumerate().for_each(|(i, target)| {
            let (world, index) = self.at(i % per_class);
            let scene = world.scene(split, classes[i / per_class], index, decode.resolution);
            target.copy_from_slice(&scene.pixels);
        });
        let labels = (0..classes.len() * per_class).map(|i| (i / per_class) as u32).collect();
        let settings = format!("scenes v1 {0}x{0}", decode.resolution);
        ImageSet::decoded(pixels, labels, decode.shape(), names.to_vec(), settings)
    }
}

/// How many pictures of a class a split has by default; `None` for a class that does not exist.
pub fn count(split: Split, name: &str) -> Option<usize> {
    let per_class = match split {
        Split::Train => TRAIN_PER_CLASS,
        Split::Test => TEST_PER_CLASS,
    };
    position(name).map(|_| per_class)
}

fn position(name: &str) -> Option<usize> {
    CLASSES.iter().position(|class| class.name == name)
}

fn unknown(collection: Collection, split: Split, name: &str) -> DataError {
    DataError::MissingClasses {
        subset: collection.level.subset().into(),
        classes: vec![LackingClass {
            synset: name.into(),
            label: name.into(),
            split,
            looked: "the built-in scenes".into(),
            ambiguous: None,
        }],
        available: CLASSES.iter().map(|class| class.name.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests;
