//! `compdd prune agree`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{prune::overlaps, pruning::Share, scores::ImageScores};

use super::{
    super::{
        complexity::correlation,
        ui::{self, Outcome},
    },
    parsed,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd prune agree results/scores/cifar10_training_1f3a90cc.parquet
  compdd prune agree cifar10_training_1f3a90cc.parquet cifar10_craig_9d3e0b11.parquet --removed 0.95

Every pair of criteria in the files is compared, over the same images.")]
pub struct AgreeArgs {
    /// Files of scores
    #[arg(required = true, value_name = "FILE")]
    scores: Vec<PathBuf>,
    /// Share of every class that each criterion removes, from its usual side
    #[arg(long, default_value = "0.5", value_name = "SHARE", value_parser = parsed::<Share>)]
    removed: Share,
}

impl AgreeArgs {
    pub fn execute(self) -> Outcome {
        let files = self.scores.iter().map(|path| ImageScores::read(path)).collect::<Result<Vec<_>, _>>()?;
        let name =
            |path: &PathBuf| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let several = files.len() > 1;
        let names: Vec<String> = files
            .iter()
            .zip(&self.scores)
            .flat_map(|(file, path)| {
                let own = if several { format!(" of {}", name(path)) } else { String::new() };
                file.columns.iter().map(move |(criterion, _)| format!("{criterion}{own}"))
            })
            .collect();
        let rows: Vec<Vec<String>> = overlaps(&files, self.removed)?
            .into_iter()
            .map(|found| {
                let [a, b] = found.pair.map(|place| names[place].clone());
                vec![a, b, correlation(found.spearman), format!("{:.1}", 100.0 * found.kept)]
            })
            .collect();
        ui::show(&ui::table(&["A", "B", "rho", "kept by both, %"], &rows));
        Ok(ExitCode::SUCCESS)
    }
}
