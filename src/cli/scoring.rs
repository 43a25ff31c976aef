//! The flags that say how a set is scored, of every command that does.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use compdd::{
    protocol::Protocol,
    record::Budget,
    run::{Places, ScoringOptions},
};

use super::teacher;

/// How a set is scored.
#[derive(Args)]
pub struct ScoringArgs {
    #[arg(long, default_value = "no-kd", help = format!("How the set is scored: {}; `+setting:value` changes one: kd-edc+ema:0.999", protocols()))]
    protocol: String,
    /// Teachers that the protocol or the method asks, separated by commas: their names below RESULTS/teachers, their folders, or lists, which are trained
    /// where they are missing (`compdd teacher lists`, or a TOML file)
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    teacher: Vec<PathBuf>,
    /// paper: as published; quick: minutes; smoke: seconds. Only `paper` can be compared with papers
    #[arg(long, default_value = "paper")]
    budget: BudgetArg,
    /// Also test students as often as the protocol's papers do, and keep the best: a flagged column that never ranks
    #[arg(long)]
    checks: bool,
    /// Number of students [default: 5; fewer with a reduced budget]
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Root of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl ScoringArgs {
    pub fn options(self, places: &Places) -> ScoringOptions {
        ScoringOptions {
            protocol: self.protocol,
            teachers: self.teacher.iter().map(|name| teacher::place(&places.results.join("teachers"), name)).collect(),
            budget: self.budget.into(),
            checks: self.checks,
            students: self.seeds,
            seed: self.seed,
        }
    }
}

/// The names of the protocols as a list in a sentence.
fn protocols() -> String {
    let names: Vec<&str> = Protocol::names().collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum BudgetArg {
    Paper,
    Quick,
    Smoke,
}

impl From<BudgetArg> for Budget {
    fn from(value: BudgetArg) -> Self {
        match value {
            BudgetArg::Paper => Self::Paper,
            BudgetArg::Quick => Self::Quick,
            BudgetArg::Smoke => Self::Smoke,
        }
    }
}
