//! What a file of scores will say about itself.

use super::SaliencyModel;
use compdd_data::{
    data::ImageStream,
    scores::{Header, Settings},
};

/// The header of the scores of a stream; none is skipped yet. `cells` are those of one map.
pub(super) fn header(model: &SaliencyModel, stream: &ImageStream, settings: &Settings, cells: usize) -> Header {
    Header {
        format: Header::FORMAT,
        compdd: env!("CARGO_PKG_VERSION").into(),
        network: model.cam().network().spec().slug(),
        outputs: model.classes().len(),
        tap: model.cam().tap().into(),
        resolution: model.resolution(),
        judge: model.hash().into(),
        subset: stream.subset().map(str::to_owned),
        split: stream.split().to_string(),
        decode: stream.decode().describe(),
        listed: stream.len(),
        skipped: 0,
        cells,
        settings: settings.clone(),
    }
}
