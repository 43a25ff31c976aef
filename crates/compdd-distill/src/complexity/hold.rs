//! A teacher held against the truth, beside the same network without training.

use std::path::Path;

use serde::Serialize;

use super::{ComplexityError, STAGE, SaliencyModel, Truth, truth};
use crate::cam::CamMethod;
use compdd_core::{
    files::{IoError, atomic},
    progress::Hooks,
};
use compdd_data::scores::Settings;

/// A network held against the truth, at one map and with one method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// Seed of a network without training; none for the teacher.
    pub seed: Option<u64>,
    /// The map that was looked at.
    pub tap: String,
    /// How maps were made.
    pub method: CamMethod,
    /// What came out.
    pub truth: Truth,
}

/// Holds a teacher against the truth at the `taps` of its network with the `methods`, and `untrained` networks of the same kind
/// from the seeds 0, 1, ... likewise.
///
/// # Errors
/// As [`truth`]; and when `hooks` say to stop.
pub fn hold(
    model: &SaliencyModel,
    taps: &[&str],
    methods: &[CamMethod],
    untrained: u64,
    per_class: usize,
    settings: &Settings,
    hooks: Hooks<'_>,
) -> Result<Vec<Held>, ComplexityError> {
    let seeds: Vec<Option<u64>> = std::iter::once(None).chain((0..untrained).map(Some)).collect();
    let (mut held, all) = (Vec::new(), seeds.len() * taps.len() * methods.len());
    hooks.progress.begin(STAGE, all);
    for seed in seeds {
        let network = seed.map_or_else(|| Ok(model.clone()), |seed| model.untrained(seed))?;
        for &tap in taps {
            let network = network.through(tap)?;
            for &method in methods {
                hooks.stop.check()?;
                let settings = Settings { method, ..settings.clone() };
                for truth in truth(&network, per_class, &settings)? {
                    held.push(Held { seed, tap: tap.to_owned(), method, truth });
                }
                hooks.progress.advance(STAGE, held.len(), "");
            }
        }
    }
    hooks.progress.end(STAGE, "");
    Ok(held)
}

/// Writes what came out as CSV with all digits.
///
/// # Errors
/// When the file cannot be written.
pub fn write_held(held: &[Held], path: &Path) -> Result<(), ComplexityError> {
    let attempt = || -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record([
            "untrained_seed",
            "accuracy",
            "map",
            "method",
            "threshold",
            "rho_images",
            "rho_easy_images",
            "rho_hard_images",
            "rho_classes",
            "easy_below_hard",
            "easy",
            "hard",
        ])?;
        let rho = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for Held { seed, tap, method, truth } in held {
            writer.write_record([
                seed.map_or_else(String::new, |seed| seed.to_string()),
                truth.accuracy.to_string(),
                tap.clone(),
                method.to_string(),
                truth.threshold.to_string(),
                rho(truth.images),
                rho(truth.easy_images),
                rho(truth.hard_images),
                rho(truth.classes),
                truth.pairs.to_string(),
                truth.easy.to_string(),
                truth.hard.to_string(),
            ])?;
        }
        atomic::write(path, &writer.into_inner().map_err(std::io::Error::other)?)
    };
    Ok(attempt().map_err(IoError::at("write", path))?)
}
