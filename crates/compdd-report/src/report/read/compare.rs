//! Which records may share a chart, what each of them is called, and where the numbers of a chart come from.

use std::{borrow::Borrow, collections::BTreeSet};

use super::{
    super::{
        ReportError,
        chart::{Measured, Origin},
    },
    filter::is_reduced,
};
use compdd_core::record::{Budget, Fidelity, Record};

/// A part of what was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    Method,
    Subset,
    Ipc,
    Network,
    Protocol,
    Resolution,
    Fidelity,
    Budget,
}

impl Aspect {
    /// Those that a chart shows one of, in the order in which its note names them.
    pub const ALL: [Self; 8] = [
        Self::Method,
        Self::Subset,
        Self::Ipc,
        Self::Network,
        Self::Protocol,
        Self::Resolution,
        Self::Fidelity,
        Self::Budget,
    ];

    /// What a record has there.
    pub fn of(self, record: &Record) -> String {
        let cell = &record.cell;
        match self {
            Self::Method => cell.method.clone(),
            Self::Subset => cell.subset.clone(),
            Self::Ipc => format!("IPC {}", cell.ipc),
            Self::Network => cell.network.clone(),
            Self::Protocol => cell.protocol.clone(),
            Self::Resolution => format!("{} px", cell.resolution),
            Self::Fidelity => format!("{} reading", cell.fidelity),
            Self::Budget if cell.budget == Budget::Paper && is_reduced(record) => {
                "reduced budget (scored in full)".to_owned()
            }
            Self::Budget => format!("{} budget", cell.budget),
        }
    }

    /// The word that `--by` takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Subset => "subset",
            Self::Ipc => "ipc",
            Self::Network => "network",
            Self::Protocol => "protocol",
            Self::Resolution => "resolution",
            Self::Fidelity => "fidelity",
            Self::Budget => "budget",
        }
    }

    fn several(self) -> &'static str {
        match self {
            Self::Method => "methods",
            Self::Subset => "subsets",
            Self::Ipc => "numbers of images per class",
            Self::Network => "networks",
            Self::Protocol => "protocols",
            Self::Resolution => "resolutions",
            Self::Fidelity => "readings",
            Self::Budget => "budgets",
        }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Method => "--method",
            Self::Subset => "--subset",
            Self::Ipc => "--ipc",
            Self::Network => "--network",
            Self::Protocol => "--protocol",
            Self::Resolution => "--resolution",
            Self::Fidelity => "--fidelity",
            Self::Budget => "--budget, or with --scored run|again",
        }
    }

    /// What there is among records, sorted.
    fn found(self, records: &[&Record]) -> Vec<String> {
        let number = |record: &Record| if self == Self::Ipc { record.cell.ipc } else { 0 };
        let mut found: Vec<(usize, String)> = records.iter().map(|record| (number(record), self.of(record))).collect();
        found.sort();
        found.dedup();
        found.into_iter().map(|(_, text)| text).collect()
    }
}

/// Refuses records that differ in one of the aspects.
pub(super) fn same(records: &[&Record], aspects: &[Aspect]) -> Result<(), ReportError> {
    for aspect in aspects {
        let found = aspect.found(records);
        if found.len() > 1 {
            return Err(ReportError::Mixed { what: aspect.several(), flag: aspect.flag(), found });
        }
    }
    Ok(())
}

/// Refuses several records at one place; `place` says which.
pub(super) fn alone(place: &str, records: &[&Record]) -> Result<(), ReportError> {
    if records.len() > 1 {
        let ids = records.iter().map(|record| short(record).to_owned()).collect();
        return Err(ReportError::Duplicate { place: place.to_owned(), ids });
    }
    Ok(())
}

/// Records but for the reference, which has all the images.
pub(super) fn distilled(records: &[impl Borrow<Record>]) -> Result<Vec<&Record>, ReportError> {
    let found: Vec<&Record> = records.iter().map(Borrow::borrow).filter(|record| !record.cell.is_reference()).collect();
    if found.is_empty() { Err(ReportError::Nothing) } else { Ok(found) }
}

/// The end of a record's id, which stands for all of its cell.
pub(super) fn short(record: &Record) -> &str {
    record.id.rsplit('_').next().unwrap_or(&record.id)
}

/// What records are called beside each other: the method and whatever else tells them apart, but for what the chart shows anyway.
pub(super) fn names(records: &[&Record], shown: &[Aspect]) -> Vec<String> {
    let aspects =
        [Aspect::Subset, Aspect::Ipc, Aspect::Network, Aspect::Protocol, Aspect::Resolution, Aspect::Fidelity];
    let telling: Vec<Aspect> =
        aspects.into_iter().filter(|aspect| !shown.contains(aspect) && aspect.found(records).len() > 1).collect();
    let name = |record: &&Record| {
        let part = |aspect: &Aspect| match (aspect, record.cell.fidelity) {
            (Aspect::Fidelity, Fidelity::Paper) => None,
            (Aspect::Fidelity, Fidelity::Released) => Some(Fidelity::Released.to_string()),
            (aspect, _) => Some(aspect.of(record)),
        };
        let parts: Vec<String> =
            std::iter::once(record.cell.method.clone()).chain(telling.iter().filter_map(part)).collect();
        parts.join(", ")
    };
    records.iter().map(name).collect()
}

/// What is measured, with its interval.
pub(super) fn measured(record: &Record) -> Measured {
    let interval = record.summary.interval.map(|interval| [interval.low, interval.high]);
    Measured { mean: record.summary.mean, interval }
}

/// Where a chart's numbers come from: what all records share, and which they are.
pub(super) fn origin(records: &[&Record]) -> Origin {
    let mut setting = Vec::new();
    for aspect in Aspect::ALL {
        let usual = aspect == Aspect::Fidelity && records.iter().all(|record| record.cell.fidelity == Fidelity::Paper);
        if let ([only], false, false) = (aspect.found(records).as_slice(), usual, aspect == Aspect::Budget) {
            setting.push(only.clone());
        }
    }
    let reduced: Vec<&Record> = records.iter().copied().filter(|record| is_reduced(record)).collect();
    let mut remarks = Vec::new();
    if !reduced.is_empty() {
        remarks.push(format!("{}: not comparable with papers", Aspect::Budget.found(&reduced).join(" or ")));
    }
    let test = |record: &&Record| {
        record.data["test"]["hash"].as_str().map(|hash| (record.cell.subset.clone(), hash.to_owned()))
    };
    let images: BTreeSet<(String, String)> = records.iter().filter_map(test).collect();
    let subsets: BTreeSet<&String> = images.iter().map(|(subset, _)| subset).collect();
    if images.len() > subsets.len() {
        remarks.push(format!("{} different sets of test images", images.len()));
    }
    Origin::of("record", setting, remarks, records.iter().map(|record| record.id.clone()).collect())
}
