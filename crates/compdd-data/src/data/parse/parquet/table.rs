//! A flat table: rows of text and numbers, read column beside column.

use std::{fs::File, sync::Arc};

use parquet::{
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
    schema::types::ColumnDescPtr,
};

use super::{
    MOST_ROWS, ParseError,
    column::{Cell, Column},
    said,
    thrift::{self, Guarded},
};

/// A table and its directory.
#[derive(Debug)]
pub struct Table<R = File> {
    file: Arc<R>,
    metadata: ParquetMetaData,
}

/// A value of a row.
#[derive(Debug)]
pub struct Value(Cell);

impl Value {
    /// The text.
    ///
    /// # Errors
    /// The reason in one line where it is none.
    pub fn text(&self) -> Result<String, ParseError> {
        let bytes = self.0.as_bytes().ok_or_else(|| ParseError::new("a value that is no text"))?;
        let text = std::str::from_utf8(bytes).map_err(|_| ParseError::new("text that is not UTF-8"))?;
        Ok(text.to_owned())
    }

    /// The number.
    ///
    /// # Errors
    /// The reason in one line where it is none.
    pub fn number(&self) -> Result<f64, ParseError> {
        match self.0 {
            Cell::Real(value) => Ok(value),
            Cell::Integer(value) => Ok(value as f64),
            _ => Err(ParseError::new("a value that is no number")),
        }
    }
}

impl<R: ChunkReader + Length + 'static> Table<R> {
    /// Reads the directory at the end of a file.
    ///
    /// # Errors
    /// The reason in one line.
    pub fn open(file: R) -> Result<Self, ParseError> {
        thrift::check_directory(&file).map_err(ParseError::new)?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| said(&error))?;
        Ok(Self { file: Arc::new(file), metadata })
    }

    /// What the file says under a key.
    pub fn metadata(&self, key: &str) -> Option<String> {
        let pairs = self.metadata.file_metadata().key_value_metadata();
        pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.clone())
    }

    /// Visits every row in order, with the values of the named columns.
    ///
    /// # Errors
    /// The reason in one line: a column that is not there, a damaged page, what `visit` says.
    pub fn rows(
        &self,
        names: &[&str],
        visit: &mut dyn FnMut(&[Value]) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        let leaves: Vec<usize> = names
            .iter()
            .map(|name| {
                let flat = |column: &ColumnDescPtr| column.path().string() == *name && column.max_rep_level() == 0;
                columns.iter().position(flat).ok_or_else(|| ParseError::new(format!("no column `{name}`")))
            })
            .collect::<Result<_, _>>()?;
        let mut all = 0_i64;
        for (group, described) in self.metadata.row_groups().iter().enumerate() {
            all = all.saturating_add(described.num_rows());
            if described.num_rows() < 0 || all > MOST_ROWS {
                return Err(ParseError::new(format!("row group {group} brings the table to {all} rows")));
            }
            let mut readers = leaves.iter().map(|&leaf| self.column(group, leaf)).collect::<Result<Vec<_>, _>>()?;
            for row in 0..described.num_rows() {
                let next = readers.iter_mut().zip(names).map(|(column, name)| {
                    let wrong = |why| ParseError::new(format!("row {row} of group {group}, column {name}: {why}"));
                    column.next().map(Value).map_err(wrong)
                });
                visit(&next.collect::<Result<Vec<_>, _>>()?)?;
            }
        }
        Ok(())
    }

    fn column(&self, group: usize, leaf: usize) -> Result<Column<SerializedPageReader<Guarded<R>>>, ParseError> {
        let wrong = |why: String| ParseError::new(format!("row group {group}, column {leaf}: {why}"));
        let described = self.metadata.row_group(group).column(leaf);
        let start = described.dictionary_page_offset().unwrap_or(described.data_page_offset());
        let end = start.checked_add(described.compressed_size());
        let inside = start >= 0 && described.compressed_size() >= 0;
        if !inside || end.is_none_or(|end| end as u64 > self.file.len()) {
            return Err(wrong("it does not lie in the file as described".into()));
        }
        let rows = self.metadata.row_group(group).num_rows() as usize;
        let pages = SerializedPageReader::new(Arc::new(Guarded(Arc::clone(&self.file))), described, rows, None)
            .map_err(|error| wrong(said(&error).to_string()))?;
        Ok(Column::new(pages, &self.metadata.file_metadata().schema_descr().column(leaf)))
    }
}
