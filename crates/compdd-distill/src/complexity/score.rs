//! The loop: portions of images past the model, rows to the unfinished file, the finished file in the end.

use std::{path::Path, sync::Arc};

use super::{
    ComplexityError, STAGE, SaliencyModel,
    header::header,
    work::{self, Entry, Layout, Work},
};
use crate::cam::{self, Look, TargetClass};
use compdd_core::{progress::Hooks, record::hash};
use compdd_data::{
    data::{DataError, ImageStream, Portion, Prefetcher},
    scores::{Grid, Header, Question, Row, Scores, ScoresError, Settings},
};
use compdd_nn::feed::PixelTensors as _;

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// What the file says about itself.
    pub header: Header,
    /// Rows of the file.
    pub rows: usize,
    /// Images without a row.
    pub bad: Vec<compdd_data::data::BadFile>,
    /// Images that were scored now; the others were found scored by an earlier attempt.
    pub fresh: usize,
}

/// Scores every image of a stream and writes the file `out`: Parquet, one row an image, in the order of slots.
///
/// Memory holds two portions of pixels and the list of the stream, whatever the number of images. What is done is noted beside
/// `out`; interrupted or killed, the same call goes on and ends with the same bytes, unless images, model or settings changed
/// meanwhile: then it begins anew.
///
/// # Errors
/// When images, model and settings do not fit each other, when `out` exists, when images cannot be decoded and `skip_bad` is
/// not set (the others stay scored for the next attempt), and when `hooks` say to stop.
pub fn score(
    model: &SaliencyModel,
    stream: &Arc<ImageStream>,
    settings: &Settings,
    out: &Path,
    skip_bad: bool,
    hooks: Hooks<'_>,
) -> Result<Scored, ComplexityError> {
    let settings = settings.clone().checked()?;
    if out.exists() {
        work::tidy(out);
        return Err(ScoresError::Exists { path: out.into() }.into());
    }
    if stream.is_empty() {
        return Err(ComplexityError::NoImages);
    }
    let outputs = outputs(model, stream, settings.question)?;
    let mut header = header(model, stream, &settings, cells(model, settings.grid)?);
    let identity = hash::of(&(&header, stream.fingerprint()));
    let layout = Layout { identity, images: stream.len(), thresholds: settings.thresholds.len() };
    let mut work = Work::begin(out, layout)?;
    let fresh = look_at_all(model, stream, &settings, &outputs, &mut work, hooks)?;
    let bad = work.bad();
    let files = stream.bad_files(&bad);
    if !files.is_empty() && !skip_bad {
        return Err(DataError::BadImages { files }.into());
    }
    header.skipped = bad.len();
    write(out, &header, model, stream, &work)?;
    work.discard();
    Ok(Scored { rows: header.listed - header.skipped, header, bad: files, fresh })
}

/// Writes the file from the unfinished one.
fn write(
    out: &Path,
    header: &Header,
    model: &SaliencyModel,
    stream: &ImageStream,
    work: &Work,
) -> Result<(), ComplexityError> {
    Scores::write(out, header, |push| {
        work.rows(|slot, entry| {
            let share = |&active: &u32| f64::from(active) / header.cells as f64;
            push(Row {
                synset: stream.classes()[stream.label(slot) as usize].synset.clone(),
                file: stream.file(slot),
                shares: entry.active.iter().map(share).collect(),
                predicted: model.classes()[entry.predicted as usize].clone(),
                confidence: entry.confidence,
            })?;
            Ok(())
        })
    })
}

/// Scores the portions that no earlier attempt has scored; returns the number of their images.
fn look_at_all(
    model: &SaliencyModel,
    stream: &Arc<ImageStream>,
    settings: &Settings,
    outputs: &[usize],
    work: &mut Work,
    hooks: Hooks<'_>,
) -> Result<usize, ComplexityError> {
    let portions: Vec<usize> = (0..stream.portions()).filter(|&portion| !work.has(portion)).collect();
    let left: usize = portions.iter().map(|&portion| stream.portion_len(portion)).sum();
    let before = stream.len() - left;
    let mut done = 0;
    let mut ahead = {
        let (stream, portions) = (Arc::clone(stream), portions.clone());
        Prefetcher::new(move |step| stream.read(portions[step as usize]))
    };
    hooks.progress.begin(STAGE, stream.len());
    for (step, &portion) in portions.iter().enumerate() {
        hooks.stop.check()?;
        let read = ahead.take(step as u64, step + 1 < portions.len())?;
        let rows = look_at(model, stream, settings, outputs, &read)?;
        work.finish(portion, &rows, read.bad)?;
        done += stream.portion_len(portion);
        hooks.progress.advance(STAGE, before + done, "");
    }
    hooks.progress.end(STAGE, "");
    Ok(left)
}

/// The output of the network for every class of the images; nothing where it is not asked for.
pub(super) fn outputs(
    model: &SaliencyModel,
    stream: &ImageStream,
    question: Question,
) -> Result<Vec<usize>, ComplexityError> {
    if question == Question::Predicted {
        return Ok(Vec::new());
    }
    let found: Vec<Option<usize>> = stream.classes().iter().map(|class| model.output(&class.synset)).collect();
    let lacking = stream.classes().iter().zip(&found).filter(|(_, output)| output.is_none());
    let lacking: Vec<String> = lacking.map(|(class, _)| class.synset.clone()).collect();
    if lacking.is_empty() {
        Ok(found.into_iter().flatten().collect())
    } else {
        Err(ComplexityError::NoOutput { classes: lacking })
    }
}

/// Cells of a map.
fn cells(model: &SaliencyModel, grid: Grid) -> Result<usize, ComplexityError> {
    Ok(match grid {
        Grid::Layer => {
            let split = model.cam().network().split(model.cam().tap())?;
            let [_, h, w] = split.shape();
            h * w
        }
        Grid::Image => model.resolution() * model.resolution(),
    })
}

/// The rows of a portion, by slot.
fn look_at(
    model: &SaliencyModel,
    stream: &ImageStream,
    settings: &Settings,
    outputs: &[usize],
    portion: &Portion,
) -> Result<Vec<(usize, Entry)>, ComplexityError> {
    let mut rows = Vec::with_capacity(portion.slots.len());
    each_look(model, stream, settings, outputs, portion, |slots, _, look| {
        rows.extend(slots.iter().copied().zip(entries(model, stream, settings, slots, look)?));
        Ok(())
    })?;
    Ok(rows)
}

/// Shows the images of a portion to the model, as many at a time as it takes. `visit` gets the slots of some of them, the position of the
/// first in the portion, and what the model saw.
pub(super) fn each_look(
    model: &SaliencyModel,
    stream: &ImageStream,
    settings: &Settings,
    outputs: &[usize],
    portion: &Portion,
    mut visit: impl FnMut(&[usize], usize, Look) -> Result<(), ComplexityError>,
) -> Result<(), ComplexityError> {
    let Some(images) = &portion.images else { return Ok(()) };
    if images.shape()[2] != model.resolution() {
        return Err(ComplexityError::Resolution { images: images.shape()[2], network: model.resolution() });
    }
    let device = model.cam().params().device();
    for (chunk, slots) in portion.slots.chunks(model.cam().chunk()).enumerate() {
        let first = chunk * model.cam().chunk();
        let positions: Vec<usize> = (first..first + slots.len()).collect();
        let x = model.space().tensor(images, &positions, &device);
        let classes: Vec<usize> = match settings.question {
            Question::Target => slots.iter().map(|&slot| outputs[stream.label(slot) as usize]).collect(),
            Question::Predicted => Vec::new(),
        };
        let asked = match settings.question {
            Question::Target => TargetClass::Classes(&classes),
            Question::Predicted => TargetClass::Predicted,
        };
        let seeds: Vec<u64> = slots.iter().flat_map(|&slot| cam::seeds(settings.seed, 0, slot..slot + 1)).collect();
        visit(slots, first, model.cam().look(settings.method, x, asked, &seeds)?)?;
    }
    Ok(())
}

/// What is counted in the maps of a chunk.
fn entries(
    model: &SaliencyModel,
    stream: &ImageStream,
    settings: &Settings,
    slots: &[usize],
    look: Look,
) -> Result<Vec<Entry>, ComplexityError> {
    let maps = match settings.grid {
        Grid::Layer => look.maps,
        Grid::Image => cam::resize(look.maps, model.resolution()),
    };
    let [_, h, w] = maps.dims();
    let cells: Vec<f32> = maps.into_data().iter::<f32>().collect();
    let maps = cells.chunks_exact(h * w);
    let scores = look.scores.chunks_exact(model.classes().len());
    let mut entries = Vec::with_capacity(slots.len());
    for (((map, scores), &predicted), &slot) in maps.zip(scores).zip(&look.predicted).zip(slots) {
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(ComplexityError::NotFinite { file: stream.file(slot) });
        }
        let count =
            |threshold: &f32| map.iter().filter(|value| settings.comparison.holds(**value, *threshold)).count() as u32;
        entries.push(Entry {
            active: settings.thresholds.iter().map(count).collect(),
            predicted: predicted as u32,
            confidence: probability(scores, predicted),
        });
    }
    Ok(entries)
}

/// The softmax of one score among all.
fn probability(scores: &[f32], of: usize) -> f32 {
    let top = f64::from(scores[of]);
    let sum: f64 = scores.iter().map(|score| (f64::from(*score) - top).exp()).sum();
    (1.0 / sum) as f32
}
