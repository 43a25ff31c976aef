//! `compdd prune show`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    prune::{Spread, class_shares},
    pruning::Rule,
    scores::ImageScores,
};

use super::{
    super::ui::{self, Outcome},
    parsed,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd prune show results/scores/cifar10_training_1f3a90cc.parquet
  compdd prune show results/scores/cifar10_training_1f3a90cc.parquet --prune loss:0.95

With --prune the last column says what one threshold over all classes would keep; pruning itself goes class by class.")]
pub struct ShowArgs {
    /// File of scores
    scores: PathBuf,
    /// Show what this rule leaves of every class: CRITERION:SHARE[:low|high]
    #[arg(long, value_name = "RULE", value_parser = parsed::<Rule>)]
    prune: Option<Rule>,
}

impl ShowArgs {
    pub fn execute(self) -> Outcome {
        let scores = ImageScores::read(&self.scores)?;
        let card = &scores.card;
        ui::say(&format!("{} at {} px, {} training images", card.subset, card.resolution, scores.len()));
        if let Some(training) = &card.training {
            ui::say(&format!(
                "{} networks {} of {} epochs, Adam at {}, minibatches of {}, seed {}",
                training.trials,
                training.network,
                training.epochs,
                training.learning_rate,
                training.batch,
                training.seed
            ));
        }
        match self.prune {
            None => ui::show(&spreads(&scores)),
            Some(rule) => {
                let shares = class_shares(&scores, rule.criterion, rule.removed, rule.side)?;
                let row = |share: &compdd::prune::ClassShare| {
                    let counts = [share.images, share.kept, share.kept_as_one].map(|count| count.to_string());
                    [vec![share.class.clone()], counts.to_vec(), vec![number(share.mean)]].concat()
                };
                let rows: Vec<Vec<String>> = shares.iter().map(row).collect();
                ui::show(&ui::table(&["class", "images", "kept", "kept as one", "mean"], &rows));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The spread of every criterion as a table.
pub fn spreads(scores: &ImageScores) -> String {
    let head: Vec<String> = Spread::PERCENT.iter().map(|percent| format!("{percent} %")).collect();
    let head: Vec<&str> = ["criterion", "mean"].into_iter().chain(head.iter().map(String::as_str)).collect();
    let row = |spread: Spread| {
        let numbers = std::iter::once(spread.mean).chain(spread.quantiles).map(number);
        std::iter::once(spread.criterion.to_string()).chain(numbers).collect()
    };
    ui::table(&head, &Spread::of(scores).into_iter().map(row).collect::<Vec<_>>())
}

pub fn number(value: f64) -> String {
    format!("{value:.4}")
}
