//! `compdd prune strata`.

use std::{num::NonZero, path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    data::{Task, TaskOptions},
    prune,
    pruning::Criterion,
    report::{GalleryList, SheetFile, gallery_sheet},
    scores::ImageScores,
    subset::Subset,
};

use super::{
    super::{
        run::{DataArgs, PixelArgs},
        ui::{self, Outcome},
    },
    parsed, show,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd prune strata results/scores/cifar10_training_1f3a90cc.parquet --data ~/data/cifar10 --out strata.png
  compdd run --method dc --subset cifar10 --ipc 1 --prune loss:0.2..0.3 --data ~/data/cifar10

The rule of every stratum stands beside it: `compdd run --prune RULE` distils that stratum alone.")]
pub struct StrataArgs {
    /// File of scores
    scores: PathBuf,
    /// What they are scored by
    #[arg(long, default_value = "loss", value_parser = parsed::<Criterion>)]
    criterion: Criterion,
    /// How many
    #[arg(long, default_value = "10", value_name = "N")]
    strata: NonZero<u32>,
    /// Images of each: of the classes in turn
    #[arg(long, default_value = "10", value_name = "N")]
    images: NonZero<usize>,
    /// Sheet to write
    #[arg(short, long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten, next_help_heading = "Places")]
    data: DataArgs,
}

impl StrataArgs {
    pub fn execute(self) -> Outcome {
        let sheet = self.out.as_deref().map(SheetFile::new).transpose()?;
        let scores = ImageScores::read(&self.scores)?;
        let strata = prune::strata(&scores, self.criterion, self.strata.get())?;
        let rows = strata.iter().map(|stratum| {
            vec![stratum.rule.to_string(), stratum.images.len().to_string(), show::number(stratum.mean)]
        });
        ui::show(&ui::table(&["--prune", "images", "mean"], &rows.collect::<Vec<_>>()));
        let Some((out, path)) = sheet.zip(self.out) else { return Ok(ExitCode::SUCCESS) };
        let subset = Subset::find(&scores.card.subset)?;
        let resolution = Some(self.pixels.res.unwrap_or(scores.card.resolution));
        let options = TaskOptions { train_per_class: self.train_per_class, resolution, ..self.pixels.task() };
        let task = Task::load(&subset, &self.data.resolve()?, &options)?;
        prune::check_images(&scores, &self.scores, &task)?;
        let places = task.training();
        let row = |stratum: &prune::Stratum| {
            let images = stratum.sample(&scores, self.images.get())?;
            let name = format!("{}, mean {}", stratum.rule, show::number(stratum.mean));
            Ok((name, images.into_iter().map(|image| places[image]).collect()))
        };
        let rows = strata.iter().map(row).collect::<Result<Vec<_>, prune::PruneError>>()?;
        let title = format!("{} by {}", subset.id(), self.criterion);
        out.write(&gallery_sheet(&[GalleryList::of_images(title, rows, &task.train)], "Columns: classes in turn")?)?;
        ui::say(&format!("{} written", path.display()));
        Ok(ExitCode::SUCCESS)
    }
}
