//! A table of label regimes as a person reads it.

use super::{DdRanking, Estimate, Row, Table, table::Place};
use crate::report::grid::{Entry, Grid, Heading, Row as Line};
use compdd_core::{
    protocol::Regime,
    record::{Record, hash, percent, signed},
};

/// The columns of DD-Ranking: left out where nothing stands in them.
const MEASURES: [&str; 4] = ["HLR", "IOR", "LRS", "ARS"];

impl Table {
    /// Accuracies, gains over random, shares of the teacher and DD-Ranking's measures, a row a set or control. With `root`, the way from the page to a
    /// site's root, accuracies lead to their records.
    pub fn grid(&self, root: Option<&str>) -> Grid {
        let measures: Vec<[Entry; 4]> = self.rows.iter().map(|row| written(self.dd_ranking(row))).collect();
        let kept: Vec<usize> = (0..MEASURES.len())
            .filter(|&column| measures.iter().any(|entries| !entries[column].text.is_empty()))
            .collect();
        let (mut rows, mut sets) = (Vec::new(), false);
        for (row, measures) in self.rows.iter().zip(&measures) {
            let rule = row.place > Place::Set && sets;
            sets = row.place == Place::Set;
            rows.push(Line { entries: self.entries(row, measures, &kept, root), rule });
            if let Some(own) = row.scores.get(&Regime::Own) {
                let mut entries = vec![Entry::new(format!("{}, own labels", row.name)), Entry::default()];
                entries.push(accuracy(own, root));
                entries.extend([Entry::default(), Entry::default(), gained(self.gain(row, Regime::Own))]);
                entries.resize(8 + kept.len(), Entry::default());
                rows.push(Line::new(entries));
            }
        }
        let compared = || Regime::COMPARED.map(|regime| Heading::one(regime.slug()));
        let mut broad =
            vec![Heading::one("set"), Heading::over("accuracy %", 3), Heading::over("gain over random, points", 3)];
        let mut narrow = vec![Heading::one("")];
        narrow.extend(compared().into_iter().chain(compared()));
        for head in std::iter::once("share of the teacher %").chain(kept.iter().map(|&column| MEASURES[column])) {
            broad.push(Heading::one(head));
            narrow.push(Heading::one(""));
        }
        let setting = [self.setting(), vec![format!("IPC {}", self.ipc), self.teacher_words()]].concat();
        Grid {
            name: format!("{}-{}", self.family, hash::short(&hash::of(&(&setting, &self.teacher)))),
            caption: format!("Label regimes: {}", setting.join(", ")),
            head: vec![broad, narrow],
            stub: 1,
            rows,
            notes: self.notes(&kept),
        }
    }

    fn entries(&self, row: &Row, measures: &[Entry; 4], kept: &[usize], root: Option<&str>) -> Vec<Entry> {
        let mut entries = vec![Entry::new(&row.name)];
        for regime in Regime::COMPARED {
            entries
                .push(row.scores.get(&regime).map_or_else(|| Entry::muted("not run"), |record| accuracy(record, root)));
        }
        for regime in Regime::COMPARED {
            entries.push(gained(self.gain(row, regime).filter(|_| row.place != Place::Random)));
        }
        entries.push(
            row.share_of_the_teacher()
                .map_or_else(Entry::default, |share| Entry::new(percent::percent(share).replace('-', "−"))),
        );
        entries.extend(kept.iter().map(|&column| measures[column].clone()));
        entries
    }

    fn notes(&self, kept: &[usize]) -> Vec<String> {
        let mut notes = vec![
            format!(
                "S = {} steps of B = {} images in every row but the full data on its own schedule; ± is the deviation over students",
                self.steps, self.batch
            ),
            "gain over random: accuracy less that of random images in the same regime, with the 95 % interval of a bootstrap over students, paired by seed"
                .to_owned(),
            "share of the teacher: (teacher - hard) / (teacher - chance), where the interval with the teacher lies above chance".to_owned(),
        ];
        for (i, a) in Regime::COMPARED.into_iter().enumerate() {
            for b in Regime::COMPARED.into_iter().skip(i + 1) {
                if let Some(Estimate { value, interval }) = self.agreement(a, b) {
                    let ends = interval.map(|ends| format!(" ({} to {})", signed(ends.low, 2), signed(ends.high, 2)));
                    let (value, ends) = (signed(value, 2), ends.unwrap_or_default());
                    let rows = self.ranked().filter(|row| row.mean(a).is_some() && row.mean(b).is_some()).count();
                    notes.push(format!("Kendall's tau-b of {rows} rows, {a} and {b}: {value}{ends}"));
                }
            }
        }
        let full = self.rows.iter().find(|row| row.place == Place::Full);
        for (regime, curve) in &self.saturation {
            if full.is_some_and(|full| full.scores.contains_key(regime)) {
                let ipcs: Vec<String> = curve.iter().map(|record| record.cell.ipc.to_string()).collect();
                let at = self.saturates_at(*regime).map_or_else(|| "none".to_owned(), |ipc| format!("IPC {ipc}"));
                notes.push(format!("random images reach the full data, {regime}: at {at} of IPC {}", ipcs.join(", ")));
            }
        }
        let meaning = |column: &usize| match MEASURES[*column] {
            "HLR" => "HLR: accuracy of the full data on its own schedule less that of the set, both hard, in points",
            "IOR" => {
                "IOR: gain over random by the method's own recipe, in points: with the teacher (t) where it made the set, by its learned labels (o) against random images with the teacher's, else hard (h)"
            }
            "LRS" => "LRS: DD-Ranking's label-robust score of both, 0 to 1",
            _ => {
                "ARS: DD-Ranking's augmentation-robust score of the gains in hard with and without augmentation, 0 to 1"
            }
        };
        notes.extend(kept.iter().map(|column| meaning(column).to_owned()));
        notes
    }
}

fn accuracy(record: &Record, root: Option<&str>) -> Entry {
    let entry = Entry::new(percent::spread(record.summary.mean, record.summary.std)).titled(&record.id);
    match root {
        Some(root) => entry.linked(format!("{root}{}", record.page())),
        None => entry,
    }
}

/// A difference of fractions in points, with its sign.
fn points(fraction: f64) -> String {
    signed(fraction * 100.0, 2)
}

fn gained(gain: Option<Estimate>) -> Entry {
    let Some(Estimate { value, interval }) = gain else { return Entry::default() };
    let ends = interval.map(|ends| format!(" ({} to {})", points(ends.low), points(ends.high)));
    Entry::new(format!("{}{}", points(value), ends.unwrap_or_default()))
}

fn written(DdRanking { hlr, ior, lrs, ars }: DdRanking) -> [Entry; 4] {
    let entry = |text: Option<String>| text.map_or_else(Entry::default, Entry::new);
    let mark = |regime: Regime| &regime.slug()[..1];
    [
        entry(hlr.map(points)),
        ior.map_or_else(Entry::default, |(ior, regime)| {
            Entry::new(points(ior)).marked(&format!(" ({})", mark(regime)))
        }),
        entry(lrs.map(|score| format!("{score:.3}"))),
        entry(ars.map(|score| format!("{score:.3}"))),
    ]
}
