//! `compdd suite plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use compdd::{
    run::Places,
    suite::{self, Contents},
};

use super::PlanOf;
use crate::cli::{
    run::{DataArgs, device},
    ui::{self, Outcome},
};

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    /// What it costs, and where the plan is
    Term,
    /// The same and a table of all cells, as Markdown
    Md,
    /// The plan itself
    Jsonl,
}

#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// What is shown
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: FormatArg,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Load all images now, so that every cell that is done already is known
    #[arg(long)]
    look: bool,
    /// Device for whose kind time is estimated: auto, cpu, cuda:N, wgpu:N or wgpu:cpu
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    #[command(flatten, next_help_heading = "Images")]
    data: DataArgs,
}

impl PlanArgs {
    pub fn execute(self) -> Outcome {
        let results = self.plan.results()?;
        let (plan, folder) = suite::planned(&self.plan.suite, &results)?;
        if self.look {
            let places = Places { data: self.data.resolve()?, device: device(self.device.clone())?, results };
            Contents::pinned(&folder, plan.shared())?.look(&folder, plan.shared(), &places)?;
        }
        let device = device(self.device)?.open()?.name;
        let text = match self.format {
            FormatArg::Jsonl => plan.text().to_owned(),
            FormatArg::Term => suite::overview(&plan, &folder, &device)?,
            FormatArg::Md => suite::overview(&plan, &folder, &device)? + "\n" + &suite::cells(&plan, &folder)?,
        };
        ui::deliver(&text, self.out.as_deref())
    }
}
