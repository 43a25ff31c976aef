//! The pages of the methods.

use askama::Template;

use super::{
    cards,
    frame::{Frame, Origin, Room},
    markdown,
    pages::results,
};
use crate::{
    board::Entry,
    report::grid::{Entry as Words, Grid, Heading, Row, html},
};
use compdd_core::recipe::{self, Kind, MethodInfo};

#[derive(Template)]
#[template(path = "method.html")]
pub(super) struct MethodPage {
    frame: Frame,
    heading: String,
    summary: &'static str,
    slug: &'static str,
    reference: bool,
    records: String,
    card: String,
    recipe: &'static str,
}

impl MethodPage {
    pub fn new(method: &MethodInfo, entries: &[&Entry], origin: &Origin) -> Self {
        let text = cards::method(method.slug).unwrap_or_default();
        Self {
            frame: Frame::new(method.slug, "../", Room::Methods, origin),
            heading: markdown::heading(text),
            summary: method.summary,
            slug: method.slug,
            reference: method.kind == Kind::Reference,
            records: results(entries, &format!("method={}", method.slug), |entry| {
                Words::new(&entry.record.cell.subset).linked(format!("../subsets/{}.html", entry.record.cell.subset))
            }),
            card: markdown::html(markdown::body(text)),
            recipe: method.recipe,
        }
    }
}

/// The list of the methods.
pub(super) fn list(entries: &[Entry]) -> String {
    let row = |method: &&MethodInfo| {
        let count = entries.iter().filter(|entry| entry.record.cell.method == method.slug).count();
        let kind = match method.kind {
            Kind::Selection => "real images",
            Kind::Distillation => "learned images",
            Kind::Reference => "reference",
        };
        Row::new(vec![
            Words::new(method.slug).linked(format!("{}.html", method.slug)),
            Words::new(kind),
            Words::new(method.summary),
            Words::new(count.to_string()),
        ])
    };
    html::table(&Grid {
        name: "methods".into(),
        caption: "Methods".into(),
        head: vec![["method", "gives", "what it is", "records"].map(Heading::one).to_vec()],
        stub: 1,
        rows: recipe::methods().iter().map(row).collect(),
        notes: Vec::new(),
    })
}
