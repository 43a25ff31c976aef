//! `compdd subset build` and `compdd subset diff`: custom class lists, and how far they agree with others.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::scores::{BuildOptions, Categories, Scores, ScoresError, Summary, build, compare, propose_fixed};

use super::{
    complexity::{CategoryArgs, correlation, percent},
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd subset build --scores scores.parquet --categories categories.toml --out lists.toml
  compdd subset diff lists.toml published
  compdd run --method random --subset lists.toml#bird-hard --ipc 1 --data /imagenet")]
pub struct BuildArgs {
    /// File of scores, from `compdd complexity score`
    #[arg(long, value_name = "FILE")]
    scores: PathBuf,
    /// File of lists to write (TOML)
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Classes of a list
    #[arg(long, default_value_t = 10, value_name = "N")]
    per: usize,
    /// Threshold that ranks
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
    /// Propose music-hard@fixed as well: the published list with a tenth class of the measured ranking
    #[arg(long)]
    fixed: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    categories: CategoryArgs,
}

#[derive(Args)]
pub struct DiffArgs {
    /// File of lists, or `published`
    a: String,
    /// File of lists, or `published`
    b: String,
}

impl BuildArgs {
    pub fn execute(self) -> Outcome {
        if self.out.exists() && !self.force {
            return Err(ScoresError::Exists { path: self.out }.into());
        }
        let summary = Summary::of(&Scores::open(&self.scores)?)?;
        let categories = self.categories.read(&summary)?.unwrap_or_else(Categories::published);
        let mut file = build(&summary, &categories, BuildOptions { per: self.per, threshold: self.threshold })?;
        if self.fixed {
            let proposal = propose_fixed(&file)?;
            proposal.notes.iter().for_each(|note| ui::say(&format!("note: music-hard@fixed: {note}")));
            file.lists.push(proposal);
        }
        file.write(&self.out)?;
        let row = |list: &compdd::scores::BuiltList| {
            vec![
                format!("{}@{}", list.slug, list.version),
                list.classes.len().to_string(),
                percent(list.complexity),
                percent(list.margin),
            ]
        };
        let rows: Vec<Vec<String>> = file.lists.iter().map(row).collect();
        ui::show(&ui::table(&["list", "classes", "complexity %", "margin %"], &rows));
        Ok(ExitCode::SUCCESS)
    }
}

impl DiffArgs {
    pub fn execute(self) -> Outcome {
        let agreement = compare(&self.a, &self.b)?;
        let rows: Vec<Vec<String>> = agreement
            .categories
            .iter()
            .map(|one| {
                vec![
                    one.category.clone(),
                    one.easy.to_string(),
                    one.hard.to_string(),
                    one.crossed.to_string(),
                    one.common.to_string(),
                    correlation(one.kendall),
                    correlation(one.spearman),
                ]
            })
            .collect();
        let head = ["category", "both easy", "both hard", "crossed", "ranked by both", "kendall", "spearman"];
        ui::show(&ui::table(&head, &rows));
        Ok(ExitCode::SUCCESS)
    }
}
