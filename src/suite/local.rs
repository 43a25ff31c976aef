//! The executor of one machine: one process a lane, fed until nothing is left.

use std::{
    ffi::OsString,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{
    Class, Filter, Folder, Plan, Row, SuiteError,
    process::{End, Process},
    work::Work,
};
use crate::progress::{Hooks, Interrupted};

/// Where one process at a time computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// As `--device` takes it.
    pub device: String,
    /// Threads of its processes.
    pub threads: usize,
}

impl Lane {
    /// So many lanes on each device, which share the processor's cores evenly.
    pub fn all(devices: &[String], each: usize, cores: usize) -> Vec<Self> {
        let count = (devices.len() * each).max(1);
        let lane = |device: &String| Self { device: device.clone(), threads: (cores / count).max(1) };
        devices.iter().flat_map(|device| std::iter::repeat_n(lane(device), each)).collect()
    }
}

/// Carries out a plan with processes of this machine. Several executors may share a results folder, and one that was killed leaves nothing
/// that the next one has to know.
pub struct LocalExecutor<'a> {
    /// The binary of `compdd`.
    pub program: PathBuf,
    /// Flags of every process: where images and results are.
    pub flags: Vec<OsString>,
    /// Where to compute.
    pub lanes: Vec<Lane>,
    /// The plan.
    pub plan: &'a Plan,
    /// Its state.
    pub folder: &'a Folder,
    /// Which cells.
    pub wanted: &'a Filter,
    /// At most so many cells are finished.
    pub limit: Option<usize>,
    /// A cell that takes longer is stopped and goes on after all others.
    pub cell_time: Option<Duration>,
    /// Who follows and stops it.
    pub hooks: Hooks<'a>,
}

/// What an executor leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Cells that it finished.
    pub computed: usize,
    /// Cells that failed, now or before.
    pub failed: Vec<usize>,
    /// Cells that it was asked for and that are still to be done.
    pub left: usize,
}

/// How often processes are looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// How often the board is told what processes say.
const SAY: Duration = Duration::from_secs(1);

/// The stage of the whole suite on the board; every other stage is a cell.
pub const STAGE: &str = "suite";

impl LocalExecutor<'_> {
    /// What each process is started with: `cell PLAN --index N` and where everything is.
    pub fn arguments(&self, index: usize, lane: &Lane) -> Vec<OsString> {
        let plan = self.folder.plan().into_os_string();
        let number = index.to_string();
        let mut words: Vec<OsString> =
            ["cell".into(), plan, "--index".into(), number.into(), "--no-wait".into()].into();
        words.extend(["--device".into(), OsString::from(&lane.device)]);
        words.extend(self.flags.iter().cloned());
        words
    }

    /// Works until no cell is open that it was asked for.
    ///
    /// # Errors
    /// [`SuiteError::Interrupted`] once every process has saved its state; what keeps processes from being started.
    pub fn run(&self) -> Result<Report, SuiteError> {
        let Hooks { progress, stop } = self.hooks;
        let mut work = Work::new(self.plan, self.folder, self.wanted)?;
        let mut lanes: Vec<Option<Process>> = self.lanes.iter().map(|_| None).collect();
        let (mut report, mut said) = (Report::default(), Instant::now());
        progress.begin(STAGE, work.total);
        let ended = loop {
            let stopping = stop.is_requested();
            for lane in &mut lanes {
                if let Some(process) = lane {
                    let late = self.cell_time.is_some_and(|most| process.started.elapsed() > most);
                    if stopping || late {
                        process.ask_to_stop();
                    }
                    if let Some(end) = process.ended()? {
                        progress.end(&work.entries[process.index].label(), "");
                        self.settle(process.index, end, stopping, &mut work, &mut report)?;
                        *lane = None;
                    }
                }
            }
            for place in 0..lanes.len() {
                let running: Vec<usize> = lanes.iter().flatten().map(|process| process.index).collect();
                let full = self.limit.is_some_and(|limit| report.computed + running.len() >= limit);
                if lanes[place].is_some() || stopping || full {
                    continue;
                }
                if let Some(index) = work.next(&running)? {
                    let (lane, log) = (&self.lanes[place], self.folder.log(index));
                    let process = Process::start(&self.program, self.arguments(index, lane), lane.threads, index, log)?;
                    progress.begin(&work.entries[index].label(), 0);
                    lanes[place] = Some(process);
                }
            }
            let running = lanes.iter().flatten().count();
            let full = self.limit.is_some_and(|limit| report.computed >= limit);
            if running == 0 && (stopping || full || work.left() == 0) {
                break if stopping { Err(Interrupted.into()) } else { Ok(()) };
            }
            if said.elapsed() > SAY {
                said = Instant::now();
                for process in lanes.iter().flatten() {
                    progress.advance(&work.entries[process.index].label(), 0, &process.says());
                }
            }
            let failed = work.failed.len();
            let elsewhere = if running == 0 { ", the rest is with other processes" } else { "" };
            let latest = format!("{running} running, {failed} failed{elsewhere}");
            progress.advance(STAGE, work.total - work.left() - running, &latest);
            std::thread::sleep(PAUSE);
        };
        progress.end(STAGE, "");
        report.failed = std::mem::take(&mut work.failed);
        report.left = work.left();
        ended.map(|()| report)
    }

    fn settle(
        &self,
        index: usize,
        end: End,
        stopping: bool,
        work: &mut Work<'_>,
        report: &mut Report,
    ) -> Result<(), SuiteError> {
        match end {
            End::Done if work.is_done(index)? => {
                report.computed += 1;
                work.settles(index);
            }
            End::Done => self.fails(index, Class::Error, "it ended without its records", work)?,
            End::NotNow => work.puts_off(index),
            End::Stopped => work.puts_last(index),
            // Whoever ends a suite may end its processes as well.
            End::Died(Class::Killed, _) if stopping => work.puts_last(index),
            End::Failed(class, reason) | End::Died(class, reason) => self.fails(index, class, &reason, work)?,
        }
        Ok(())
    }

    /// Enters a failure, unless the process did so itself, and opens the cell again where its class says so.
    fn fails(&self, index: usize, class: Class, reason: &str, work: &mut Work<'_>) -> Result<(), SuiteError> {
        let known = self.folder.row(index)?;
        let row = match known {
            Some(row) if row.class.is_some() => row,
            known => known.unwrap_or_else(|| Row::begin(None)).ended(class, reason),
        };
        self.folder.keep(index, &row)?;
        let (label, log) = (work.entries[index].label(), self.folder.log(index));
        let what = row.class.unwrap_or(class).name();
        if row.has_failed() {
            let text = format!("cell {index} ({label}) failed ({what}): {}\n  log: {}", row.reason, log.display());
            self.hooks.progress.note(&text);
            work.fails(index);
        } else {
            let text = format!("cell {index} ({label}) ended ({what}) and is tried again: {}", row.reason);
            self.hooks.progress.note(&text);
            work.puts_last(index);
        }
        Ok(())
    }

    /// The command lines of the cells that would be started, in their order.
    ///
    /// # Errors
    /// As [`LocalExecutor::run`] before it starts anything.
    pub fn dry_run(&self) -> Result<Vec<String>, SuiteError> {
        let mut work = Work::new(self.plan, self.folder, self.wanted)?;
        let program = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut lines = Vec::new();
        while lines.len() < self.limit.unwrap_or(usize::MAX) {
            let Some(index) = work.next(&[])? else { break };
            work.settles(index);
            let words = self.arguments(index, &self.lanes[lines.len() % self.lanes.len()]);
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            lines.push(format!("{program} {}", words.join(" ")));
        }
        Ok(lines)
    }
}
