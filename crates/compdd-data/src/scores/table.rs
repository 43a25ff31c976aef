//! The finished file: Parquet, a row an image.
//!
//! Columns: `synset`, `file`, `share_<t>` for every threshold (activated cells, 0 to 1), `predicted` (synset or name of the
//! output with the largest score), `confidence` (its probability). The key `compdd` of the metadata holds the [`Header`] as JSON.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::{ColumnPath, Type, TypePtr},
};

use super::{Header, ScoresError};
use crate::data::parse::{
    ParseError,
    parquet::{Table, TableValue},
};
use compdd_core::files::{IoError, atomic};

/// Rows that are written, and read, at a time.
const ROWS: usize = 1 << 15;
/// Where the header is.
pub(super) const KEY: &str = "compdd";

/// A row of a file of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Class of the image.
    pub synset: String,
    /// Its name in its source.
    pub file: String,
    /// Activated share of its map at each threshold, 0 to 1.
    pub shares: Vec<f64>,
    /// The class that the network takes it for.
    pub predicted: String,
    /// Probability of that class.
    pub confidence: f32,
}

/// A file of scores.
#[derive(Debug)]
pub struct Scores {
    path: PathBuf,
    table: Table,
    header: Header,
    hash: String,
}

struct Writer<'a> {
    writer: SerializedFileWriter<&'a mut (dyn io::Write + Send)>,
    rows: Vec<Row>,
}

impl<'a> Writer<'a> {
    fn new(file: &'a mut (dyn io::Write + Send), header: &Header) -> io::Result<Self> {
        let text = serde_json::to_string(header)?;
        let properties = WriterProperties::builder()
            .set_created_by("compdd".into())
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_column_dictionary_enabled(ColumnPath::from("file"), false)
            .set_column_dictionary_enabled(ColumnPath::from("confidence"), false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(vec![KeyValue::new(KEY.to_owned(), text)]))
            .build();
        let schema = schema(&header.settings.thresholds).map_err(other)?;
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(other)?;
        Ok(Self { writer, rows: Vec::new() })
    }

    fn push(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() < ROWS { Ok(()) } else { self.flush() }
    }

    /// Writes the rows that wait as a row group.
    fn flush(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let Some(first) = rows.first() else { return Ok(()) };
        let thresholds = first.shares.len();
        let mut group = self.writer.next_row_group().map_err(other)?;
        texts(&mut group, &rows, |row| &row.synset)?;
        texts(&mut group, &rows, |row| &row.file)?;
        for threshold in 0..thresholds {
            let shares: Vec<f64> = rows.iter().map(|row| row.shares[threshold]).collect();
            column::<DoubleType>(&mut group, &shares)?;
        }
        texts(&mut group, &rows, |row| &row.predicted)?;
        let confidences: Vec<f32> = rows.iter().map(|row| row.confidence).collect();
        column::<FloatType>(&mut group, &confidences)?;
        group.close().map_err(other)?;
        Ok(())
    }

    fn close(mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.close().map_err(other)?;
        Ok(())
    }
}

pub(super) type Group<'g, 'a> = SerializedRowGroupWriter<'g, &'a mut (dyn io::Write + Send)>;

/// Writes the next column of a row group.
pub(super) fn column<T: DataType>(group: &mut Group<'_, '_>, values: &[T::T]) -> io::Result<()> {
    let next = group.next_column().map_err(other)?;
    let mut column = next.ok_or_else(|| io::Error::other("more columns than the schema has"))?;
    column.typed::<T>().write_batch(values, None, None).map_err(other)?;
    column.close().map_err(other)
}

fn texts(group: &mut Group<'_, '_>, rows: &[Row], of: impl Fn(&Row) -> &String) -> io::Result<()> {
    let values: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(of(row).as_str())).collect();
    column::<ByteArrayType>(group, &values)
}

fn schema(thresholds: &[f32]) -> Result<TypePtr, ParquetError> {
    let field = |name: &str, kind: Physical| {
        let text = (kind == Physical::BYTE_ARRAY).then_some(LogicalType::String);
        let builder = Type::primitive_type_builder(name, kind).with_repetition(Repetition::REQUIRED);
        builder.with_logical_type(text).build().map(Arc::new)
    };
    let mut fields = vec![field("synset", Physical::BYTE_ARRAY)?, field("file", Physical::BYTE_ARRAY)?];
    for threshold in thresholds {
        fields.push(field(&share(*threshold), Physical::DOUBLE)?);
    }
    fields.push(field("predicted", Physical::BYTE_ARRAY)?);
    fields.push(field("confidence", Physical::FLOAT)?);
    Ok(Arc::new(Type::group_type_builder("scores").with_fields(fields).build()?))
}

fn share(threshold: f32) -> String {
    format!("share_{threshold}")
}

pub(super) fn other(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

impl Scores {
    /// Writes a file of scores. `fill` hands its rows over in their order, to a function that fails where the file cannot be written.
    ///
    /// # Errors
    /// When the file cannot be written, and when `fill` fails.
    pub fn write<E: From<ScoresError>>(
        out: &Path,
        header: &Header,
        fill: impl FnOnce(&mut dyn FnMut(Row) -> Result<(), ScoresError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let unwritable = |source| ScoresError::from(IoError { action: "write", path: out.into(), source });
        let mut failure = None;
        let written = atomic::write_pieces(out, |file| {
            let mut writer = Writer::new(file, header)?;
            if let Err(error) = fill(&mut |row| writer.push(row).map_err(unwritable)) {
                failure = Some(error);
                return Err(io::Error::other("the rows could not be read"));
            }
            writer.close()
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(written.map_err(unwritable)?),
        }
    }

    /// Opens a file of scores.
    ///
    /// # Errors
    /// When it cannot be read, or was not written by this version's format.
    pub fn open(path: &Path) -> Result<Self, ScoresError> {
        let unreadable = |source| ScoresError::from(IoError { action: "read", path: path.into(), source });
        let malformed = |why: String| ScoresError::Malformed { path: path.into(), what: "scores", why };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file).map_err(unreadable)?;
        let table = Table::open(file).map_err(|error| malformed(error.to_string()))?;
        let text = table.metadata(KEY).ok_or_else(|| malformed("it does not say how it was made".into()))?;
        let header: Header = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if header.format != Header::FORMAT {
            return Err(malformed(format!(
                "format {}, but this is compdd for format {}",
                header.format,
                Header::FORMAT
            )));
        }
        Ok(Self { path: path.into(), table, header, hash: hasher.finalize().to_hex().to_string() })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// blake3 (hex) of its bytes.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Visits every row in order.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn each(&self, mut visit: impl FnMut(Row)) -> Result<(), ScoresError> {
        let shares: Vec<String> = self.header.settings.thresholds.iter().map(|&threshold| share(threshold)).collect();
        let names: Vec<&str> = ["synset", "file"]
            .into_iter()
            .chain(shares.iter().map(String::as_str))
            .chain(["predicted", "confidence"])
            .collect();
        let read = self.table.rows(&names, &mut |values| {
            let [synset, file, shares @ .., predicted, confidence] = values else {
                return Err(ParseError::new("columns are missing"));
            };
            visit(Row {
                synset: synset.text()?,
                file: file.text()?,
                shares: shares.iter().map(TableValue::number).collect::<Result<_, _>>()?,
                predicted: predicted.text()?,
                confidence: confidence.number()? as f32,
            });
            Ok(())
        });
        let malformed = |why: String| ScoresError::Malformed { path: self.path.clone(), what: "scores", why };
        read.map_err(|error| malformed(error.to_string()))
    }
}
