//! `compdd suite rates`.

use std::{path::PathBuf, str::FromStr as _};

use clap::Args;
use compdd::{
    record::Store,
    report::grid::Format,
    suite::backtest::{self, backtest},
};

use crate::cli::{
    config::Config,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(
    after_help = "Each stage of each record is predicted from all other records, as `compdd suite plan` would have done before it ran."
)]
pub struct RatesArgs {
    /// Kind of device: cpu, cuda:0, ...
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: String,
    /// Leave out what took less
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS")]
    longer: f64,
    /// Leave out what only the clock timed, which other work on the machine makes longer
    #[arg(long)]
    processor: bool,
    /// Where records are [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Option<PathBuf>,
    /// md, latex, csv, html or term
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: String,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl RatesArgs {
    pub fn execute(self) -> Outcome {
        let store = Store::new(Config::read()?.results(self.results));
        let mut tests = backtest(&store, &self.device, self.longer)?;
        tests.retain(|test| test.sure || !self.processor);
        if tests.is_empty() {
            ui::say(&format!("no record of {} took {} s or more", self.device, self.longer));
        }
        let grid = backtest::table(tests, &self.device);
        ui::deliver(&grid.write(Format::from_str(&self.format)?), self.out.as_deref())
    }
}
