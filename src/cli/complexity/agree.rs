//! `compdd complexity agree`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::scores::{Scores, stability};

use super::{
    super::ui::{self, Outcome},
    correlation,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd complexity agree seed0.parquet seed1.parquet convnet.parquet
  compdd complexity agree layer3.parquet layer4.parquet --threshold 0.9

Every pair of files is compared over the classes and the images that both have.")]
pub struct AgreeArgs {
    /// Files of scores, two or more
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    scores: Vec<PathBuf>,
    /// Threshold that all files have
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
}

const HEAD: [&str; 8] =
    ["A", "B", "classes", "tau of classes", "rho of classes", "images", "rho of images", "rho within a class"];

impl AgreeArgs {
    pub fn execute(self) -> Outcome {
        let files = self.scores.iter().map(|path| Scores::open(path)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        for (place, a) in files.iter().enumerate() {
            for b in &files[place + 1..] {
                let found = stability(a, b, self.threshold)?;
                rows.push(vec![
                    name(a),
                    name(b),
                    found.classes.to_string(),
                    correlation(found.kendall),
                    correlation(found.spearman),
                    found.images.to_string(),
                    correlation(found.image_spearman),
                    correlation(found.within_spearman),
                ]);
            }
        }
        ui::show(&ui::table(&HEAD, &rows));
        Ok(ExitCode::SUCCESS)
    }
}

fn name(scores: &Scores) -> String {
    scores.path().file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
