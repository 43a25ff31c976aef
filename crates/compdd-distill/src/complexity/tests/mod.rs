//! Tests of scoring, and of files of scores.

mod means;
mod samples;
mod scores;
mod stability;
mod truth;

use std::{path::Path, sync::Arc};

use burn::tensor::Device;

use super::{ComplexityError, SaliencyModel, Scored, score};
use crate::cam::CamModel;
use compdd_core::{
    progress::{Hooks, Stop},
    subset::Subset,
};
use compdd_data::{
    data::{Decode, ImageStream, Library, PixelSpace, ResizeMode, Split, StreamOptions},
    scores::Settings,
};
use compdd_nn::nn::NetworkSpec;

const SIDE: usize = 16;

fn scenes() -> Subset {
    Subset::find("scenes-easy").unwrap()
}

fn decode() -> Decode {
    Decode { resolution: SIDE, resize: ResizeMode::Squash, antialias: true }
}

/// An untrained network: what it looks at has no meaning, but it is something.
fn model(slug: &str, seed: u64) -> SaliencyModel {
    let network = NetworkSpec::parse(slug).unwrap().build(3, SIDE, 10).unwrap();
    let params = network.init(seed, &Device::flex());
    of_subset(CamModel::new(network, params, None).unwrap().with_chunk(3), &scenes())
}

/// A model whose outputs are the classes of a subset.
fn of_subset(cam: CamModel, subset: &Subset) -> SaliencyModel {
    let (mean, std) = subset.normalisation();
    let classes = subset.classes.iter().map(|class| class.synset.clone()).collect();
    SaliencyModel::new(cam, classes, PixelSpace::Normalised { mean, std }).unwrap()
}

/// Forty pictures in portions of seven.
fn stream() -> Arc<ImageStream> {
    let options = StreamOptions { per_class: Some(4), ..StreamOptions::default() };
    let stream = ImageStream::open(Some(&scenes()), &Library::empty(), Split::Train, decode(), options).unwrap();
    Arc::new(stream.with_portion(7))
}

fn scored(
    model: &SaliencyModel,
    stream: &Arc<ImageStream>,
    settings: &Settings,
    out: &Path,
) -> Result<Scored, ComplexityError> {
    score(model, stream, settings, out, false, Hooks::silent(&Stop::never()))
}
