//! The tables: file, layout and index put together.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{
    PaperError, Printed, data,
    layout::{Layout, Layouts},
    names::NAMES,
    sheet::Sheet,
};
use compdd_core::subset::nearest;

/// A published table.
#[derive(Clone, Debug)]
pub struct Table {
    /// `edf:1`, `datadam:main-2`.
    pub id: String,
    /// `EDF`, `DataDAM`, `BiLP`, `EDC`.
    pub paper: String,
    /// Number in the paper, or what it is called there.
    pub number: String,
    /// What it shows, in a line.
    pub caption: String,
    /// Printed cells, or lines of a sheet.
    pub rows: usize,
    /// Where it was read.
    pub source: String,
    /// `verified`, `partly`, `unverified`.
    pub confidence: String,
    pub(super) layout: Layout,
    pub(super) body: Body,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Results, cell by cell.
    Results(Vec<Printed>),
    /// Settings or lists with columns of their own.
    Sheet(Sheet),
}

/// A row of the index.
#[derive(Deserialize)]
struct Entry {
    file: String,
    paper: String,
    table: String,
    caption: String,
    rows: usize,
    source: String,
    confidence: String,
}

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| read().expect("benchmarks/paper is compiled in and read by the tests"));

/// Every table, in the order of the index.
pub fn all() -> &'static [Table] {
    &TABLES
}

/// The table of an id.
///
/// # Errors
/// [`PaperError::UnknownTable`] with ids that are close.
pub fn find(id: &str) -> Result<&'static Table, PaperError> {
    let wanted = id.trim().to_lowercase();
    TABLES.iter().find(|table| table.id == wanted).ok_or_else(|| {
        let near = nearest(&wanted, TABLES.iter().map(|table| table.id.as_str()));
        PaperError::UnknownTable { id: id.to_owned(), near }
    })
}

impl Table {
    /// The paper's word for the network of cells that name none.
    pub fn network(&self) -> &str {
        &self.layout.network
    }

    /// The printed cells, in the order of the file; none for settings and lists.
    pub fn cells(&self) -> &[Printed] {
        match &self.body {
            Body::Results(cells) => cells,
            Body::Sheet(_) => &[],
        }
    }

    /// Known mistakes of the table, a sentence each.
    pub fn errata(&self) -> &[String] {
        &self.layout.errata
    }

    /// Paper and number: `EDF, Table 1`.
    pub fn label(&self) -> String {
        let number = &self.number;
        match number.chars().next() {
            Some(first) if first.is_ascii_digit() => format!("{}, Table {number}", self.paper),
            _ => format!("{}, {number}", self.paper),
        }
    }

    /// Where it comes from, for the line below it.
    pub(super) fn provenance(&self) -> String {
        let paper = NAMES.papers.get(&self.paper).map_or(self.paper.as_str(), String::as_str);
        format!("Published: {paper}; read from: {}; {}.", self.source, confidence(&self.confidence))
    }
}

fn confidence(word: &str) -> &str {
    match word {
        "verified" => "the reading is verified",
        "partly" => "the reading is verified in part",
        _ => "the reading is not verified",
    }
}

fn read() -> Result<Vec<Table>, String> {
    let layouts: Layouts = toml::from_str(data::LAYOUT).map_err(|error| error.to_string())?;
    let entries: Result<Vec<Entry>, _> = csv::Reader::from_reader(data::INDEX.as_bytes()).deserialize().collect();
    entries.map_err(|error| error.to_string())?.into_iter().map(|entry| table(entry, &layouts)).collect()
}

fn table(entry: Entry, layouts: &Layouts) -> Result<Table, String> {
    let file = &entry.file;
    let layout = layouts.table.iter().find(|layout| layout.file == *file);
    let layout = layout.ok_or_else(|| format!("{file} has no layout"))?.clone();
    let text = data::file(file).ok_or_else(|| format!("{file} is not compiled in"))?;
    let body = if layout.parts.is_empty() {
        let cells: Result<Vec<Printed>, _> = csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
        Body::Results(cells.map_err(|error| format!("{file}: {error}"))?)
    } else {
        Body::Sheet(Sheet::read(text).map_err(|error| format!("{file}: {error}"))?)
    };
    Ok(Table {
        id: layout.id.clone(),
        paper: entry.paper,
        number: entry.table,
        caption: entry.caption,
        rows: entry.rows,
        source: entry.source,
        confidence: entry.confidence,
        layout,
        body,
    })
}
