//! A process of the executor: how it is started, asked to stop, and what its end means.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use super::{Class, SuiteError};
use crate::files::IoError;

/// Exit code of a cell that another process works on: `EX_TEMPFAIL` of `sysexits.h`, try again later.
pub const NOT_NOW: u8 = 75;

/// Exit code of a cell that was asked to stop and saved its state.
const INTERRUPTED: i32 = 130;

/// A cell that is being computed.
pub(super) struct Process {
    pub index: usize,
    pub started: Instant,
    pub log: PathBuf,
    child: Child,
    asked: bool,
    /// Processes that the system had ended for memory when this one began.
    shortages: u64,
}

/// What the end of a process means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It says that the cell is done.
    Done,
    /// Somebody else is at work.
    NotNow,
    /// It saved its state.
    Stopped,
    /// It failed; the class and the reason hold unless its row says them better.
    Failed(Class, String),
    /// It was ended and could say nothing.
    Died(Class, String),
}

impl Process {
    /// Starts a cell in a process group of its own, so that a signal from the terminal reaches the executor alone. Its output is added to the
    /// log.
    pub fn start(
        program: &Path,
        arguments: impl IntoIterator<Item = OsString>,
        threads: usize,
        index: usize,
        log: PathBuf,
    ) -> Result<Self, SuiteError> {
        let open = || -> std::io::Result<(File, File)> {
            fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
            let file = OpenOptions::new().create(true).append(true).open(&log)?;
            Ok((file.try_clone()?, file))
        };
        let (out, err) = open().map_err(IoError::at("open", &log))?;
        let mut command = Command::new(program);
        command.args(arguments).env("RAYON_NUM_THREADS", threads.to_string());
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let shortages = shortages();
        let started = command.spawn();
        let child = started.map_err(|source| SuiteError::Start { program: program.to_owned(), source })?;
        Ok(Self { index, started: Instant::now(), log, child, asked: false, shortages })
    }

    /// Asks it, once, to save its state and end.
    pub fn ask_to_stop(&mut self) {
        if std::mem::replace(&mut self.asked, true) {
            return;
        }
        #[cfg(unix)]
        // SAFETY: sends a signal to a child that has not been waited for, so that its number is still its own.
        unsafe {
            libc::kill(self.child.id() as i32, libc::SIGINT);
        }
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<End>, SuiteError> {
        let status = self.child.try_wait().map_err(IoError::at("wait for the process of", &self.log))?;
        Ok(status.map(|status| self.meaning(status)))
    }

    fn meaning(&self, status: ExitStatus) -> End {
        let said = tail(&self.log);
        let last = last_line(&said).to_owned();
        match status.code() {
            Some(0) => End::Done,
            Some(code) if code == i32::from(NOT_NOW) => End::NotNow,
            Some(INTERRUPTED) => End::Stopped,
            Some(code) => End::Failed(Class::of_text(&said), format!("exit code {code}: {last}")),
            None => End::Died(self.class_of_signal(status, &said), format!("{status}: {last}")),
        }
    }

    /// Signals by which others end a process leave nothing to repair; all other ones are failures of its own.
    fn class_of_signal(&self, status: ExitStatus, said: &str) -> Class {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default();
        #[cfg(not(unix))]
        let signal = status.code().unwrap_or_default();
        match signal {
            9 if shortages() > self.shortages => Class::Memory,
            1 | 2 | 9 | 15 => Class::Killed,
            _ => Class::of_text(said),
        }
    }

    /// The last line that it said.
    pub fn says(&self) -> String {
        last_line(&tail(&self.log)).to_owned()
    }
}

fn last_line(text: &str) -> &str {
    text.trim_end().rsplit('\n').next().unwrap_or_default()
}

/// The end of a log.
fn tail(path: &Path) -> String {
    const BYTES: u64 = 2000;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// How many processes the system has ended because memory was short, of all programs: what Linux counts in `oom_kill`.
fn shortages() -> u64 {
    let counted = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse::<u64>().ok());
        line.unwrap_or_default()
    };
    counted("/proc/vmstat") + counted("/sys/fs/cgroup/memory.events")
}
