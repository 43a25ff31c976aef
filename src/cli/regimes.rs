//! `compdd regimes`: sets under three label regimes, beside random images, herding and the full data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use compdd::{
    board::{self, Board, Filter},
    files::IoError,
    progress::Progress as _,
    protocol::Family,
    record::Store,
    regimes::{self, Table},
    report::{ChartFile, Page, ReportError, grid::Format, rank_chart, saturation_chart},
    run::{self, Control, RegimesOptions, ScoringOptions},
};

use super::{
    progress::Bars,
    run::PlaceArgs,
    scoring::BudgetArg,
    signals, teacher,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd regimes results/bundles/rded/cifar10@1/*_ipc1_*.bundle --teacher observer --network convnet-d3-bn --data ~/data/cifar10
  compdd regimes BUNDLE --teacher observer --protocol regimes-adamw --without full --format md --out regimes.md --charts charts

Every score is a record: what has one is not scored again, and an interrupted call goes on. docs/protocols/regimes.md says what is equal.")]
pub struct RegimesArgs {
    /// Folders of the sets, all of one subset
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Teacher: its name below RESULTS/teachers, or its folder
    #[arg(long, value_name = "NAME")]
    teacher: PathBuf,
    /// regimes-sgd: the settings of no-kd; regimes-adamw: those of kd-rded
    #[arg(long, default_value = "regimes-sgd", value_name = "FAMILY")]
    protocol: Family,
    /// Network that scores [default: the usual one of the resolution]
    #[arg(long)]
    network: Option<String>,
    /// paper: as published; quick: minutes; smoke: seconds. Only `paper` can be compared with papers
    #[arg(long, default_value = "paper")]
    budget: BudgetArg,
    /// Number of students of every score [default: 5; fewer with a reduced budget]
    #[arg(long, value_name = "N")]
    students: Option<usize>,
    /// Root of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Controls that are not scored now, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "CONTROLS")]
    without: Vec<ControlArg>,
    /// Score hard labels without augmentation as well, for the augmentation-robust score
    #[arg(long)]
    plain: bool,
    /// md, latex, csv, html or term
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: Format,
    /// Write the tables to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw ranks and saturation into this folder, as SVG
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
    /// Leave damaged images out; the records list them
    #[arg(long)]
    skip_bad: bool,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum ControlArg {
    Random,
    Herding,
    FullSteps,
    Full,
}

impl From<ControlArg> for Control {
    fn from(value: ControlArg) -> Self {
        match value {
            ControlArg::Random => Self::Random,
            ControlArg::Herding => Self::Herding,
            ControlArg::FullSteps => Self::FullSteps,
            ControlArg::Full => Self::Full,
        }
    }
}

impl RegimesArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let places = self.place.resolve()?;
        let scoring = ScoringOptions {
            teachers: vec![teacher::place(&places.results.join("teachers"), &self.teacher)],
            budget: self.budget.into(),
            students: self.students,
            seed: self.seed,
            ..ScoringOptions::default()
        };
        let options = RegimesOptions {
            bundles: self.bundles,
            family: self.protocol,
            network: self.network,
            scoring,
            without: self.without.into_iter().map(Into::into).collect(),
            plain: self.plain,
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            places,
        };
        let progress = Bars::new();
        let outcomes = run::regimes(&options, &progress, &stop)?;
        let store = Store::new(&options.places.results);
        board::refresh(&store, &|text| progress.note(text));
        let records = Board::open(std::slice::from_ref(&store), &Filter::default())?.records();
        let scored = |table: &Table| outcomes.iter().any(|outcome| table.has(&outcome.record.id));
        let tables = regimes::tables(&records).into_iter().collect::<Result<Vec<_>, _>>()?;
        let tables: Vec<Table> = tables.into_iter().filter(scored).collect();
        if let Some(folder) = &self.charts {
            fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
            for (number, table) in tables.iter().enumerate() {
                let name = |kind: &str| folder.join(format!("{}-{kind}-{}.svg", table.family, number + 1));
                draw(&name("ranks"), rank_chart(&table.ranks()))?;
                draw(&name("saturation"), saturation_chart(&table.saturation()))?;
            }
        }
        let text: Vec<String> = tables.iter().map(|table| table.grid(None).write(self.format)).collect();
        ui::deliver(&text.join("\n"), self.out.as_deref())
    }
}

/// Writes a chart; one without a point is left out.
fn draw(path: &Path, page: Result<Page, ReportError>) -> Result<(), ui::Failure> {
    if let Err(ReportError::Nothing) = page {
        return Ok(());
    }
    ChartFile::new(path)?.write(&page?)?;
    ui::say(&format!("{} written", path.display()));
    Ok(())
}
