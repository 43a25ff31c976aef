//! A bundle among real images of its classes, laid out as points.

/// Images as points.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Human names, by label.
    pub classes: Vec<String>,
    /// The images: real, then distilled.
    pub images: Vec<PlaneImage>,
    /// How it was made, in parts of a sentence.
    pub notes: Vec<String>,
    /// Name of the bundle and blake3 (hex) of its data.
    pub bundle: [String; 2],
    /// Number of real images that were left out because they are damaged.
    pub bad: usize,
}

/// An image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneImage {
    /// Its place.
    pub at: [f64; 2],
    /// Label.
    pub class: usize,
    /// Whether it was distilled.
    pub distilled: bool,
}
