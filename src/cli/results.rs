//! `compdd results`: the stored records.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use compdd::{
    board::{Board, Filter},
    export::results::{self, Rows},
    files::{IoError, atomic},
    limits::LISTED,
    record::{Fidelity, Problem, Query, Store},
};

use super::{
    config::Config,
    ui::{self, Outcome},
};

/// Where the records are.
#[derive(Args)]
pub struct StoreArgs {
    /// Where records, bundles and checkpoints are [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Option<PathBuf>,
}

impl StoreArgs {
    pub fn open(self) -> Result<Store, ui::Failure> {
        Ok(Store::new(Config::read()?.results(self.results)))
    }
}

/// Where the records are, of one folder or several.
#[derive(Args)]
pub struct StoresArgs {
    /// Where records are; may be repeated to rank others' records with one's own, which the first folder holds [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Vec<PathBuf>,
}

impl StoresArgs {
    pub fn open(self) -> Result<Vec<Store>, ui::Failure> {
        let folders = if self.results.is_empty() { vec![Config::read()?.results(None)] } else { self.results };
        Ok(folders.into_iter().map(Store::new).collect())
    }
}

/// Says which records of others were not taken.
pub fn warn_of(aside: &[Problem]) {
    aside.iter().take(LISTED).for_each(|problem| ui::say(&format!("warning: set aside: {problem}")));
    if aside.len() > LISTED {
        ui::say(&format!("warning: and {} more", aside.len() - LISTED));
    }
}

/// Which records; what is not given is not asked about.
#[derive(Args)]
pub struct QueryArgs {
    /// Only this method
    #[arg(long)]
    method: Option<String>,
    /// Only this subset
    #[arg(long)]
    subset: Option<String>,
    /// Only this number of images per class
    #[arg(long)]
    ipc: Option<usize>,
    /// Only this protocol; with a version where there are several
    #[arg(long)]
    protocol: Option<String>,
    /// Only this network
    #[arg(long)]
    network: Option<String>,
    /// Only images of this side
    #[arg(long, value_name = "PIXELS")]
    res: Option<usize>,
    /// Only this budget
    #[arg(long)]
    budget: Option<super::scoring::BudgetArg>,
    /// Only this reading of the methods: paper or released
    #[arg(long)]
    fidelity: Option<Fidelity>,
}

impl From<QueryArgs> for Query {
    fn from(args: QueryArgs) -> Self {
        Self {
            method: args.method,
            subset: args.subset,
            ipc: args.ipc,
            protocol: args.protocol,
            network: args.network,
            resolution: args.res,
            budget: args.budget.map(Into::into),
            fidelity: args.fidelity,
        }
    }
}

#[derive(Subcommand)]
pub enum ResultsCommand {
    /// List the records
    List {
        #[command(flatten)]
        query: QueryArgs,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Print one record as JSON, with every student's score
    Show {
        /// Id of the record, or enough of its beginning or end
        id: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Write records, students, timings or published values as a table
    Export(ExportArgs),
    /// Check every record: format, name, hashes, and that the summary follows from the students
    Validate {
        #[command(flatten)]
        store: StoreArgs,
    },
}

impl ResultsCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List { query, store } => {
                let store = store.open()?;
                let board = Board::open(&[store], &Filter { query: query.into(), division: None })?;
                ui::show_grid(&board.grid());
                Ok(ExitCode::SUCCESS)
            }
            Self::Show { id, store } => {
                ui::show(store.open()?.find(&id)?.to_json()?.trim_end());
                Ok(ExitCode::SUCCESS)
            }
            Self::Export(args) => args.execute(),
            Self::Validate { store } => validate(&store.open()?),
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum RowsArg {
    Records,
    Students,
    Timings,
    Published,
}

#[derive(Clone, Copy, ValueEnum)]
enum TableArg {
    Parquet,
    Csv,
    Jsonl,
}

#[derive(Args)]
pub struct ExportArgs {
    /// What the rows are
    #[arg(long, default_value = "records")]
    rows: RowsArg,
    /// Format of the table
    #[arg(long, default_value = "csv")]
    format: TableArg,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    out: Option<PathBuf>,
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl ExportArgs {
    fn execute(self) -> Outcome {
        let rows = match self.rows {
            RowsArg::Records => Rows::Records,
            RowsArg::Students => Rows::Students,
            RowsArg::Timings => Rows::Timings,
            RowsArg::Published => Rows::Published,
        };
        let format = match self.format {
            TableArg::Parquet => results::Format::Parquet,
            TableArg::Csv => results::Format::Csv,
            TableArg::Jsonl => results::Format::Jsonl,
        };
        let bytes = results::export(&self.store.open()?, &self.query.into(), rows, format)?;
        match &self.out {
            Some(path) => atomic::write(path, &bytes).map_err(IoError::at("write", path))?,
            None => ui::show(String::from_utf8_lossy(&bytes).trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn validate(store: &Store) -> Outcome {
    let (files, problems) = store.validate()?;
    for problem in &problems {
        ui::show(&problem.to_string());
    }
    ui::say(&format!("{files} records, {} problems", problems.len()));
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
