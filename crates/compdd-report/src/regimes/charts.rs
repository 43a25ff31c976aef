//! What the charts of a table are drawn from.

use super::{Table, table::Place};
use crate::report::{Measured, Origin, RankValues, RankedRow, SaturationCurve, SaturationValues};
use compdd_core::{
    protocol::Regime,
    record::{Budget, Record, TeacherRef, hash},
};

impl Table {
    /// Ranks in the three regimes.
    pub fn ranks(&self) -> RankValues {
        let row = |row: &super::Row| RankedRow {
            name: row.name.clone(),
            means: Regime::COMPARED.map(|regime| row.mean(regime)).to_vec(),
        };
        let records = self.ranked().flat_map(|row| row.scores.values());
        RankValues {
            conditions: Regime::COMPARED.map(|regime| regime.to_string()).to_vec(),
            rows: self.ranked().map(row).collect(),
            origin: self.origin(vec![format!("IPC {}", self.ipc)], records),
        }
    }

    /// Random images over images per class in the three regimes.
    pub fn saturation(&self) -> SaturationValues {
        let full = self.rows.iter().find(|row| row.place == Place::Full);
        let curve = |(regime, records): (&Regime, &Vec<Record>)| SaturationCurve {
            name: regime.to_string(),
            points: records.iter().map(|record| (record.cell.ipc, measured(record))).collect(),
            full: full.and_then(|full| full.scores.get(regime)).map(measured),
        };
        let full = full.into_iter().flat_map(|row| row.scores.values());
        SaturationValues {
            curves: self.saturation.iter().map(curve).collect(),
            origin: self.origin(Vec::new(), self.saturation.values().flatten().chain(full)),
        }
    }

    /// What the rows share, in a few words each.
    pub(super) fn setting(&self) -> Vec<String> {
        let Some(record) = self.any() else { return Vec::new() };
        let cell = &record.cell;
        let mut setting = vec![cell.subset.clone(), self.family.to_string(), cell.network.clone()];
        setting.push(format!("{} px", cell.resolution));
        if cell.budget != Budget::Paper {
            setting.push(format!("{} budget: not comparable with papers", cell.budget));
        }
        setting
    }

    /// The teacher, by the name and the accuracy that a record has of it.
    pub(super) fn teacher_words(&self) -> String {
        let records = self.rows.iter().flat_map(|row| row.scores.values());
        let Some(teachers) = records.map(|record| &record.teachers).find(|teachers| !teachers.is_empty()) else {
            return format!("teacher {}", hash::short(&self.teacher));
        };
        let words = |teacher: &TeacherRef| {
            let accuracy = teacher.accuracy.map(|share| format!(", {:.2} % of the test images", share * 100.0));
            let (name, network, subset) = (&teacher.name, &teacher.network, &teacher.subset);
            format!("teacher {name} ({network} of {subset}{})", accuracy.unwrap_or_default())
        };
        teachers.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    fn origin<'a>(&self, more: Vec<String>, records: impl Iterator<Item = &'a Record>) -> Origin {
        let setting = self.setting().into_iter().chain(more).chain([self.teacher_words()]).collect();
        Origin::of("record", setting, Vec::new(), records.map(|record| record.id.clone()).collect())
    }
}

fn measured(record: &Record) -> Measured {
    let interval = record.summary.interval.map(|interval| [interval.low, interval.high]);
    Measured { mean: record.summary.mean, interval }
}
