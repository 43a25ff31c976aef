//! A flat table: rows of text and numbers, read column beside column.

use std::{fs::File, sync::Arc};

use parquet::{file::reader::ChunkReader, schema::types::ColumnDescPtr};

use super::{ParseError, ROWS_AT_ONCE, column::Cell, directory::Directory, portions};

/// A table and its directory.
#[derive(Debug)]
pub struct Table<R = File> {
    file: Arc<R>,
    directory: Directory,
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

impl<R: ChunkReader + 'static> Table<R> {
    /// Reads the directory at the end of a file.
    ///
    /// # Errors
    /// The reason in one line.
    pub fn open(file: R) -> Result<Self, ParseError> {
        let directory = Directory::read(&file)?;
        Ok(Self { file: Arc::new(file), directory })
    }

    /// What the file says under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.directory.told(key)
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
        let place = |name: &&str| {
            let flat = |column: &ColumnDescPtr| column.path().string() == *name && column.max_rep_level() == 0;
            let place = self.directory.columns().iter().position(flat);
            place.ok_or_else(|| ParseError::new(format!("no column `{name}`")))
        };
        let places: Vec<usize> = names.iter().map(place).collect::<Result<_, _>>()?;
        self.directory.check(&places, self.file.len())?;
        for (group, rows) in self.directory.groups().enumerate() {
            let open = |&place| Ok((place, self.directory.column(&self.file, group, place)?));
            let mut columns = places.iter().map(open).collect::<Result<Vec<_>, ParseError>>()?;
            for portion in portions(rows, ROWS_AT_ONCE) {
                let read = columns.iter_mut().map(|(place, column)| {
                    let cells = column.read(portion).map_err(|why| self.directory.wrong(group, *place, &why))?;
                    Ok(cells.into_iter().map(Value))
                });
                let mut read = read.collect::<Result<Vec<_>, ParseError>>()?;
                for _ in 0..portion {
                    let row: Vec<Value> = read.iter_mut().filter_map(Iterator::next).collect();
                    visit(&row)?;
                }
            }
        }
        Ok(())
    }
}
