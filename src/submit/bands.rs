//! Reference bands: the best that is known of every condition, `benchmarks/bands.csv`, compiled in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Notes;
use crate::{
    protocol::Protocol,
    record::{Flag, PublishedRow, Record, RecordError},
    report::grid,
    subset::Subset,
};

const TABLE: &str = include_str!("../../benchmarks/bands.csv");

/// The best known mean under one condition, at the subset's usual resolution and the paper's budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Id of the subset.
    pub subset: String,
    /// Images per class; 0 for the full training set.
    pub ipc: usize,
    /// Id of the protocol.
    pub protocol: String,
    /// Slug of the network.
    pub network: String,
    /// Best mean accuracy, percent.
    pub mean: f64,
    /// Its standard deviation in points, where it is known.
    pub spread: Option<f64>,
    /// The method.
    pub method: String,
    /// Which paper, or the id of the record.
    pub source: String,
}

impl Band {
    /// The columns of the table, in order.
    const COLUMNS: [&str; 8] = ["subset", "ipc", "protocol", "network", "mean", "spread", "method", "source"];

    /// Means above this, in percent, are improbably good: three spreads above the best, and two points at least.
    pub fn limit(&self) -> f64 {
        self.mean + (3.0 * self.spread.unwrap_or(0.0)).max(2.0)
    }
}

type Key = (String, usize, String, String);

/// The bands by subset, images per class, protocol and network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bands {
    bands: BTreeMap<Key, Band>,
}

impl Bands {
    /// The bands of this build.
    ///
    /// # Errors
    /// When the table is damaged.
    pub fn built_in() -> Result<Self, RecordError> {
        let mut bands = Self::default();
        for band in csv::Reader::from_reader(TABLE.as_bytes()).deserialize() {
            bands.raise(band.map_err(|error| RecordError::Csv(error.to_string()))?);
        }
        Ok(bands)
    }

    /// The bands that follow from published values and records: the best of each condition. Records of a reduced budget, with few
    /// students or chosen by test accuracy count for nothing.
    ///
    /// # Errors
    /// When the published table is damaged.
    pub fn from_results(records: &[Record]) -> Result<Self, RecordError> {
        let mut bands = Self::default();
        PublishedRow::all()?.iter().filter_map(of_paper).for_each(|band| bands.raise(band));
        records.iter().filter_map(of_record).for_each(|band| bands.raise(band));
        Ok(bands)
    }

    fn raise(&mut self, band: Band) {
        let key = (band.subset.clone(), band.ipc, band.protocol.clone(), band.network.clone());
        let best = self.bands.entry(key).or_insert_with(|| band.clone());
        if band.mean > best.mean {
            *best = band;
        }
    }

    /// The table as it is stored.
    pub fn to_csv(&self) -> String {
        let mut text = grid::csv::line(Band::COLUMNS.into_iter());
        for band in self.bands.values() {
            let number = |value: f64| format!("{}", (value * 100.0).round() / 100.0);
            let spread = band.spread.map(number).unwrap_or_default();
            let (ipc, mean) = (band.ipc.to_string(), number(band.mean));
            let fields =
                [&band.subset, &ipc, &band.protocol, &band.network, &mean, &spread, &band.method, &band.source];
            text += &grid::csv::line(fields.into_iter().map(String::as_str));
        }
        text
    }

    /// The band of a record's condition, or that of the full training set under it.
    pub fn find(&self, record: &Record, full: bool) -> Option<&Band> {
        let cell = &record.cell;
        let usual = Subset::known(&cell.subset).is_ok_and(|subset| subset.default_resolution() == cell.resolution);
        let ipc = if full { 0 } else { cell.ipc };
        let key = (cell.subset.clone(), ipc, cell.protocol.clone(), cell.network.clone());
        self.bands.get(&key).filter(|_| usual)
    }

    /// Flags a mean that is improbably good: above the limit of its band, or above the full training set where nothing known is.
    pub(super) fn check(&self, record: &Record, notes: &mut Notes<'_>) {
        let remedy = "a person will look at it; say in the submission what makes the difference";
        let mean = record.summary.mean * 100.0;
        if let Some(band) = self.find(record, false).filter(|band| mean > band.limit()) {
            let what = format!(
                "improbably good: {mean:.2} %, where the best known is {:.2} % ({}, {}) and {:.2} % the limit",
                band.mean,
                band.method,
                band.source,
                band.limit()
            );
            notes.warning(what, remedy);
        }
        let known = self.find(record, false).map_or(0.0, |band| band.mean);
        let beyond = |full: &&Band| record.cell.ipc > 0 && mean > full.mean.max(known);
        if let Some(full) = self.find(record, true).filter(beyond) {
            let what = format!(
                "improbably good: {mean:.2} %, more than the {:.2} % of the full training set ({})",
                full.mean, full.source
            );
            notes.warning(what, remedy);
        }
    }
}

fn of_paper(row: &PublishedRow) -> Option<Band> {
    let subset = Subset::find(&row.subset).ok()?;
    let protocol = Protocol::find(row.protocol.as_deref().unwrap_or("no-kd"))?;
    Some(Band {
        subset: subset.id(),
        ipc: row.ipc,
        protocol: protocol.id.clone(),
        network: row.network.clone(),
        mean: row.mean,
        spread: row.std,
        method: row.method.clone(),
        source: row.source.clone(),
    })
}

fn of_record(record: &Record) -> Option<Band> {
    let cell = &record.cell;
    let doubtful = [Flag::ReducedBudget, Flag::FewStudents, Flag::BestOnTest];
    let usual = Subset::known(&cell.subset).ok()?.default_resolution() == cell.resolution;
    (usual && !doubtful.iter().any(|flag| record.flags.contains(flag))).then(|| Band {
        subset: cell.subset.clone(),
        ipc: cell.ipc,
        protocol: cell.protocol.clone(),
        network: cell.network.clone(),
        mean: record.summary.mean * 100.0,
        spread: record.summary.std.map(|std| std * 100.0),
        method: cell.method.clone(),
        source: record.id.clone(),
    })
}
