//! Tables: what stands in them, apart from how a format writes it.
//!
//! A [`Grid`] has headings that may span columns, rows of [`Entry`]s with marks, links and bold type, and notes below. A [`Format`] writes
//! it: one file an exporter ([`markdown`], [`latex`], [`csv`], [`html`], [`term`]). What may enter: layout and escaping. What may not:
//! records, papers, ranks; those who fill a grid know them.

pub mod csv;
pub mod html;
pub mod latex;
pub mod markdown;
pub mod term;

use std::str::FromStr;

use super::ReportError;

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// Letters, digits and hyphens: the anchor in HTML, the label in LaTeX.
    pub name: String,
    /// What it shows, in a line.
    pub caption: String,
    /// Rows of headings, the broadest first; the spans of each add up to the number of columns.
    pub head: Vec<Vec<Heading>>,
    /// So many columns at the left are headings of their row.
    pub stub: usize,
    /// The rows.
    pub rows: Vec<Row>,
    /// What stands below, a line each: what marks mean, where values come from.
    pub notes: Vec<String>,
}

/// A heading over one or more columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Its words; empty above columns that need none at this level.
    pub text: String,
    /// How many columns it covers.
    pub span: usize,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// One entry a column.
    pub entries: Vec<Entry>,
    /// Whether a rule stands above it.
    pub rule: bool,
}

/// What stands in one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The words or the number as it is read; `±` and other signs as such. Empty where there is nothing.
    pub text: String,
    /// Whether it is among the best.
    pub bold: bool,
    /// Whether it says less than the others: not run, unknown.
    pub muted: bool,
    /// Signs that a note explains, such as `†`.
    pub mark: String,
    /// Where more can be read.
    pub link: Option<String>,
    /// What else is known, in a line: shown where a format can, on hovering.
    pub title: Option<String>,
}

impl Heading {
    /// A heading over one column.
    pub fn one(text: impl Into<String>) -> Self {
        Self::over(text, 1)
    }

    /// A heading over some columns.
    pub fn over(text: impl Into<String>, span: usize) -> Self {
        Self { text: text.into(), span }
    }
}

impl Entry {
    /// Plain words or a number.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Words that say that there is nothing.
    pub fn muted(text: impl Into<String>) -> Self {
        Self { muted: true, ..Self::new(text) }
    }

    /// The same in bold, if it is among the best.
    #[must_use]
    pub fn bold(self, bold: bool) -> Self {
        Self { bold, ..self }
    }

    /// The same with signs after it.
    #[must_use]
    pub fn marked(mut self, mark: &str) -> Self {
        self.mark.push_str(mark);
        self
    }

    /// The same with a link.
    #[must_use]
    pub fn linked(self, link: impl Into<String>) -> Self {
        Self { link: Some(link.into()), ..self }
    }

    /// The same with something to read on hovering.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// What is read: words and signs.
    pub fn read(&self) -> String {
        format!("{}{}", self.text, self.mark)
    }

    /// Whether it is aligned as a number: it begins with a digit or a sign before one, or there is nothing.
    pub fn is_number(&self) -> bool {
        let mut signs = self.text.trim_start_matches(['+', '-', '−', '<', '≈']).chars();
        self.text.is_empty() || self.muted || signs.next().is_some_and(|first| first.is_ascii_digit())
    }
}

impl Row {
    /// A row without a rule.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, rule: false }
    }
}

impl Grid {
    /// The number of columns.
    pub fn columns(&self) -> usize {
        let head = self.head.iter().map(|row| row.iter().map(|heading| heading.span).sum());
        head.chain(self.rows.iter().map(|row| row.entries.len())).max().unwrap_or(0)
    }

    /// Whether a column holds numbers: those are aligned right.
    pub fn numeric(&self, column: usize) -> bool {
        column >= self.stub && self.rows.iter().filter_map(|row| row.entries.get(column)).all(Entry::is_number)
    }

    /// The name of every column: its headings from the broadest to the narrowest.
    pub fn names(&self, between: &str) -> Vec<String> {
        let mut names = vec![Vec::new(); self.columns()];
        for row in &self.head {
            let mut column = 0;
            for heading in row {
                for name in names.iter_mut().skip(column).take(heading.span).filter(|_| !heading.text.is_empty()) {
                    name.push(heading.text.as_str());
                }
                column += heading.span;
            }
        }
        names.into_iter().map(|parts| parts.join(between)).collect()
    }

    /// The table in a format.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Markdown => markdown::write(self),
            Format::Latex => latex::write(self),
            Format::Csv => csv::write(self),
            Format::Html => html::document(&self.caption, std::slice::from_ref(self)),
            Format::Term => term::write(self),
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// GitHub's Markdown.
    Markdown,
    /// A `table` environment with the rules of `booktabs`.
    Latex,
    /// Comma-separated values, one heading.
    Csv,
    /// A page of its own.
    Html,
    /// Aligned columns.
    #[default]
    Term,
}

impl Format {
    /// The words that a command takes.
    pub const WORDS: [&'static str; 5] = ["md", "latex", "csv", "html", "term"];
}

impl FromStr for Format {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        match text {
            "md" | "markdown" => Ok(Self::Markdown),
            "latex" | "tex" => Ok(Self::Latex),
            "csv" => Ok(Self::Csv),
            "html" => Ok(Self::Html),
            "term" => Ok(Self::Term),
            _ => Err(ReportError::Format { found: text.into(), known: &Self::WORDS }),
        }
    }
}

#[cfg(test)]
mod tests;
