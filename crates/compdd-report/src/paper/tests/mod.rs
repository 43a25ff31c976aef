use std::path::Path;

use super::{
    Asked, Mode, Options, PaperError, Printed, Records, Table, Target, all, data, find, layout::Dimension, render,
    rendered, table::Body,
};
use crate::report::grid::Format;
use compdd_core::{
    record::{Budget, Cell, Flag, Record, Store, example},
    subset::Subset,
};

mod compiled;
mod data_files;
mod measured;
mod shown;

/// An empty results folder.
pub(super) fn folder() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    (folder, store)
}

/// The cell that answers a printed one, at the paper's budget.
pub(super) fn cell(target: &Target) -> Cell {
    Cell {
        method: target.method.clone(),
        subset: Subset::find(&target.subset).unwrap().id(),
        ipc: target.ipc,
        protocol: format!("{}@1", target.protocol),
        network: target.network.clone(),
        source: target.source.clone(),
        resolution: target.resolution,
        ..example::cell()
    }
}

/// What compdd would run for the first cell of a table that has all these words.
pub(super) fn target(id: &str, words: &[(Dimension, &str)]) -> Target {
    Target::of(printed(id, words), find(id).unwrap().network()).unwrap()
}

/// The first cell of a table that has all these words.
pub(super) fn printed(id: &str, words: &[(Dimension, &str)]) -> &'static Printed {
    let has = |printed: &&Printed| words.iter().all(|(dimension, word)| printed.word(*dimension) == *word);
    find(id).unwrap().cells().iter().find(has).unwrap()
}

/// Five students around a mean in percent, half a point apart.
pub(super) fn around(mean: f64) -> [f64; 5] {
    [-1.0, -0.5, 0.0, 0.5, 1.0].map(|off| (mean + off) / 100.0)
}

/// A folder with some cells of the paper tables: as published, above it, of a reduced budget, by one student, and with another network
/// behind the maps.
pub(super) fn some_results() -> (tempfile::TempDir, Store) {
    use Dimension::{Dataset, Factor1, Ipc, Method, Protocol};
    let (folder, store) = folder();
    let save = |record: &Record| {
        store.save(record, None).unwrap();
    };
    let edf = |ipc: &str| {
        cell(&target("edf:1", &[(Method, "EDF"), (Dataset, "imagenette"), (Ipc, ipc), (Protocol, "no-kd")]))
    };
    save(&example::record(edf("1"), &around(52.4)));
    save(&example::record(edf("10"), &around(74.0)));
    save(&example::record(Cell { budget: Budget::Quick, ..edf("50") }, &around(80.0)));
    let random = |id: &str, dataset: &str| cell(&target(id, &[(Method, "Random"), (Dataset, dataset), (Ipc, "1")]));
    save(&example::record(random("edf:1", "imagenette"), &[0.15]));
    save(&example::record(random("edf:1", "imagewoof"), &around(11.4)));
    let datadam = target("datadam:main-2", &[(Method, "DataDAM"), (Dataset, "imagenette"), (Ipc, "10")]);
    save(&example::record(cell(&datadam), &around(59.0)));
    let idc = target("bilp:9", &[(Method, "IDC"), (Ipc, "10"), (Dimension::Network, "ConvNetD3")]);
    save(&example::record(cell(&idc), &around(66.0)));
    let maps = target("edf:12", &[(Ipc, "1"), (Factor1, "ResNet18")]);
    save(&varied(&maps, &around(52.6)));
    (folder, store)
}

/// The record of a cell with a changed recipe.
pub(super) fn varied(target: &Target, scores: &[f64]) -> Record {
    let mut record = example::record(cell(target), scores);
    record.recipe = target.recipe(&record.cell).unwrap().as_ref().clone();
    record.cell.recipe_hash = compdd_core::record::hash::value(&record.recipe);
    record.id = record.cell.id();
    record.flag(Flag::ChangedRecipe);
    record
}
