//! The command that makes a result again.

use std::{fmt::Write as _, sync::Arc};

use serde_json::Value;

use compdd_core::{
    recipe::{self, Kind, Recipe, RecipeRequest},
    record::{Cell, Flag, Record},
    subset::Subset,
};
use compdd_data::data::{Split, scenes};

/// `compdd run ...` or, for a bundle that was scored as it is, `compdd eval ...`. Options that have their usual values are left out.
pub(super) fn command(record: &Record) -> String {
    let cell = &record.cell;
    let mut text = match cell.source.strip_prefix("bundle:") {
        Some(_) => {
            let path = record.bundles.first().map_or("BUNDLE", |bundle| bundle.path.as_str());
            let folder = if path.starts_with("bundles/") { "results/" } else { "" };
            let mut text = format!("compdd eval {folder}{path} --network {}", cell.network);
            flag(&mut text, "protocol", &cell.protocol, "no-kd@1");
            flag(&mut text, "budget", &cell.budget.to_string(), "paper");
            text
        }
        None => run(record),
    };
    if !record.teachers.is_empty() {
        let _ = write!(text, " --teacher {}", written(&Value::from(record.teachers.names())));
    }
    let _ = write!(text, " --seeds {}", record.students.len());
    flag(&mut text, "seed", &cell.seed.to_string(), "0");
    if record.flags.contains(&Flag::SkippedFiles) {
        text += " --skip-bad";
    }
    scene_count(&mut text, record);
    text
}

fn run(record: &Record) -> String {
    let cell = &record.cell;
    let mut text = format!("compdd run --method {} --subset {}", cell.method, cell.subset);
    if cell.ipc > 0 {
        let _ = write!(text, " --ipc {}", cell.ipc);
    }
    let subset = Subset::known(&cell.subset).ok();
    let side = subset.as_ref().map_or(0, Subset::default_resolution);
    let _ = write!(text, " --network {}", cell.source);
    if cell.network != cell.source {
        let _ = write!(text, " --eval-networks {}", cell.network);
    }
    flag(&mut text, "protocol", &cell.protocol, "no-kd@1");
    if record.teachers.is_empty() && record.recipe.get(Recipe::OBSERVER).is_some_and(Recipe::is_content) {
        text += " --teacher TEACHER";
    }
    flag(&mut text, "res", &cell.resolution.to_string(), &side.to_string());
    flag(&mut text, "budget", &cell.budget.to_string(), "paper");
    flag(&mut text, "fidelity", &cell.fidelity.to_string(), "paper");
    let decode = &record.data["decode"];
    if let Some(resize) = decode["resize"].as_str() {
        flag(&mut text, "resize", if resize == "squash" { resize } else { "crop" }, "squash");
    }
    if decode["antialias"] == false {
        text += " --no-antialias";
    }
    for (key, value) in overrides(record) {
        let _ = write!(text, " --set {key}={value}");
    }
    if record.flags.contains(&Flag::GivenExperts) {
        text += " --experts BUFFER";
    }
    text
}

fn flag(text: &mut String, name: &str, value: &str, usual: &str) {
    if value != usual {
        let _ = write!(text, " --{name} {value}");
    }
}

/// What the record's recipe has otherwise than the one that ships, as `--set` takes it.
fn overrides(record: &Record) -> Vec<(String, String)> {
    let Some(shipped) = shipped(&record.cell) else { return Vec::new() };
    let own = record.recipe.as_object().into_iter().flatten();
    let changed = own.filter(|(key, value)| *key != Recipe::OBSERVER && shipped.get(key.as_str()) != Some(value));
    changed
        .map(|(key, value)| (key.clone(), if Recipe::is_content(value) { "FILE".to_owned() } else { written(value) }))
        .collect()
}

/// The recipe that ships for a cell, none for the reference.
fn shipped(cell: &Cell) -> Option<Arc<Value>> {
    let method = recipe::method(&cell.method).ok().filter(|method| method.kind != Kind::Reference)?;
    let subset = cell.subset.split('@').next().unwrap_or_default();
    let (budget, fidelity) = (cell.budget.to_string(), cell.fidelity.to_string());
    let (ipc, resolution) = (cell.ipc, cell.resolution);
    Recipe::stored(method, &[], &RecipeRequest { subset, ipc, budget: &budget, fidelity: &fidelity, resolution })
}

/// A value in a shell: text in quotes where a shell would read it otherwise.
fn written(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.+/:".contains(sign);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Built-in scenes with another number of training images.
fn scene_count(text: &mut String, record: &Record) {
    let class = record.subset.classes.first().filter(|_| record.data["kind"] == "scenes");
    let usual = class.and_then(|class| scenes::count(Split::Train, class));
    let own = record.data["train"]["per_class"][0].as_u64().map(|count| count as usize);
    if let (Some(usual), Some(own)) = (usual, own)
        && usual != own
    {
        let _ = write!(text, " --train-per-class {own}");
    }
}
