//! The page of the label regimes: a table and two charts for every group of records that may be compared.

use std::sync::Arc;

use askama::Template;

use super::{
    SiteError,
    folder::Folder,
    frame::{Frame, Origin, Room},
    plots::{Plot, draw},
};
use crate::{
    regimes::{self, RegimesError, Table},
    report::{grid::html, rank_chart, saturation_chart},
};
use compdd_core::record::Record;

#[derive(Template)]
#[template(path = "regimes.html")]
struct Regimes {
    frame: Frame,
    sections: Vec<Section>,
}

/// A table with its charts.
struct Section {
    table: String,
    plots: Vec<Plot>,
}

/// Writes the page and its plots. Returns how many plots there are. A group that may not share a table is left out with a warning: it is no reason
/// to have no site.
pub(super) fn write(folder: &Folder<'_>, records: &[Arc<Record>], origin: &Origin) -> Result<usize, SiteError> {
    let left_out = |error: &RegimesError| tracing::warn!("left out of the regimes: {error}");
    let tables = regimes::tables(records).into_iter().filter_map(|table| table.inspect_err(left_out).ok());
    let sections: Vec<Section> =
        tables.enumerate().map(|(number, table)| section(folder, number, &table)).collect::<Result<_, _>>()?;
    let count = sections.iter().map(|section| section.plots.len()).sum();
    folder.page("regimes.html", &Regimes { frame: Frame::new("Regimes", "", Room::Regimes, origin), sections })?;
    Ok(count)
}

fn section(folder: &Folder<'_>, number: usize, table: &Table) -> Result<Section, SiteError> {
    let grid = table.grid(Some(""));
    let common = [table.family.to_string(), format!("ipc{}", table.ipc), (number + 1).to_string()];
    let words = |kind: &str| format!("{kind}, {}", grid.caption);
    let ranks = draw(folder, "ranks", &common, words("Ranks"), || rank_chart(&table.ranks()))?;
    let saturation =
        draw(folder, "saturation", &common, words("Saturation"), || saturation_chart(&table.saturation()))?;
    Ok(Section { table: html::table(&grid), plots: ranks.into_iter().chain(saturation).collect() })
}
