//! `compdd complexity truth`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    cam::CamMethod,
    complexity::{Held, hold, write_held},
    progress::Hooks,
    scores::Settings,
};

use super::{
    super::{
        progress::Loading,
        signals,
        teacher::ShelfArgs,
        ui::{self, Outcome},
    },
    correlation, percent,
    teacher::TeacherArgs,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd teacher train --subset scenes-mixed --network resnet18-bn --epochs 30 --learning-rate 0.05 --name scenes
  compdd complexity truth --teacher scenes --untrained 5 --csv truth.csv

Every method of making maps, at every map of the network, ranks unseen pictures of both worlds by complexity. rho is
Spearman's rank correlation of complexity with the share of the picture that is background. The same is done for the
same network without training.")]
pub struct TruthArgs {
    /// Test pictures of each class of each world
    #[arg(long, default_value_t = 50, value_name = "N")]
    test_per_class: usize,
    /// Networks without training to compare with, each from a seed of its own
    #[arg(long, default_value_t = 3, value_name = "N")]
    untrained: u64,
    /// Threshold
    #[arg(long, default_value_t = 0.5)]
    threshold: f32,
    /// Only this method [default: all of them]
    #[arg(long, value_name = "METHOD")]
    cam: Option<CamMethod>,
    /// Only the map that --layer names, or the usual one
    #[arg(long)]
    one_layer: bool,
    /// Write every row as CSV, with all digits, to this file as well
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten, next_help_heading = "The teacher that looks")]
    teacher: TeacherArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

const HEAD: [&str; 12] = [
    "map",
    "method",
    "rho images",
    "in easy",
    "in hard",
    "rho classes",
    "easy < hard",
    "easy %",
    "hard %",
    "| untrained: rho images",
    "rho classes",
    "easy < hard",
];

impl TruthArgs {
    pub fn execute(self) -> Outcome {
        let (progress, stop) = (Loading::ending("held against the truth"), signals::stop()?);
        let hooks = Hooks { progress: &progress, stop: &stop };
        let (root, places) = self.shelf.resolve()?;
        let (model, _) = self.teacher.open(&root, &places)?;
        let taps = if self.one_layer { vec![model.cam().tap()] } else { model.cam().taps() };
        let methods = self.cam.map_or_else(|| CamMethod::ALL.to_vec(), |method| vec![method]);
        let settings = Settings { thresholds: vec![self.threshold], ..Settings::default() };
        let held = hold(&model, &taps, &methods, self.untrained, self.test_per_class, &settings, hooks)?;
        let (trained, untrained): (Vec<&Held>, Vec<&Held>) = held.iter().partition(|held| held.seed.is_none());
        if let Some(first) = trained.first() {
            ui::say(&format!("{}: {} % right", model.cam().network().spec(), percent(first.truth.accuracy)));
        }
        let of = |one: &Held| -> Vec<&Held> {
            untrained.iter().filter(|held| (&held.tap, held.method) == (&one.tap, one.method)).copied().collect()
        };
        let rows: Vec<Vec<String>> = trained.iter().map(|held| row(held, &of(held))).collect();
        ui::show(&ui::table(&HEAD, &rows));
        if let Some(path) = &self.csv {
            write_held(&held, path)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(held: &Held, untrained: &[&Held]) -> Vec<String> {
    let truth = &held.truth;
    let rhos = |of: fn(&Held) -> Option<f64>| {
        range(untrained.iter().filter_map(|held| of(held)), |value| format!("{value:.2}"))
    };
    vec![
        held.tap.clone(),
        held.method.to_string(),
        correlation(truth.images),
        correlation(truth.easy_images),
        correlation(truth.hard_images),
        correlation(truth.classes),
        format!("{} of 10", truth.pairs),
        percent(truth.easy),
        percent(truth.hard),
        format!("| {}", rhos(|held| held.truth.images)),
        rhos(|held| held.truth.classes),
        range(untrained.iter().map(|held| held.truth.pairs as f64), |value| format!("{value:.0}")),
    ]
}

/// Smallest and largest of some values.
fn range(values: impl Iterator<Item = f64>, text: impl Fn(f64) -> String) -> String {
    let values: Vec<f64> = values.collect();
    if values.is_empty() {
        return "-".to_owned();
    }
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    format!("{} to {}", text(low), text(high))
}
