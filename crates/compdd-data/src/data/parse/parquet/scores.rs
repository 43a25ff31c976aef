//! The column of scores of the classes that may stand beside images and labels: a list of as many numbers in every row.

use std::sync::Arc;

use parquet::{basic::Type, file::reader::ChunkReader};

use super::{ParseError, ROWS_AT_ONCE, Shard, directory::Directory, portions};

/// Numbers that a shard may have: equal ones cost no bytes, but they cost memory. The whole of `ImageNet` at 60 images a class.
const MOST_NUMBERS: i64 = 1 << 26;

/// Names that the column of scores may have: before the softmax, and after it.
const SCORES: [&str; 2] = ["logits", "probabilities"];

/// Scores of all rows of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The name of their column: `logits` or `probabilities`.
    pub name: &'static str,
    /// Numbers of a row.
    pub classes: usize,
    /// `[rows, classes]`.
    pub values: Vec<f32>,
}

/// The column of scores, if there is one.
pub(super) fn find(directory: &Directory) -> Option<(&'static str, usize)> {
    SCORES.into_iter().find_map(|name| {
        let place = directory.columns().iter().position(|column| {
            column.path().parts().first().is_some_and(|part| part == name)
                && column.max_rep_level() == 1
                && matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE)
        });
        Some((name, place?))
    })
}

impl Shard {
    /// The scores of every row; none where no column is called `logits` or `probabilities` and has lists of numbers.
    ///
    /// # Errors
    /// A column that is damaged, or rows that have no scores or another number of them than the first.
    pub fn scores<R: ChunkReader + 'static>(&self, file: &Arc<R>) -> Result<Option<Scores>, ParseError> {
        let Some((name, place)) = self.scores else { return Ok(None) };
        self.directory.check_lists(place, file.len(), MOST_NUMBERS)?;
        let mut scores = Scores { name, classes: 0, values: Vec::new() };
        let mut row = 0;
        for (group, rows) in self.groups().enumerate() {
            let wrong = |why: &str| self.directory.wrong(group, place, why);
            let mut column = self.directory.column(file, group, place)?;
            for portion in portions(rows, ROWS_AT_ONCE) {
                for list in column.lists(portion).map_err(|why| wrong(&why))? {
                    if row == 0 {
                        scores.classes = list.len();
                    } else if list.len() != scores.classes {
                        let (found, first) = (list.len(), scores.classes);
                        return Err(wrong(&format!("row {row} has {found} numbers, the first has {first}")));
                    }
                    scores.values.extend(list);
                    row += 1;
                }
            }
        }
        Ok(Some(scores))
    }
}
