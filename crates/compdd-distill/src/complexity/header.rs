//! What a file of scores will say about itself.

use super::Judge;
use compdd_data::{
    data::Roll,
    scores::{Header, Settings},
};

/// The header of the scores of a roll; none is skipped yet. `cells` are those of one map.
pub(super) fn header(judge: &Judge, roll: &Roll, settings: &Settings, cells: usize) -> Header {
    Header {
        format: Header::FORMAT,
        compdd: env!("CARGO_PKG_VERSION").into(),
        network: judge.cam().network().spec().slug(),
        outputs: judge.classes().len(),
        tap: judge.cam().tap().into(),
        resolution: judge.resolution(),
        judge: judge.hash().into(),
        subset: roll.subset().map(str::to_owned),
        split: roll.split().to_string(),
        decode: roll.decode().describe(),
        listed: roll.len(),
        skipped: 0,
        cells,
        settings: settings.clone(),
    }
}
