//! What a cluster wants to be told.

use std::path::Path;

use serde::Deserialize;

use crate::{files::plain, limits, suite::SuiteError};

/// The file of a cluster; every key may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Lines for `#SBATCH`, such as `--partition=gpu`, `--time=4:00:00`, `--gres=gpu:1`, `--cpus-per-task=8`.
    pub sbatch: Vec<String>,
    /// The same for the job that collects in the end, which needs neither a GPU nor long; absent: those of `sbatch`.
    pub collect: Option<Vec<String>>,
    /// Lines of shell before the first cell, such as `module load cuda`.
    pub setup: Vec<String>,
    /// As `--device` takes it.
    pub device: String,
    /// At most so many tasks of an array at a time.
    pub limit: Option<usize>,
    /// Cells of a task, one after the other.
    pub cells_per_task: usize,
    /// Most tasks of an array: `MaxArraySize` of the cluster less one.
    pub tasks_per_array: usize,
    /// Seconds before the end of its time at which a cell saves its state.
    pub grace: usize,
    /// How often a task may start again, by its own request or because its node failed.
    pub restarts: usize,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            sbatch: Vec::new(),
            collect: None,
            setup: Vec::new(),
            device: "auto".to_owned(),
            limit: None,
            cells_per_task: 1,
            tasks_per_array: 1000,
            grace: 120,
            restarts: 20,
        }
    }
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`SuiteError::Profile`] with line and key.
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let wrong = |reason: String| SuiteError::Profile { path: path.to_owned(), reason };
        let profile: Self = toml::from_str(&plain::text(path, limits::TEXT_BYTES)?)
            .map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let counts = [profile.cells_per_task, profile.tasks_per_array, profile.limit.unwrap_or(1)];
        if counts.contains(&0) {
            return Err(wrong("cells_per_task, tasks_per_array and limit are 1 or more".to_owned()));
        }
        Ok(profile)
    }
}
