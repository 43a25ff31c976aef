//! A few images and their maps, to be shown.

use super::{
    ComplexityError, SaliencyModel,
    score::{each_look, outputs},
};
use crate::cam;
use compdd_data::{
    data::{BadFile, ImageStream},
    scores::{Grid, Sample, Settings},
};

/// Looks at the images in some slots of a stream, in their order, as [`score`](super::score()) does. Images that cannot be decoded are left
/// out, and returned.
///
/// # Errors
/// When images, model and settings do not fit each other, or no image can be decoded.
pub fn sample(
    model: &SaliencyModel,
    stream: &ImageStream,
    settings: &Settings,
    slots: &[usize],
) -> Result<(Vec<Sample>, Vec<BadFile>), ComplexityError> {
    let settings = settings.clone().checked()?;
    let outputs = outputs(model, stream, settings.question)?;
    let portion = stream.read_slots(slots)?;
    let mut samples = Vec::with_capacity(slots.len());
    each_look(model, stream, &settings, &outputs, &portion, |slots, first, look| {
        let side = model.resolution();
        let large = values(cam::resize(look.maps.clone(), side));
        let [n, h, w] = look.maps.dims();
        let (cells, area) = match settings.grid {
            Grid::Layer => (values(look.maps), h * w),
            Grid::Image => (large.clone(), side * side),
        };
        let maps = large.chunks_exact(side * side).zip(cells.chunks_exact(area));
        for (place, (&slot, (map, cells))) in (first..first + n).zip(slots.iter().zip(maps)) {
            let class = &stream.classes()[stream.label(slot) as usize];
            let rgb = portion.images.iter().flat_map(|images| images.interleaved(place)).collect();
            samples.push(Sample {
                synset: class.synset.clone(),
                label: class.label.clone(),
                file: stream.file(slot),
                side,
                rgb,
                complexity: settings
                    .thresholds
                    .iter()
                    .map(|threshold| complexity(&settings, cells, *threshold))
                    .collect(),
                cells: cells.to_vec(),
                map: map.to_vec(),
            });
        }
        Ok(())
    })?;
    if samples.is_empty() {
        return Err(ComplexityError::NoImages);
    }
    Ok((samples, stream.bad_files(&portion.bad)))
}

fn values(maps: burn::tensor::Tensor<3>) -> Vec<f32> {
    maps.into_data().iter::<f32>().collect()
}

/// The share of cells that are not activated at a threshold.
fn complexity(settings: &Settings, cells: &[f32], threshold: f32) -> f64 {
    let active = cells.iter().filter(|value| settings.comparison.holds(**value, threshold)).count();
    1.0 - active as f64 / cells.len() as f64
}
