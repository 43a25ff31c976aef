//! `compdd results`: the stored records.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use compdd::record::{Query, Store, leaderboard::Row};

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
    /// Only this network
    #[arg(long)]
    network: Option<String>,
    /// Only this budget
    #[arg(long)]
    budget: Option<super::run::BudgetArg>,
}

impl From<QueryArgs> for Query {
    fn from(args: QueryArgs) -> Self {
        Self {
            method: args.method,
            subset: args.subset,
            ipc: args.ipc,
            network: args.network,
            budget: args.budget.map(Into::into),
            ..Self::default()
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
                let rows = compdd::record::leaderboard::rows(&store, &query.into())?;
                ui::show(&board(&rows));
                Ok(ExitCode::SUCCESS)
            }
            Self::Show { id, store } => {
                ui::show(store.open()?.find(&id)?.to_json()?.trim_end());
                Ok(ExitCode::SUCCESS)
            }
            Self::Validate { store } => validate(&store.open()?),
        }
    }
}

fn validate(store: &Store) -> Outcome {
    let (files, problems) = store.validate()?;
    for problem in &problems {
        ui::show(&format!("{}: {}", problem.path.display(), problem.what));
    }
    ui::say(&format!("{files} records, {} problems", problems.len()));
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A leaderboard as a table; reduced budgets carry their name in it.
pub fn board(rows: &[Row]) -> String {
    let header =
        ["method", "subset", "ipc", "network", "budget", "mean %", "std", "n", "recovery %", "published %", "record"];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.method.clone(),
                row.subset.clone(),
                row.ipc.to_string(),
                row.network.clone(),
                row.budget.clone(),
                row.mean.clone(),
                row.std.clone(),
                row.seeds.to_string(),
                row.recovery_ratio.clone(),
                row.published.clone(),
                row.record.clone(),
            ]
        })
        .collect();
    ui::table(&header, &cells)
}
