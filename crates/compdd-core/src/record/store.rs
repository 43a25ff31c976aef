//! The results folder.

use serde::Serialize;

use super::{Budget, Bundle, Cell, Fidelity, Record, RecordError, Timing, hash};
use std::{
    borrow::Borrow,
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use crate::files::{IoError, atomic, plain};

/// A results folder:
///
/// ```text
/// results/
///   leaderboard.csv
///   records/<method>/<subset>/<cell id>.json          one result
///   records/<method>/<subset>/<cell id>.timing.json   what a repetition would not reproduce
///   bundles/<method>/<subset>/<bundle name>.bundle/   a distilled set, shared by the results that used it
///   logs/<method>/<subset>/<bundle name>.jsonl        what happened while it was made and scored
///   curves/<method>/<subset>/<cell id>.csv            accuracies on the way
///   students/<method>/<subset>/<cell id>/             trained students that were attacked; made again where they are missing
///   attacks/<method>/<subset>/<cell id>_<images>.json what attacks left of their accuracy
///   incremental/<method>/<subset>/<cell id>_<steps>.json  accuracies while classes came step by step
///   slimming/<method>/<subset>/<cell id>_<hash>.json  accuracies while channels were taken away
/// ```
///
/// No folder grows with the product of everything: a hundred thousand results are a few hundred in each.
///
/// A cell is done when its record exists. All writes are by rename, so several processes may share a folder. The folder itself may be a
/// link; nothing below it is one: what a link leads to is not read, whoever made the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

/// Which records are wanted; an empty entry accepts everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Slug of the method.
    pub method: Option<String>,
    /// Id or slug of the subset.
    pub subset: Option<String>,
    /// Images per class.
    pub ipc: Option<usize>,
    /// Id or slug of the protocol.
    pub protocol: Option<String>,
    /// Slug of the network.
    pub network: Option<String>,
    /// Image side.
    pub resolution: Option<usize>,
    /// Budget.
    pub budget: Option<Budget>,
    /// Fidelity.
    pub fidelity: Option<Fidelity>,
}

impl Query {
    /// Whether a cell is wanted.
    pub fn accepts(&self, cell: &Cell) -> bool {
        let word = |wanted: &Option<String>, id: &str| {
            wanted.as_deref().is_none_or(|w| w == id || id.split_once('@').is_some_and(|(slug, _)| slug == w))
        };
        word(&self.method, &cell.method)
            && word(&self.subset, &cell.subset)
            && word(&self.protocol, &cell.protocol)
            && word(&self.network, &cell.network)
            && self.ipc.is_none_or(|v| v == cell.ipc)
            && self.resolution.is_none_or(|v| v == cell.resolution)
            && self.budget.is_none_or(|v| v == cell.budget)
            && self.fidelity.is_none_or(|v| v == cell.fidelity)
    }
}

pub(super) const TIMING_SUFFIX: &str = ".timing.json";

impl Store {
    /// A folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the records.
    pub fn records(&self) -> PathBuf {
        self.root.join("records")
    }

    /// Where the table is written.
    pub fn leaderboard(&self) -> PathBuf {
        self.root.join("leaderboard.csv")
    }

    /// Where a cell's record lies.
    pub fn record_path(&self, cell: &Cell) -> PathBuf {
        self.record_folder(cell).join(format!("{}.json", cell.id()))
    }

    /// The folder of the records of its method and subset.
    pub(super) fn record_folder(&self, cell: &Cell) -> PathBuf {
        self.place("records", cell, "")
    }

    /// Where a cell's timing lies.
    pub fn timing_path(&self, cell: &Cell) -> PathBuf {
        self.record_folder(cell).join(format!("{}{TIMING_SUFFIX}", cell.id()))
    }

    /// Where the log of a run lies, named after its distilled set.
    pub fn log_path(&self, cell: &Cell) -> PathBuf {
        self.place("logs", cell, &format!("{}.jsonl", cell.bundle_name()))
    }

    /// Where the curve of a cell lies.
    pub fn curve_path(&self, cell: &Cell) -> PathBuf {
        self.place("curves", cell, &format!("{}.csv", cell.id()))
    }

    /// Where a bundle belongs; `draw` counts the sets of a run that makes several.
    pub fn bundle_path(&self, cell: &Cell, draw: Option<usize>) -> PathBuf {
        let draw = draw.map(|index| format!("-draw{index}")).unwrap_or_default();
        self.place("bundles", cell, &format!("{}{draw}.{}", cell.bundle_name(), Bundle::EXTENSION))
    }

    /// Folder of the students of a cell, where they are kept: for attacks.
    pub fn students_path(&self, cell: &Cell) -> PathBuf {
        self.place("students", cell, &cell.id())
    }

    /// Where the report of attacks on a cell's students lies; `images` are the places of the test images that are attacked.
    pub fn attacks_path(&self, cell: &Cell, images: &[usize]) -> PathBuf {
        self.place("attacks", cell, &format!("{}_{}.json", cell.id(), hash::short(&hash::of(&images))))
    }

    /// Where the report of a cell's students lies that learn classes in so many steps.
    pub fn incremental_path(&self, cell: &Cell, steps: usize) -> PathBuf {
        self.place("incremental", cell, &format!("{}_{steps}.json", cell.id()))
    }

    /// Where the report of a cell's students lies that lose channels; `settings` are what else decides their accuracies.
    pub fn slimming_path(&self, cell: &Cell, settings: &impl Serialize) -> PathBuf {
        self.place("slimming", cell, &format!("{}_{}.json", cell.id(), hash::short(&hash::of(settings))))
    }

    fn place(&self, room: &str, cell: &Cell, name: &str) -> PathBuf {
        self.root.join(room).join(&cell.method).join(&cell.subset).join(name)
    }

    /// A path below this folder; none where a link leads out of it on the way.
    pub fn plain(&self, path: PathBuf) -> Option<PathBuf> {
        plain::is_inside(&self.root, &path).then_some(path)
    }

    /// A path as records store it: relative to the results folder where it lies inside, with forward slashes.
    pub fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// Whether a cell is done.
    pub fn exists(&self, cell: &Cell) -> bool {
        self.record_path(cell).is_file()
    }

    /// Writes a record and its timing; the record last, because it is what marks the cell as done.
    pub fn save(&self, record: &Record, timing: Option<&Timing>) -> Result<PathBuf, RecordError> {
        if let Some(timing) = timing {
            timing.write(&self.timing_path(&record.cell))?;
        }
        let path = self.record_path(&record.cell);
        record.write(&path)?;
        Ok(path)
    }

    /// The record of a cell, if it is done.
    pub fn load(&self, cell: &Cell) -> Result<Option<Record>, RecordError> {
        let path = self.record_path(cell);
        if path.is_file() { Record::read(&path).map(Some) } else { Ok(None) }
    }

    /// The timing beside a record, if there is one.
    pub fn timing(&self, cell: &Cell) -> Result<Option<Timing>, RecordError> {
        Timing::read(&self.timing_path(cell))
    }

    /// The record with this id, or the only one whose id starts or ends with the text.
    pub fn find(&self, id: &str) -> Result<Record, RecordError> {
        let wanted = id.trim().trim_end_matches(".json");
        let files = self.record_files()?;
        let name = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(path) = files.iter().find(|p| name(p) == wanted) {
            return Record::read(path);
        }
        let partial = |p: &&PathBuf| !wanted.is_empty() && (name(p).starts_with(wanted) || name(p).ends_with(wanted));
        let near: Vec<&PathBuf> = files.iter().filter(partial).collect();
        match near.as_slice() {
            [only] => Record::read(only),
            many => Err(RecordError::UnknownRecord {
                id: id.to_owned(),
                root: self.root.clone(),
                near: many.iter().take(3).map(|p| name(p)).collect(),
            }),
        }
    }

    /// All records that a query accepts, sorted by id. The first unreadable file is an error.
    pub fn list(&self, query: &Query) -> Result<Vec<Record>, RecordError> {
        let mut records = Vec::new();
        for path in self.record_files()? {
            let record = Record::read(&path)?;
            if query.accepts(&record.cell) {
                records.push(record);
            }
        }
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }

    /// The full-data record that a cell's recovery ratio refers to: the one of its [conditions](Cell::conditions); of several, the one
    /// with the most students. A file that cannot be read is passed over with a warning: it may be somebody else's.
    pub fn reference(&self, cell: &Cell) -> Result<Option<Record>, RecordError> {
        let folder = self.records().join(Cell::REFERENCE).join(&cell.subset);
        let read = |path: &PathBuf| {
            Record::read(path).map_err(|error| tracing::warn!("passed over as a reference: {error}")).ok()
        };
        let known = Self::files_below(&folder)?.iter().filter_map(read).collect::<Vec<_>>();
        Ok(Self::reference_among(&known, cell).cloned())
    }

    /// As [`Store::reference`], among records that are loaded already.
    pub fn reference_among<'a>(records: &'a [impl Borrow<Record>], cell: &Cell) -> Option<&'a Record> {
        let fits = |record: &&Record| record.cell.is_baseline() && record.cell.conditions() == cell.conditions();
        records.iter().map(Borrow::borrow).filter(fits).min_by(|a, b| a.precedence().cmp(&b.precedence()))
    }

    /// Every bundle that is kept, sorted, at whatever depth.
    pub fn bundles(&self) -> Result<Vec<PathBuf>, RecordError> {
        let folder = self.root.join("bundles");
        let Some(mut walk) = walk(&folder)? else { return Ok(Vec::new()) };
        let mut paths = Vec::new();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(at(&folder))?;
            let path = entry.path();
            if entry.file_type().is_dir() && path.extension().is_some_and(|extension| extension == Bundle::EXTENSION) {
                walk.skip_current_dir();
                paths.push(path.to_owned());
            }
        }
        paths.retain(|path| !atomic::is_leftover(path));
        Ok(paths)
    }

    /// Every file that should be a record, sorted. An absent folder has none.
    pub fn record_files(&self) -> Result<Vec<PathBuf>, RecordError> {
        Self::files_below(&self.records())
    }

    /// Ids of the cells of which a curve is kept; what cannot be listed, or lies behind a link, is none.
    pub fn curves(&self) -> HashSet<String> {
        let files = walk(&self.root.join("curves")).ok().flatten().into_iter().flatten().flatten();
        files.filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned())).collect()
    }

    fn files_below(folder: &Path) -> Result<Vec<PathBuf>, RecordError> {
        let mut files = Vec::new();
        for entry in walk(folder)?.into_iter().flatten() {
            let entry = entry.map_err(at(folder))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy();
            let record = name.ends_with(".json") && !name.ends_with(TIMING_SUFFIX) && !atomic::is_leftover(path);
            if entry.file_type().is_file() && record {
                files.push(path.to_owned());
            }
        }
        Ok(files)
    }
}

/// Entries below a folder, but for hidden ones.
type Walk = walkdir::FilterEntry<walkdir::IntoIter, fn(&walkdir::DirEntry) -> bool>;

/// All below a folder, by name; nothing where it is absent.
///
/// # Errors
/// When the folder does not lie where it seems to.
fn walk(folder: &Path) -> Result<Option<Walk>, IoError> {
    if folder.is_symlink() {
        let source = io::Error::other("it is a symbolic link");
        return Err(IoError { action: "list", path: folder.to_owned(), source });
    }
    let visible: fn(&_) -> bool =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !plain::is_hidden(entry.file_name());
    Ok(folder.exists().then(|| walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(visible)))
}
/// What keeps something below a folder from being listed.
fn at(folder: &Path) -> impl Fn(walkdir::Error) -> IoError + '_ {
    |error| {
        let path = error.path().unwrap_or(folder).to_owned();
        IoError { action: "list", path, source: error.into() }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
