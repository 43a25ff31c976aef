//! Which records a chart shows, from flags.

use clap::{Args, ValueEnum};
use compdd::{
    board::{self, Board},
    record::{Record, Store},
    report::read::{Filter, Scored},
};

use super::super::{results::StoreArgs, run::FidelityArg, scoring::BudgetArg, ui};

/// Which records; what is not given is not asked about, but for the budget.
#[derive(Args)]
pub struct FilterArgs {
    /// Only these methods, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "SLUGS")]
    method: Vec<String>,
    /// Only these subsets
    #[arg(long, value_delimiter = ',', value_name = "SLUGS")]
    subset: Vec<String>,
    /// Only these numbers of images per class
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    ipc: Vec<usize>,
    /// Only these networks
    #[arg(long, value_delimiter = ',', value_name = "SLUGS")]
    network: Vec<String>,
    /// Only this protocol, such as no-kd or no-kd@1
    #[arg(long, value_name = "SLUG")]
    protocol: Option<String>,
    /// Only this side of the images in pixels
    #[arg(long, value_name = "PIXELS")]
    resolution: Option<usize>,
    /// A reduced budget; the chart says so [default: paper]
    #[arg(long)]
    budget: Option<BudgetArg>,
    /// Only this reading of the methods
    #[arg(long)]
    fidelity: Option<FidelityArg>,
    /// Only sets scored by the run that made them, or scored again by `compdd eval`
    #[arg(long)]
    scored: Option<ScoredArg>,
    /// Only recipes as they ship, nothing made with --set
    #[arg(long)]
    shipped: bool,
    /// Only these records, by the ends of their ids
    #[arg(long, value_delimiter = ',', value_name = "HASHES")]
    record: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScoredArg {
    Run,
    Again,
}

impl From<ScoredArg> for Scored {
    fn from(value: ScoredArg) -> Self {
        match value {
            ScoredArg::Run => Self::Run,
            ScoredArg::Again => Self::Again,
        }
    }
}

impl From<FilterArgs> for Filter {
    fn from(args: FilterArgs) -> Self {
        Self {
            methods: args.method,
            subsets: args.subset,
            ipcs: args.ipc,
            networks: args.network,
            protocol: args.protocol,
            resolution: args.resolution,
            budget: args.budget.map(Into::into),
            fidelity: args.fidelity.map(Into::into),
            scored: args.scored.map(Into::into),
            shipped: args.shipped,
            records: args.record,
        }
    }
}

/// Records of a store.
#[derive(Args)]
pub struct RecordArgs {
    #[command(flatten, next_help_heading = "Which records")]
    filter: FilterArgs,
    #[command(flatten, next_help_heading = "Places")]
    store: StoreArgs,
}

impl RecordArgs {
    /// The store, and what is wanted of it: of the records that a leaderboard would show.
    pub fn open(self) -> Result<(Store, Vec<Record>), ui::Failure> {
        let store = self.store.open()?;
        let board = Board::open(std::slice::from_ref(&store), &board::Filter::default())?;
        let records = Filter::from(self.filter).list(&store, &board.records())?;
        Ok((store, records))
    }
}
