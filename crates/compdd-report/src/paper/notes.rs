//! What is said above and below a block.

use std::collections::BTreeSet;

use super::{
    Answer, Missing, Mode, Table,
    block::Block,
    fill::{EXCLUDED, Filler, REDUCED},
    footnotes::Footnotes,
    headings::phrase,
    layout::Dimension,
    names::NAMES,
    printed::{ALL_IMAGES, DASH},
};
use compdd_core::record::{Budget, Comparison, Fidelity, Flag, Record, Summary, percent};

/// Notes that several cells share: they are said once, for the block or for a row.
pub struct Shared {
    block: Option<String>,
    /// For every row.
    pub rows: Vec<Option<String>>,
}

impl Shared {
    /// Notes of what the paper prints; there are none where only measured numbers are shown.
    pub fn of(filler: &Filler<'_>, block: &Block<'_>) -> Self {
        if filler.mode == Mode::Measured {
            return Self { block: None, rows: vec![None; block.rows.len()] };
        }
        let notes = |places: &mut dyn Iterator<Item = usize>| -> Vec<&str> {
            places.map(|place| filler.answers[place].printed.note.as_str()).collect()
        };
        let whole = most(&notes(&mut block.places()));
        let of_row = |row: usize| {
            let notes = notes(&mut block.row(row));
            let first =
                notes.first().filter(|note| !note.is_empty() && **note != DASH && whole.as_deref() != Some(**note))?;
            (notes.len() > 1 && notes.iter().all(|note| note == first)).then(|| (*first).to_owned())
        };
        let rows = (0..block.rows.len()).map(of_row).collect();
        Self { block: whole, rows }
    }

    /// Whether a note of a cell is said already.
    pub fn covers(&self, row: usize, note: &str) -> bool {
        [&self.block, &self.rows[row]].into_iter().any(|said| said.as_deref() == Some(note))
    }
}

/// The note that most cells have, if every other cell has a note of its own that says something else.
fn most(notes: &[&str]) -> Option<String> {
    let count = |wanted: &str| notes.iter().filter(|note| **note == wanted).count();
    let most = notes.iter().copied().filter(|note| !note.is_empty() && *note != DASH).max_by_key(|note| count(note))?;
    (2 * count(most) > notes.len() && !notes.contains(&"")).then(|| most.to_owned())
}

/// What the block shows, in a line.
pub fn caption(table: &Table, block: &Block<'_>) -> String {
    let part =
        block.part.iter().map(|(dimension, word)| phrase(*dimension, "", &[word])).filter(|text| !text.is_empty());
    let part: Vec<String> = part.chain(block.piece.map(|piece| format!("part {piece}"))).collect();
    let part = if part.is_empty() { String::new() } else { format!(" ({})", part.join(", ")) };
    format!("{}: {}{part}", table.label(), table.caption)
}

/// What a record is worth, in a line: students, interval, budget, and what else a reader must know.
pub fn facts(record: &Record) -> String {
    let cell = &record.cell;
    let students = record.students.len();
    let mut facts = vec![if students == 1 { "1 student".to_owned() } else { format!("{students} students") }];
    facts.extend(
        record
            .summary
            .interval
            .map(|interval| format!("95 % interval {:.2} to {:.2}", 100.0 * interval.low, 100.0 * interval.high)),
    );
    facts.extend(Summary::of_best_on_test(&record.students).map(|best| {
        format!(
            "best of the checks on the test set {}, flagged and never compared",
            percent::spread(best.mean, best.std)
        )
    }));
    facts.push(if record.is_reduced() && cell.budget == Budget::Paper {
        "a set made with a reduced budget".to_owned()
    } else {
        format!("budget {}", cell.budget)
    });
    if cell.fidelity == Fidelity::Released {
        facts.push("after the released code".to_owned());
    }
    if cell.source.starts_with("bundle:") {
        facts.push("scored from its bundle".to_owned());
    }
    let said = [Flag::ReducedBudget, Flag::FewStudents];
    facts.extend(record.flags.iter().filter(|flag| !said.contains(flag)).map(|flag| flag.meaning().to_owned()));
    facts.join(", ")
}

/// Everything that is said below a block, but what is said of the table as a whole.
pub fn below(filler: &Filler<'_>, block: &Block<'_>, shared: &Shared, notes: &Footnotes) -> Vec<String> {
    let answers: Vec<&Answer<'_>> = block.places().map(|place| &filler.answers[place]).collect();
    let mut lines = Vec::new();
    lines.extend(throughout(filler.table, block, &answers));
    if let Some(note) = &shared.block {
        lines.push(format!("Unless marked otherwise: {note}."));
    }
    if filler.mode != Mode::Measured && answers.iter().any(|answer| answer.printed.note == DASH) {
        lines.push("–: not reported.".to_owned());
    }
    if answers.iter().any(|answer| answer.printed.is_reference() && answer.printed.ipc == ALL_IMAGES) {
        lines.push("Trained on all images: one value a data set, in its first column.".to_owned());
    }
    if filler.mode != Mode::Published {
        lines.extend(of_measured(filler, &answers));
    }
    lines.extend(notes.lines());
    lines
}

/// What all cells of a block share and no heading says.
fn throughout(table: &Table, block: &Block<'_>, answers: &[&Answer<'_>]) -> Option<String> {
    let layout = &table.layout;
    let hidden = |dimension: &Dimension| {
        let shown = layout.rows.contains(dimension) || layout.columns.contains(dimension);
        !shown && !block.part.iter().any(|(part, _)| part == dimension)
    };
    let say = |dimension: Dimension| {
        let mut words: Vec<&str> = Vec::new();
        for answer in answers {
            let word = answer.printed.word(dimension);
            let said = word.is_empty() || words.contains(&word);
            if !said && (word != ALL_IMAGES || !answer.printed.is_reference()) {
                words.push(word);
            }
        }
        let title = answers.first().map_or("", |answer| answer.printed.title(dimension));
        phrase(dimension, title, &words)
    };
    let order = [
        Dimension::Method,
        Dimension::Dataset,
        Dimension::Ipc,
        Dimension::Network,
        Dimension::Protocol,
        Dimension::Factor1,
        Dimension::Factor2,
        Dimension::Metric,
    ];
    let said: Vec<String> = order.into_iter().filter(hidden).map(say).filter(|text| !text.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; ") + ".")
}

/// What must be known of measured numbers.
fn of_measured(filler: &Filler<'_>, answers: &[&Answer<'_>]) -> Vec<String> {
    let records: Vec<(&Record, Option<f64>)> =
        answers.iter().filter_map(|answer| Some((answer.record?, answer.printed.value()))).collect();
    let mut lines = Vec::new();
    let protocols: BTreeSet<&str> = records.iter().map(|(record, _)| record.cell.protocol.as_str()).collect();
    if !protocols.is_empty() {
        let protocols: Vec<&str> = protocols.into_iter().collect();
        lines.push(format!(
            "Measured: mean ± sample deviation over students, in percent; scored with {}.",
            protocols.join(", ")
        ));
    }
    let excluded = |(record, published): &(&Record, Option<f64>)| {
        published.is_some_and(|published| Comparison::of(record, published).excluded == Some(true))
    };
    if filler.mode == Mode::Both && records.iter().any(excluded) {
        lines.push(format!("{EXCLUDED} The measured 95 % interval excludes the published value."));
    }
    if records.iter().any(|(record, _)| record.is_reduced()) {
        lines.push(format!(
            "{REDUCED} Less than the published effort was spent: not comparable with the paper, and never best."
        ));
    }
    let assumed = |answer: &Answer<'_>| answer.target.is_ok() && answer.printed.network.is_empty();
    if answers.iter().any(|answer| assumed(answer)) {
        lines.push(format!("The paper names no network: compared on {}.", filler.table.layout.network));
    }
    let exception = |answer: &&&Answer<'_>| {
        let target = answer.target.as_ref().ok()?;
        NAMES.exception(&answer.printed.paper, &target.method).map(|exception| exception.note.clone())
    };
    let exceptions: BTreeSet<String> = answers.iter().filter_map(|answer| exception(&answer)).collect();
    lines.extend(exceptions.into_iter().filter(|note| !note.is_empty()));
    let missing: BTreeSet<&str> = answers.iter().filter_map(|answer| part(answer)).collect();
    if !missing.is_empty() {
        let missing: Vec<&str> = missing.into_iter().collect();
        lines.push(format!("Not in compdd: {}.", missing.join("; ")));
    }
    lines
}

fn part<'a>(answer: &'a Answer<'_>) -> Option<&'a str> {
    match &answer.target {
        Err(Missing::Part(part)) => Some(part),
        _ => None,
    }
}
