//! Fills a block: published numbers, measured ones, or both with their difference.

use super::{
    Answer, Missing, Mode, Table,
    best::Winners,
    block::Block,
    footnotes::Footnotes,
    headings::head,
    layout::Dimension,
    notes::{self, Shared},
    printed::{DASH, read},
};
use crate::report::grid::{Entry, Grid, Row};
use compdd_core::record::{Comparison, Record, signed};

/// The mark of a difference whose interval excludes the published value.
pub const EXCLUDED: &str = "†";
/// The mark of a reduced budget.
pub const REDUCED: &str = "‡";

/// What all blocks of a table are written with.
pub struct Filler<'a> {
    pub table: &'a Table,
    pub answers: &'a [Answer<'a>],
    pub winners: Winners,
    pub mode: Mode,
    /// Whether measured entries link to their records; otherwise notes name these.
    pub links: Option<&'a str>,
}

/// Lines of a row in the mode `both`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Published,
    Measured,
    Difference,
}

impl Line {
    fn title(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Measured => "measured",
            Self::Difference => "difference",
        }
    }
}

impl Filler<'_> {
    /// The block as a table, with its notes but those of the table as a whole.
    pub fn grid(&self, block: &Block<'_>) -> Grid {
        let ours = block.places().any(|place| self.answers[place].target.is_ok());
        let both = self.mode == Mode::Both && ours;
        let mut notes = Footnotes::default();
        let shared = Shared::of(self, block);
        let mut rows = Vec::new();
        for row in 0..block.rows.len() {
            for (nth, line) in self.lines(block, row).into_iter().enumerate() {
                let mut entries = self.stub(block, row, nth, &shared, &mut notes);
                if both {
                    entries.push(Entry::new(line.title()));
                }
                let place = |column| block.cells.get(&(row, column)).copied();
                entries.extend((0..block.columns.len()).map(|column| {
                    place(column).map_or_else(Entry::default, |place| self.entry(line, place, row, &shared, &mut notes))
                }));
                let grouped = self.table.layout.rows.len() > 1 && new_group(block, row);
                rows.push(Row { entries, rule: row > 0 && nth == 0 && (both || grouped) });
            }
        }
        Grid {
            name: name(self.table, block),
            caption: notes::caption(self.table, block),
            head: head(self.table, block, self.answers, usize::from(both)),
            stub: self.table.layout.rows.len() + usize::from(both),
            rows,
            notes: notes::below(self, block, &shared, &notes),
        }
    }

    /// What is shown of a row.
    fn lines(&self, block: &Block<'_>, row: usize) -> Vec<Line> {
        let ours = block.row(row).any(|place| self.answers[place].target.is_ok());
        let mut measured = block.row(row).filter_map(|place| self.answers[place].measured());
        let comparable = measured.any(|(_, reduced)| !reduced);
        match self.mode {
            Mode::Measured => vec![Line::Measured],
            Mode::Both if comparable => vec![Line::Published, Line::Measured, Line::Difference],
            Mode::Both if ours => vec![Line::Published, Line::Measured],
            Mode::Both | Mode::Published => vec![Line::Published],
        }
    }

    /// The words of a row; those of the row above are not repeated.
    fn stub(&self, block: &Block<'_>, row: usize, nth: usize, shared: &Shared, notes: &mut Footnotes) -> Vec<Entry> {
        let words = &block.rows[row];
        let above = row.checked_sub(1).map(|above| &block.rows[above]);
        let mut entries = Vec::with_capacity(words.len());
        for (level, dimension) in self.table.layout.rows.iter().enumerate() {
            let repeated = nth > 0 || above.is_some_and(|above| above[..=level] == words[..=level]);
            entries.push(if repeated { Entry::default() } else { Entry::new(read(*dimension, words[level])) });
        }
        if let (Some(note), Some(last), 0) = (&shared.rows[row], entries.last_mut(), nth) {
            last.mark = notes.mark(note);
        }
        entries
    }

    fn entry(&self, line: Line, place: usize, row: usize, shared: &Shared, notes: &mut Footnotes) -> Entry {
        let answer = &self.answers[place];
        match line {
            Line::Published => {
                let printed = answer.printed;
                let entry = if printed.mean.is_empty() {
                    Entry::muted(printed.text())
                } else {
                    Entry::new(printed.text()).bold(self.winners.published[place])
                };
                let known = printed.note.is_empty() || printed.note == DASH || shared.covers(row, &printed.note);
                if known { entry } else { entry.marked(&notes.mark(&printed.note)) }
            }
            Line::Measured => match (&answer.target, answer.record) {
                (_, Some(record)) => self.measured(answer, record, place, notes),
                (Ok(_), None) if answer.derived.is_some() => self.derived(answer, place, notes),
                (Ok(_), None) => Entry::muted("not run"),
                (Err(Missing::Part(_)), None) => Entry::muted("not in compdd"),
                (Err(Missing::Metric), None) => Entry::muted("–"),
            },
            Line::Difference => match (answer.record, answer.printed.value()) {
                (Some(record), Some(_)) if record.is_reduced() => Entry::muted(REDUCED),
                (Some(record), Some(published)) => {
                    let held = Comparison::of(record, published);
                    let mark = if held.excluded == Some(true) { EXCLUDED } else { "" };
                    Entry::new(signed(held.difference, answer.printed.decimals())).marked(mark)
                }
                (None, Some(published)) => match answer.measured() {
                    Some((_, true)) => Entry::muted(REDUCED),
                    Some((value, false)) => Entry::new(signed(value - published, answer.printed.decimals())),
                    None => Entry::default(),
                },
                _ => Entry::default(),
            },
        }
    }

    /// What several records say together; no page shows it alone.
    fn derived(&self, answer: &Answer<'_>, place: usize, notes: &mut Footnotes) -> Entry {
        let Some(derived) = &answer.derived else { return Entry::default() };
        let value = format!("{:.*}", answer.printed.decimals(), derived.value);
        let mark = if derived.reduced { REDUCED } else { "" };
        let entry = Entry::new(value).bold(self.winners.measured[place]).titled(derived.facts.clone()).marked(mark);
        if self.links.is_some() { entry } else { entry.marked(&notes.mark(&format!("{}.", derived.facts))) }
    }

    fn measured(&self, answer: &Answer<'_>, record: &Record, place: usize, notes: &mut Footnotes) -> Entry {
        let decimals = answer.printed.decimals();
        let percent = |fraction: f64| format!("{:.decimals$}", 100.0 * fraction);
        let std = record.summary.std.map(|std| format!(" ± {}", percent(std))).unwrap_or_default();
        let mut entry = Entry::new(percent(record.summary.mean) + &std).bold(self.winners.measured[place]);
        if record.is_reduced() {
            entry.mark.push_str(REDUCED);
        }
        let facts = notes::facts(record);
        let entry = entry.titled(facts.clone());
        match self.links {
            Some(root) => entry.linked(format!("{root}{}", record.page())),
            None => entry.marked(&notes.mark(&format!("`{}`: {facts}.", record.id))),
        }
    }
}

/// Whether the broadest word of a row is another one than that of the row above.
fn new_group(block: &Block<'_>, row: usize) -> bool {
    row > 0 && block.rows[row][0] != block.rows[row - 1][0]
}

/// `edf-1`, `edf-1-kd`, `edf-1-kd-2`.
fn name(table: &Table, block: &Block<'_>) -> String {
    let part =
        block.part.iter().filter(|(dimension, _)| *dimension != Dimension::Ipc).map(|(_, word)| (*word).to_owned());
    let words = std::iter::once(table.id.replace(':', "-")).chain(part).chain(block.piece.map(|n| n.to_string()));
    words.collect::<Vec<_>>().join("-").replace('_', "-")
}
