//! The pages that explain: how to read, and the protocols.

use askama::Template;

use super::{
    cards,
    frame::{Frame, Origin, Room},
    markdown,
};
use compdd_core::record::Flag;

#[derive(Template)]
#[template(path = "about.html")]
pub(super) struct About {
    frame: Frame,
    /// Name and meaning.
    flags: Vec<(String, &'static str)>,
    /// Slug and heading.
    protocols: Vec<(&'static str, String)>,
}

impl About {
    pub fn new(origin: &Origin) -> Self {
        Self {
            frame: Frame::new("How to read", "", Room::About, origin),
            flags: Flag::ALL.map(|flag| (flag.word(), flag.meaning())).to_vec(),
            protocols: cards::PROTOCOLS.iter().map(|(slug, text)| (*slug, markdown::heading(text))).collect(),
        }
    }
}

/// A document as a page.
#[derive(Template)]
#[template(path = "text.html")]
pub(super) struct Text {
    frame: Frame,
    body: String,
}

impl Text {
    pub fn new(text: &str, origin: &Origin) -> Self {
        let frame = Frame::new(markdown::heading(text), "../", Room::Elsewhere, origin);
        Self { frame, body: markdown::html(text) }
    }
}
