//! A page: filled areas, lines and text at places in pixels, from the upper left corner. [`svg`](super::svg) and
//! [`bitmap`](super::bitmap) draw the same one.

use super::{
    font,
    path::Path,
    style::{Colour, Dash, INK},
};

/// A drawing that knows nothing of files.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
    /// What it shows, in a line: for those who cannot see it.
    pub(in crate::report) title: String,
    /// Where its numbers come from, one source a line: kept in the file, not drawn.
    pub(in crate::report) sources: Vec<String>,
    pub(in crate::report) shapes: Vec<Shape>,
}

/// What lies on a page; later shapes cover earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) enum Shape {
    Area { path: Path, colour: Colour },
    Line { path: Path, colour: Colour, width: f64, dash: Dash },
    Text(Label),
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Label {
    pub text: String,
    /// On the base line.
    pub at: [f64; 2],
    pub size: f64,
    pub anchor: Anchor,
    /// Degrees, clockwise.
    pub turn: f64,
    pub colour: Colour,
}

impl Label {
    /// An upright line of text in ink.
    pub fn new(text: impl Into<String>, at: [f64; 2], size: f64, anchor: Anchor) -> Self {
        Self { text: text.into(), at, size, anchor, turn: 0.0, colour: INK }
    }

    pub fn turned(self, turn: f64) -> Self {
        Self { turn, ..self }
    }

    pub fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    /// How far the text begins before its place.
    pub fn lead(&self) -> f64 {
        let width = font::width(&self.text, self.size);
        match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        }
    }
}

impl Page {
    /// An empty page.
    pub(in crate::report) fn new([width, height]: [f64; 2], title: impl Into<String>) -> Self {
        Self { width, height, title: title.into(), sources: Vec::new(), shapes: Vec::new() }
    }

    pub(in crate::report) fn area(&mut self, path: Path, colour: Colour) {
        self.shapes.push(Shape::Area { path, colour });
    }

    pub(in crate::report) fn line(&mut self, path: Path, colour: Colour, width: f64, dash: Dash) {
        self.shapes.push(Shape::Line { path, colour, width, dash });
    }

    pub(in crate::report) fn text(&mut self, label: Label) {
        self.shapes.push(Shape::Text(label));
    }

    /// Width and height in pixels, at 96 to the inch.
    pub fn size(&self) -> [f64; 2] {
        [self.width, self.height]
    }
}
