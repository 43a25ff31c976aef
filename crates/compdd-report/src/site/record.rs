//! The page of one record: everything that is known of a result.

use askama::Template;
use serde::Serialize;

use super::{
    format::{duration, interval, ipc, points, spread},
    frame::{Frame, Origin, Room},
    reproduce,
};
use crate::{
    board::{Entry, StoredSet},
    report::grid::{Entry as Words, Grid, Heading, Row, html},
};
use compdd_core::record::{
    Timing, hash,
    percent::{self, percent},
};
use compdd_data::data::human_size;

#[derive(Template)]
#[template(path = "record.html")]
pub(super) struct RecordPage {
    frame: Frame,
    heading: String,
    headline: String,
    spread: String,
    /// HTML.
    warnings: Vec<String>,
    facts: Vec<Fact>,
    students: String,
    published: String,
    pictures: Vec<Picture>,
    command: String,
    downloads: Vec<Download>,
    /// Heading and text.
    settings: Vec<(&'static str, String)>,
}

/// A line of the list of facts.
struct Fact {
    name: &'static str,
    /// HTML.
    value: String,
    link: Option<String>,
}

/// A picture on a page.
pub(super) struct Picture {
    /// From the page.
    pub href: String,
    /// What it shows.
    pub words: String,
    /// Whether it is enlarged pixel by pixel.
    pub pixels: bool,
}

impl Picture {
    /// A chart beside the page.
    pub fn chart(href: String, words: &str) -> Self {
        Self { href, words: words.into(), pixels: false }
    }
}

/// A file that can be taken along.
pub(super) struct Download {
    pub href: String,
    pub name: String,
    /// BLAKE3 in full; empty where none is kept.
    pub hash: String,
}

impl RecordPage {
    /// `curve` says whether there is one beside the record.
    pub fn new(entry: &Entry, place: &str, pictures: Vec<Picture>, curve: bool, origin: &Origin) -> Self {
        let (record, cell) = (&entry.record, &entry.record.cell);
        let mut warnings: Vec<String> = record.flags.iter().map(|flag| flag.meaning().to_owned()).collect();
        warnings.extend(record.subset.notes.iter().cloned());
        let mut downloads =
            vec![Download { href: format!("{}.json", record.id), name: "the record".into(), hash: entry.hash.clone() }];
        downloads.extend(curve.then(|| Download {
            href: format!("{}.curve.csv", record.id),
            name: "accuracy over iterations".into(),
            hash: String::new(),
        }));
        let seeds = match record.students.len() {
            1 => "one student, no interval".into(),
            n => format!("95 % interval {}, {n} students", interval(entry)),
        };
        Self {
            frame: Frame::new(&record.id, "../../", Room::Elsewhere, origin),
            heading: format!("{} on {}, {}, {}", cell.method, cell.subset, ipc(cell.ipc), cell.network),
            headline: format!("{} %", spread(entry)),
            spread: seeds,
            warnings: warnings.iter().map(|words| html::escaped(words)).collect(),
            facts: facts(entry, place),
            students: students(entry),
            published: published(entry),
            pictures,
            command: reproduce::command(record),
            downloads,
            settings: [
                Some(("Recipe", pretty(&record.recipe))),
                Some(("Protocol", pretty(&record.protocol))),
                Some(("Images", pretty(&record.data))),
                entry.timing.as_ref().map(|timing| ("Times, memory, machine", pretty(timing))),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn facts(entry: &Entry, place: &str) -> Vec<Fact> {
    let (record, cell) = (&entry.record, &entry.record.cell);
    let mut facts = Vec::new();
    let mut say = |name, value: String| facts.push(Fact { name, value: html::escaped(&value), link: None });
    let rank = if place.is_empty() { "none".to_owned() } else { place.to_owned() };
    say("rank in its group", rank);
    let reasons = entry.reasons.join("; ");
    say(
        "division",
        if reasons.is_empty() { entry.division.to_string() } else { format!("{}: {reasons}", entry.division) },
    );
    if let Some(ior) = entry.ior {
        say("improvement over random", format!("{} points", points(ior)));
    }
    if let Some(hlr) = entry.hlr {
        say("hard label recovery", format!("{} points", points(hlr)));
    }
    say("protocol", format!("{}, {} budget, {} reading", cell.protocol, cell.budget, cell.fidelity));
    say("resolution", format!("{} px", cell.resolution));
    say("set made with", cell.source.clone());
    say("distilled set", set(entry));
    for bundle in &record.bundles {
        say("its data, BLAKE3", bundle.data_hash.clone());
    }
    if let Some(timing) = &entry.timing {
        say("cost", cost(timing));
        if let Some(commit) = &timing.commit {
            say("commit", commit.clone());
        }
    }
    if let Some(who) = &entry.who {
        say("handed in by", who.shown());
    }
    say("seed", cell.seed.to_string());
    say("recipe, BLAKE3", cell.recipe_hash.clone());
    say("images, BLAKE3", cell.data_hash.clone());
    say("record", record.id.clone());
    say("record, BLAKE3", entry.hash.clone());
    say("made by", format!("compdd {}", record.code_version));
    let link = |name, value: String, link: String| Fact { name, value: html::escaped(&value), link: Some(link) };
    facts.insert(0, link("method", cell.method.clone(), format!("../../methods/{}.html", cell.method)));
    facts.insert(1, link("subset", cell.subset.clone(), format!("../../subsets/{}.html", cell.subset)));
    if let Some(recovery) = &entry.recovery {
        let value = format!("{} % of {} %", percent(recovery.ratio), percent(recovery.reference_mean));
        facts.insert(4, link("recovery", value, format!("{}.html", recovery.reference)));
    }
    facts
}

fn set(entry: &Entry) -> String {
    match entry.set {
        StoredSet::Reference => "none: the whole training set".into(),
        StoredSet::ScoreOnly => "not kept here; the record has its hash".into(),
        StoredSet::Kept { bytes, label_bytes, .. } => {
            format!("{}, of which labels {}", human_size(bytes), human_size(label_bytes))
        }
    }
}

fn cost(timing: &Timing) -> String {
    let mut parts = Vec::new();
    parts.extend(timing.distill_seconds.map(|seconds| format!("distillation {}", duration(seconds))));
    let eval: f64 = timing.eval_seconds.iter().sum();
    if eval > 0.0 {
        parts.push(format!("scoring {}", duration(eval)));
    }
    let threads = timing.threads.map(|n| format!(", {n} threads")).unwrap_or_default();
    parts.push(format!("{}{threads}", timing.device));
    parts.extend(timing.peak_memory_bytes.map(|bytes| format!("peak memory {}", human_size(bytes))));
    parts.extend(timing.peak_device_memory_bytes.map(|bytes| format!("of the device {}", human_size(bytes))));
    parts.extend(timing.peak_device_memory_bytes.map(|bytes| format!("on the device {}", human_size(bytes))));
    parts.join("; ")
}

fn students(entry: &Entry) -> String {
    let names = ["student", "seed", "set", "accuracy %", "training loss", "epochs", "steps"];
    let row = |(place, student): (usize, &compdd_core::record::StudentRecord)| {
        let values = [
            (place + 1).to_string(),
            student.seed.to_string(),
            student.draw.to_string(),
            percent(student.accuracy.fraction()),
            format!("{:.4}", student.train_loss),
            student.epochs.to_string(),
            student.steps.to_string(),
        ];
        Row::new(values.map(Words::new).to_vec())
    };
    html::table(&Grid {
        name: "students-table".into(),
        caption: "Every student's score".into(),
        head: vec![names.map(Heading::one).to_vec()],
        stub: 1,
        rows: entry.record.students.iter().enumerate().map(row).collect(),
        notes: Vec::new(),
    })
}

/// What papers print for the cell, beside what was measured; empty where nothing is.
fn published(entry: &Entry) -> String {
    let record = &entry.record;
    if record.published.is_empty() {
        return String::new();
    }
    let row = |value: &compdd_core::record::Published| {
        let inside = record.summary.interval.map(|ends| ends.low <= value.mean && value.mean <= ends.high);
        Row::new(vec![
            Words::new(&value.source),
            Words::new(percent::spread(value.mean, value.std)),
            Words::new(points(record.summary.mean - value.mean)),
            Words::new(match inside {
                Some(true) => "yes",
                Some(false) => "no",
                None => "no interval",
            }),
        ])
    };
    let reduced = record.flags.contains(&compdd_core::record::Flag::ReducedBudget);
    let names = ["source", "published %", "measured − published", "inside the interval"];
    html::table(&Grid {
        name: "published-table".into(),
        caption: "What papers print for this cell".into(),
        head: vec![names.map(Heading::one).to_vec()],
        stub: 1,
        rows: record.published.iter().map(row).collect(),
        notes: if reduced { vec!["Measured with a reduced budget: not comparable.".into()] } else { Vec::new() },
    })
}

/// The name of a bundle's picture inside the site.
pub(super) fn picture_name(bundle: &compdd_core::record::BundleRef) -> String {
    format!("sets/{}.png", hash::short(&bundle.data_hash))
}
