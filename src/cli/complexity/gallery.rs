//! `compdd complexity gallery`.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    data::{Decode, ImageStream, Library, ResizeMode, Split, StreamOptions},
    report::{self, GalleryList, Pair, SheetFile},
};

use super::{
    super::{
        config::Config,
        subset::say_notes,
        ui::{self, Outcome},
    },
    score::SplitArg,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd complexity gallery --lists published --category bird --data /imagenet --out birds.png
  compdd complexity gallery --lists lists.toml --category bird --data /imagenet --per-class 6 --out birds.png")]
pub struct GalleryArgs {
    /// File of lists, from `compdd subset build`, or `published`
    #[arg(long, value_name = "FILE")]
    lists: String,
    /// Category: its easy classes stand on the left, its hard ones on the right
    #[arg(long, value_name = "NAME")]
    category: String,
    /// Sheet to write
    #[arg(short, long, value_name = "FILE.png")]
    out: PathBuf,
    /// Images of each class: the first ones
    #[arg(long, default_value = "5", value_name = "N")]
    per_class: NonZeroUsize,
    /// Which images
    #[arg(long, default_value = "train")]
    split: SplitArg,
    /// Side of an image in pixels; the short side is brought to it and the centre taken
    #[arg(long, default_value_t = 128, value_name = "PIXELS")]
    res: usize,
    #[arg(long, value_name = "PATH")]
    #[arg(help = "Folder of images, in any layout of docs/data.md; may be repeated [env: COMPDD_DATA]")]
    data: Vec<PathBuf>,
}

impl GalleryArgs {
    pub fn execute(self) -> Outcome {
        let out = SheetFile::new(&self.out)?;
        let pair = Pair::find(&self.lists, &self.category)?;
        let library = Library::new(Config::read()?.data(self.data, std::env::var_os("COMPDD_DATA")));
        let decode = Decode { resolution: self.res, resize: ResizeMode::CentreCrop, antialias: true };
        let mut lists = Vec::new();
        for subset in &pair.lists {
            say_notes(subset);
            let split = Split::from(self.split);
            let stream = ImageStream::open(Some(subset), &library, split, decode.clone(), StreamOptions::default())?;
            let list = GalleryList::read(subset.id(), &stream, self.per_class.get(), &pair.complexity)?;
            for file in &list.bad {
                ui::say(&format!("left out: {file}"));
            }
            lists.push(list);
        }
        out.write(&report::gallery_sheet(&lists, &pair.origin)?)?;
        ui::say(&format!("{} written", self.out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
