//! One column of one row group, read by the Parquet crate some rows at a time.
//!
//! The crate's decoders panic on some damaged pages (a text whose length is cut off, a run whose length never ends). There is no other
//! way to ask whether a page is whole than to decode it, so a panic in there is caught and becomes an error; the column is not
//! used afterwards.

use parquet::{
    column::{
        page::PageReader,
        reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    },
    data_type::{ByteArray, DataType},
    errors::ParquetError,
    schema::types::ColumnDescPtr,
};

use super::{super::caught, pages::Checked};

/// What a column has in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Bytes(ByteArray),
}

impl Cell {
    /// The bytes, where it has any.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes.data()) } else { None }
    }
}

/// A column of a row group while it is read. Errors are reasons in one line.
pub(super) struct Column {
    reader: ColumnReader,
    /// The level of a value that is there; 0 where every value is.
    present: i16,
}

/// Runs what may panic on damaged bytes.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match caught::caught(work) {
        Some(done) => done.map_err(|error| error.to_string().replace('\n', " ")),
        None => Err("damaged: the values of a page do not fit into it".into()),
    }
}

impl Column {
    pub fn new(pages: impl PageReader + 'static, descriptor: ColumnDescPtr) -> Self {
        let present = descriptor.max_def_level();
        let pages = Checked::new(pages, descriptor.physical_type());
        Self { reader: get_column_reader(descriptor, Box::new(pages)), present }
    }

    /// The values of the next rows, all of them. Byte arrays are parts of their page and copy nothing.
    pub fn read(&mut self, rows: usize) -> Result<Vec<Cell>, String> {
        let present = self.present;
        let cells = caught(|| match &mut self.reader {
            ColumnReader::Int32ColumnReader(reader) => {
                cells(reader, present, rows, |value| Cell::Integer(value.into()))
            }
            ColumnReader::Int64ColumnReader(reader) => cells(reader, present, rows, Cell::Integer),
            ColumnReader::FloatColumnReader(reader) => cells(reader, present, rows, |value| Cell::Real(value.into())),
            ColumnReader::DoubleColumnReader(reader) => cells(reader, present, rows, Cell::Real),
            ColumnReader::ByteArrayColumnReader(reader) => cells(reader, present, rows, Cell::Bytes),
            _ => Err(ParquetError::General("neither numbers nor text".into())),
        })?;
        whole(rows, cells.len())?;
        Ok(cells)
    }

    /// The numbers of the next rows, a list each, all of them there.
    pub fn lists(&mut self, rows: usize) -> Result<Vec<Vec<f32>>, String> {
        let present = self.present;
        let lists = caught(|| match &mut self.reader {
            ColumnReader::FloatColumnReader(reader) => lists(reader, present, rows, |value| value),
            ColumnReader::DoubleColumnReader(reader) => lists(reader, present, rows, |value| value as f32),
            _ => Err(ParquetError::General("no lists of numbers".into())),
        })?;
        whole(rows, lists.len())?;
        Ok(lists)
    }

    /// Passes over rows; whole pages of them are not unpacked.
    pub fn skip(&mut self, rows: usize) -> Result<(), String> {
        let skipped = caught(|| match &mut self.reader {
            ColumnReader::Int32ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int64ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::FloatColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::DoubleColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::ByteArrayColumnReader(reader) => reader.skip_records(rows),
            _ => Ok(0),
        })?;
        whole(rows, skipped)
    }
}

fn whole(wanted: usize, found: usize) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err("fewer rows than the directory says".into()) }
}

fn cells<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    present: i16,
    rows: usize,
    cell: impl Fn(T::T) -> Cell,
) -> Result<Vec<Cell>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (found, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter().map(cell);
    if present == 0 {
        return Ok(values.collect());
    }
    let row = |&level: &i16| if level == present { values.next().unwrap_or(Cell::Null) } else { Cell::Null };
    Ok(levels.iter().take(found).map(row).collect())
}

fn lists<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    present: i16,
    rows: usize,
    number: impl Fn(T::T) -> f32,
) -> Result<Vec<Vec<f32>>, ParquetError> {
    let (mut levels, mut begins, mut values) = (Vec::new(), Vec::new(), Vec::new());
    reader.read_records(rows, Some(&mut levels), Some(&mut begins), &mut values)?;
    if levels.iter().any(|&level| level != present) || values.len() != begins.len() {
        return Err(ParquetError::General("a row without numbers, or a number that is missing".into()));
    }
    let mut lists = Vec::new();
    for (value, begin) in values.into_iter().zip(begins) {
        if begin == 0 {
            lists.push(Vec::new());
        }
        let list = lists.last_mut().ok_or_else(|| ParquetError::General("a list that does not begin".into()))?;
        list.push(number(value));
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::{
        parser::parse_message_type,
        types::{ColumnDescPtr, SchemaDescriptor},
    };

    use super::{super::pages::tests::plain, *};

    fn texts() -> ColumnDescPtr {
        let schema = parse_message_type("message schema { required binary text; }").unwrap();
        SchemaDescriptor::new(Arc::new(schema)).column(0)
    }

    #[test]
    fn texts_that_do_not_fit_their_page_are_an_error() {
        let page = [&[2, 0, 0, 0], b"ab".as_slice(), &[1, 0, 0]].concat();
        let read = |rows| Column::new(plain(2, &page), texts()).read(rows);
        assert_eq!(read(1).unwrap()[0].as_bytes(), Some(b"ab".as_slice()));
        assert_eq!(read(2).unwrap_err(), "damaged: the values of a page do not fit into it");
        assert_eq!(read(0), Ok(Vec::new()));
        let mut column = Column::new(plain(1, &page), texts());
        assert_eq!(column.skip(2).unwrap_err(), "fewer rows than the directory says");
    }
}
