//! Complexity of the classes, sorted, at several thresholds (EDF supplement, Figures 8 to 10).

use std::{collections::BTreeSet, path::PathBuf};

use super::{Axis, Frame, LegendEntry, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style, THIN};
use compdd_data::scores::{ClassSummary, Header, Mean, Summary};

/// Up to so many classes have their names below the axis.
const NAMED: usize = 24;
/// Share of a slot that the series of a class spread over.
const SLOT: f64 = 0.6;

const WHISKERS: &str = "whiskers: standard error";

/// Classes at one threshold of one file.
struct Series<'a> {
    summary: &'a Summary,
    /// Position of the threshold in the file.
    threshold: usize,
    style: Style,
    text: String,
}

/// The chart of one file of scores or of several, such as those of different networks, at the thresholds that are asked for, or at all of
/// each file. The key has the spread of each series: the standard deviation over its classes (ddof 1), in per cent.
///
/// Up to 24 classes are named, in the order of the first file at 0.5 (or at its first threshold), with the standard error of
/// each mean. More are a curve over ranks, each in its own order.
///
/// # Errors
/// When a file has no rows or lacks a threshold.
pub fn class_chart(files: &[(PathBuf, Summary)], thresholds: &[f32]) -> Result<Page, ReportError> {
    let series = series(files, thresholds)?;
    let Some((_, first)) = files.first() else { return Err(ReportError::Nothing) };
    let note = if files.len() == 1 { describe(&first.header, first.classes.len()) } else { String::new() };
    let distinct: BTreeSet<&str> =
        files.iter().flat_map(|(_, summary)| &summary.classes).map(|class| class.synset.as_str()).collect();
    Ok(if distinct.len() <= NAMED { named(&series, first, thresholds, &note) } else { ranked(&series, note) })
}

fn series<'a>(files: &'a [(PathBuf, Summary)], wanted: &[f32]) -> Result<Vec<Series<'a>>, ReportError> {
    let mut all = Vec::new();
    for (path, summary) in files {
        if summary.classes.is_empty() {
            let help = "score images with `compdd complexity score`";
            return Err(ReportError::Empty { path: path.clone(), what: "scores", help });
        }
        let known = &summary.header.settings.thresholds;
        let spread = summary.spread();
        for &threshold in if wanted.is_empty() { known } else { wanted } {
            let found = summary.header.threshold(threshold);
            let place = found.ok_or_else(|| ReportError::NoThreshold {
                path: path.clone(),
                threshold,
                known: known.clone(),
            })?;
            let share = spread[place] * 100.0;
            let text = if files.len() == 1 {
                format!("threshold {threshold}, spread {share:.2} %")
            } else {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                format!("{name}: spread {share:.2} % at {threshold}")
            };
            all.push(Series { summary, threshold: place, style: Style::nth(all.len()), text });
        }
    }
    Ok(all)
}

impl Series<'_> {
    fn mean(&self, class: &ClassSummary) -> Mean {
        class.means[self.threshold]
    }

    fn key(&self, sample: Sample) -> LegendEntry {
        LegendEntry(self.text.clone(), self.style, sample)
    }
}

/// Points over names.
fn named(series: &[Series<'_>], first: &Summary, thresholds: &[f32], note: &str) -> Page {
    let by = thresholds.first().copied().filter(|_| !thresholds.contains(&0.5)).unwrap_or(0.5);
    let by = first.header.threshold(by).unwrap_or(0);
    let mut order: Vec<&ClassSummary> = first.classes.iter().collect();
    order.sort_by(|a, b| b.means[by].complexity.total_cmp(&a.means[by].complexity));
    for class in series.iter().flat_map(|one| &one.summary.classes) {
        if !order.iter().any(|own| own.synset == class.synset) {
            order.push(class);
        }
    }
    let ends = |mean: Mean| [mean.complexity - mean.standard_error, mean.complexity + mean.standard_error];
    let all = series.iter().flat_map(|one| one.summary.classes.iter().flat_map(|class| ends(one.mean(class))));
    let at = first.header.settings.thresholds[by];
    let mut frame = Frame::new(Plan {
        page: Origin::default().page(format!("Complexity of {} classes", order.len())),
        note: if note.is_empty() { WHISKERS.to_owned() } else { format!("{note}; {WHISKERS}") },
        across: Axis::names(
            format!("class, the most complex at threshold {at} first"),
            order.iter().map(|class| class.label.clone()),
        ),
        up: Axis::up("complexity κ (%)", all.map(|value| value * 100.0)),
        legend: series.iter().map(|one| one.key(Sample::Marker)).collect(),
        size: SIZE,
    });
    for (place, one) in series.iter().enumerate() {
        let aside = SLOT * ((place as f64 + 0.5) / series.len() as f64 - 0.5);
        for (slot, class) in order.iter().enumerate() {
            let Some(class) = one.summary.class(&class.synset) else { continue };
            let mean = one.mean(class);
            let at = |value: f64| (slot as f64 + aside, value * 100.0);
            let line = Mark::line(one.style.colour, THIN, &[], ends(mean).map(at));
            frame.draw([line, Mark::plain(one.style, at(mean.complexity))]);
        }
    }
    frame.finish()
}

/// Curves over ranks.
fn ranked(series: &[Series<'_>], note: String) -> Page {
    let values = |one: &Series<'_>| {
        let mut values: Vec<f64> = one.summary.classes.iter().map(|class| one.mean(class).complexity * 100.0).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    };
    let most = series.iter().map(|one| one.summary.classes.len()).max().unwrap_or_default();
    let mut frame = Frame::new(Plan {
        page: Origin::default().page(format!("Complexity of {most} classes by rank")),
        note,
        across: Axis::counted("rank of the class, each curve in its own order", [0.0, most as f64]),
        up: Axis::up("complexity κ (%)", series.iter().flat_map(values)),
        legend: series.iter().map(|one| one.key(Sample::Line)).collect(),
        size: SIZE,
    });
    for one in series {
        let values = values(one);
        let mut rank = 0;
        let steps = values.chunk_by(|a, b| a == b).flat_map(|equal| {
            let from = rank;
            rank += equal.len();
            [from, rank].map(|rank| (rank as f64, equal[0]))
        });
        frame.draw([Mark::curve(one.style, steps)]);
    }
    frame.finish()
}

/// Where scores come from, in a line.
fn describe(header: &Header, classes: usize) -> String {
    let (images, settings) = (header.listed - header.skipped, &header.settings);
    let subset = header.subset.as_deref().unwrap_or("all classes");
    format!(
        "{subset} ({}), {images} images of {classes} classes; {} at {} ({} cells), {}, class {}",
        header.split, header.network, header.tap, header.cells, settings.method, settings.question,
    )
}
