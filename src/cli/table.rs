//! `compdd table`: the tables that papers print, and what was measured for their cells.

use std::{path::PathBuf, str::FromStr as _};

use clap::{Args, Subcommand};
use compdd::{
    paper::{self, Mode, Options, PaperError, Records},
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
  compdd table edf:1 --suite --out edf-1.toml

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
        /// Write to this file
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
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
    /// Instead of the table, print the suite of the cells that no record answers
    #[arg(long, conflicts_with_all = ["mode", "format", "all"])]
    suite: bool,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

impl TableArgs {
    pub fn execute(self) -> Outcome {
        match self.command {
            Some(TableCommand::List { format, out, store }) => {
                let format = Format::from_str(&format)?;
                let records = Records::open(&store.open()?, &[])?;
                ui::deliver(&paper::list(&records)?.write(format), out.as_deref())
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
        if self.suite {
            let [table] = tables[..] else { return Err(PaperError::OneTable { found: tables.len() }.into()) };
            let records = Records::open(&self.store.open()?, &self.protocol_version)?;
            let suite = paper::suite(table, &records.answers(table)?);
            let suite = suite.unwrap_or_else(|| "# every cell that compdd can run has a record".to_owned());
            return ui::deliver(&suite, self.out.as_deref());
        }
        let options = Options {
            mode: self.mode.as_deref().map(Mode::from_str).transpose()?,
            format: Format::from_str(&self.format)?,
            versions: self.protocol_version,
        };
        ui::deliver(&paper::render(&tables, &self.store.open()?, &options)?, self.out.as_deref())
    }
}
