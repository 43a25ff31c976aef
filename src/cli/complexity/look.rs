//! Images and a network that looks at them, from flags: what `map` and `overlay` share.

use clap::Args;
use compdd::{
    cam::{CamMethod, Comparison},
    complexity::{self, Grid, Judge, Question, Sample, Settings},
    data::{Roll, RollOptions, Split},
    subset::Subset,
};

use super::{
    super::{
        subset::say_notes,
        teacher::ShelfArgs,
        ui::{self, Failure},
    },
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
    /// How maps are made: grad-cam, grad-cam++, smooth-grad-cam++, x-grad-cam, layer-cam
    #[arg(long, default_value = "grad-cam", value_name = "METHOD")]
    cam: CamMethod,
    /// Threshold of the complexity, from 0 to 1
    #[arg(long, default_value_t = 0.5, value_name = "NUMBER")]
    threshold: f32,
    /// Whose map: target (the class of the image) or predicted
    #[arg(long, default_value = "target", value_name = "CLASS")]
    class: Question,
    /// Where cells are counted: layer (the map as it is) or image (brought to the size of the image)
    #[arg(long, default_value = "layer")]
    grid: Grid,
    /// Count cells above the threshold only, as the released code does
    #[arg(long)]
    above: bool,
    /// Seed of the noise of smooth-grad-cam++
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten, next_help_heading = "The teacher that looks")]
    teacher: TeacherArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

/// Images that are listed, and who will look at them.
pub struct Looking {
    judge: Judge,
    pub roll: Roll,
    pub settings: Settings,
    /// Where the maps come from, in a line.
    pub note: String,
}

impl LookArgs {
    pub fn open(self) -> Result<Looking, Failure> {
        let subset = Subset::find(&self.subset)?;
        say_notes(&subset);
        let (root, places) = self.shelf.resolve()?;
        let (judge, decode) = self.teacher.open(&root, &places)?;
        let settings = Settings {
            method: self.cam,
            thresholds: vec![self.threshold],
            comparison: if self.above { Comparison::Above } else { Comparison::AtLeast },
            question: self.class,
            grid: self.grid,
            seed: self.seed,
        };
        let roll = Roll::open(Some(&subset), &places.data, Split::from(self.split), decode, RollOptions::default())?;
        let note = format!(
            "{} ({}), {} at {}, {}, class {}",
            subset.id(),
            roll.split(),
            judge.cam().network().spec().slug(),
            judge.cam().tap(),
            settings.method,
            settings.question,
        );
        Ok(Looking { judge, roll, settings, note })
    }
}

impl Looking {
    /// The images in some slots with their maps; damaged ones are said and left out.
    pub fn at(&self, slots: &[usize]) -> Result<Vec<Sample>, Failure> {
        let (samples, bad) = complexity::sample(&self.judge, &self.roll, &self.settings, slots)?;
        for file in &bad {
            ui::say(&format!("left out: {file}"));
        }
        Ok(samples)
    }
}
