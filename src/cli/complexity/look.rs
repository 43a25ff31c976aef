//! Images and a network that looks at them, from flags: what `map` and `overlay` share.

use clap::Args;
use compdd::{
    complexity::{self, SaliencyModel},
    data::{ImageStream, Split, StreamOptions},
    scores::{Sample, Settings},
    subset::Subset,
};

use super::{
    super::{
        subset::say_notes,
        teacher::ShelfArgs,
        ui::{self, Failure},
    },
    maps::MapsArgs,
    score::SplitArg,
    teacher::TeacherArgs,
};

#[derive(Args)]
pub struct LookArgs {
    /// Images of this subset
    #[arg(short, long)]
    subset: String,
    /// Which images
    #[arg(long, default_value = "train")]
    split: SplitArg,
    /// Threshold of the complexity, from 0 to 1
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
    #[command(flatten)]
    maps: MapsArgs,
    #[command(flatten, next_help_heading = "The teacher that looks")]
    teacher: TeacherArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

/// Images that are listed, and who will look at them.
pub struct Looking {
    model: SaliencyModel,
    pub stream: ImageStream,
    pub settings: Settings,
    /// Where the maps come from, in a line.
    pub note: String,
}

impl LookArgs {
    pub fn open(self) -> Result<Looking, Failure> {
        let subset = Subset::find(&self.subset)?;
        say_notes(&subset);
        let (root, places) = self.shelf.resolve()?;
        let (model, decode) = self.teacher.open(&root, &places)?;
        let settings = self.maps.settings(vec![self.threshold]);
        let stream =
            ImageStream::open(Some(&subset), &places.data, Split::from(self.split), decode, StreamOptions::default())?;
        let note = format!(
            "{} ({}), {} at {}, {}, class {}",
            subset.id(),
            stream.split(),
            model.cam().network().spec().slug(),
            model.cam().tap(),
            settings.method,
            settings.question,
        );
        Ok(Looking { model, stream, settings, note })
    }
}

impl Looking {
    /// The images in some slots with their maps; damaged ones are said and left out.
    pub fn at(&self, slots: &[usize]) -> Result<Vec<Sample>, Failure> {
        let (samples, bad) = complexity::sample(&self.model, &self.stream, &self.settings, slots)?;
        for file in &bad {
            ui::say(&format!("left out: {file}"));
        }
        Ok(samples)
    }
}
