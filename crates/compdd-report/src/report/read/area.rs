//! The discriminative area over the iterations of a distillation, from the logs of runs.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{
    super::{ReportError, chart::AreaCurve},
    log::events,
};
use compdd_core::{files::plain, limits, subset::Subset};

/// Curves that are told apart at a glance: of more classes the first ones are shown.
const CLASSES: usize = 7;

/// What the lines of a log say, by iteration: a run that was interrupted may have made some of them twice, the later one counts.
#[derive(Debug, Default)]
struct Stage {
    all: BTreeMap<usize, f64>,
    classes: Vec<BTreeMap<usize, f64>>,
}

/// Reads the discriminative area from the log of a run: one curve for each distillation in it or, with `by_class`, one for each
/// of its first seven classes.
///
/// A last line that was cut short by a kill does not count.
///
/// # Errors
/// When the log cannot be read, a line is no JSON object, or nothing in it is about the area.
pub fn area_curves(path: &Path, by_class: bool) -> Result<Vec<AreaCurve>, ReportError> {
    let text = plain::regular_text(path, limits::WHOLE_BYTES)?;
    let (mut stages, mut labels): (BTreeMap<String, Stage>, _) = (BTreeMap::new(), Vec::new());
    for event in events(path, &text)? {
        if event["event"] == "start" {
            labels = labels_of(event["id"].as_str().unwrap_or_default());
        }
        note(&mut stages, &event);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let several = stages.len() > 1;
    let mut curves = Vec::new();
    for (stage, found) in stages {
        let run = if several { format!("{stem}, {stage}") } else { stem.clone() };
        if by_class {
            for (class, points) in found.classes.iter().take(CLASSES).enumerate() {
                let label = labels.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
                let name = if several { format!("{label}, {stage}") } else { label };
                curves.push(AreaCurve { name, points: points.iter().map(|(step, share)| (*step, *share)).collect() });
            }
        } else {
            curves.push(AreaCurve { name: run, points: found.whole() });
        }
    }
    if curves.iter().all(|curve| curve.points.is_empty()) {
        let (what, help) = if by_class {
            (
                "discriminative area by class",
                "logs of older versions have that of all classes only: leave out --by-class",
            )
        } else {
            ("discriminative area", "name the log (results/logs) of a run of a method with `enhance`, such as edf")
        };
        return Err(ReportError::Empty { path: path.into(), what, help });
    }
    Ok(curves)
}

/// Notes what an event says about the area.
fn note(stages: &mut BTreeMap<String, Stage>, event: &Value) {
    let (Some(step), Some(share)) = (event["step"].as_u64(), event["discriminative_share"].as_f64()) else { return };
    let stage = stages.entry(event["stage"].as_str().unwrap_or_default().to_owned()).or_default();
    stage.all.insert(step as usize, share);
    for (class, share) in event["discriminative_share_by_class"].as_array().into_iter().flatten().enumerate() {
        if stage.classes.len() <= class {
            stage.classes.push(BTreeMap::new());
        }
        stage.classes[class].extend(share.as_f64().map(|share| (step as usize, share)));
    }
}

/// The names of the classes of the subset that the id of a cell names, if it is a built-in one.
fn labels_of(id: &str) -> Vec<String> {
    let subset = id.split('_').nth(1).and_then(|subset| Subset::known(subset).ok());
    subset.into_iter().flat_map(|subset| subset.classes).map(|class| class.label).collect()
}

impl Stage {
    /// The points of every refresh, and the last one. Where the log does not say when maps were refreshed, those at which the share changes.
    fn whole(&self) -> Vec<(usize, f64)> {
        let refreshed = |step: &usize, before: Option<f64>, share: f64| match self.classes.first() {
            Some(class) => class.contains_key(step),
            None => before != Some(share),
        };
        let mut points: Vec<(usize, f64)> = Vec::new();
        for (step, &share) in &self.all {
            if refreshed(step, points.last().map(|(_, before)| *before), share) {
                points.push((*step, share));
            }
        }
        let last = self.all.last_key_value().map(|(step, share)| (*step, *share));
        points.extend(last.filter(|last| points.last() != Some(last)));
        points
    }
}
