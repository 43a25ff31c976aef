//! The cells of a plan as job arrays of Slurm: only `sbatch`, `squeue` and `scontrol requeue` are spoken to, and no accounting is asked.
//!
//! An array task takes a few cells from a list, one after the other, each as `compdd cell`. Before its time is up Slurm sends it USR1; the cell saves its
//! state, and the task puts itself back into the queue. What an array does not finish, for whatever reason, the next
//! submission of the same plan lists again. A last job collects what there is.

mod profile;
mod queue;
mod script;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Entry, Filter, Folder, Plan, State, Status, SuiteError};
use crate::{
    files::{IoError, atomic},
    record::hash,
};
use script::Scripts;

pub use profile::Profile;
pub use queue::Queue;

/// Submits a plan.
pub struct SlurmExecutor<'a> {
    /// The binary of `compdd`, as the nodes see it.
    pub program: PathBuf,
    /// Flags of every process: where images and results are.
    pub flags: Vec<OsString>,
    /// The plan.
    pub plan: &'a Plan,
    /// Its state.
    pub folder: &'a Folder,
    /// Which cells.
    pub wanted: &'a Filter,
    /// The cluster.
    pub profile: &'a Profile,
}

/// An array before it is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// The cells, one line a task.
    pub list: String,
    /// Where the list belongs.
    pub path: PathBuf,
    /// The script, but for what it depends on.
    pub script: String,
    /// Whether it waits for the arrays before it: references come first.
    pub waits: bool,
}

impl SlurmExecutor<'_> {
    /// The arrays of the cells that are neither done nor failed, do not run and are not in the queue: references, then the others.
    ///
    /// # Errors
    /// As [`Status::of`] and [`Queue::of`].
    pub fn arrays(&self) -> Result<Vec<Array>, SuiteError> {
        let entries = self.plan.entries()?;
        let status = Status::of(self.plan, &entries, self.folder)?;
        let queued = Queue::of(self.folder, &self.plan.id())?.cells;
        let open = |(index, entry): &(usize, &Entry)| {
            let open = matches!(status.states[*index], State::Open | State::Stopped(_));
            open && !queued.contains(index) && self.wanted.accepts(*index, entry)
        };
        let open = entries.iter().enumerate().filter(open);
        let (first, rest): (Vec<_>, Vec<_>) = open.partition(|(_, entry)| entry.cell.is_reference());
        let mut arrays: Vec<Array> = Vec::new();
        for (cells, waits) in [(&first, false), (&rest, !first.is_empty())] {
            let indices: Vec<String> = cells.iter().map(|(index, _)| index.to_string()).collect();
            let tasks: Vec<String> = indices.chunks(self.profile.cells_per_task).map(|cells| cells.join(" ")).collect();
            for tasks in tasks.chunks(self.profile.tasks_per_array) {
                let list = tasks.join("\n") + "\n";
                let path = self.place(&format!("{}.txt", hash::short(&hash::bytes(list.as_bytes()))));
                let script = self.scripts().array(tasks.len(), &path);
                arrays.push(Array { list, path, script, waits });
            }
        }
        Ok(arrays)
    }

    /// The script of the job that collects.
    pub fn last(&self) -> String {
        self.scripts().collect(self.folder.store().root())
    }

    fn scripts(&self) -> Scripts<'_> {
        let Self { program, flags, folder, profile, .. } = self;
        Scripts { id: self.plan.id(), folder, program, flags, profile }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join("slurm").join(name)
    }

    /// Submits the arrays, and behind them the job that collects; the ids of the jobs. Nothing where nothing is left.
    ///
    /// # Errors
    /// [`SuiteError::Sbatch`] with what `sbatch` said.
    pub fn submit(&self) -> Result<Vec<String>, SuiteError> {
        let (mut first, mut jobs): (Vec<String>, Vec<String>) = Default::default();
        for array in self.arrays()? {
            write(&array.path, &array.list)?;
            let logs = self.scripts().logs(&array.path);
            fs::create_dir_all(&logs).map_err(IoError::at("create", &logs))?;
            // Whatever becomes of the references: a cell makes a missing one itself.
            let after = if array.waits { &first[..] } else { &[] };
            let job = sbatch(&array.path.with_extension("sh"), &array.script, after)?;
            queue::keep(self.folder, &job, &array.list)?;
            if !array.waits {
                first.push(job.clone());
            }
            jobs.push(job);
        }
        if !jobs.is_empty() {
            jobs.push(sbatch(&self.place("collect.sh"), &self.last(), &jobs)?);
        }
        Ok(jobs)
    }
}

/// Submits a script that starts once some jobs have ended, however they did; the id of its job.
fn sbatch(path: &Path, script: &str, after: &[String]) -> Result<String, SuiteError> {
    write(path, script)?;
    let mut command = Command::new("sbatch");
    command.arg("--parsable");
    if !after.is_empty() {
        command.arg(format!("--dependency=afterany:{}", after.join(":")));
    }
    let output = command.arg(path).output().map_err(|error| SuiteError::Sbatch { said: error.to_string() })?;
    if !output.status.success() {
        return Err(SuiteError::Sbatch { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().split(';').next().unwrap_or_default().to_owned())
}

fn write(path: &Path, text: &str) -> Result<(), SuiteError> {
    Ok(atomic::write_shared(path, text.as_bytes()).map_err(IoError::at("write", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Suite;

    const SUITE: &str = r#"
name = "array"
summary = "for tests"

[[matrix]]
group = "all"
method = ["random", "full"]
subset = "scenes-easy"
ipc = 1
seed = [0, 1, 2, 3, 4]
budget = "smoke"
"#;

    #[test]
    fn references_come_first_and_short_cells_share_tasks() {
        let root = tempfile::tempdir().unwrap();
        let plan = Plan::of(&Suite::parse(SUITE, "test").unwrap()).unwrap();
        let folder = plan.keep(root.path()).unwrap();
        let profile = Profile {
            sbatch: vec!["--partition=long".into()],
            limit: Some(3),
            cells_per_task: 2,
            tasks_per_array: 2,
            ..Profile::default()
        };
        let (wanted, flags) = (Filter::default(), vec!["--results".into(), "my results".into()]);
        let program = PathBuf::from("/bin/compdd");
        let executor =
            SlurmExecutor { program, flags, plan: &plan, folder: &folder, wanted: &wanted, profile: &profile };
        let arrays = executor.arrays().unwrap();
        let lists: Vec<(&str, bool)> = arrays.iter().map(|array| (array.list.as_str(), array.waits)).collect();
        assert_eq!(lists, [("0 1\n2 3\n", false), ("4\n", false), ("5 6\n7 8\n", true), ("9\n", true)]);
        let script = &arrays[0].script;
        let lines = ["#SBATCH --array=0-1%3", "#SBATCH --signal=B:USR1@120", "#SBATCH --partition=long"];
        assert!(lines.iter().all(|line| script.lines().any(|found| found == *line)), "{script}");
        assert!(script.contains("plan.jsonl --device auto --results 'my results' --index \"$index\" &"), "{script}");
        assert!(script.contains("-gt 20 ]"), "{script}");
        assert!(["@RESTARTS@", "@LIST@", "@CELL@"].iter().all(|place| !script.contains(place)), "{script}");
        let last = executor.last();
        assert!(last.contains("#SBATCH --partition=long") && last.contains("/bin/compdd suite collect "), "{last}");
    }
}
