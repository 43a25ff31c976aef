//! How fast a kind of device was, by the timing records of a results folder.

use std::collections::HashMap;

use super::{
    SuiteError,
    observed::{Observed, Stage, observe},
};
use crate::record::Store;

/// How fast this kind of device was, by the records of a results folder.
///
/// A rate is in multiply-accumulates a second: of one core for the CPU, of the device for others. What a record says of the processor's time counts
/// before times on the clock, which other work on the machine makes longer: of these the fastest counts.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    cores: f64,
    /// While distilling, by method, each with the network that distilled.
    distil: HashMap<String, Vec<(String, Sample)>>,
    /// While scoring, by network.
    score: HashMap<String, Vec<Sample>>,
    /// The median over all while scoring.
    overall: Option<f64>,
    /// Largest memory of a process in bytes, by network and resolution.
    memory: HashMap<(String, usize), u64>,
    /// Records that were looked at.
    records: usize,
}

/// A rate that was measured.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Images of the set: small ones fill no core.
    images: f64,
    rate: f64,
    /// By the processor's time.
    sure: bool,
}

/// Multiply-accumulates a second of one core where no record tells: half of what `compdd suite plan smoke --device cpu` shows for two cores in the
/// repository, the median over its 82 timed records.
const ONE_CORE: f64 = 3.55e10;

impl Rates {
    /// The rates of a device by the timing files of a results folder, for processes of so many cores.
    ///
    /// # Errors
    /// When the folder cannot be listed; records that cannot be read are passed over.
    pub fn of(store: &Store, device: &str, cores: usize) -> Result<Self, SuiteError> {
        let cores = if device == "cpu" { cores as f64 } else { 1.0 };
        Ok(Self::learned(&observe(store, device)?, cores))
    }

    /// The rates that some records show.
    pub(super) fn learned<'a>(records: impl IntoIterator<Item = &'a Observed>, cores: f64) -> Self {
        let mut rates = Self { cores, ..Self::default() };
        for record in records {
            rates.records += 1;
            let sample =
                |stage: &Stage| Sample { images: record.images, rate: stage.work / stage.seconds, sure: stage.sure };
            let distilled = record.distil.as_ref().map(|stage| (record.source.clone(), sample(stage)));
            rates.distil.entry(record.method.clone()).or_default().extend(distilled);
            rates.score.entry(record.network.clone()).or_default().extend(record.score.as_ref().map(sample));
            let memory = rates.memory.entry((record.network.clone(), record.resolution)).or_default();
            *memory = (*memory).max(record.memory);
        }
        let samples: Vec<Sample> = rates.score.values().flatten().copied().collect();
        rates.overall = median(usable(&samples).map(|sample| sample.rate).collect());
        rates
    }

    /// How many records they come from.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Hours of work on a network, for a set of so many images; of the closest relatives among the records, which may be none.
    pub(super) fn score_hours(&self, work: f64, network: &str, images: usize) -> Hours {
        self.hours(work, self.score.get(network).map_or(&[], Vec::as_slice), images)
    }

    /// The same for making a set with a network: of those that the same network made where there are any, as small networks fill no core.
    pub(super) fn distil_hours(&self, work: f64, method: &str, source: &str, images: usize) -> Hours {
        let all = self.distil.get(method).map_or(&[][..], Vec::as_slice);
        let same = |(network, _): &&(String, Sample)| network == source;
        let any = all.iter().any(|relative| same(&relative));
        let relatives: Vec<_> =
            all.iter().filter(|relative| !any || same(relative)).map(|(_, sample)| *sample).collect();
        self.hours(work, &relatives, images)
    }

    /// The largest memory of a process with that network.
    pub(super) fn memory(&self, network: &str, resolution: usize) -> Option<u64> {
        self.memory.get(&(network.to_owned(), resolution)).copied()
    }

    /// Multiply-accumulates a second where a cell has no closer relative: the median over all records.
    pub fn overall(&self) -> f64 {
        self.overall.unwrap_or(ONE_CORE) * self.cores
    }

    fn hours(&self, work: f64, relatives: &[Sample], images: usize) -> Hours {
        let rate = closest(relatives, images as f64).map(|rate| rate * self.cores);
        Hours { hours: work / rate.unwrap_or_else(|| self.overall()) / 3600.0, measured: rate.is_some() }
    }
}

/// Hours, and whether a record of a relative says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hours {
    pub hours: f64,
    pub measured: bool,
}

/// Those by the processor's time, where there are any.
fn usable(samples: &[Sample]) -> impl Iterator<Item = &Sample> {
    let has_sure = samples.iter().any(|sample| sample.sure);
    samples.iter().filter(move |sample| sample.sure == has_sure)
}

/// The rate of the samples with the closest number of images: the median of those by the processor's time, else the fastest.
fn closest(samples: &[Sample], images: f64) -> Option<f64> {
    let distance = |sample: &Sample| ((sample.images + 1.0) / (images + 1.0)).ln().abs();
    let nearest = usable(samples).map(distance).min_by(f64::total_cmp)?;
    let rates = usable(samples).filter(|sample| distance(sample) <= nearest).map(|sample| sample.rate);
    if samples.iter().any(|sample| sample.sure) { median(rates.collect()) } else { rates.max_by(f64::total_cmp) }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_relative_counts_and_of_clocks_the_fastest() {
        let clock = |images: f64, rate: f64| Sample { images, rate, sure: false };
        let samples = [clock(10.0, 1.0), clock(10.0, 3.0), clock(500.0, 9.0)];
        assert_eq!([0.0, 20.0, 400.0].map(|images| closest(&samples, images)), [Some(3.0), Some(3.0), Some(9.0)]);
        let processor = [2.0, 2.5, 7.0].map(|rate| Sample { images: 100.0, rate, sure: true });
        let samples = [samples.as_slice(), &processor].concat();
        assert_eq!(closest(&samples, 10.0), Some(2.5), "the processor's time counts before the clock");
        assert_eq!(closest(&[], 10.0), None);
    }
}
