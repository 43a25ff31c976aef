//! Images that are looked at to be shown.

use super::{model, scored, stream};
use crate::{
    cam::{self, CamMethod},
    complexity::{ComplexityError, sample},
};
use compdd_data::scores::{Grid, Row, Scores, Settings};

#[test]
fn samples_are_what_the_scores_say() {
    let folder = tempfile::tempdir().unwrap();
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    for (name, grid, method) in [
        ("layer", Grid::Layer, CamMethod::GradCam),
        ("image", Grid::Image, CamMethod::SmoothGradCamPlusPlus { samples: 2, sigma: 0.3 }),
    ] {
        let settings = Settings { method, grid, ..Settings::default() };
        let out = folder.path().join(name);
        scored(&model, &stream, &settings, &out).unwrap();
        let mut rows: Vec<Row> = Vec::new();
        Scores::open(&out).unwrap().each(|row| rows.push(row)).unwrap();
        let slots = stream.first(2, 10);
        let (samples, bad) = sample(&model, &stream, &settings, &slots).unwrap();
        assert_eq!((samples.len(), bad.len()), (20, 0));
        for (sample, &slot) in samples.iter().zip(&slots) {
            let row = &rows[slot];
            assert_eq!((&sample.synset, &sample.file), (&row.synset, &row.file));
            for (complexity, share) in sample.complexity.iter().zip(&row.shares) {
                assert!((complexity + share - 1.0).abs() < 1e-12, "{name}, slot {slot}");
            }
            assert_eq!((sample.rgb.len(), sample.map.len()), (16 * 16 * 3, 16 * 16));
            assert_eq!(sample.cells.len(), if grid == Grid::Layer { 16 } else { 256 });
        }
        assert!(samples.iter().any(|sample| sample.cells.contains(&0.0)));
    }
}

#[test]
fn maps_are_brought_to_the_size_of_the_image_and_pixels_kept() {
    let (model, stream) = (model("convnet-d2-w8", 0), stream());
    let slots = [7, 3, 21, 0];
    let (samples, _) = sample(&model, &stream, &Settings::default(), &slots).unwrap();
    let images = stream.read_slots(&slots).unwrap().images.unwrap();
    for (place, sample) in samples.iter().enumerate() {
        assert_eq!(sample.rgb, images.interleaved(place));
        let data = burn::tensor::TensorData::new(sample.cells.clone(), [1, 4, 4]);
        let cells = burn::tensor::Tensor::from_data(data, &burn::tensor::Device::flex());
        let large: Vec<f32> = cam::resize(cells, 16).into_data().iter::<f32>().collect();
        assert_eq!(sample.map, large);
    }
    assert!(matches!(sample(&model, &stream, &Settings::default(), &[]), Err(ComplexityError::NoImages)));
}
