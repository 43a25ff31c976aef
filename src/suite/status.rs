//! How the cells of a plan stand: by their records, and by the rows of those that have none.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};

use rayon::prelude::*;

use super::{Class, Contents, Entry, Folder, Plan, Row, RowState, SuiteError};
use crate::record::{Cell, Store};

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its records exist.
    Done,
    /// A process works on it.
    Running,
    /// Somebody began it; whoever comes next goes on.
    Stopped(Class),
    /// It waits for `compdd suite retry`.
    Failed(Class),
    /// Nobody has begun it.
    Open,
}

impl State {
    /// `done`, `failed: memory`, ...
    pub fn describe(self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Running => "running".to_owned(),
            Self::Stopped(class) => format!("stopped: {}", class.name()),
            Self::Failed(class) => format!("failed: {}", class.name()),
            Self::Open => "open".to_owned(),
        }
    }
}

/// All cells at a moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Cell by cell.
    pub states: Vec<State>,
    /// The rows there are. One of a cell that is done was left by a process that was killed before it had tidied up.
    pub rows: BTreeMap<usize, Row>,
    /// Cells of which is not known whether they are done, because their images or their teacher were not looked at yet.
    pub unknown: usize,
}

impl Status {
    /// Looks at the records and the rows.
    ///
    /// # Errors
    /// [`SuiteError::Io`], and what [`Entry::cells`] finds.
    pub fn of(plan: &Plan, entries: &[Entry], folder: &Folder) -> Result<Self, SuiteError> {
        let (shared, contents) = (plan.shared(), Contents::pinned(folder, plan.shared())?);
        let stored = Stored::of(folder.store(), entries);
        let done =
            |entry: &Entry| Ok(entry.cells(shared, &contents)?.map(|cells| cells.iter().all(|cell| stored.has(cell))));
        let done: Vec<Option<bool>> = entries.par_iter().map(done).collect::<Result<_, SuiteError>>()?;
        let rows = folder.rows()?;
        let state = |(index, done): (usize, &Option<bool>)| match (done, rows.get(&index)) {
            (Some(true), _) => Ok(State::Done),
            (_, None) => Ok(State::Open),
            (_, Some(row)) => state_of(row, || folder.is_held(&entries[index].claim(shared))),
        };
        let states = done.iter().enumerate().map(state).collect::<Result<_, SuiteError>>()?;
        Ok(Self { states, rows, unknown: done.iter().filter(|done| done.is_none()).count() })
    }

    /// How many cells stand so.
    pub fn count(&self, wanted: impl Fn(State) -> bool) -> usize {
        self.states.iter().filter(|state| wanted(**state)).count()
    }
}

fn state_of(row: &Row, is_held: impl FnOnce() -> Result<bool, SuiteError>) -> Result<State, SuiteError> {
    let class = row.class.unwrap_or(Class::Killed);
    Ok(match row.state {
        RowState::Failed => State::Failed(class),
        RowState::Running if is_held()? => State::Running,
        RowState::Running | RowState::Stopped => State::Stopped(class),
    })
}

/// The names of all records that a plan could have: a folder is listed once, not asked for every cell.
struct Stored<'a> {
    folders: HashMap<(&'a str, &'a str), HashSet<String>>,
}

impl<'a> Stored<'a> {
    fn of(store: &Store, entries: &'a [Entry]) -> Self {
        let mut folders = HashMap::new();
        for entry in entries {
            let place = (entry.cell.method.as_str(), entry.cell.subset.as_str());
            folders.entry(place).or_insert_with(|| {
                let folder = store.records().join(place.0).join(place.1);
                let files = fs::read_dir(folder).into_iter().flatten().flatten();
                files.filter_map(|file| file.file_name().into_string().ok()).collect::<HashSet<_>>()
            });
        }
        Self { folders }
    }

    fn has(&self, cell: &Cell) -> bool {
        let files = self.folders.get(&(cell.method.as_str(), cell.subset.as_str()));
        files.is_some_and(|files| !files.is_empty() && files.contains(&format!("{}.json", cell.id())))
    }
}
