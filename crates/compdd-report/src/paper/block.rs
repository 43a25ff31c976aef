//! What stands where: the cells of a table spread over rows and columns, in as many blocks as its layout asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Printed, Table, layout::Dimension, printed::ALL_IMAGES};

/// A block: one table as it is written.
pub struct Block<'a> {
    /// What all its cells share because the layout splits by it.
    pub part: Vec<(Dimension, &'a str)>,
    /// Which of several blocks side by side, from 1; none if there is one.
    pub piece: Option<usize>,
    /// Words of every row, one a dimension.
    pub rows: Vec<Vec<&'a str>>,
    /// Words of every column, one a dimension.
    pub columns: Vec<Vec<&'a str>>,
    /// Row and column of a cell, and its place among the answers.
    pub cells: BTreeMap<(usize, usize), usize>,
}

/// All blocks of a table, in order.
pub fn blocks<'a>(table: &Table, answers: &[Answer<'a>]) -> Vec<Block<'a>> {
    let layout = &table.layout;
    let printed: Vec<&'a Printed> = answers.iter().map(|answer| answer.printed).collect();
    let spread = Spread { printed: &printed };
    let all: Vec<usize> = (0..printed.len()).collect();
    let mut blocks = Vec::new();
    for (part, places) in spread.groups(&all, &layout.split) {
        let (Some(wrap), Some(broadest)) = (layout.wrap, layout.columns.first()) else {
            blocks.push(spread.block(table, &layout.split, &part, &places, None));
            continue;
        };
        let groups = spread.groups(&places, &[*broadest]);
        let pieces: Vec<Vec<usize>> = groups
            .chunks(wrap)
            .map(|chunk| chunk.iter().flat_map(|(_, places)| places.iter().copied()).collect())
            .collect();
        let several = pieces.len() > 1;
        for (number, places) in pieces.iter().enumerate() {
            blocks.push(spread.block(table, &layout.split, &part, places, several.then_some(number + 1)));
        }
    }
    blocks
}

struct Spread<'a, 'p> {
    printed: &'p [&'a Printed],
}

impl<'a> Spread<'a, '_> {
    /// Cells by their words in some dimensions, in the order of the words.
    fn groups(&self, places: &[usize], dimensions: &[Dimension]) -> Vec<(Vec<&'a str>, Vec<usize>)> {
        let mut groups: BTreeMap<Vec<usize>, (Vec<&'a str>, Vec<usize>)> = BTreeMap::new();
        for place in places {
            let words: Vec<&'a str> = dimensions.iter().map(|d| self.printed[*place].word(*d)).collect();
            let ranks =
                words.iter().zip(dimensions).map(|(word, dimension)| self.rank(places, *dimension, word)).collect();
            groups.entry(ranks).or_insert_with(|| (words, Vec::new())).1.push(*place);
        }
        groups.into_values().collect()
    }

    /// Words stand in the order in which the cells first have them, images per class by their number.
    fn rank(&self, places: &[usize], dimension: Dimension, word: &str) -> usize {
        if dimension == Dimension::Ipc {
            return word.parse().unwrap_or(usize::MAX);
        }
        places.iter().position(|place| self.printed[*place].word(dimension) == word).unwrap_or(usize::MAX)
    }

    fn block(
        &self,
        table: &Table,
        split: &[Dimension],
        part: &[&'a str],
        places: &[usize],
        piece: Option<usize>,
    ) -> Block<'a> {
        let (rows, columns) = (&table.layout.rows, &table.layout.columns);
        let rows = self.groups(places, rows);
        let own: Vec<usize> = places.iter().copied().filter(|place| !self.folds(*place, columns)).collect();
        let columns = self.groups(&own, columns);
        let row_of = |place: usize| rows.iter().position(|(_, places)| places.contains(&place));
        let mut cells = BTreeMap::new();
        for (column, (_, places)) in columns.iter().enumerate() {
            for place in places {
                cells.extend(row_of(*place).map(|row| ((row, column), *place)));
            }
        }
        let dataset_of = |place: usize| self.printed[place].dataset.as_str();
        let mut filled: BTreeSet<(usize, &str)> = BTreeSet::new();
        for place in places.iter().copied().filter(|place| !own.contains(place)) {
            let same =
                |(_, places): &(Vec<&str>, Vec<usize>)| places.iter().any(|p| dataset_of(*p) == dataset_of(place));
            if let (Some(row), Some(column)) = (row_of(place), columns.iter().position(same))
                && filled.insert((row, dataset_of(place)))
            {
                cells.insert((row, column), place);
            }
        }
        Block {
            part: split.iter().copied().zip(part.iter().copied()).collect(),
            piece,
            rows: rows.into_iter().map(|(words, _)| words).collect(),
            columns: columns.into_iter().map(|(words, _)| words).collect(),
            cells,
        }
    }

    /// A reference on all images stands in the first column of its data set, where columns are data sets and there are others of it.
    fn folds(&self, place: usize, columns: &[Dimension]) -> bool {
        let printed = self.printed[place];
        let others = |other: &Printed| other.dataset == printed.dataset && other.ipc != ALL_IMAGES;
        printed.is_reference()
            && printed.ipc == ALL_IMAGES
            && columns.contains(&Dimension::Dataset)
            && columns.contains(&Dimension::Ipc)
            && self.printed.iter().any(|other| others(other))
    }
}

impl Block<'_> {
    /// The places of its cells among the answers, row by row.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.cells.values().copied()
    }

    /// The places of one row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = usize> {
        self.cells.iter().filter(move |((r, _), _)| *r == row).map(|(_, place)| *place)
    }
}
