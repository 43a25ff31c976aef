//! What waits or runs at the cluster, as `squeue` says in words that all its versions know.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use crate::{
    files::plain,
    limits,
    suite::{Folder, SuiteError},
};

/// The tasks of a plan that Slurm has not finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Their cells.
    pub cells: BTreeSet<usize>,
    /// Tasks that run.
    pub running: usize,
    /// Tasks that wait: for their turn, for those before them, or to start again.
    pub waiting: usize,
}

impl Queue {
    /// Asks Slurm for the arrays of a plan that were submitted from this folder. Where nothing was submitted, or where there is no `squeue`,
    /// nothing is known, which costs a second submission and no second computation.
    ///
    /// # Errors
    /// [`SuiteError::Io`] for the lists of submitted arrays.
    pub fn of(folder: &Folder, id: &str) -> Result<Self, SuiteError> {
        if !folder.path().join("slurm").is_dir() {
            return Ok(Self::default());
        }
        let said = Command::new("squeue").args(["--noheader", "--array", "--format=%F %K %T", "--name", id]).output();
        let Some(said) = said.ok().filter(|said| said.status.success()) else { return Ok(Self::default()) };
        let mut queue = Self::default();
        for line in String::from_utf8_lossy(&said.stdout).lines() {
            let mut words = line.split_whitespace();
            let (Some(job), Some(Ok(task)), Some(state)) =
                (words.next(), words.next().map(str::parse::<usize>), words.next())
            else {
                continue;
            };
            let path = submitted(folder, job);
            if !path.is_file() {
                continue;
            }
            let list = plain::text(&path, limits::TEXT_BYTES)?;
            let cells = list.lines().nth(task).unwrap_or_default().split(' ');
            queue.cells.extend(cells.filter_map(|cell| cell.parse::<usize>().ok()));
            *if state == "RUNNING" { &mut queue.running } else { &mut queue.waiting } += 1;
        }
        Ok(queue)
    }
}

/// Keeps the cells of an array under the number of its job.
pub(super) fn keep(folder: &Folder, job: &str, list: &str) -> Result<(), SuiteError> {
    super::write(&submitted(folder, job), list)
}

fn submitted(folder: &Folder, job: &str) -> PathBuf {
    folder.path().join("slurm").join(format!("job-{job}.txt"))
}
