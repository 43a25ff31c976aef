//! Headings of columns and rows.

use super::{
    Answer, Table,
    block::Block,
    layout::Dimension,
    printed::{ALL_IMAGES, read},
};
use crate::report::grid::Heading;

/// The rows of headings of a block: one a dimension of its columns, the last one with the titles of the stub, whose last columns are
/// without a title if `extra` asks for some.
pub fn head(table: &Table, block: &Block<'_>, answers: &[Answer<'_>], extra: usize) -> Vec<Vec<Heading>> {
    let layout = &table.layout;
    let first = block.places().next().map(|place| answers[place].printed);
    let title = |dimension: &Dimension| first.map_or("", |printed| printed.title(*dimension));
    let stub = layout.rows.len() + extra;
    let levels = layout.columns.len();
    let mut head = Vec::with_capacity(levels);
    for (level, dimension) in layout.columns.iter().enumerate() {
        let mut row: Vec<Heading> = if level + 1 == levels {
            let titles = layout.rows.iter().map(|dimension| Heading::one(title(dimension)));
            titles.chain((0..extra).map(|_| Heading::one(""))).collect()
        } else {
            vec![Heading::over("", stub)]
        };
        let mut before: Option<&[&str]> = None;
        for column in &block.columns {
            let words = &column[..=level];
            let continues = level + 1 < levels && before == Some(words);
            match row.last_mut().filter(|_| continues) {
                Some(last) => last.span += 1,
                None => row.push(Heading::one(column_word(*dimension, title(dimension), words[level]))),
            }
            before = Some(words);
        }
        head.push(row);
    }
    head
}

/// A word above a column, which has no title beside it.
fn column_word(dimension: Dimension, title: &str, word: &str) -> String {
    let text = read(dimension, word);
    match dimension {
        Dimension::Ipc if word != ALL_IMAGES => format!("IPC {text}"),
        Dimension::Factor1 | Dimension::Factor2 => format!("{title} {text}"),
        _ => text,
    }
}

/// What one or more words of a dimension are called in a sentence.
pub fn phrase(dimension: Dimension, title: &str, words: &[&str]) -> String {
    let several: Vec<String> = words.iter().map(|word| read(dimension, word)).filter(|word| !word.is_empty()).collect();
    let text = several.join(" or ");
    match dimension {
        _ if text.is_empty() => text,
        Dimension::Ipc if words == [ALL_IMAGES] => "all images".to_owned(),
        Dimension::Ipc => format!("IPC {text}"),
        Dimension::Factor1 | Dimension::Factor2 => format!("{title} {text}"),
        _ => text,
    }
}
