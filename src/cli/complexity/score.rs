//! `compdd complexity score`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, ValueEnum};
use compdd::{
    complexity,
    data::{ImageStream, Split, StreamOptions},
    progress::{Hooks, Progress as _},
    scores::{Scores, Summary},
    subset::Subset,
};

use super::{
    super::{
        progress::Loading,
        signals,
        subset::say_notes,
        teacher::ShelfArgs,
        ui::{self, Outcome},
    },
    maps::MapsArgs,
    show,
    teacher::TeacherArgs,
};

#[derive(Clone, Copy, ValueEnum)]
pub enum SplitArg {
    Train,
    Test,
}

impl From<SplitArg> for Split {
    fn from(split: SplitArg) -> Self {
        match split {
            SplitArg::Train => Self::Train,
            SplitArg::Test => Self::Test,
        }
    }
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd teacher import resnet18.pth --network resnet18 --subset imagenet-1k --name resnet18
  compdd complexity score --teacher resnet18 --data /imagenet --out imagenet.parquet
  compdd complexity score --teacher own --subset tiny-imagenet --data ~/tiny --cam smooth-grad-cam++ --class predicted \\
    --out tiny.parquet

Interrupted or killed, the same command goes on and ends with the same bytes.")]
pub struct ScoreArgs {
    /// File of scores to write (Parquet, one row an image)
    #[arg(short, long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Score the images of this subset [default: every image there is]
    #[arg(short, long)]
    subset: Option<String>,
    /// Which images
    #[arg(long, default_value = "train")]
    split: SplitArg,
    /// Thresholds from 0 to 1, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "0.1,0.5,0.9", value_name = "NUMBERS")]
    threshold: Vec<f32>,
    /// Leave damaged images out
    #[arg(long)]
    skip_bad: bool,
    /// Built-in scenes: images a class
    #[arg(long, value_name = "N")]
    per_class: Option<usize>,
    #[command(flatten)]
    maps: MapsArgs,
    #[command(flatten, next_help_heading = "The teacher that looks")]
    teacher: TeacherArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl ScoreArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let (root, places) = self.shelf.resolve()?;
        let (model, decode) = self.teacher.open(&root, &places)?;
        let subset = self.subset.as_deref().map(Subset::find).transpose()?;
        subset.iter().for_each(say_notes);
        let settings = self.maps.settings(self.threshold);
        let split = Split::from(self.split);
        let options = StreamOptions { per_class: self.per_class, ..StreamOptions::default() };
        let stream = Arc::new(ImageStream::open(subset.as_ref(), &places.data, split, decode, options)?);
        let progress = Loading::ending("scored");
        let hooks = Hooks { progress: &progress, stop: &stop };
        let scored = complexity::score(&model, &stream, &settings, &self.out, self.skip_bad, hooks)?;
        for file in &scored.bad {
            progress.note(&format!("left out: {file}"));
        }
        ui::say(&format!("{}: {} images, {} of them scored now", self.out.display(), scored.rows, scored.fresh));
        let summary = Summary::of(&Scores::open(&self.out)?)?;
        show::say_blank(&summary);
        ui::show(&show::classes(&summary, None)?);
        Ok(ExitCode::SUCCESS)
    }
}
