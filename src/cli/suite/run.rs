//! `compdd suite run`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use compdd::{
    board,
    files::IoError,
    progress::{Hooks, Progress as _},
    suite::{self, Filter, Lane, LocalExecutor},
};

use super::{PlanOf, board::Board};
use crate::cli::{
    run::DataArgs,
    signals,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd suite run smoke --processes 2
  compdd suite run comp-dd --only group=baselines,ipc=1|10 --devices cuda:0,cuda:1 --data ~/data/imagenet
  compdd suite run cpu-paper --limit 3 --data ~/data

Ctrl-C saves the state of every process and ends with code 130; the same command continues. Several executors may share a results folder.")]
pub struct RunArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// Only some cells: key=value, separated by commas, several values by |
    #[arg(long, default_value = "", hide_default_value = true, value_name = "FILTER")]
    only: String,
    /// Finish at most so many cells
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Devices, separated by commas: cpu, cuda:0, wgpu:0, ... [default: auto]
    #[arg(long, value_delimiter = ',', value_name = "DEVICES")]
    devices: Vec<String>,
    /// Processes on each device; the processor's cores are shared out evenly
    #[arg(long, default_value_t = 1, value_name = "N")]
    processes: usize,
    /// Stop a cell after so many seconds; it goes on after all others
    #[arg(long, value_name = "SECONDS")]
    cell_time: Option<u64>,
    /// Show the commands that would be started, and start none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten, next_help_heading = "Images")]
    data: DataArgs,
}

impl RunArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let results = self.plan.results()?;
        let wanted = Filter::parse(&self.only)?;
        let (plan, folder) = if self.dry_run {
            suite::open(&self.plan.suite, &results)
        } else {
            suite::planned(&self.plan.suite, &results)
        }?;
        let devices = if self.devices.is_empty() { vec!["auto".to_owned()] } else { self.devices };
        for device in &devices {
            crate::cli::run::device(Some(device.clone()))?;
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let board = Board::new();
        let program = std::env::current_exe().map_err(IoError::at("find", &PathBuf::from("compdd")))?;
        let mut flags = vec!["--results".into(), results.clone().into_os_string()];
        flags.extend(self.data.flags());
        let executor = LocalExecutor {
            program,
            flags,
            lanes: Lane::all(&devices, self.processes.max(1), cores),
            plan: &plan,
            folder: &folder,
            wanted: &wanted,
            limit: self.limit,
            cell_time: self.cell_time.map(Duration::from_secs),
            hooks: Hooks { progress: &board, stop: &stop },
        };
        if self.dry_run {
            ui::show(&executor.dry_run()?.join("\n"));
            return Ok(ExitCode::SUCCESS);
        }
        ui::say(&format!("{}: {} cells", plan.id(), plan.len()));
        let report = executor.run()?;
        board::refresh(folder.store(), &|text| board.note(text));
        ui::say(&format!("{} finished, {} failed, {} left", report.computed, report.failed.len(), report.left));
        Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
