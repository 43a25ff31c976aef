//! Tables in a mode and a format.

use std::str::FromStr;

use super::{
    Answer, PaperError, Records, Table, best::Winners, block::blocks, commands, csv, fill::Filler, sheet::Sheet,
    table::Body,
};
use crate::report::grid::{Format, Grid, csv::line, html};
use compdd_core::record::Store;

/// Which numbers a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What the paper prints.
    Published,
    /// What was measured.
    Measured,
    /// Both, and how far they are apart.
    Both,
}

impl FromStr for Mode {
    type Err = PaperError;

    fn from_str(text: &str) -> Result<Self, PaperError> {
        match text {
            "published" => Ok(Self::Published),
            "measured" => Ok(Self::Measured),
            "both" => Ok(Self::Both),
            _ => Err(PaperError::Mode { found: text.to_owned() }),
        }
    }
}

/// How tables are written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which numbers; if absent both where any cell of the table was measured, else the published ones.
    pub mode: Option<Mode>,
    /// The format.
    pub format: Format,
    /// Of the protocols named here (`no-kd@1`) only these versions.
    pub versions: Vec<String>,
}

/// A table that is ready to be written.
#[derive(Clone, Debug)]
pub struct Rendered<'a> {
    /// Which it is.
    pub table: &'static Table,
    /// Its blocks.
    pub grids: Vec<Grid>,
    /// What would run the cells that no record answers.
    pub commands: Vec<String>,
    /// What there is for each of its cells.
    answers: Vec<Answer<'a>>,
    /// Whether measured numbers were asked for.
    measured: bool,
}

/// Writes tables, as many as are named.
///
/// # Errors
/// When nothing is named or a record cannot be shown.
pub fn render(tables: &[&'static Table], store: &Store, options: &Options) -> Result<String, PaperError> {
    if tables.is_empty() {
        return Err(PaperError::NoTable);
    }
    let records = Records::open(store, &options.versions)?;
    let links = (options.format == Format::Html).then_some("");
    let ready: Result<Vec<Rendered<'_>>, _> =
        tables.iter().map(|table| rendered(table, &records, options.mode, links)).collect();
    let ready = ready?;
    Ok(match options.format {
        Format::Csv => long(&ready),
        Format::Html => html::page("Published tables", &ready.iter().map(Rendered::html).collect::<String>()),
        format => ready.iter().map(|ready| ready.write(format)).collect::<Vec<_>>().join("\n"),
    })
}

/// A table beside what was measured for its cells. With `links`, the way to a site's root,
/// measured entries refer to its [pages](compdd_core::record::Record::page); otherwise notes name their records.
///
/// # Errors
/// As [`Records::answers`].
pub fn rendered<'a>(
    table: &'static Table,
    records: &'a Records,
    mode: Option<Mode>,
    links: Option<&'a str>,
) -> Result<Rendered<'a>, PaperError> {
    if let Body::Sheet(sheet) = &table.body {
        return Ok(as_it_is(table, sheet, mode));
    }
    let answers = records.answers(table)?;
    let any = answers.iter().any(|answer| answer.measured().is_some());
    let mode = mode.unwrap_or(if any { Mode::Both } else { Mode::Published });
    let measured = mode != Mode::Published;
    let filler = Filler { table, winners: Winners::of(table, &answers), answers: &answers, mode, links };
    let mut grids: Vec<Grid> = blocks(table, &answers).iter().map(|block| filler.grid(block)).collect();
    say_origin(table, &mut grids, mode != Mode::Measured);
    let commands = if measured { commands::missing(&answers) } else { Vec::new() };
    Ok(Rendered { table, grids, commands, answers, measured })
}

fn as_it_is(table: &'static Table, sheet: &Sheet, mode: Option<Mode>) -> Rendered<'static> {
    let mut grids = sheet.grids(table);
    if let Some(last) = grids.last_mut().filter(|_| mode.is_some_and(|mode| mode != Mode::Published)) {
        last.notes.push(
            "Settings and lists, no results: there is nothing to measure, and the published values are shown."
                .to_owned(),
        );
    }
    say_origin(table, &mut grids, true);
    Rendered { table, grids, commands: Vec::new(), answers: Vec::new(), measured: false }
}

/// The last block says where the table comes from, and what is wrong with it.
fn say_origin(table: &Table, grids: &mut [Grid], published: bool) {
    if let Some(last) = grids.last_mut().filter(|_| published) {
        last.notes.extend(table.errata().iter().map(|erratum| format!("Erratum: {erratum}")));
        last.notes.push(table.provenance());
    }
}

/// All tables of results under one heading, then every other file with its own.
fn long(ready: &[Rendered<'_>]) -> String {
    let (sheets, results): (Vec<_>, Vec<_>) =
        ready.iter().partition(|ready| matches!(ready.table.body, Body::Sheet(_)));
    let measured = results.iter().any(|ready| ready.measured);
    let lines: String = results.iter().map(|ready| csv::lines(ready.table, &ready.answers, measured)).collect();
    let results = (!lines.is_empty()).then(|| csv::header(measured) + &lines);
    results.into_iter().chain(sheets.iter().map(|ready| ready.sheet())).collect::<Vec<_>>().join("\n")
}

impl Rendered<'_> {
    /// The table in a format that several share a page in; HTML is a part of a page, see [`Rendered::html`].
    pub fn write(&self, format: Format) -> String {
        let written = |grid: &Grid| grid.write(format);
        let grids = self.grids.iter().map(written).collect::<Vec<_>>().join("\n");
        let commands = self.commands.join("\n");
        match format {
            Format::Csv => long(std::slice::from_ref(self)),
            Format::Html => self.html(),
            _ if self.commands.is_empty() => grids,
            Format::Latex => {
                let comments = self.commands.iter().map(|command| format!("% not run: {command}"));
                comments.chain([grids]).collect::<Vec<_>>().join("\n")
            }
            Format::Markdown => format!("{grids}\nNot run:\n\n```sh\n{commands}\n```\n"),
            Format::Term => format!("{grids}\nnot run:\n{commands}\n"),
        }
    }

    /// The lines of a file with columns of its own.
    fn sheet(&self) -> String {
        let Body::Sheet(sheet) = &self.table.body else { return String::new() };
        sheet.lines().map(|row| line(row.iter().map(String::as_str))).collect()
    }

    /// The part of a page that shows it: its tables, and the commands of what was not run.
    pub fn html(&self) -> String {
        let tables: String = self.grids.iter().map(html::table).collect();
        if self.commands.is_empty() {
            return tables;
        }
        let commands: Vec<String> = self.commands.iter().map(|command| html::escaped(command)).collect();
        format!("{tables}<details>\n<summary>Not run</summary>\n<pre>{}</pre>\n</details>\n", commands.join("\n"))
    }
}
