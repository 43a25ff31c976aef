//! `compdd prune plot`.

use std::path::PathBuf;

use clap::Args;
use compdd::{
    pruning::{Criterion, Rule},
    report::{order_chart, read},
    scores::ImageScores,
};

use super::{
    super::{plot::ChartOut, ui::Outcome},
    parsed,
};

#[derive(Args)]
#[command(after_help = "Example:
  compdd prune plot results/scores/cifar10_training_1f3a90cc.parquet --prune loss:0.95 --out loss.svg")]
pub struct PlotArgs {
    /// File of scores
    scores: PathBuf,
    /// What to show [default: that of the rule, else the first of the file]
    #[arg(long, value_parser = parsed::<Criterion>)]
    criterion: Option<Criterion>,
    /// Show what this rule keeps
    #[arg(long, value_name = "RULE", value_parser = parsed::<Rule>, conflicts_with = "criterion")]
    prune: Option<Rule>,
    #[command(flatten)]
    out: ChartOut,
}

impl PlotArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let scores = ImageScores::read(&self.scores)?;
            let first = scores.columns.first().map_or(Criterion::Loss, |(criterion, _)| *criterion);
            let criterion = self.criterion.or(self.prune.map(|rule| rule.criterion)).unwrap_or(first);
            Ok(order_chart(&read::order(&scores, criterion, self.prune)?)?)
        })
    }
}
