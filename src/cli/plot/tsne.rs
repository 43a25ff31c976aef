//! `compdd plot tsne`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::Args;
use compdd::{
    embed::{self, FeatureExtractor, PlaneOptions, Tsne},
    report::{read, tsne_chart},
    teachers::Teacher,
};

use super::{
    super::{
        teacher::{ShelfArgs, place},
        ui::{self, Outcome},
    },
    ChartOut,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd plot tsne results/bundles/dm/scenes-hard@1/dm_scenes-hard@1_ipc10_r32_paper_s0_0a1b2c3d.bundle --out tsne.svg
  compdd plot tsne BUNDLE --teacher own --data ~/imagenet --per-class 50 --out tsne.svg

Without --teacher the network is the usual one for the images, untrained, and the chart says so.")]
pub struct TsneArgs {
    /// The distilled set
    bundle: PathBuf,
    #[command(flatten)]
    out: ChartOut,
    /// Teacher whose features are taken: its name, or its folder
    #[arg(short, long)]
    teacher: Option<PathBuf>,
    /// Real images of each class: the first ones
    #[arg(long, default_value = "50", value_name = "N")]
    per_class: NonZeroUsize,
    /// Classes: the first ones
    #[arg(long, default_value = "10", value_name = "N")]
    classes: NonZeroUsize,
    /// Number of neighbours that count, about
    #[arg(long, default_value_t = Tsne::default().perplexity, value_name = "NUMBER")]
    perplexity: f64,
    /// Steps of the descent
    #[arg(long, default_value_t = Tsne::default().iterations, value_name = "N")]
    iterations: usize,
    /// Seed of the first places, and of the parameters of an untrained network
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl TsneArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (root, places) = self.shelf.resolve()?;
            let device = places.device.open()?.device;
            let options = PlaneOptions {
                per_class: self.per_class.get(),
                classes: self.classes.get(),
                tsne: Tsne { perplexity: self.perplexity, iterations: self.iterations, seed: self.seed },
            };
            let observer = |set: &_| match &self.teacher {
                Some(name) => FeatureExtractor::teacher(
                    Teacher::open(&place(&root, name), &device)?,
                    &places.data,
                    device.clone(),
                ),
                None => FeatureExtractor::untrained(set, self.seed, device.clone()),
            };
            let plane = embed::plane(&self.bundle, observer, &places.data, &options)?;
            if plane.bad > 0 {
                ui::say(&format!("{} damaged images left out", plane.bad));
            }
            Ok(tsne_chart(&read::plane(&plane))?)
        })
    }
}
