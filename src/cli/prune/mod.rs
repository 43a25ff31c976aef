//! `compdd prune`: which training images are worth distilling; and the flags of every command that leaves some out.

mod agree;
mod effects;
mod harmless;
mod plot;
mod score;
mod show;
mod strata;

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Subcommand, ValueEnum};
use compdd::{
    data::Task,
    device::OpenDevice,
    progress::Hooks,
    prune::{PruneError, PruneOptions, Scorer},
    pruning::{Rule, RuleError},
    recipe::{Evaluator, ScoreTransform},
    record::Budget,
    run::{AdaptiveOptions, Places},
};

use miette::Diagnostic as _;

use super::ui::Outcome;

#[derive(Subcommand)]
pub enum PruneCommand {
    /// Score every training image: networks are trained, and what they say of each image goes into a Parquet file
    Score(Box<score::ScoreArgs>),
    /// Show the spread of scores, and what a share removed leaves of every class
    Show(show::ShowArgs),
    /// Draw the scores in their order, and what a rule keeps
    Plot(plot::PlotArgs),
    /// Cut every class into strata of its scores, and show images of each
    Strata(Box<strata::StrataArgs>),
    /// Say how far criteria agree: rank correlation, and images that both keep
    Agree(agree::AgreeArgs),
    /// Say how well effects rank the images of a batch: each image is left out
    Effects(Box<effects::EffectsArgs>),
    /// Say how much may be removed before a method gets worse, from records of several shares
    Harmless(Box<harmless::HarmlessArgs>),
}

impl PruneCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Score(args) => args.execute(),
            Self::Show(args) => args.execute(),
            Self::Plot(args) => args.execute(),
            Self::Strata(args) => args.execute(),
            Self::Agree(args) => args.execute(),
            Self::Effects(args) => args.execute(),
            Self::Harmless(args) => args.execute(),
        }
    }
}

/// Reads a word of pruning; what is wrong comes with what to write instead.
fn parsed<T: FromStr<Err = RuleError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: RuleError| match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    })
}

/// What is left out of the training images.
#[derive(Args, Clone)]
pub struct PruneArgs {
    /// Leave training images out before anything else sees them: CRITERION:SHARE[:low|high], such as loss:0.95, or keep a stratum of their scores, such as loss:0.2..0.3
    #[arg(long, value_name = "RULE", value_parser = parsed::<Rule>, help_heading = "Images")]
    prune: Option<Rule>,
    /// Scores to prune by [default: RESULTS/scores, made where they are missing]
    #[arg(long, requires = "prune", value_name = "FILE", help_heading = "Images")]
    prune_scores: Option<PathBuf>,
}

impl PruneArgs {
    pub fn options(self) -> Option<PruneOptions> {
        self.prune.map(|rule| PruneOptions { rule, scores: self.prune_scores })
    }

    /// The task that is left, for a command that trains one network or several.
    pub fn apply(
        self,
        task: Task,
        seed: u64,
        places: &Places,
        device: &OpenDevice,
        hooks: Hooks<'_>,
    ) -> Result<Task, PruneError> {
        let root = places.results.join("scores");
        let scorer = Scorer { root: &root, device: &device.device, hooks };
        self.options().map_or(Ok(task.clone()), |options| options.apply(task, Budget::Paper, seed, &scorer))
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum EvaluatorArg {
    Projection,
    Norm,
}

#[derive(Clone, Copy, ValueEnum)]
enum TransformArg {
    None,
    Log,
}

/// How batches of real images are pruned while distilling.
#[derive(Args)]
pub struct AdaptiveArgs {
    /// Leave real images out of the matching by their effect on it: the share of a batch, both tails together, such as 0.3
    #[arg(long, value_name = "SHARE", help_heading = "Images")]
    adaptive: Option<f64>,
    /// Use a pruned batch for so many iterations
    #[arg(long, default_value_t = 1, requires = "adaptive", value_name = "N", help_heading = "Images")]
    lazy: usize,
    /// What an effect is: its length, or (dm, idm) how much it lengthens the step [default: norm]
    #[arg(long, requires = "adaptive", value_name = "EVALUATOR", help_heading = "Images")]
    ite: Option<EvaluatorArg>,
    /// What becomes of effects before their moments are taken; log: for norms
    #[arg(long, default_value = "none", requires = "adaptive", value_name = "TRANSFORM", help_heading = "Images")]
    score_transform: TransformArg,
    /// Judge an image by the running mean of its scores over the batches that it was in
    #[arg(long, requires = "adaptive", help_heading = "Images")]
    score_memory: bool,
}

impl AdaptiveArgs {
    pub fn options(&self) -> Option<AdaptiveOptions> {
        let evaluator = self.ite.map(|evaluator| match evaluator {
            EvaluatorArg::Projection => Evaluator::Projection,
            EvaluatorArg::Norm => Evaluator::Norm,
        });
        let transform = match self.score_transform {
            TransformArg::None => ScoreTransform::None,
            TransformArg::Log => ScoreTransform::Log,
        };
        self.adaptive.map(|beta| AdaptiveOptions {
            beta,
            lazy: self.lazy,
            evaluator,
            transform,
            memory: self.score_memory,
        })
    }
}
