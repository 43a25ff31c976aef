//! Sets saved as rows of Parquet files, as Hugging Face saves pictures, their labels, and scores of the classes beside them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use compdd_core::{
    record::{Distilled, Labels},
    subset::Subset,
};

use super::{
    ImportError, ImportOptions, SoftLabels, SourceFile, from_pictures,
    pictures::{ClassName, Found, Pictures, Place, by_name, label},
    saved::HostArray,
    tensors::to_labels,
};
use crate::data::parse::{
    ParseError,
    parquet::{Label, Scores, Shard},
};

/// How such a file begins.
pub(super) const START: &[u8] = b"PAR1";

/// Where a row is: the number of its shard, and its own in there.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row<'a> {
    shard: usize,
    position: usize,
    path: &'a Path,
}

impl Place for Row<'_> {
    /// Rows are counted from 0.
    fn place(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(", row {}", self.position));
        name.into()
    }
}

/// What a shard holds, row by row.
struct Rows {
    labels: Vec<Label>,
    images: Vec<Option<Vec<u8>>>,
    scores: Option<Scores>,
    names: Option<Vec<String>>,
}

/// Reads the rows of all shards of the set at `path`, class by class, each class in the order of its rows.
pub(super) fn load(
    path: &Path,
    files: Vec<(SourceFile, Vec<u8>)>,
    options: &ImportOptions,
) -> Result<Distilled, ImportError> {
    let subset = &options.subset;
    let mut pictures = Pictures::new(options)?;
    let mut shards = Vec::with_capacity(files.len());
    for (source, bytes) in files {
        let unreadable =
            |error: ParseError| ImportError::Unreadable { path: source.path.clone(), reason: error.to_string() };
        shards.push((source.path.clone(), rows(bytes).map_err(unreadable)?));
        pictures.sources.push(source);
    }
    let meaning = shards.first().and_then(|(_, rows)| meaning(rows.names.as_deref()?, subset));
    let mut found = Vec::new();
    for (shard, (path, rows)) in shards.iter().enumerate() {
        for (position, class) in rows.labels.iter().enumerate() {
            let picture = Row { shard, position, path };
            let class = class_name(class, meaning.as_deref(), subset);
            let class = class.map_err(|reason| ImportError::Labels { path: picture.place(), reason })?;
            found.push(Found { picture, class });
        }
    }
    let found = label(path, found, subset, &mut pictures.remarks)?;
    for (class, row) in &found {
        let image = shards[row.shard].1.images[row.position].as_deref();
        pictures.add(*class, &row.place(), image.unwrap_or_default())?;
    }
    let soft = soft(path, &shards, &found, meaning.as_deref(), subset)?;
    from_pictures(pictures.complete()?, soft, options)
}

/// The soft labels of rows in their order; none where no shard has scores.
fn soft(
    path: &Path,
    shards: &[(PathBuf, Rows)],
    found: &[(u32, Row<'_>)],
    meaning: Option<&[u32]>,
    subset: &Subset,
) -> Result<Option<Labels>, ImportError> {
    let classes = subset.classes_len();
    let Some(name) = shards.iter().find_map(|(_, rows)| Some(rows.scores.as_ref()?.name)) else { return Ok(None) };
    let mut values = vec![0.0; found.len() * classes];
    for ((_, row), target) in found.iter().zip(values.chunks_mut(classes)) {
        let scores = shards[row.shard].1.scores.as_ref().filter(|scores| scores.name == name);
        let scores = scores.map_or(&[][..], |scores| &scores.values[row.position * scores.classes..][..scores.classes]);
        if scores.len() != classes {
            let reason = format!("{} scores, where {} has {classes} classes", scores.len(), subset.id());
            return Err(ImportError::Labels { path: row.place(), reason });
        }
        for (place, &score) in scores.iter().enumerate() {
            target[meaning.map_or(place, |meaning| meaning[place] as usize)] = score;
        }
    }
    let rows = HostArray { shape: vec![found.len(), classes], values };
    let kind = if name == "logits" { SoftLabels::Logits } else { SoftLabels::Probabilities };
    to_labels(path, rows, found.len(), classes, Some(kind), &mut Vec::new()).map(Some)
}

/// The position in the subset of every class that a shard names; none unless these are the subset's classes in some order.
fn meaning(names: &[String], subset: &Subset) -> Option<Vec<u32>> {
    let positions: Vec<u32> = names.iter().map(|name| by_name(subset, name)).collect::<Option<_>>()?;
    let mut sorted = positions.clone();
    sorted.sort_unstable();
    sorted.iter().copied().eq(0..subset.classes_len() as u32).then_some(positions)
}

fn class_name(label: &Label, meaning: Option<&[u32]>, subset: &Subset) -> Result<ClassName, String> {
    let number = match label {
        Label::Name(name) => return Ok(ClassName::Text(name.clone())),
        Label::Number(number) => usize::try_from(*number).map_err(|_| format!("its label is {number}"))?,
    };
    let Some(meaning) = meaning else { return Ok(ClassName::Number(number)) };
    let class = meaning.get(number).ok_or_else(|| format!("its label is {number} of {} names", meaning.len()))?;
    Ok(ClassName::Text(subset.classes[*class as usize].synset.clone()))
}

fn rows(bytes: Vec<u8>) -> Result<Rows, ParseError> {
    let file = Arc::new(Bytes::from(bytes));
    let shard = Shard::open(&*file)?;
    let mut labels = Vec::new();
    shard.labels(&file, &mut |label, _| {
        labels.push(label);
        Ok(())
    })?;
    let mut images = vec![None; labels.len()];
    let mut start = 0;
    for (group, rows) in shard.groups().enumerate() {
        let wanted: Vec<u64> = (0..rows).collect();
        shard.images(&file, group, &wanted, &mut |portion| {
            for (at, image) in portion {
                images[start + at] = image.map(<[u8]>::to_vec);
            }
        })?;
        start += wanted.len();
    }
    Ok(Rows { labels, images, scores: shard.scores(&file)?, names: shard.names()? })
}
