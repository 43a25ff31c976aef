//! The score held against the truth: on the built-in scenes the object of every picture is known.

use serde::Serialize;

use super::{ComplexityError, SaliencyModel};
use crate::cam::{self, TargetClass};
use compdd_data::{
    data::{
        ImageSet, Split,
        scenes::{CLASSES, World},
    },
    scores::{Settings, spearman},
};
use compdd_nn::feed::PixelTensors as _;

/// How far complexity follows the share of a picture that is background, for one network, tap and method at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// The threshold.
    pub threshold: f32,
    /// Spearman's rho over all pictures, easy and hard; none where every picture has the same complexity.
    pub images: Option<f64>,
    /// The same within the easy pictures alone, where shares differ less.
    pub easy_images: Option<f64>,
    /// The same within the hard pictures alone.
    pub hard_images: Option<f64>,
    /// Spearman's rho over the twenty classes of the two worlds.
    pub classes: Option<f64>,
    /// Of the ten classes, those whose easy pictures are less complex on average than their hard ones.
    pub pairs: usize,
    /// Mean complexity of the easy pictures.
    pub easy: f64,
    /// Mean complexity of the hard ones.
    pub hard: f64,
    /// Share of all pictures that the network takes for their class.
    pub accuracy: f64,
}

/// Scores `per_class` test pictures of every class of both worlds and compares with the true share of the object.
///
/// # Errors
/// When the network does not know the scenes.
pub fn truth(model: &SaliencyModel, per_class: usize, settings: &Settings) -> Result<Vec<Truth>, ComplexityError> {
    let settings = settings.clone().checked()?;
    let (mut complexities, mut background, mut hits) = (Vec::new(), Vec::new(), 0);
    let side = model.resolution();
    for hard in [false, true] {
        let world = World { hard, seed: 0 };
        for (label, class) in CLASSES.iter().enumerate() {
            let output = model.output(class.name);
            let output = output.ok_or_else(|| ComplexityError::NoOutput { classes: vec![class.name.into()] })?;
            let pictures: Vec<_> = (0..per_class).map(|i| world.scene(Split::Test, label, i, side)).collect();
            background.extend(pictures.iter().map(|scene| 1.0 - scene.share()));
            let pixels = pictures.into_iter().flat_map(|scene| scene.pixels).collect();
            let set = ImageSet::new(pixels, vec![0; per_class], [3, side, side], vec![class.name.into()])?;
            let x = model.space().tensor(&set, &(0..per_class).collect::<Vec<_>>(), &model.cam().params().device());
            let first = (usize::from(hard) * CLASSES.len() + label) * per_class;
            let seeds = cam::seeds(settings.seed, 0, first..first + per_class);
            let look = model.cam().look(settings.method, x, TargetClass::Classes(&vec![output; per_class]), &seeds)?;
            hits += look.predicted.iter().filter(|&&predicted| predicted == output).count();
            let own: Vec<Vec<f64>> = settings
                .thresholds
                .iter()
                .map(|&threshold| cam::complexity(look.maps.clone(), threshold, settings.comparison))
                .map(|values| values.into_iter().map(f64::from).collect())
                .collect();
            complexities.push(own);
        }
    }
    let accuracy = hits as f64 / background.len() as f64;
    let one = |(place, &threshold): (usize, &f32)| {
        let all: Vec<f64> = complexities.iter().flat_map(|class| class[place].iter().copied()).collect();
        compared(threshold, &all, &background, per_class, accuracy)
    };
    Ok(settings.thresholds.iter().enumerate().map(one).collect())
}

/// `complexities` and `background` go class after class, the easy world first.
fn compared(threshold: f32, complexities: &[f64], background: &[f64], per_class: usize, accuracy: f64) -> Truth {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let means = |values: &[f64]| values.chunks(per_class).map(mean).collect::<Vec<f64>>();
    let (classes, half) = (means(complexities), complexities.len() / 2);
    let (easy, hard) = classes.split_at(CLASSES.len());
    Truth {
        threshold,
        images: spearman(complexities, background),
        easy_images: spearman(&complexities[..half], &background[..half]),
        hard_images: spearman(&complexities[half..], &background[half..]),
        classes: spearman(&classes, &means(background)),
        pairs: easy.iter().zip(hard).filter(|(easy, hard)| easy < hard).count(),
        easy: mean(easy),
        hard: mean(hard),
        accuracy,
    }
}
