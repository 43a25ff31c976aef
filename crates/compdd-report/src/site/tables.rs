//! The pages of the published tables.

use std::sync::Arc;

use askama::Template;
use rayon::prelude::*;

use super::{
    SiteError,
    folder::Folder,
    frame::{Frame, Origin, Room},
    pages::List,
    record::Download,
};
use crate::{
    paper::{self, Records, Table},
    report::grid::{Format, html},
};
use compdd_core::record::Record;

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    frame: Frame,
    heading: String,
    table: String,
    downloads: Vec<Download>,
}

/// How a table can be taken along.
const FORMATS: [(&str, Format, &str); 3] = [
    ("tex", Format::Latex, "LaTeX"),
    ("md", Format::Markdown, "Markdown"),
    ("csv", Format::Csv, "CSV, a line for each printed cell"),
];

/// Writes the list of the tables and a page for each of them. Returns how many there are.
pub(super) fn write(folder: &Folder<'_>, records: Arc<[Arc<Record>]>, origin: &Origin) -> Result<usize, SiteError> {
    let records = Records::latest(records)?;
    let mut list = paper::list(&records)?;
    for row in &mut list.rows {
        if let Some(id) = row.entries.first_mut() {
            id.link = Some(format!("{}.html", slug(&id.text)));
        }
    }
    folder.page(
        "tables/index.html",
        &List {
            frame: Frame::new("Tables", "../", Room::Tables, origin),
            heading: "Published tables",
            lede: "The tables that papers print, in their own layout, beside what was measured for their cells. Cells that were not run say so.",
            table: html::table(&list),
        },
    )?;
    paper::all().par_iter().try_for_each(|table| page(folder, table, &records, origin))?;
    Ok(paper::all().len())
}

fn page(folder: &Folder<'_>, table: &'static Table, records: &Records, origin: &Origin) -> Result<(), SiteError> {
    let name = slug(&table.id);
    let mut downloads = Vec::new();
    let alone = paper::rendered(table, records, None, None)?;
    for (ending, format, words) in FORMATS {
        folder.put(&format!("tables/{name}.{ending}"), alone.write(format))?;
        downloads.push(Download { href: format!("{name}.{ending}"), name: words.into(), hash: String::new() });
    }
    let page = TablePage {
        frame: Frame::new(table.label(), "../", Room::Tables, origin),
        heading: table.label(),
        table: paper::rendered(table, records, None, Some("../"))?.html(),
        downloads,
    };
    folder.page(&format!("tables/{name}.html"), &page)
}

fn slug(id: &str) -> String {
    id.replace(':', "-")
}
