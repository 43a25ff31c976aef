//! The cells of a plan as job arrays of Slurm: only `sbatch` is spoken to, and no accounting is asked.
//!
//! An array task takes a few cells from a list, one after the other, each as `compdd cell`. Before its time is up Slurm sends it USR1, which it passes on
//! as SIGTERM (a shell starts what runs beside it with SIGINT ignored); the cell saves its state, and the task puts itself back into the
//! queue. What an array does not finish, for whatever reason, the next submission of the same plan lists again.

use std::{
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::{Entry, Filter, Folder, Plan, State, Status, SuiteError};
use crate::{
    files::{IoError, atomic, plain},
    limits,
    record::hash,
};

/// What a cluster wants to be told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Lines for `#SBATCH`, such as `--partition=gpu`, `--time=4:00:00`, `--gres=gpu:1`, `--cpus-per-task=8`.
    pub sbatch: Vec<String>,
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
}

impl Default for Profile {
    fn default() -> Self {
        let (sbatch, setup, device) = (Vec::new(), Vec::new(), "auto".to_owned());
        Self { sbatch, setup, device, limit: None, cells_per_task: 1, tasks_per_array: 1000, grace: 120 }
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
    /// The arrays of the cells that are neither done nor failed nor running: references, then the others.
    ///
    /// # Errors
    /// As [`Status::of`].
    pub fn arrays(&self) -> Result<Vec<Array>, SuiteError> {
        let entries = self.plan.entries()?;
        let status = Status::of(self.plan, &entries, self.folder)?;
        let open = |(index, entry): &(usize, &Entry)| {
            matches!(status.states[*index], State::Open | State::Stopped(_)) && self.wanted.accepts(*index, entry)
        };
        let open = entries.iter().enumerate().filter(open);
        let (first, rest): (Vec<_>, Vec<_>) = open.partition(|(_, entry)| entry.cell.is_reference());
        let mut arrays: Vec<Array> = Vec::new();
        for (cells, waits) in [(&first, false), (&rest, !first.is_empty())] {
            let indices: Vec<String> = cells.iter().map(|(index, _)| index.to_string()).collect();
            let tasks: Vec<String> = indices.chunks(self.profile.cells_per_task).map(|cells| cells.join(" ")).collect();
            for tasks in tasks.chunks(self.profile.tasks_per_array) {
                let list = tasks.join("\n") + "\n";
                let name = format!("{}.txt", hash::short(&hash::bytes(list.as_bytes())));
                let path = self.folder.path().join("slurm").join(name);
                let script = self.script(tasks.len(), &path);
                arrays.push(Array { list, path, script, waits });
            }
        }
        Ok(arrays)
    }

    fn script(&self, tasks: usize, list: &Path) -> String {
        let limit = self.profile.limit.map(|limit| format!("%{limit}")).unwrap_or_default();
        let log = self.folder.path().join("logs").join("slurm-%A_%a.log");
        let mut text = String::from("#!/bin/bash\n");
        let options = [
            format!("--job-name={}", self.plan.id()),
            format!("--array=0-{}{limit}", tasks - 1),
            format!("--output={}", log.display()),
            "--open-mode=append".to_owned(),
            "--requeue".to_owned(),
            format!("--signal=B:USR1@{}", self.profile.grace),
        ];
        for option in options.iter().chain(&self.profile.sbatch) {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        for line in &self.profile.setup {
            let _ = writeln!(text, "{line}");
        }
        let words: Vec<String> = [self.program.as_os_str(), "cell".as_ref(), self.folder.plan().as_os_str()]
            .into_iter()
            .chain(["--device".as_ref(), self.profile.device.as_ref()])
            .chain(self.flags.iter().map(OsString::as_os_str))
            .map(|word| quoted(&word.to_string_lossy()))
            .collect();
        let _ = write!(
            text,
            r#"failed=0
stop() {{ stopped=1; kill -TERM "$cell" 2>/dev/null; }}
trap stop USR1 TERM
for index in $(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" {list}); do
    [ -z "$stopped" ] || break
    {command} --index "$index" &
    cell=$!
    wait "$cell"; code=$?
    # A signal ends the first wait; the cell ends a little later.
    while kill -0 "$cell" 2>/dev/null; do wait "$cell"; code=$?; done
    [ "$code" -eq 0 ] || failed=1
done
if [ -n "$stopped" ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
    exit 0
fi
exit $failed
"#,
            list = quoted(&list.to_string_lossy()),
            command = words.join(" "),
        );
        text
    }

    /// Submits the arrays; the ids of the jobs.
    ///
    /// # Errors
    /// [`SuiteError::Sbatch`] with what `sbatch` said.
    pub fn submit(&self) -> Result<Vec<String>, SuiteError> {
        let (mut first, mut jobs): (Vec<String>, Vec<String>) = Default::default();
        std::fs::create_dir_all(self.folder.path().join("logs")).map_err(IoError::at("create", self.folder.path()))?;
        for array in self.arrays()? {
            let script = array.path.with_extension("sh");
            for (path, text) in [(&array.path, &array.list), (&script, &array.script)] {
                atomic::write_shared(path, text.as_bytes()).map_err(IoError::at("write", path))?;
            }
            let mut command = Command::new("sbatch");
            command.arg("--parsable");
            if array.waits {
                // Whatever becomes of the references: a cell makes a missing one itself.
                command.arg(format!("--dependency=afterany:{}", first.join(":")));
            }
            let output = command.arg(&script).output();
            let output = output.map_err(|error| SuiteError::Sbatch { said: error.to_string() })?;
            if !output.status.success() {
                return Err(SuiteError::Sbatch { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
            }
            let id = String::from_utf8_lossy(&output.stdout).trim().split(';').next().unwrap_or_default().to_owned();
            if !array.waits {
                first.push(id.clone());
            }
            jobs.push(id);
        }
        Ok(jobs)
    }
}

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(["a-b_c/d", "it's", ""].map(quoted), ["a-b_c/d", "'it'\\''s'", "''"]);
    }
}
