//! `compdd table`: the tables that papers print, and what was measured for their cells.

use std::{path::PathBuf, process::ExitCode, str::FromStr as _};

use clap::{Args, Subcommand};
use compdd::{
    paper::{self, Mode, Options, Records},
    record::{RecordError, atomic},
    report::grid::Format,
};

use super::{
    results::StoreArgs,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  compdd table list
  compdd table edf:1
  compdd table edf:12 --mode both --format latex --out table12.tex
  compdd table --all --format csv --out published.csv

Cells that no record answers say so, and the commands that would run them stand below the table.")]
pub struct TableArgs {
    #[command(subcommand)]
    command: Option<TableCommand>,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Subcommand)]
enum TableCommand {
    /// List the tables, and how much of each was measured
    List {
        /// md, latex, csv, html or term
        #[arg(long, default_value = "term", value_name = "FORMAT")]
        format: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Args)]
struct ShowArgs {
    /// Tables, such as edf:1 or datadam:main-2: see `compdd table list`
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All tables
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// published, measured or both [default: both if any cell of the table was measured, else published]
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// md, latex, csv (one line a printed cell), html or term
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: String,
    /// Of this protocol only records of this version, such as no-kd@1; may be repeated
    #[arg(long, value_name = "ID")]
    protocol_version: Vec<String>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

impl TableArgs {
    pub fn execute(self) -> Outcome {
        match self.command {
            Some(TableCommand::List { format, store }) => {
                let format = Format::from_str(&format)?;
                let records = Records::open(&store.open()?, &[])?;
                ui::show(paper::list(&records)?.write(format).trim_end());
                Ok(ExitCode::SUCCESS)
            }
            None => self.show.execute(),
        }
    }
}

impl ShowArgs {
    fn execute(self) -> Outcome {
        let tables = if self.all {
            paper::all().iter().collect()
        } else {
            self.ids.iter().map(|id| paper::find(id)).collect::<Result<Vec<_>, _>>()?
        };
        let options = Options {
            mode: self.mode.as_deref().map(Mode::from_str).transpose()?,
            format: Format::from_str(&self.format)?,
            versions: self.protocol_version,
        };
        let text = paper::render(&tables, &self.store.open()?, &options)?;
        match self.out {
            Some(path) => atomic::write(&path, text.as_bytes()).map_err(RecordError::io("write", &path))?,
            None => ui::show(text.trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
