//! What follows from the scores of a table.

use super::{
    Row, Table,
    bootstrap::{self, Estimate},
    table::Place,
};
use crate::board::dd_ranking;
use compdd_core::{protocol::Regime, record::Record, rng::Stream};
use compdd_data::scores::kendall;

/// The measures of DD-Ranking for a row, each where the records that it needs are there. Fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DdRanking {
    /// Hard-label recovery, against the whole training set on its own schedule.
    pub hlr: Option<f64>,
    /// Improvement over random by the method's own recipe, and the regime that this is.
    pub ior: Option<(f64, Regime)>,
    /// Label-robust score.
    pub lrs: Option<f64>,
    /// Augmentation-robust score, from `hard` and `plain`.
    pub ars: Option<f64>,
}

impl Row {
    /// Mean accuracy in a regime, fraction.
    pub fn mean(&self, regime: Regime) -> Option<f64> {
        self.scores.get(&regime).map(|record| record.summary.mean)
    }

    /// Which part of what is above chance with the teacher is the teacher's: `(teacher - hard) / (teacher - chance)`. None where the interval
    /// with the teacher reaches down to chance: the quotient would say nothing.
    pub fn share_of_the_teacher(&self) -> Option<f64> {
        let record = self.scores.get(&Regime::Teacher)?;
        let (taught, hard) = (record.summary.mean, self.mean(Regime::Hard)?);
        let chance = 1.0 / record.subset.classes.len().max(1) as f64;
        let least = record.summary.interval.map_or(taught, |interval| interval.low);
        (least > chance).then(|| (taught - hard) / (taught - chance))
    }

    /// The regime of the method's own recipe: with the teacher where it asked one to make the set, by stored labels where they are learned, else hard.
    fn own_regime(&self) -> Regime {
        let observed = self.scores.values().any(|record| record.recipe.get("observer").is_some());
        match self.scores.contains_key(&Regime::Own) {
            _ if observed => Regime::Teacher,
            true => Regime::Own,
            false => Regime::Hard,
        }
    }
}

impl Table {
    fn random(&self, regime: Regime) -> Option<&Record> {
        self.rows.iter().find(|row| row.place == Place::Random)?.scores.get(&regime)
    }

    /// Accuracy of a row less that of random images in a regime, fraction, with a bootstrap over students: paired by their seeds where all have
    /// their like. Learned labels, which random images have none of, are held against the teacher's.
    pub fn gain(&self, row: &Row, regime: Regime) -> Option<Estimate> {
        let against = if regime == Regime::Own { Regime::Soft } else { regime };
        let (set, random) = (row.scores.get(&regime)?, self.random(against)?);
        let accuracy = |record: &Record| -> Vec<f64> {
            record.students.iter().map(|student| student.accuracy.fraction()).collect()
        };
        let like = |seed: u64| random.students.iter().find(|student| student.seed == seed);
        let pairs: Option<Vec<f64>> = set
            .students
            .iter()
            .map(|student| Some(student.accuracy.fraction() - like(student.seed)?.accuracy.fraction()))
            .collect();
        Some(match pairs.filter(|pairs| pairs.len() == random.students.len()) {
            Some(pairs) => bootstrap::mean(&pairs),
            None => bootstrap::difference(&accuracy(set), &accuracy(random)),
        })
    }

    /// The rows that are ranked: all but the whole training set.
    pub fn ranked(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.place < Place::FullSteps)
    }

    /// Kendall's tau-b between the rankings in two regimes of the rows that have both, with a bootstrap over the students of every row; none for
    /// fewer than two rows, or where all are equal.
    pub fn agreement(&self, a: Regime, b: Regime) -> Option<Estimate> {
        let rows: Vec<[&Record; 2]> =
            self.ranked().filter_map(|row| Some([row.scores.get(&a)?, row.scores.get(&b)?])).collect();
        let (x, y): (Vec<f64>, Vec<f64>) = rows.iter().map(|[a, b]| (a.summary.mean, b.summary.mean)).unzip();
        let value = kendall(&x, &y)?;
        let mean = |record: &Record, picks: &[usize]| {
            picks.iter().map(|&pick| record.students[pick].accuracy.fraction()).sum::<f64>() / picks.len() as f64
        };
        let draw = |stream: &mut Stream| {
            let drawn = rows.iter().map(|[a, b]| {
                let mut picks = |n: usize| (0..n).map(|_| stream.below(n)).collect::<Vec<_>>();
                let first = picks(a.students.len());
                // Students with the same number share their seed: one draw serves both regimes.
                let second = if b.students.len() == first.len() { first.clone() } else { picks(b.students.len()) };
                (mean(a, &first), mean(b, &second))
            });
            let (x, y): (Vec<f64>, Vec<f64>) = drawn.unzip();
            kendall(&x, &y)
        };
        let several = rows.iter().flatten().all(|record| record.students.len() > 1);
        let interval =
            several.then(|| bootstrap::resampled("bootstrap of a rank correlation", rows.len(), draw)).flatten();
        Some(Estimate { value, interval })
    }

    /// The measures of DD-Ranking for a row; none for the whole training set.
    pub fn dd_ranking(&self, row: &Row) -> DdRanking {
        if row.place >= Place::FullSteps {
            return DdRanking::default();
        }
        let full = self.rows.iter().find(|row| row.place == Place::Full);
        let hlr = full.and_then(|full| Some(dd_ranking::hlr(full.mean(Regime::Hard)?, row.mean(Regime::Hard)?)));
        let gain = |regime| self.gain(row, regime).map(|gain| gain.value).filter(|_| row.place != Place::Random);
        let regime = row.own_regime();
        let ior = gain(regime).map(|gain| (gain, regime));
        let lrs = hlr.zip(ior).map(|(hlr, (ior, _))| dd_ranking::lrs(hlr, ior));
        let ars = gain(Regime::Hard).zip(gain(Regime::Plain)).map(|(with, without)| dd_ranking::ars(with, without));
        DdRanking { hlr, ior, lrs, ars }
    }

    /// The fewest images per class at which random images reach the whole training set on its own schedule in a regime: the end of their interval is
    /// not below its mean. None where they do not, or where it was not measured.
    pub fn saturates_at(&self, regime: Regime) -> Option<usize> {
        let full = self.rows.iter().find(|row| row.place == Place::Full)?.mean(regime)?;
        let reaches =
            |record: &&Record| record.summary.interval.map_or(record.summary.mean, |interval| interval.high) >= full;
        self.saturation.get(&regime)?.iter().find(reaches).map(|record| record.cell.ipc)
    }
}
