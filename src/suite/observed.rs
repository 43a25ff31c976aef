//! What records and the timing files beside them say of the work that a cell was, and of the time it took.

use super::{
    SuiteError,
    model::{Scale, work},
};
use crate::record::{Cell, Record, Store, Timing};

/// A record with its times.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub id: String,
    /// Content of the sets that were scored: other records may be of the same ones.
    pub sets: Vec<String>,
    pub method: String,
    pub network: String,
    /// The network that made its set.
    pub source: String,
    pub resolution: usize,
    /// Images of its set.
    pub images: f64,
    /// Largest memory of its process in bytes, of a GPU where one computed.
    pub memory: u64,
    pub distil: Option<Stage>,
    pub score: Option<Stage>,
}

/// Making a set, or scoring it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    /// Multiply-accumulates.
    pub work: f64,
    /// Seconds of one core for the CPU, of the device for others.
    pub seconds: f64,
    /// By the processor's time, not by the clock.
    pub sure: bool,
}

/// So many records are looked at, evenly among all.
const SAMPLE: usize = 500;

/// The records of a kind of device that took more than a second; those that cannot be read are passed over.
pub(super) fn observe(store: &Store, device: &str) -> Result<Vec<Observed>, SuiteError> {
    let files = store.record_files()?;
    let is_cpu = device == "cpu";
    let mut observed = Vec::new();
    for file in files.iter().step_by(files.len().div_ceil(SAMPLE).max(1)) {
        let Ok(record) = Record::read(file) else { continue };
        let Ok(Some(timing)) = Timing::beside(file, &record) else { continue };
        let Some(scale) = scale_of(&record).filter(|_| timing.device == device) else { continue };
        let Some(work) = work(&record.cell, &record.recipe, scale) else { continue };
        let threads = if is_cpu { timing.threads.unwrap_or(1) as f64 } else { 1.0 };
        let stage = |work: f64, wall: f64, processor: Option<f64>| {
            let sure = processor.filter(|_| is_cpu);
            let seconds = sure.unwrap_or(wall * threads);
            (seconds > 1.0 && work > 0.0).then_some(Stage { work, seconds, sure: sure.is_some() })
        };
        let draws = record.bundles.len().max(1) as f64;
        let distil = timing.distill_seconds;
        let distil = distil.and_then(|wall| stage(work.distil * draws, wall, timing.distill_processor_seconds));
        let score = stage(work.score, timing.eval_seconds.iter().sum(), timing.eval_processor_seconds);
        let memory = timing.peak_device_memory_bytes.or(timing.peak_memory_bytes).unwrap_or(0);
        let sets = record.bundles.into_iter().map(|bundle| bundle.data_hash).collect();
        let Cell { method, network, source, resolution, ipc, .. } = record.cell;
        let source = Some(source).filter(|source| !source.is_empty()).unwrap_or_else(|| network.clone());
        let images = (scale.classes * ipc) as f64;
        observed.push(Observed {
            id: record.id,
            sets,
            method,
            network,
            source,
            resolution,
            images,
            memory,
            distil,
            score,
        });
    }
    Ok(observed)
}

/// What a record was computed on, as it says itself.
fn scale_of(record: &Record) -> Option<Scale> {
    let count = |split: &str| record.data.get(split)?.get("images")?.as_u64().map(|count| count as usize);
    let train = match &record.cell.pruning {
        Some(pruning) => pruning.images,
        None => count("train")?,
    };
    Some(Scale { classes: record.subset.classes.len(), train, test: count("test")? })
}
