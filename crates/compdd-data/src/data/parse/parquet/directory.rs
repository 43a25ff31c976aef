//! The directory at the end of a file: which columns there are, and where.

use std::sync::Arc;

use parquet::{
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        reader::ChunkReader,
        serialized_reader::SerializedPageReader,
    },
    schema::types::ColumnDescPtr,
};

use super::{
    ParseError,
    column::{Column, caught},
    thrift::{self, Guarded},
};

/// Rows that a file may have: rows cost no bytes where all are alike, but they cost time.
const MOST_ROWS: i64 = 1 << 25;

/// What a file says about itself; it holds no file open.
#[derive(Debug)]
pub(super) struct Directory(ParquetMetaData);

impl Directory {
    pub fn read(file: &impl ChunkReader) -> Result<Self, ParseError> {
        thrift::check_directory(file).map_err(ParseError::new)?;
        caught(|| ParquetMetaDataReader::new().parse_and_finish(file)).map(Self).map_err(ParseError::new)
    }

    /// Every column.
    pub fn columns(&self) -> &[ColumnDescPtr] {
        self.0.file_metadata().schema_descr().columns()
    }

    /// Rows of every row group.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = u64> {
        self.0.row_groups().iter().map(|group| group.num_rows().cast_unsigned())
    }

    /// What the file says under a key.
    pub fn told(&self, key: &str) -> Option<&str> {
        let pairs = self.0.file_metadata().key_value_metadata();
        pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
    }

    /// Whether every part of some columns lies within a file of some length, and has as many rows as it should.
    pub fn check(&self, columns: &[usize], length: u64) -> Result<(), ParseError> {
        let mut rows = 0_i64;
        for (group, described) in self.0.row_groups().iter().enumerate() {
            rows = rows.saturating_add(described.num_rows());
            if described.num_rows() < 0 || rows > MOST_ROWS {
                return Err(ParseError::new(format!("row group {group} brings the file to {rows} rows")));
            }
            for &place in columns {
                self.check_part(group, place, length, |values| values == described.num_rows())?;
            }
        }
        Ok(())
    }

    /// Whether every part of a column of lists lies within a file of some length, and all of them have at most some number of values.
    pub fn check_lists(&self, place: usize, length: u64, most: i64) -> Result<(), ParseError> {
        let mut left = most;
        for group in 0..self.0.num_row_groups() {
            self.check_part(group, place, length, |values| {
                left = left.saturating_sub(values);
                values >= 0 && left >= 0
            })?;
        }
        Ok(())
    }

    fn check_part(
        &self,
        group: usize,
        place: usize,
        length: u64,
        is_number: impl FnOnce(i64) -> bool,
    ) -> Result<(), ParseError> {
        let column = self.0.row_group(group).column(place);
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let end = start.checked_add(column.compressed_size());
        let inside = start >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end as u64 <= length);
        if inside && is_number(column.num_values()) {
            return Ok(());
        }
        Err(self.wrong(group, place, "it does not lie in the file as described"))
    }

    /// A checked column of a row group.
    pub fn column<R: ChunkReader + 'static>(
        &self,
        file: &Arc<R>,
        group: usize,
        place: usize,
    ) -> Result<Column, ParseError> {
        let described = self.0.row_group(group);
        let guarded = Arc::new(Guarded(Arc::clone(file)));
        let rows = described.num_rows() as usize;
        let pages = caught(|| SerializedPageReader::new(guarded, described.column(place), rows, None));
        let pages = pages.map_err(|why| self.wrong(group, place, &why))?;
        Ok(Column::new(pages, Arc::clone(&self.columns()[place])))
    }

    /// Says where something is wrong.
    pub fn wrong(&self, group: usize, place: usize, why: &str) -> ParseError {
        ParseError::new(format!("row group {group}, column {}: {why}", self.columns()[place].path().string()))
    }
}
