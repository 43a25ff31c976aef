//! Files with columns of their own, settings and lists: shown as they are.

use super::{Table, footnotes::Footnotes};
use crate::report::grid::{Entry, Grid, Heading, Row};

/// A file as it is.
#[derive(Clone, Debug)]
pub struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let words = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = words(reader.headers()?);
        let rows = reader.records().map(|record| record.map(|record| words(&record))).collect::<Result<_, _>>()?;
        Ok(Self { header, rows })
    }

    /// The heading and the lines of the file.
    pub fn lines(&self) -> impl Iterator<Item = &[String]> {
        std::iter::once(&self.header).chain(&self.rows).map(Vec::as_slice)
    }

    /// One table for every part of the layout.
    pub fn grids(&self, table: &Table) -> Vec<Grid> {
        let parts = &table.layout.parts;
        let grid = |(place, part): (usize, &Vec<String>)| {
            let piece = (parts.len() > 1).then_some(place + 1);
            self.grid(table, part, piece)
        };
        parts.iter().enumerate().map(grid).collect()
    }

    fn grid(&self, table: &Table, part: &[String], piece: Option<usize>) -> Grid {
        let mut notes = Footnotes::default();
        let stub: Vec<usize> = self.places(&table.layout.stub);
        let columns: Vec<usize> = stub.iter().copied().chain(self.places(part)).collect();
        let note = self.header.iter().position(|name| name == "note");
        let mut rows: Vec<Row> = Vec::with_capacity(self.rows.len());
        for (number, line) in self.rows.iter().enumerate() {
            let above = number.checked_sub(1).map(|above| &self.rows[above]);
            let same = |level: usize| above.is_some_and(|above| stub[..=level].iter().all(|c| above[*c] == line[*c]));
            let mut entries: Vec<Entry> = Vec::with_capacity(columns.len());
            for (level, column) in columns.iter().enumerate() {
                let repeated = level + 1 < stub.len() && same(level);
                entries.push(if repeated { Entry::default() } else { Entry::new(&line[*column]) });
            }
            if let (Some(text), Some(entry)) =
                (note.map(|note| &line[note]), entries.get_mut(stub.len().saturating_sub(1)))
                && !text.is_empty()
            {
                entry.mark = notes.mark(text);
            }
            rows.push(Row { entries, rule: number > 0 && stub.len() > 1 && !same(0) });
        }
        let name = table.id.replace(':', "-");
        let suffix = piece.map(|piece| format!(" (part {piece})")).unwrap_or_default();
        Grid {
            name: piece.map_or(name.clone(), |piece| format!("{name}-{piece}")),
            caption: format!("{}: {}{suffix}", table.label(), table.caption),
            head: vec![columns.iter().map(|column| Heading::one(self.header[*column].replace('_', " "))).collect()],
            stub: stub.len(),
            rows,
            notes: notes.lines().collect(),
        }
    }

    fn places(&self, names: &[String]) -> Vec<usize> {
        names.iter().filter_map(|name| self.header.iter().position(|known| known == name)).collect()
    }
}
