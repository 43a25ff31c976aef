//! Shards of images and labels in Parquet, as Hugging Face writes them.
//!
//! The column of images is a structure of `bytes` and `path`, or plain bytes; that of labels holds numbers or text. A shard is
//! read column by column and row group by row group, so that listing never touches an image.

mod column;
mod hybrid;
mod schema;
mod table;
mod thrift;

use std::sync::Arc;

use parquet::{
    basic::Type,
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        reader::ChunkReader,
        serialized_reader::SerializedPageReader,
    },
};
use serde_json::Value;

use self::{
    column::{Cell, Column},
    thrift::Guarded,
};
use super::ParseError;
pub use table::{Table, Value as TableValue};

/// Names that the column of images may have.
const IMAGES: [&str; 4] = ["image", "img", "jpg", "png"];
/// Names that the column of labels may have. CIFAR-100 has two; the fine one is the class.
const LABELS: [&str; 5] = ["label", "labels", "fine_label", "fine_labels", "class"];
/// Rows that a shard may have: rows cost no bytes where all are alike, but they cost time.
const MOST_ROWS: i64 = 1 << 25;
/// Images that are read at once.
const IMAGES_AT_ONCE: usize = 64;

/// The directory of a shard; it holds no file open.
#[derive(Debug)]
pub struct Shard {
    metadata: ParquetMetaData,
    image: usize,
    path: Option<usize>,
    label: usize,
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
        thrift::check_directory(file).map_err(ParseError::new)?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(file).map_err(|error| said(&error))?;
        let schema = metadata.file_metadata().schema_descr();
        let find = |path: &str, types: &[Type]| {
            schema.columns().iter().position(|column| {
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
        let columns = || schema.columns().iter().map(|column| column.path().string()).collect::<Vec<_>>().join(", ");
        let (image, path) =
            image.ok_or_else(|| ParseError::new(format!("no column of images among: {}", columns())))?;
        let label = label.ok_or_else(|| ParseError::new(format!("no column of labels among: {}", columns())))?;
        let shard = Self { metadata, image, path, label };
        shard.check(file.len())?;
        Ok(shard)
    }

    /// Whether every part of the columns lies within the file.
    fn check(&self, length: u64) -> Result<(), ParseError> {
        let mut rows = 0_i64;
        for (group, described) in self.metadata.row_groups().iter().enumerate() {
            rows = rows.saturating_add(described.num_rows());
            if described.num_rows() < 0 || rows > MOST_ROWS {
                return Err(ParseError::new(format!("row group {group} brings the shard to {rows} rows")));
            }
            for leaf in [Some(self.image), self.path, Some(self.label)].into_iter().flatten() {
                let column = described.column(leaf);
                let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
                let end = start.checked_add(column.compressed_size());
                let inside = start >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end as u64 <= length);
                if !inside || column.num_values() != described.num_rows() {
                    let why = format!("{} does not lie in the file as described", self.named(group, leaf));
                    return Err(ParseError::new(why));
                }
            }
        }
        Ok(())
    }

    /// Rows of every row group.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = u64> {
        self.metadata.row_groups().iter().map(|group| group.num_rows().cast_unsigned())
    }

    /// Names of the classes in the order of their numbers, where Hugging Face wrote them down.
    pub fn names(&self) -> Result<Option<Vec<String>>, ParseError> {
        let pairs = self.metadata.file_metadata().key_value_metadata();
        let Some(text) = pairs.into_iter().flatten().find(|pair| pair.key == "huggingface") else { return Ok(None) };
        let told: Value = serde_json::from_str(text.value.as_deref().unwrap_or("null"))
            .map_err(|error| ParseError::new(format!("the metadata of Hugging Face cannot be read: {error}")))?;
        let schema = self.metadata.file_metadata().schema_descr();
        let names = &told["info"]["features"][schema.column(self.label).name()]["names"];
        let names = names.as_array().map(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        Ok(names.flatten())
    }

    /// Visits every row in order with its label, and the name of its image where it has one.
    pub fn labels<R: ChunkReader + 'static>(&self, file: &Arc<R>, visit: &mut VisitRow<'_>) -> Result<(), ParseError> {
        (0..self.metadata.num_row_groups()).try_for_each(|group| self.labels_of(file, group, visit))
    }

    fn labels_of<R: ChunkReader + 'static>(
        &self,
        file: &Arc<R>,
        group: usize,
        visit: &mut VisitRow<'_>,
    ) -> Result<(), ParseError> {
        let mut labels = self.column(file, group, self.label)?;
        let mut paths = self.path.map(|leaf| self.column(file, group, leaf)).transpose()?;
        let wrong = |leaf: usize, why: &str| ParseError::new(format!("{}: {why}", self.named(group, leaf)));
        let no_text = |leaf: usize| wrong(leaf, "text that is not UTF-8");
        for _ in 0..self.metadata.row_group(group).num_rows() {
            let label = match labels.next().map_err(|why| wrong(self.label, &why))? {
                Cell::Null | Cell::Real(_) => Label::Number(-1),
                Cell::Integer(number) => Label::Number(number),
                Cell::Bytes(name) => {
                    Label::Name(std::str::from_utf8(&name).map_err(|_| no_text(self.label))?.to_owned())
                }
            };
            let path = match (&mut paths, self.path) {
                (Some(paths), Some(leaf)) => match paths.next().map_err(|why| wrong(leaf, &why))? {
                    Cell::Bytes(path) => Some((leaf, path)),
                    _ => None,
                },
                _ => None,
            };
            let path = path.as_ref().map(|(leaf, path)| std::str::from_utf8(path).map_err(|_| no_text(*leaf)));
            visit(label, path.transpose()?)?;
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
        let wrong = |why: String| ParseError::new(format!("{}: {why}", self.named(group, self.image)));
        let mut column = self.column(file, group, self.image)?;
        let mut next = 0;
        for (portion, rows) in rows.chunks(IMAGES_AT_ONCE).enumerate() {
            let mut images = Vec::with_capacity(rows.len());
            for &row in rows {
                let gap = row.checked_sub(next).ok_or_else(|| wrong("rows that do not rise".into()))?;
                column.skip(gap as usize).map_err(wrong)?;
                images.push(column.next().map_err(wrong)?);
                next = row.saturating_add(1);
            }
            let images: Vec<(usize, Option<&[u8]>)> =
                images.iter().enumerate().map(|(i, image)| (portion * IMAGES_AT_ONCE + i, image.as_bytes())).collect();
            visit(&images);
        }
        Ok(())
    }

    fn column<R: ChunkReader + 'static>(
        &self,
        file: &Arc<R>,
        group: usize,
        leaf: usize,
    ) -> Result<Column<SerializedPageReader<Guarded<R>>>, ParseError> {
        let described = self.metadata.row_group(group);
        let rows = described.num_rows() as usize;
        let pages = SerializedPageReader::new(Arc::new(Guarded(Arc::clone(file))), described.column(leaf), rows, None)
            .map_err(|error| ParseError::new(format!("{}: {}", self.named(group, leaf), said(&error))))?;
        Ok(Column::new(pages, &self.metadata.file_metadata().schema_descr().column(leaf)))
    }

    fn named(&self, group: usize, leaf: usize) -> String {
        format!(
            "row group {group}, column {}",
            self.metadata.file_metadata().schema_descr().column(leaf).path().string()
        )
    }
}

/// What the Parquet reader said, in one line.
fn said(error: &ParquetError) -> ParseError {
    ParseError::new(error.to_string().replace('\n', " "))
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
