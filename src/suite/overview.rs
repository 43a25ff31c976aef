//! A plan in words, before anything starts.

use std::fmt::Write as _;

use super::{Contents, Estimate, Folder, Plan, Rates, State, Status, SuiteError};
use crate::{
    data::human_size,
    report::grid::{Entry, Format, Grid, Heading, Row},
};

/// What there is to do, what is done, what cells share, and what the rest takes on a kind of device (`cpu`, or the name of a GPU).
///
/// # Errors
/// As [`Status::of`] and [`Rates::of`].
pub fn overview(plan: &Plan, folder: &Folder, device: &str) -> Result<String, SuiteError> {
    let entries = plan.entries()?;
    let status = Status::of(plan, &entries, folder)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let rates = Rates::of(folder.store(), device, cores)?;
    let left = entries.iter().zip(&status.states).filter(|(_, state)| **state != State::Done).map(|(entry, _)| entry);
    let estimate = rates.estimate(plan, left)?;
    let mut text = format!("{}: {}\n\n", plan.id(), plan.summary());
    let mut line = |name: &str, what: String| {
        let _ = writeln!(text, "{name:<9} {what}");
    };
    let counted = |wanted: fn(State) -> bool| status.count(wanted);
    let (done, failed) = (counted(|s| s == State::Done), counted(|s| matches!(s, State::Failed(_))));
    let records: usize = entries.iter().map(|entry| 1 + entry.also.len()).sum();
    let unknown = match status.unknown {
        0 => String::new(),
        some => format!("; of {some} it is not known yet, because nobody looked at their images or teacher (--look)"),
    };
    line("cells", format!("{} with {records} records; {done} done, {failed} failed{unknown}", plan.len()));
    shared(plan, folder, &mut line)?;
    hours(&estimate, &rates, device, &mut line);
    let largest =
        |bytes| format!("{} a process at most, by the records of these networks and resolutions", human_size(bytes));
    line(
        "memory",
        estimate.memory.map_or_else(|| "not measured for these networks and resolutions".to_owned(), largest),
    );
    let Estimate { bundle_bytes, expert_bytes, teacher_bytes, cache_bytes, .. } = estimate;
    let [all, bundles, experts, teachers, cache] = [
        bundle_bytes + expert_bytes + teacher_bytes + cache_bytes,
        bundle_bytes,
        expert_bytes,
        teacher_bytes,
        cache_bytes,
    ]
    .map(human_size);
    line("disk", format!("{all}: sets {bundles}, experts {experts}, teachers {teachers}, decoded images {cache}"));
    line("plan", folder.plan().display().to_string());
    Ok(text)
}

/// What is prepared once, by whoever comes first.
fn shared(plan: &Plan, folder: &Folder, line: &mut impl FnMut(&str, String)) -> Result<(), SuiteError> {
    let (shared, contents) = (plan.shared(), Contents::pinned(folder, plan.shared())?);
    for (index, images) in shared.images.iter().enumerate() {
        let known = if contents.images(index).is_some() { "" } else { ", not looked at yet" };
        let white = if images.zca { ", whitened" } else { "" };
        line("images", format!("{} at {} pixels{white}{known}", images.subset, images.resolution));
    }
    for (index, teachers) in shared.teachers.iter().enumerate() {
        let described = teachers.members.iter().map(|teacher| {
            let known = match contents.teacher(index) {
                Some(_) => "",
                None if teacher.spec.is_some() || teacher.list().is_some() => {
                    " (trained by the first cell that needs it)"
                }
                None => " (must be there)",
            };
            format!("{}{known}", teacher.name)
        });
        let images = &shared.images[teachers.images];
        let described = described.collect::<Vec<_>>().join(" with ");
        line("teacher", format!("{described} on {} at {} pixels", images.subset, images.resolution));
    }
    for experts in &shared.experts {
        let images = &shared.images[experts.images];
        let size = human_size(experts.bytes);
        let what =
            format!("{} of {} on {} at {} pixels", experts.count, experts.network, images.subset, images.resolution);
        line("experts", format!("{what}: at most {} epochs, {size}", experts.epochs));
    }
    for features in &shared.features {
        let images = &shared.images[features.images];
        let what = format!("{} on {} at {} pixels", features.network, images.subset, images.resolution);
        line("features", format!("{what}: {} epochs, for those that choose images by it", features.epochs));
    }
    Ok(())
}

fn hours(estimate: &Estimate, rates: &Rates, device: &str, line: &mut impl FnMut(&str, String)) {
    let Estimate { measured, cells, unknown, .. } = estimate;
    let parts = [
        ("distilling", estimate.distil_hours),
        ("scoring", estimate.score_hours),
        ("experts", estimate.expert_hours),
        ("feature networks", estimate.feature_hours),
        ("teachers", estimate.teacher_hours),
    ];
    let all: f64 = parts.iter().map(|(_, hours)| hours).sum();
    let parts = parts.map(|(name, hours)| format!("{name} {hours:.1}")).join(", ");
    line("hours", format!("{all:.1} of one process on {device} with nothing beside it: {parts}"));
    let source = match rates.records() {
        0 => format!("no record here was timed on {device}: the rate is that of CPU cores"),
        some => format!(
            "{some} timed records on {device}; {measured} of {cells} cells have one of their method and network"
        ),
    };
    let rest = if *unknown > 0 { format!("; {unknown} cells left out") } else { String::new() };
    line("", format!("by {source}; else {:.1e} multiply-accumulates a second{rest}", rates.overall()));
}

/// All cells as a Markdown table.
///
/// # Errors
/// As [`Status::of`].
pub fn cells(plan: &Plan, folder: &Folder) -> Result<String, SuiteError> {
    let entries = plan.entries()?;
    let status = Status::of(plan, &entries, folder)?;
    let row = |(index, entry): (usize, &super::Entry)| {
        let after = entry.after.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let words = [index.to_string(), entry.group.clone(), entry.label(), status.states[index].describe(), after];
        Row { entries: words.map(Entry::new).into(), rule: false }
    };
    let grid = Grid {
        name: plan.id(),
        caption: plan.id(),
        head: vec![["cell", "group", "what", "state", "after"].map(Heading::one).into()],
        stub: 1,
        rows: entries.iter().enumerate().map(row).collect(),
        notes: Vec::new(),
    };
    Ok(grid.write(Format::Markdown))
}
