//! Batch scripts: what Slurm is asked for, and what runs on a node.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::Profile;
use crate::suite::Folder;

/// The shell of an array task, but for its list, its command and its number of restarts.
const TASK: &str = include_str!("task.sh");

/// What the scripts of a plan share.
pub(super) struct Scripts<'a> {
    pub id: String,
    pub folder: &'a Folder,
    pub program: &'a Path,
    pub flags: &'a [OsString],
    pub profile: &'a Profile,
}

impl Scripts<'_> {
    /// An array of so many tasks, whose cells a list names.
    pub fn array(&self, tasks: usize, list: &Path) -> String {
        let limit = self.profile.limit.map(|limit| format!("%{limit}")).unwrap_or_default();
        let options = [
            format!("--array=0-{}{limit}", tasks - 1),
            "--requeue".to_owned(),
            format!("--signal=B:USR1@{}", self.profile.grace),
        ];
        let device: [&OsStr; 2] = ["--device".as_ref(), self.profile.device.as_ref()];
        let flags = self.flags.iter().map(OsString::as_os_str);
        let cell = self.command(["cell".as_ref()], device.into_iter().chain(flags));
        let mut text = self.head(&self.logs(list).join("%A_%a.log"), &options, &self.profile.sbatch);
        text += &TASK
            .replace("@RESTARTS@", &self.profile.restarts.to_string())
            .replace("@LIST@", &quoted(&list.to_string_lossy()))
            .replace("@CELL@", &cell);
        text
    }

    /// The job behind all arrays, which writes the table of the plan and the leaderboard.
    pub fn collect(&self, results: &Path) -> String {
        let sbatch = self.profile.collect.as_ref().unwrap_or(&self.profile.sbatch);
        let mut text = self.head(&self.folder.path().join("logs").join("collect-%j.log"), &[], sbatch);
        let (format, out): ([&OsStr; 3], _) = (["--format".as_ref(), "csv".as_ref(), "--out".as_ref()], self.table());
        let words = format.into_iter().chain([out.as_os_str(), "--results".as_ref(), results.as_os_str()]);
        let _ = writeln!(text, "{}", self.command(["suite".as_ref(), "collect".as_ref()], words));
        text
    }

    /// Where the last job writes the table.
    fn table(&self) -> PathBuf {
        self.folder.path().join("table.csv")
    }

    /// Where the tasks of a list write, which must be there before them.
    pub fn logs(&self, list: &Path) -> PathBuf {
        self.folder.path().join("logs").join(list.file_stem().unwrap_or_default())
    }

    fn head(&self, log: &Path, options: &[String], sbatch: &[String]) -> String {
        let mut text = String::from("#!/bin/bash\n");
        let common =
            [format!("--job-name={}", self.id), format!("--output={}", log.display()), "--open-mode=append".to_owned()];
        for option in common.iter().chain(options).chain(sbatch) {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        for line in &self.profile.setup {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// `compdd WORDS PLAN MORE`, quoted.
    fn command<'b, const N: usize>(&self, words: [&OsStr; N], more: impl Iterator<Item = &'b OsStr>) -> String {
        let plan = self.folder.plan();
        let words = [self.program.as_os_str()].into_iter().chain(words).chain([plan.as_os_str()]);
        let quote = |word: &OsStr| quoted(&word.to_string_lossy());
        words.map(quote).chain(more.map(quote)).collect::<Vec<_>>().join(" ")
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
    use super::quoted;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(["a-b_c/d", "it's", ""].map(quoted), ["a-b_c/d", "'it'\\''s'", "''"]);
    }
}
