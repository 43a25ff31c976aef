//! The command line: one file a command, each turning flags into typed options and making one library call.
//!
//! Nothing is computed here. Results go to standard output, talk goes to standard error, and every failure ends in
//! [`ui::fail`] with a non-zero exit.

mod attack;
mod cell;
mod complexity;
mod config;
mod data;
mod device;
mod doctor;
mod eval;
mod example;
mod experts;
mod export;
mod import;
mod incremental;
mod leaderboard;
mod lists;
mod method;
mod network;
mod outcome;
mod panics;
mod plot;
mod progress;
mod protocol;
mod prune;
mod regimes;
mod results;
mod run;
mod scoring;
mod shell;
mod signals;
mod site;
mod slim;
mod students;
mod submit;
mod subset;
mod suite;
mod table;
mod teacher;
mod ui;

use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use compdd::progress::Interrupted;

/// Benchmark suite and leaderboard harness for dataset distillation.
///
/// Pick a subset, a number of images per class and a method; get a distilled set, an honest score and a leaderboard row.
#[derive(Parser)]
#[command(name = "compdd", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Start with:  compdd run --method random --subset scenes-easy --ipc 1 --budget quick")]
struct Cli {
    /// Increase log verbosity (-v: decisions, -vv: details)
    #[arg(short, long, action = clap::ArgAction::Count, global = true, display_order = 100)]
    verbose: u8,
    /// Colours in help, errors and logs; with `auto` on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, display_order = 101, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Distil a set with a method, score it, and write bundle, record and leaderboard row
    Run(Box<run::RunArgs>),
    /// Score a bundle again: on other networks, with more students
    Eval(Box<eval::EvalArgs>),
    /// Score sets under three label regimes, beside random images, herding and the full data
    Regimes(Box<regimes::RegimesArgs>),
    /// Attack students of bundles: how many test images they still take for what they are
    Attack(Box<attack::AttackArgs>),
    /// Let students of bundles learn the classes in steps
    Incremental(Box<incremental::IncrementalArgs>),
    /// Take channels from a network with nothing but the images of bundles at hand
    Slim(Box<slim::SlimArgs>),
    /// Many cells as one command: plan, run, watch and collect them
    #[command(subcommand)]
    Suite(suite::SuiteCommand),
    /// Compute one cell of a plan: what every scheduler starts
    Cell(cell::CellArgs),
    /// The experts of trajectory matching: train, list, verify or import their buffers
    #[command(subcommand)]
    Experts(experts::ExpertsCommand),
    /// The teachers: train, import, list, show or verify networks that are asked for maps and labels
    #[command(subcommand)]
    Teacher(teacher::TeacherCommand),
    /// Turn a released distilled set (.pt files or a folder of images) into a bundle
    Import(Box<import::ImportArgs>),
    /// Write a bundle in the layout of another tool: .pt files, .npz, pictures, a dataset of Hugging Face
    Export(export::ExportArgs),
    /// The images: what a folder holds, the cache, pictures to try things with
    #[command(subcommand)]
    Data(data::DataCommand),
    /// How complex the scenes of a data set are: score images, show the means
    #[command(subcommand)]
    Complexity(complexity::ComplexityCommand),
    /// Which training images are worth distilling: score them, show scores, compare criteria
    #[command(subcommand)]
    Prune(prune::PruneCommand),
    /// The class lists: list, show, check, build or compare them
    #[command(subcommand)]
    Subset(subset::SubsetCommand),
    /// The methods and their recipes
    #[command(subcommand)]
    Method(method::MethodCommand),
    /// The networks: list them, or show layers, shapes and parameter counts
    #[command(subcommand)]
    Network(network::NetworkCommand),
    /// The protocols: list them, or show what one says of a set
    #[command(subcommand)]
    Protocol(protocol::ProtocolCommand),
    /// The records: list, show or validate them
    #[command(subcommand)]
    Results(results::ResultsCommand),
    /// Rank the records: write results/leaderboard.csv and show it, or write a table in another format
    Leaderboard(leaderboard::LeaderboardArgs),
    /// Make a static site of the records: leaderboard, methods, subsets, tables, plots
    Site(site::SiteArgs),
    /// Results of others: look through a submission, score it again
    #[command(subcommand)]
    Submit(submit::SubmitCommand),
    /// Charts and sheets of results, as SVG or PNG
    #[command(subcommand)]
    Plot(plot::PlotCommand),
    /// The tables that papers print: list them, or show one beside what was measured
    Table(table::TableArgs),
    /// Say which devices can be used here, and what is missing for the others
    Doctor,
    /// Print a worked example, or write its files
    Example(example::ExampleArgs),
    /// The devices: what one computes beside the CPU; compile ahead what a run will ask of a GPU
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Print the completions of a shell, with the names of methods, subsets, networks and protocols
    Completions(shell::CompletionsArgs),
    /// Write the manual pages, one a command
    Man(shell::ManArgs),
}

impl Command {
    /// Whether it trains nothing, and reads and writes many small files on all threads, which the allocator serves better as it is.
    fn only_reads(&self) -> bool {
        matches!(self, Self::Leaderboard(_) | Self::Results(_) | Self::Site(_) | Self::Table(_))
    }

    fn execute(self) -> ui::Outcome {
        match self {
            Self::Run(args) => args.execute(),
            Self::Eval(args) => args.execute(),
            Self::Regimes(args) => args.execute(),
            Self::Attack(args) => args.execute(),
            Self::Incremental(args) => args.execute(),
            Self::Slim(args) => args.execute(),
            Self::Suite(command) => command.execute(),
            Self::Cell(args) => args.execute(),
            Self::Experts(command) => command.execute(),
            Self::Teacher(command) => command.execute(),
            Self::Import(args) => args.execute(),
            Self::Export(args) => args.execute(),
            Self::Data(command) => command.execute(),
            Self::Complexity(command) => command.execute(),
            Self::Prune(command) => command.execute(),
            Self::Subset(command) => command.execute(),
            Self::Method(command) => command.execute(),
            Self::Network(command) => command.execute(),
            Self::Protocol(command) => command.execute(),
            Self::Results(command) => command.execute(),
            Self::Leaderboard(args) => args.execute(),
            Self::Site(args) => args.execute(),
            Self::Submit(command) => command.execute(),
            Self::Plot(command) => command.execute(),
            Self::Table(args) => args.execute(),
            Self::Doctor => doctor::execute(),
            Self::Example(args) => args.execute(),
            Self::Device(command) => command.execute(),
            Self::Completions(args) => args.execute(),
            Self::Man(args) => args.execute(),
        }
    }
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    panics::hear();
    let command = Cli::command().color(asked_color());
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    ui::start_logging(cli.verbose, cli.color);
    if !cli.command.only_reads() {
        compdd::nn::kernels::tune_allocator();
    }
    match panics::guarded(|| cli.command.execute()) {
        Ok(code) => code,
        Err(report) if Interrupted::is(report.as_ref()) => ui::interrupted(),
        Err(report) => ui::fail(&report),
    }
}

/// The colours that are asked for, known before the arguments are parsed: what is wrong with them is shown in these.
fn asked_color() -> ColorChoice {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let when = match argument.strip_prefix("--color") {
            Some("") => arguments.next().unwrap_or_default(),
            Some(rest) => rest.trim_start_matches('=').to_owned(),
            None => continue,
        };
        return when.parse().unwrap_or_default();
    }
    ColorChoice::Auto
}

#[cfg(test)]
mod help_tests;
#[cfg(test)]
mod remedy_tests;
