//! Shards of images and labels in Parquet, as Hugging Face writes them.
//!
//! The column of images is a structure of `bytes` and `path`, or plain bytes; that of labels holds numbers or text. A shard is
//! read column by column and row group by row group, so that listing never touches an image.

mod column;
mod directory;
mod pages;
mod schema;
mod scores;
mod table;
mod thrift;

use std::sync::Arc;

use parquet::{basic::Type, file::reader::ChunkReader};
use serde_json::Value;

use self::{column::Cell, directory::Directory};
use super::ParseError;
pub use scores::Scores;
pub use table::{Table, Value as TableValue};

/// Names that the column of images may have.
const IMAGES: [&str; 4] = ["image", "img", "jpg", "png"];
/// Names that the column of labels may have. CIFAR-100 has two; the fine one is the class.
const LABELS: [&str; 5] = ["label", "labels", "fine_label", "fine_labels", "class"];
/// Labels, or rows of a table, that are read at once.
const ROWS_AT_ONCE: usize = 1 << 12;
/// Images that are read at once.
const IMAGES_AT_ONCE: usize = 64;

/// The directory of a shard; it holds no file open.
#[derive(Debug)]
pub struct Shard {
    directory: Directory,
    image: usize,
    path: Option<usize>,
    label: usize,
    scores: Option<(&'static str, usize)>,
}

/// What a row says about its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// A number; -1 where there is none.
    Number(i64),
    /// A name.
    Name(String),
}

/// What is told the label of every row, and the name of its image where it has one.
pub type VisitRow<'a> = dyn FnMut(Label, Option<&str>) -> Result<(), ParseError> + 'a;

/// Some images, each with its position among those that were asked for; `None` where the row has none.
pub type Portion<'a> = [(usize, Option<&'a [u8]>)];

impl Shard {
    /// Reads the directory at the end of a file, and finds the columns.
    pub fn open(file: &impl ChunkReader) -> Result<Self, ParseError> {
        let directory = Directory::read(file)?;
        let find = |path: &str, types: &[Type]| {
            directory.columns().iter().position(|column| {
                column.path().string() == path && types.contains(&column.physical_type()) && column.max_rep_level() == 0
            })
        };
        let bytes = [Type::BYTE_ARRAY];
        let image = IMAGES.iter().find_map(|name| {
            let structure = find(&format!("{name}.bytes"), &bytes);
            structure
                .map(|image| (image, find(&format!("{name}.path"), &bytes)))
                .or_else(|| Some((find(name, &bytes)?, None)))
        });
        let label = LABELS.iter().find_map(|name| find(name, &[Type::INT32, Type::INT64, Type::BYTE_ARRAY]));
        let columns = || directory.columns().iter().map(|column| column.path().string()).collect::<Vec<_>>().join(", ");
        let (image, path) =
            image.ok_or_else(|| ParseError::new(format!("no column of images among: {}", columns())))?;
        let label = label.ok_or_else(|| ParseError::new(format!("no column of labels among: {}", columns())))?;
        let wanted: Vec<usize> = [Some(image), path, Some(label)].into_iter().flatten().collect();
        directory.check(&wanted, file.len())?;
        let scores = scores::find(&directory);
        Ok(Self { directory, image, path, label, scores })
    }

    /// Rows of every row group.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = u64> {
        self.directory.groups()
    }

    /// Names of the classes in the order of their numbers, where Hugging Face wrote them down.
    pub fn names(&self) -> Result<Option<Vec<String>>, ParseError> {
        let Some(text) = self.directory.told("huggingface") else { return Ok(None) };
        let told: Value = serde_json::from_str(text)
            .map_err(|error| ParseError::new(format!("the metadata of Hugging Face cannot be read: {error}")))?;
        let names = &told["info"]["features"][self.directory.columns()[self.label].name()]["names"];
        let names = names.as_array().map(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        Ok(names.flatten())
    }

    /// Visits every row in order with its label, and the name of its image where it has one.
    pub fn labels<R: ChunkReader + 'static>(&self, file: &Arc<R>, visit: &mut VisitRow<'_>) -> Result<(), ParseError> {
        for (group, rows) in self.groups().enumerate() {
            let mut labels = self.directory.column(file, group, self.label)?;
            let mut paths = self.path.map(|place| self.directory.column(file, group, place)).transpose()?;
            let wrong = |place: usize, why: &str| self.directory.wrong(group, place, why);
            let no_text = |place: usize| wrong(place, "text that is not UTF-8");
            for portion in portions(rows, ROWS_AT_ONCE) {
                let labels = labels.read(portion).map_err(|why| wrong(self.label, &why))?;
                let read = match (&mut paths, self.path) {
                    (Some(paths), Some(place)) => paths.read(portion).map_err(|why| wrong(place, &why))?,
                    _ => vec![Cell::Null; portion],
                };
                for (label, path) in labels.iter().zip(&read) {
                    let label = match label {
                        Cell::Null | Cell::Real(_) => Label::Number(-1),
                        Cell::Integer(number) => Label::Number(*number),
                        Cell::Bytes(name) => {
                            Label::Name(text(name.data()).ok_or_else(|| no_text(self.label))?.to_owned())
                        }
                    };
                    let path = path.as_bytes().map(|path| text(path).ok_or_else(|| no_text(self.path.unwrap_or(0))));
                    visit(label, path.transpose()?)?;
                }
            }
        }
        Ok(())
    }

    /// Reads images of a row group, by rows counted from its first and in rising order.
    pub fn images<R: ChunkReader + 'static>(
        &self,
        file: &Arc<R>,
        group: usize,
        rows: &[u64],
        visit: &mut dyn FnMut(&Portion<'_>),
    ) -> Result<(), ParseError> {
        let wrong = |why: &str| self.directory.wrong(group, self.image, why);
        let mut column = self.directory.column(file, group, self.image)?;
        let mut next = 0;
        for (portion, rows) in rows.chunks(IMAGES_AT_ONCE).enumerate() {
            let mut images = Vec::with_capacity(rows.len());
            for run in rows.chunk_by(|row, after| row.checked_add(1) == Some(*after)) {
                let gap = run[0].checked_sub(next).ok_or_else(|| wrong("rows that do not rise"))?;
                column.skip(gap as usize).map_err(|why| wrong(&why))?;
                images.extend(column.read(run.len()).map_err(|why| wrong(&why))?);
                next = run[0].saturating_add(run.len() as u64);
            }
            let images: Vec<(usize, Option<&[u8]>)> =
                images.iter().enumerate().map(|(i, image)| (portion * IMAGES_AT_ONCE + i, image.as_bytes())).collect();
            visit(&images);
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The sizes of the portions in which some rows are read.
fn portions(rows: u64, most: usize) -> impl Iterator<Item = usize> {
    let rows = rows as usize;
    (0..rows).step_by(most).map(move |start| most.min(rows - start))
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
