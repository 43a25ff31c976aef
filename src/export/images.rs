//! The images of a subset, as a run sees them: its order, labels and split, decoded and resized, with their hashes.

use std::{
    io::{self, Write as _},
    path::Path,
};

use serde_json::json;

use super::{
    ExportError,
    npz::{self, Named},
    parquet, pictures,
};
use crate::{
    data::{ImageSet, Task},
    files::{IoError, atomic},
    record::value_of,
};

/// A layout of images; `compdd` reads all of them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `train/SYNSET/NNNNN.png` and `val/SYNSET/NNNNN.png`.
    Folder,
    /// `train.npz` and `test.npz` with bytes `[n, 3, H, W]`.
    Npz,
    /// Shards of Hugging Face below `data/`.
    Parquet,
    /// Shards of tar, a picture and its class in every sample.
    WebDataset,
}

/// Samples of a shard.
const SHARD: usize = 5000;

/// Writes both splits of a task to the folder `out`, with `compdd.json`, which says what they are.
///
/// # Errors
/// A folder that is there already and not to be replaced, and what the operating system refuses.
pub fn export(task: &Task, out: &Path, layout: Layout, replace: bool) -> Result<(), ExportError> {
    if out.exists() && !replace {
        return Err(ExportError::Exists { path: out.to_owned() });
    }
    let about = json!({
        "subset": task.subset.id(),
        "resolution": task.resolution,
        "classes": value_of(&task.subset.classes),
        "mean": task.subset.normalisation().0,
        "std": task.subset.normalisation().1,
        "source": value_of(&task.source),
        "images": task.source.identity(),
    });
    atomic::write_folder(out, |folder| {
        std::fs::write(folder.join("compdd.json"), format!("{about:#}\n"))?;
        match layout {
            Layout::Folder => {
                class_folders(&task.train, &folder.join("train"))?;
                class_folders(&task.test, &folder.join("val"))
            }
            Layout::Npz => {
                std::fs::write(folder.join("train.npz"), arrays(&task.train)?)?;
                std::fs::write(folder.join("test.npz"), arrays(&task.test)?)
            }
            Layout::Parquet => {
                std::fs::create_dir(folder.join("data"))?;
                tables(&task.train, folder, "train")?;
                tables(&task.test, folder, "test")
            }
            Layout::WebDataset => {
                std::fs::write(folder.join("classes.txt"), task.train.classes().join("\n") + "\n")?;
                archives(&task.train, folder, "train")?;
                archives(&task.test, folder, "test")
            }
        }
    })
    .map_err(IoError::at("write", out))?;
    Ok(())
}

fn png(set: &ImageSet, i: usize) -> io::Result<Vec<u8>> {
    let [_, height, width] = set.shape();
    pictures::png(&set.interleaved(i), [height, width])
}

/// The images of some positions, each with its class and a name that keeps the order.
fn named(set: &ImageSet, range: std::ops::Range<usize>) -> impl Iterator<Item = (usize, u32, String)> {
    range.map(move |i| {
        let label = set.labels()[i];
        (i, label, format!("{}_{i:07}", set.classes()[label as usize]))
    })
}

fn class_folders(set: &ImageSet, folder: &Path) -> io::Result<()> {
    for class in set.classes() {
        std::fs::create_dir_all(folder.join(class))?;
    }
    named(set, 0..set.len()).try_for_each(|(i, label, name)| {
        let class = &set.classes()[label as usize];
        std::fs::write(folder.join(class).join(format!("{name}.png")), png(set, i)?)
    })
}

fn arrays(set: &ImageSet) -> io::Result<Vec<u8>> {
    let labels: Vec<i64> = set.labels().iter().map(|&label| i64::from(label)).collect();
    let [c, h, w] = set.shape();
    npz::file(&[
        Named { name: "images", shape: vec![set.len(), c, h, w], elements: npz::Elements::Byte(set.pixels()) },
        Named { name: "labels", shape: vec![set.len()], elements: npz::Elements::Long(&labels) },
        Named { name: "class_names", shape: vec![set.classes().len()], elements: npz::Elements::Text(set.classes()) },
    ])
}

/// The ranges of the shards, with the number of each and how many there are.
fn shards(set: &ImageSet) -> impl Iterator<Item = (std::ops::Range<usize>, usize, usize)> {
    let count = set.len().div_ceil(SHARD).max(1);
    (0..count).map(move |shard| (shard * SHARD..((shard + 1) * SHARD).min(set.len()), shard, count))
}

fn tables(set: &ImageSet, folder: &Path, split: &str) -> io::Result<()> {
    shards(set).try_for_each(|(range, shard, count)| {
        let rows = named(set, range)
            .map(|(i, label, name)| Ok(parquet::Row { png: png(set, i)?, path: format!("{name}.png"), label }));
        let table = parquet::file(&rows.collect::<io::Result<Vec<_>>>()?, set.classes(), None)?;
        std::fs::write(folder.join(format!("data/{split}-{shard:05}-of-{count:05}.parquet")), table)
    })
}

fn archives(set: &ImageSet, folder: &Path, split: &str) -> io::Result<()> {
    shards(set).try_for_each(|(range, shard, _)| {
        let file = std::fs::File::create(folder.join(format!("{split}-{shard:06}.tar")))?;
        let mut archive = tar::Builder::new(io::BufWriter::new(file));
        let mut member = |name: String, bytes: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, bytes)
        };
        for (i, label, name) in named(set, range) {
            member(format!("{name}.png"), &png(set, i)?)?;
            member(format!("{name}.cls"), label.to_string().as_bytes())?;
        }
        archive.into_inner()?.flush()
    })
}
