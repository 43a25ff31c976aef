//! Tests of what is made of scores, on plain values.

mod lists;
mod method;
mod table;

use super::{Header, Settings};

/// What a file says that was made at some thresholds.
fn header(thresholds: Vec<f32>) -> Header {
    Header {
        format: Header::FORMAT,
        compdd: "0".into(),
        network: "convnet-d2-w8".into(),
        outputs: 10,
        tap: "feat1".into(),
        resolution: 16,
        judge: "0".into(),
        subset: Some("scenes-easy@1".into()),
        split: "train".into(),
        decode: "squash".into(),
        listed: 40,
        skipped: 0,
        cells: 16,
        settings: Settings { thresholds, ..Settings::default() },
    }
}
