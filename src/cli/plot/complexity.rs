//! `compdd plot complexity`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use compdd::{
    report::{
        read::{self, Grouping},
        spread_chart,
    },
    scores::Categories,
};

use super::{
    super::ui::{self, Outcome},
    ChartOut,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd plot complexity seed0.parquet seed1.parquet --out teachers.svg
  compdd plot complexity scores.parquet --by class --out classes.svg
  compdd plot complexity scores.parquet --by list --lists published --out lists.svg")]
pub struct ComplexityArgs {
    /// Files of scores (.parquet), or tables of classes made of them (.csv)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    out: ChartOut,
    /// Threshold that all files have
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
    /// What shares a box: the classes of a file, the images of a class, or the classes of a list
    #[arg(long, default_value = "file")]
    by: By,
    /// Lists of --by list: a TOML file of categories, or `published`
    #[arg(long, default_value = "published", value_name = "FILE")]
    lists: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    File,
    Class,
    List,
}

impl ComplexityArgs {
    pub fn execute(self) -> Outcome {
        let grouping = match self.by {
            By::File => Grouping::File,
            By::Class => Grouping::Class,
            By::List => Grouping::Lists(lists(&self.lists)?),
        };
        self.out.write(|| Ok(spread_chart(&read::spread(&self.files, self.threshold, &grouping)?)?))
    }
}

fn lists(name: &str) -> Result<Categories, ui::Failure> {
    if name == "published" {
        return Ok(Categories::published_lists());
    }
    Ok(Categories::read(name.as_ref(), None, &[])?)
}
