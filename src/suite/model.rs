//! How much arithmetic a cell takes, in multiply-accumulates: what timings are scaled by.
//!
//! An image that a network learns from counts as three passes (forward, and twice that backward), one that is only looked at as one; a dual
//! pass through a student's step counts as four of the former (`docs/second-order.md`). A pass takes the parameters of every layer times the
//! positions that they are applied at. What a method does once an iteration is read from its recipe. The model is
//! a scale and no clock: seconds come from timing records.

use serde_json::Value;

use crate::{
    nn::NetworkSpec,
    protocol::{Fit, Protocol},
    pruning::Share,
    recipe::tiles,
    record::Cell,
};

use super::entry::slug;

/// Multiply-accumulates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// Of making the set, experts, teacher and feature network apart.
    pub distil: f64,
    /// Of training and testing the students.
    pub score: f64,
}

/// What a cell is computed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub classes: usize,
    pub train: usize,
    pub test: usize,
}

impl Scale {
    /// What is left when a share of every class is removed.
    pub fn without(self, removed: Option<Share>) -> Self {
        let class = self.train / self.classes.max(1);
        let kept = removed.map_or(self.train, |share| self.classes * share.kept_of(class));
        Self { train: kept, ..self }
    }
}

const LEARN: f64 = 3.0;
const DUAL: f64 = 4.0;

/// The arithmetic of a cell; none where a network of it is unknown here.
pub(super) fn work(cell: &Cell, recipe: &Value, scale: Scale) -> Option<Work> {
    let score = macs(&cell.network, cell.resolution, scale.classes)? * scoring(cell, recipe, scale)?;
    let distil = match macs(&cell.source, cell.resolution, scale.classes) {
        Some(macs) => macs * distilling(cell, recipe, scale),
        None => 0.0,
    };
    Some(Work { distil, score })
}

/// Multiply-accumulates of one image's way through a network.
pub(super) fn macs(network: &str, resolution: usize, classes: usize) -> Option<f64> {
    Some(NetworkSpec::parse(network).ok()?.build(3, resolution, classes).ok()?.multiply_accumulates())
}

/// Passes of all students.
fn scoring(cell: &Cell, recipe: &Value, scale: Scale) -> Option<f64> {
    let (subset, ipc) = (slug(&cell.subset), (!cell.is_reference()).then_some(cell.ipc));
    let fit = Fit { subset, classes: scale.classes, ipc, network: &cell.network, tiles: tiles(recipe) };
    let scoring = Protocol::find(slug(&cell.protocol))?.fitted(cell.budget, &fit).ok()?;
    let learnt = match ipc {
        None => scale.train as f64 * number(recipe, "epochs").unwrap_or(1.0),
        Some(ipc) => {
            let shown = number(recipe, "factor").unwrap_or(1.0).max(1.0).powi(2);
            (scale.classes * ipc) as f64 * shown * scoring.total_epochs() as f64
        }
    };
    let asked = if scoring.supervision.needs_teacher() { 1.0 } else { 0.0 };
    Some(cell.students as f64 * (learnt * (LEARN + asked) + scale.test as f64))
}

/// Passes of making the set.
fn distilling(cell: &Cell, recipe: &Value, scale: Scale) -> f64 {
    let key = |name: &str| number(recipe, name);
    let (classes, set) = (scale.classes as f64, (scale.classes * cell.ipc) as f64);
    let iterations = key("iterations").unwrap_or(0.0);
    // A batch of a class has no more images than the class.
    let batch_real = || key("batch_real").map(|batch| batch.min(scale.train as f64 / classes.max(1.0)));
    if let Some(steps) = key("student_steps") {
        let batch = key("batch_syn").filter(|batch| *batch > 0.0).unwrap_or(set).min(set);
        iterations * steps * batch * LEARN * DUAL
    } else if let Some(outer) = key("outer_steps") {
        let (real, inner) = (batch_real().unwrap_or(0.0), key("inner_epochs").unwrap_or(0.0));
        let matching = classes * real * LEARN + set * LEARN * DUAL;
        iterations * outer * (matching + inner * set * LEARN)
    } else if let Some(real) = batch_real() {
        let lives = key("inner_cap").map_or(1.0, |cap| cap.min(10.0));
        iterations * lives * (classes * real + set * LEARN)
    } else if let (Some(candidates), Some(crops)) = (key("candidates"), key("crops")) {
        classes * candidates * crops
    } else {
        // A selection looks at all images once.
        key("feature_epochs").map_or(0.0, |_| scale.train as f64)
    }
}

fn number(recipe: &Value, key: &str) -> Option<f64> {
    recipe.get(key)?.as_f64()
}
