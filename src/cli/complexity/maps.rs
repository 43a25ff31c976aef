//! How maps are made and counted, from flags: what every command that looks at images shares.

use clap::Args;
use compdd::scores::{CamMethod, Comparison, Grid, Question, Settings};

#[derive(Args)]
pub struct MapsArgs {
    /// How maps are made: grad-cam, grad-cam++, smooth-grad-cam++, x-grad-cam, layer-cam
    #[arg(long, default_value = "grad-cam", value_name = "METHOD")]
    cam: CamMethod,
    /// Whose map: target (the class of the image) or predicted
    #[arg(long, default_value = "target", value_name = "CLASS")]
    class: Question,
    /// Where cells are counted: layer (the map as it is) or image (brought to the size of the image)
    #[arg(long, default_value = "layer")]
    grid: Grid,
    /// Count cells above the threshold only, as the released code does; the paper counts those at it too
    #[arg(long)]
    above: bool,
    /// Seed of the noise of smooth-grad-cam++
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl MapsArgs {
    pub fn settings(self, thresholds: Vec<f32>) -> Settings {
        Settings {
            method: self.cam,
            thresholds,
            comparison: if self.above { Comparison::Above } else { Comparison::AtLeast },
            question: self.class,
            grid: self.grid,
            seed: self.seed,
        }
    }
}
