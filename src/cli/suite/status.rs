//! `compdd suite status` and `compdd suite collect`.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, str::FromStr as _};

use clap::Args;
use compdd::{
    board,
    limits::LISTED,
    report::grid::Format,
    suite::{self, Queue, State, Status},
};

use super::PlanOf;
use crate::cli::ui::{self, Outcome};

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    plan: PlanOf,
}

impl StatusArgs {
    pub fn execute(self) -> Outcome {
        let (plan, folder) = suite::open(&self.plan.suite, &self.plan.results()?)?;
        let entries = plan.entries()?;
        let status = Status::of(&plan, &entries, &folder)?;
        let mut groups: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
        for (entry, state) in entries.iter().zip(&status.states) {
            let counts = groups.entry(&entry.group).or_default();
            counts[0] += 1;
            match state {
                State::Done => counts[1] += 1,
                State::Running => counts[2] += 1,
                State::Stopped(_) => counts[3] += 1,
                State::Failed(_) => counts[4] += 1,
                State::Open => {}
            }
        }
        let row = |(group, counts): (&str, [usize; 5])| {
            std::iter::once(group.to_owned()).chain(counts.map(|count| count.to_string())).collect()
        };
        let mut rows: Vec<Vec<String>> = groups.into_iter().map(row).collect();
        let total = |column: usize| rows.iter().filter_map(|row| row[column].parse::<usize>().ok()).sum::<usize>();
        rows.push(row(("all", std::array::from_fn(|column| total(column + 1)))));
        ui::show(&format!("{}: {}\n", plan.id(), plan.summary()));
        ui::show(&ui::table(&["group", "cells", "done", "running", "stopped", "failed"], &rows));
        let queue = Queue::of(&folder, &plan.id())?;
        if queue != Queue::default() {
            ui::show(&format!("\nSlurm: {} tasks run, {} wait", queue.running, queue.waiting));
        }
        if status.unknown > 0 {
            ui::say(&format!(
                "{} cells have images or a teacher that nobody has looked at yet: whether records answer them is known with the first of them, \
                 or with `compdd suite plan --look`",
                status.unknown
            ));
        }
        let shown = |(index, row): &(&usize, &suite::Row)| row.class.is_some() && status.states[**index] != State::Done;
        let ended: Vec<_> = status.rows.iter().filter(shown).collect();
        for (index, row) in ended.iter().take(LISTED) {
            let (state, label) = (status.states[**index].describe(), entries[**index].label());
            let log = folder.log(**index);
            ui::show(&format!(
                "\ncell {index}: {label}\n  {state}, {} attempts: {}\n  log: {}",
                row.attempts,
                row.reason,
                log.display()
            ));
        }
        if ended.len() > LISTED {
            ui::show(&format!("\nand {} more: `compdd suite collect` lists all", ended.len() - LISTED));
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub struct CollectArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// md, latex, csv, html or term
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: String,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl CollectArgs {
    pub fn execute(self) -> Outcome {
        let (plan, folder) = suite::open(&self.plan.suite, &self.plan.results()?)?;
        let grid = suite::collect(&plan, &folder)?;
        board::refresh(folder.store(), &ui::say);
        ui::deliver(&grid.write(Format::from_str(&self.format)?), self.out.as_deref())
    }
}
