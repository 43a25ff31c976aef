//! The loop: portions of images past the judge, rows to the unfinished file, the finished file in the end.

use std::{path::Path, sync::Arc};

use super::{
    ComplexityError, Judge,
    header::header,
    work::{self, Entry, Layout, Work},
};
use crate::cam::{self, Asked, Look};
use compdd_core::record::hash;
use compdd_data::{
    data::{DataError, Portion, Prefetcher, Roll, Watch},
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

/// Scores every image of a roll and writes the file `out`: Parquet, one row an image, in the order of slots.
///
/// Memory holds two portions of pixels and the list of the roll, whatever the number of images. What is done is noted beside
/// `out`; interrupted or killed, the same call goes on and ends with the same bytes, unless images, judge or settings changed
/// meanwhile: then it begins anew.
///
/// # Errors
/// When images, judge and settings do not fit each other, when `out` exists, when images cannot be decoded and `skip_bad` is
/// not set (the others stay scored for the next attempt), and when `watch` asks to stop.
pub fn score(
    judge: &Judge,
    roll: &Arc<Roll>,
    settings: &Settings,
    out: &Path,
    skip_bad: bool,
    watch: &dyn Watch,
) -> Result<Scored, ComplexityError> {
    let settings = settings.clone().checked()?;
    if out.exists() {
        work::tidy(out);
        return Err(ScoresError::Exists { path: out.into() }.into());
    }
    if roll.is_empty() {
        return Err(ComplexityError::NoImages);
    }
    let outputs = outputs(judge, roll, settings.question)?;
    let mut header = header(judge, roll, &settings, cells(judge, settings.grid)?);
    let identity = hash::of(&(&header, roll.fingerprint()));
    let layout = Layout { identity, images: roll.len(), thresholds: settings.thresholds.len() };
    let mut work = Work::begin(out, layout)?;
    let fresh = look_at_all(judge, roll, &settings, &outputs, &mut work, watch, out)?;
    let bad = work.bad();
    let files = roll.bad_files(&bad);
    if !files.is_empty() && !skip_bad {
        return Err(DataError::BadImages { files }.into());
    }
    header.skipped = bad.len();
    write(out, &header, judge, roll, &work)?;
    work.discard();
    Ok(Scored { rows: header.listed - header.skipped, header, bad: files, fresh })
}

/// Writes the file from the unfinished one.
fn write(out: &Path, header: &Header, judge: &Judge, roll: &Roll, work: &Work) -> Result<(), ComplexityError> {
    Scores::write(out, header, |push| {
        work.rows(|slot, entry| {
            let share = |&active: &u32| f64::from(active) / header.cells as f64;
            push(Row {
                synset: roll.classes()[roll.label(slot) as usize].synset.clone(),
                file: roll.file(slot),
                shares: entry.active.iter().map(share).collect(),
                predicted: judge.classes()[entry.predicted as usize].clone(),
                confidence: entry.confidence,
            })?;
            Ok(())
        })
    })
}

/// Scores the portions that no earlier attempt has scored; returns the number of their images.
fn look_at_all(
    judge: &Judge,
    roll: &Arc<Roll>,
    settings: &Settings,
    outputs: &[usize],
    work: &mut Work,
    watch: &dyn Watch,
    out: &Path,
) -> Result<usize, ComplexityError> {
    let portions: Vec<usize> = (0..roll.portions()).filter(|&portion| !work.has(portion)).collect();
    let left: usize = portions.iter().map(|&portion| roll.portion_len(portion)).sum();
    let before = roll.len() - left;
    let mut done = 0;
    let mut ahead = {
        let (roll, portions) = (Arc::clone(roll), portions.clone());
        Prefetcher::new(move |step| roll.read(portions[step as usize]))
    };
    for (step, &portion) in portions.iter().enumerate() {
        if watch.stopped() {
            return Err(ComplexityError::Interrupted { out: out.into() });
        }
        let read = ahead.take(step as u64, step + 1 < portions.len())?;
        let rows = look_at(judge, roll, settings, outputs, &read)?;
        work.finish(portion, &rows, read.bad)?;
        done += roll.portion_len(portion);
        watch.advance("complexity", (before + done) as u64, roll.len() as u64);
    }
    Ok(left)
}

/// The output of the network for every class of the images; nothing where it is not asked for.
pub(super) fn outputs(judge: &Judge, roll: &Roll, question: Question) -> Result<Vec<usize>, ComplexityError> {
    if question == Question::Predicted {
        return Ok(Vec::new());
    }
    let found: Vec<Option<usize>> = roll.classes().iter().map(|class| judge.output(&class.synset)).collect();
    let lacking = roll.classes().iter().zip(&found).filter(|(_, output)| output.is_none());
    let lacking: Vec<String> = lacking.map(|(class, _)| class.synset.clone()).collect();
    if lacking.is_empty() {
        Ok(found.into_iter().flatten().collect())
    } else {
        Err(ComplexityError::NoOutput { classes: lacking })
    }
}

/// Cells of a map.
fn cells(judge: &Judge, grid: Grid) -> Result<usize, ComplexityError> {
    Ok(match grid {
        Grid::Layer => {
            let split = judge.cam().network().split(judge.cam().tap())?;
            let [_, h, w] = split.shape();
            h * w
        }
        Grid::Image => judge.resolution() * judge.resolution(),
    })
}

/// The rows of a portion, by slot.
fn look_at(
    judge: &Judge,
    roll: &Roll,
    settings: &Settings,
    outputs: &[usize],
    portion: &Portion,
) -> Result<Vec<(usize, Entry)>, ComplexityError> {
    let mut rows = Vec::with_capacity(portion.slots.len());
    each_look(judge, roll, settings, outputs, portion, |slots, _, look| {
        rows.extend(slots.iter().copied().zip(entries(judge, roll, settings, slots, look)?));
        Ok(())
    })?;
    Ok(rows)
}

/// Shows the images of a portion to the judge, as many at a time as it takes. `visit` gets the slots of some of them, the position of the
/// first in the portion, and what the judge saw.
pub(super) fn each_look(
    judge: &Judge,
    roll: &Roll,
    settings: &Settings,
    outputs: &[usize],
    portion: &Portion,
    mut visit: impl FnMut(&[usize], usize, Look) -> Result<(), ComplexityError>,
) -> Result<(), ComplexityError> {
    let Some(images) = &portion.images else { return Ok(()) };
    if images.shape()[2] != judge.resolution() {
        return Err(ComplexityError::Resolution { images: images.shape()[2], network: judge.resolution() });
    }
    let device = judge.cam().params().device();
    for (chunk, slots) in portion.slots.chunks(judge.cam().chunk()).enumerate() {
        let first = chunk * judge.cam().chunk();
        let positions: Vec<usize> = (first..first + slots.len()).collect();
        let x = judge.space().tensor(images, &positions, &device);
        let classes: Vec<usize> = match settings.question {
            Question::Target => slots.iter().map(|&slot| outputs[roll.label(slot) as usize]).collect(),
            Question::Predicted => Vec::new(),
        };
        let asked = match settings.question {
            Question::Target => Asked::Classes(&classes),
            Question::Predicted => Asked::Predicted,
        };
        let seeds: Vec<u64> = slots.iter().flat_map(|&slot| cam::seeds(settings.seed, 0, slot..slot + 1)).collect();
        visit(slots, first, judge.cam().look(settings.method, x, asked, &seeds)?)?;
    }
    Ok(())
}

/// What is counted in the maps of a chunk.
fn entries(
    judge: &Judge,
    roll: &Roll,
    settings: &Settings,
    slots: &[usize],
    look: Look,
) -> Result<Vec<Entry>, ComplexityError> {
    let maps = match settings.grid {
        Grid::Layer => look.maps,
        Grid::Image => cam::resize(look.maps, judge.resolution()),
    };
    let [_, h, w] = maps.dims();
    let cells: Vec<f32> = maps.into_data().iter::<f32>().collect();
    let maps = cells.chunks_exact(h * w);
    let scores = look.scores.chunks_exact(judge.classes().len());
    let mut entries = Vec::with_capacity(slots.len());
    for (((map, scores), &predicted), &slot) in maps.zip(scores).zip(&look.predicted).zip(slots) {
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(ComplexityError::NotFinite { file: roll.file(slot) });
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
