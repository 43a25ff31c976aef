//! What a plan costs before anything is started: hours by timing records, memory, disk.

use std::collections::{BTreeSet, HashMap};

use super::{
    Entry, Plan, SuiteError,
    demand::training_images,
    entry::{Images, slug},
    model::{Scale, Work, macs, work},
};
use crate::{
    data::scenes,
    recipe::{Recipe, RecipeRequest, method},
    record::{Cell, Record, Store, Timing},
    run::RunError,
    subset::Subset,
};

/// How fast this kind of device was, by the records of a results folder.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Multiply-accumulates a second while distilling, by method.
    distil: HashMap<String, f64>,
    /// The same while scoring, by network.
    score: HashMap<String, f64>,
    /// Over all records.
    overall: Option<f64>,
    /// Largest memory of a process in bytes, by network and resolution.
    memory: HashMap<(String, usize), u64>,
    /// Records that were looked at.
    records: usize,
}

/// What a plan takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Hours of making sets.
    pub distil_hours: f64,
    /// Hours of scoring.
    pub score_hours: f64,
    /// Hours of training experts.
    pub expert_hours: f64,
    /// Cells whose method and network a record of this kind of device has.
    pub measured: usize,
    /// All cells that were estimated.
    pub cells: usize,
    /// Cells of which nothing can be said, as they have an unknown network.
    pub unknown: usize,
    /// Largest memory of a process in bytes; none where no record has its network.
    pub memory: Option<u64>,
    /// Bytes of distilled sets.
    pub bundle_bytes: u64,
    /// Bytes of expert buffers.
    pub expert_bytes: u64,
    /// Bytes of decoded images in the cache.
    pub cache_bytes: u64,
}

/// So many records are looked at, evenly among all.
const SAMPLE: usize = 500;

/// Multiply-accumulates a second where no record tells: the median over the 78 records of two cores in the repository, as
/// `compdd suite plan smoke --device cpu` shows it there.
const TWO_CORES: f64 = 7.1e10;

impl Rates {
    /// The rates of a device by the timing files of a results folder.
    ///
    /// # Errors
    /// When the folder cannot be listed; records that cannot be read are passed over.
    pub fn of(store: &Store, device: &str) -> Result<Self, SuiteError> {
        let files = store.record_files()?;
        let (mut distil, mut score): (Samples, Samples) = Default::default();
        let (mut all, mut rates) = (Vec::new(), Self::default());
        for file in files.iter().step_by(files.len().div_ceil(SAMPLE).max(1)) {
            let Ok(record) = Record::read(file) else { continue };
            let Ok(Some(timing)) = Timing::beside(file, &record) else { continue };
            let Some(work) = scale_of(&record).and_then(|scale| work(&record.cell, &record.recipe, scale)) else {
                continue;
            };
            if timing.device != device {
                continue;
            }
            rates.records += 1;
            let Cell { method, network, resolution, .. } = &record.cell;
            let draws = record.bundles.len().max(1) as f64;
            if let Some(seconds) = timing.distill_seconds.filter(|seconds| *seconds > 1.0 && work.distil > 0.0) {
                distil.entry(method.clone()).or_default().push(work.distil * draws / seconds);
            }
            let seconds: f64 = timing.eval_seconds.iter().sum();
            if seconds > 1.0 {
                score.entry(network.clone()).or_default().push(work.score / seconds);
                all.push(work.score / seconds);
            }
            let memory = rates.memory.entry((network.clone(), *resolution)).or_default();
            *memory = (*memory).max(timing.peak_memory_bytes.unwrap_or(0));
        }
        rates.distil = medians(distil);
        rates.score = medians(score);
        rates.overall = median(&mut all);
        Ok(rates)
    }

    /// How many records they come from.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Multiply-accumulates a second where a cell has no closer relative.
    pub fn overall(&self) -> f64 {
        self.overall.unwrap_or(TWO_CORES)
    }

    /// What some cells of a plan take, and what they share.
    ///
    /// # Errors
    /// For a subset that this build does not know.
    pub fn estimate<'a>(&self, plan: &Plan, entries: impl Iterator<Item = &'a Entry>) -> Result<Estimate, SuiteError> {
        let (shared, mut estimate) = (plan.shared(), Estimate::default());
        let scales = shared.images.iter().map(scale).collect::<Result<Vec<_>, _>>()?;
        // The same cell with another seed is the same work.
        let mut known: HashMap<_, Option<Work>> = HashMap::new();
        let (mut experts, mut images) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            experts.extend(entry.experts);
            images.insert(entry.images);
            let scale = scales[entry.images];
            let Cell { method, recipe_hash, ipc, protocol, network, students, .. } = &entry.cell;
            let key = (entry.images, method, recipe_hash, ipc, protocol, network, students, &entry.also);
            let work = *known.entry(key).or_insert_with(|| work(&entry.cell, &recipe_of(entry)?, scale));
            let Some(work) = work else {
                estimate.unknown += 1;
                continue;
            };
            self.add(&mut estimate, entry, work, scale);
        }
        for index in experts {
            let buffer = &shared.experts[index];
            let scale = scales[buffer.images];
            let macs = macs(&buffer.network, shared.images[buffer.images].resolution, scale.classes).unwrap_or(0.0);
            let rate = self.score.get(&buffer.network).copied().unwrap_or_else(|| self.overall());
            estimate.expert_hours += 3.0 * macs * buffer.passes as f64 / rate / 3600.0;
            estimate.expert_bytes += buffer.bytes;
        }
        let bytes =
            |index: usize| (scales[index].train + scales[index].test) * 3 * shared.images[index].resolution.pow(2);
        let kept = images.into_iter().filter(|index| !is_built_in(&shared.images[*index]));
        estimate.cache_bytes = kept.map(|index| bytes(index) as u64).sum();
        Ok(estimate)
    }

    fn add(&self, estimate: &mut Estimate, entry: &Entry, work: Work, scale: Scale) {
        let Cell { method, network, resolution, ipc, students, .. } = &entry.cell;
        let of = |rates: &HashMap<String, f64>, name: &str| rates.get(name).copied();
        let (distil, score) = (of(&self.distil, method), of(&self.score, network));
        let networks = (1 + entry.also.len()) as f64;
        estimate.distil_hours += work.distil / distil.unwrap_or_else(|| self.overall()) / 3600.0;
        estimate.score_hours += networks * work.score / score.unwrap_or_else(|| self.overall()) / 3600.0;
        estimate.cells += 1;
        estimate.measured += usize::from(score.is_some() && (distil.is_some() || work.distil == 0.0));
        estimate.memory = estimate.memory.max(self.memory.get(&(network.clone(), *resolution)).copied());
        // The random baseline draws a set for every student.
        let draws = if method == "random" { *students } else { 1 };
        estimate.bundle_bytes += (draws * scale.classes * ipc * 3 * resolution.pow(2) * 4) as u64;
    }
}

type Samples = HashMap<String, Vec<f64>>;

fn medians(samples: Samples) -> HashMap<String, f64> {
    samples.into_iter().filter_map(|(name, mut values)| Some((name, median(&mut values)?))).collect()
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn recipe_of(entry: &Entry) -> Option<serde_json::Value> {
    let cell = &entry.cell;
    let (budget, fidelity) = (cell.budget.to_string(), cell.fidelity.to_string());
    let subset = slug(&cell.subset);
    let request =
        RecipeRequest { subset, ipc: cell.ipc, budget: &budget, fidelity: &fidelity, resolution: cell.resolution };
    Recipe::shipped(method(&cell.method).ok()?, &entry.set, &request).ok().map(|recipe| recipe.to_json())
}

/// What a record was computed on, as it says itself.
fn scale_of(record: &Record) -> Option<Scale> {
    let count = |split: &str| record.data.get(split)?.get("images")?.as_u64().map(|count| count as usize);
    Some(Scale { classes: record.subset.classes.len(), train: count("train")?, test: count("test")? })
}

fn scale(images: &Images) -> Result<Scale, RunError> {
    let (train, classes) = training_images(images)?;
    let subset = Subset::find(&images.subset)?;
    let test = if is_built_in(images) {
        classes * scenes::TEST_PER_CLASS
    } else {
        subset.expected_counts().iter().filter_map(|count| count.test).sum()
    };
    Ok(Scale { classes, train, test })
}

fn is_built_in(images: &Images) -> bool {
    Subset::find(&images.subset).is_ok_and(|subset| subset.family.is_built_in())
}
