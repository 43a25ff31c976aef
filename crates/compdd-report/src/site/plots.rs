//! The plots: every chart that the records give without being asked for a choice.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use askama::Template;
use rayon::prelude::*;

use super::{
    SiteError,
    folder::Folder,
    format::ipc,
    frame::{Frame, Origin, Room},
};
use crate::{
    board::Board,
    report::{
        Page, ReportError, ablation_chart, cost_chart, ipc_chart, iteration_chart, network_chart,
        read::{self, Grouping},
        recovery_chart, spread_chart,
    },
};
use compdd_core::record::{Flag, Record, Store, Timing};

/// More charts of a kind would not be looked at; those of the most records come first.
const MOST: usize = 24;
/// The threshold of EDF's definition of complexity.
const THRESHOLD: f32 = 0.5;

/// A plot of the page.
pub(super) struct Plot {
    pub name: String,
    pub words: String,
    pub size: [usize; 2],
}

/// Plots of one kind.
struct Section {
    heading: &'static str,
    plots: Vec<Plot>,
}

#[derive(Template)]
#[template(path = "plots.html")]
struct Plots {
    frame: Frame,
    sections: Vec<Section>,
}

/// Records that may share a chart, by what they have in common.
type Groups<'a> = BTreeMap<Vec<String>, Vec<&'a Record>>;

/// How a chart is made of a group's records.
type Draw = fn(&Beside<'_>, &[&Record]) -> Result<Page, ReportError>;

/// What lies beside the records.
struct Beside<'a> {
    /// The results folder of the first of a group.
    store: &'a Store,
    /// What is known of the times of a record, by its id.
    timings: &'a HashMap<&'a str, &'a Timing>,
}

/// A kind of chart of records.
struct Kind {
    slug: &'static str,
    heading: &'static str,
    /// What its records have in common, for its name and its words.
    common: fn(&Record) -> Vec<String>,
    /// What they must differ in, to be worth a chart.
    across: fn(&Record) -> String,
    /// Whether recipes that were changed belong in it; methods are compared as they ship.
    changed: bool,
    draw: Draw,
}

const KINDS: [Kind; 6] = [
    Kind {
        slug: "ipc",
        heading: "Accuracy over images per class",
        common: |record| of(record, &[subset, protocol, network, side, budget]),
        across: |record| record.cell.ipc.to_string(),
        changed: false,
        draw: |_, records| ipc_chart(&read::accuracy_over_ipc(records)?, true),
    },
    Kind {
        slug: "recovery",
        heading: "Recovery, easy against hard",
        common: |record| of(record, &[images, protocol, network, side, budget]),
        across: subset,
        changed: false,
        draw: |_, records| recovery_chart(&read::recovery(records)?),
    },
    Kind {
        slug: "networks",
        heading: "Across networks",
        common: |record| of(record, &[subset, images, protocol, side, budget]),
        across: network,
        changed: false,
        draw: |_, records| network_chart(&read::across_networks(records)?),
    },
    Kind {
        slug: "ablation",
        heading: "Ablations",
        common: |record| {
            of(record, &[|record| record.cell.method.clone(), subset, images, protocol, network, side, budget])
        },
        across: |record| record.recipe.to_string(),
        changed: true,
        draw: |_, records| ablation_chart(&read::ablation(records, &changed(records), &[])?),
    },
    Kind {
        slug: "iterations",
        heading: "Over the iterations of a distillation",
        common: |record| of(record, &[subset, images, protocol, network, side, budget]),
        across: |record| record.cell.method.clone(),
        changed: false,
        draw: |beside, records| iteration_chart(&read::iterations(beside.store, records)?),
    },
    Kind {
        slug: "cost",
        heading: "Cost against accuracy",
        common: |record| of(record, &[subset, images, protocol, network, side, budget]),
        across: |record| record.cell.method.clone(),
        changed: false,
        draw: |beside, records| {
            let timing = |record: &Record| Ok(beside.timings.get(record.id.as_str()).map(|&timing| timing.clone()));
            cost_chart(&read::cost(records, timing, None)?)
        },
    },
];

fn of(record: &Record, parts: &[fn(&Record) -> String]) -> Vec<String> {
    parts.iter().map(|part| part(record)).collect()
}

fn subset(record: &Record) -> String {
    record.cell.subset.clone()
}

fn images(record: &Record) -> String {
    ipc(record.cell.ipc)
}

fn protocol(record: &Record) -> String {
    record.cell.protocol.clone()
}

fn network(record: &Record) -> String {
    record.cell.network.clone()
}

fn side(record: &Record) -> String {
    format!("{} px", record.cell.resolution)
}

/// The budget, and whether a set of a smaller one was scored in full.
fn budget(record: &Record) -> String {
    let reduced =
        record.flags.contains(&Flag::ReducedBudget) && record.cell.budget == compdd_core::record::Budget::Paper;
    format!("{} budget{}", record.cell.budget, if reduced { " (reduced set)" } else { "" })
}

/// The keys of the recipe in which records differ.
fn changed(records: &[&Record]) -> Vec<String> {
    let keys =
        records.first().and_then(|record| record.recipe.as_object()).into_iter().flat_map(|recipe| recipe.keys());
    let differs = |key: &&String| records.iter().any(|record| record.recipe.get(*key) != records[0].recipe.get(*key));
    keys.filter(differs).cloned().collect()
}

/// Draws all plots into `plots/`, and their page. Returns how many there are.
///
/// Tables of complexity are those of one's `own` folder. Records that a chart refuses to show together (two of one method, say) have no chart of that kind.
pub(super) fn write(
    folder: &Folder<'_>,
    board: &Board,
    records: &[Arc<Record>],
    own: Option<&Store>,
    origin: &Origin,
) -> Result<usize, SiteError> {
    let timed = board.entries.iter().filter_map(|entry| Some((entry.record.id.as_str(), entry.timing.as_ref()?)));
    let timings: HashMap<&str, &Timing> = timed.collect();
    let section = |kind: &Kind| -> Result<Section, SiteError> {
        let mut groups: Vec<(Vec<String>, Vec<&Record>)> = groups(records, kind).into_iter().collect();
        groups.sort_by_key(|(_, records)| std::cmp::Reverse(records.len()));
        let drawn: Vec<Option<Plot>> = groups
            .par_iter()
            .take(MOST)
            .map(|(common, records)| {
                let words = format!("{}: {}", kind.heading, common.join(", "));
                let store = records_store(board, records);
                let beside = Beside { store: &store, timings: &timings };
                draw(folder, kind.slug, common, words, || (kind.draw)(&beside, records))
            })
            .collect::<Result<_, _>>()?;
        Ok(Section { heading: kind.heading, plots: drawn.into_iter().flatten().collect() })
    };
    let mut sections: Vec<Section> = KINDS.par_iter().map(section).collect::<Result<_, _>>()?;
    sections.push(Section { heading: "Complexity of classes", plots: complexity(folder, own)? });
    sections.retain(|section| !section.plots.is_empty());
    let count = sections.iter().map(|section| section.plots.len()).sum();
    folder.page("plots.html", &Plots { frame: Frame::new("Plots", "", Room::Plots, origin), sections })?;
    Ok(count)
}

/// The groups in which something differs, of the records that the kind takes. The references on full data go with theirs, for the line that
/// a chart may draw of them.
fn groups<'a>(records: &'a [Arc<Record>], kind: &Kind) -> Groups<'a> {
    let mut groups = Groups::new();
    for record in records.iter().filter(|record| kind.changed || !record.flags.contains(&Flag::ChangedRecipe)) {
        groups.entry((kind.common)(record)).or_default().push(record);
    }
    groups.retain(|_, records| {
        let mut across =
            records.iter().filter(|record| !record.cell.is_reference()).map(|record| (kind.across)(record));
        let first = across.next();
        across.any(|other| Some(other) != first)
    });
    groups
}

/// The results folder of the first record.
fn records_store(board: &Board, records: &[&Record]) -> Store {
    let id = records.first().map(|record| record.id.as_str());
    let entry = board.entries.iter().find(|entry| Some(entry.record.id.as_str()) == id);
    entry.map_or_else(|| Store::new(""), |entry| entry.store.clone())
}

/// Draws one plot as SVG and PNG; none where the chart refuses.
pub(super) fn draw(
    folder: &Folder<'_>,
    slug: &str,
    common: &[String],
    words: String,
    page: impl FnOnce() -> Result<Page, ReportError>,
) -> Result<Option<Plot>, SiteError> {
    let name = format!("{slug}_{}", common.join("_").replace(['(', ')'], "").replace([' ', '/'], "-"));
    match page() {
        Ok(page) => {
            folder.put(&format!("plots/{name}.svg"), page.svg())?;
            folder.put(&format!("plots/{name}.png"), page.png()?)?;
            Ok(Some(Plot { name, words, size: page.size().map(|side| side.round() as usize) }))
        }
        Err(reason) => {
            tracing::info!("no plot {name}: {reason}");
            Ok(None)
        }
    }
}

/// A chart for each data set that was scored: the files in `complexity/` that begin alike.
fn complexity(folder: &Folder<'_>, own: Option<&Store>) -> Result<Vec<Plot>, SiteError> {
    let mut sets: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in own.map(super::subset::means).transpose()?.unwrap_or_default() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let set = name.split("-resnet").next().unwrap_or(&name).split("-convnet").next().unwrap_or_default();
        sets.entry(set.to_owned()).or_default().push(path);
    }
    let mut plots = Vec::new();
    for (set, files) in sets {
        let words = format!("Complexity of classes at threshold {THRESHOLD}: {set}");
        let page = || spread_chart(&read::spread(&files, THRESHOLD, &Grouping::File)?);
        plots.extend(draw(folder, "complexity", &[set], words, page)?);
    }
    Ok(plots)
}
