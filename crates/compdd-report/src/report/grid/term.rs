//! Aligned columns for the terminal: text left, numbers right, broad headings over their columns. Where they do not fit, a block of lines a row.

use super::{Grid, Row};
use compdd_core::text;

const BETWEEN: usize = 2;

/// The table with its caption above and its notes below; no colour, so that it reads the same in a file.
pub fn write(grid: &Grid) -> String {
    let widths = widths(grid);
    let mut lines = vec![grid.caption.clone(), String::new()];
    lines.extend(grid.head.iter().map(|row| {
        let (mut text, mut column) = (String::new(), 0);
        for heading in row {
            let covered = &widths[column..column + heading.span];
            let width = covered.iter().sum::<usize>() + BETWEEN * (heading.span - 1);
            let right = heading.span == 1 && grid.numeric(column);
            text += &padded(&heading.text, width, right);
            text += &" ".repeat(BETWEEN);
            column += heading.span;
        }
        text.trim_end().to_owned()
    }));
    let all = whole(&widths);
    lines.push("─".repeat(all));
    for row in &grid.rows {
        if row.rule {
            lines.push("─".repeat(all));
        }
        lines.push(line(grid, row, &widths));
    }
    if !grid.notes.is_empty() {
        lines.push(String::new());
        lines.extend(grid.notes.iter().cloned());
    }
    lines.join("\n") + "\n"
}

/// The table as [`write()`] writes it if it fits into so many columns of a terminal, else a line for every entry that is there, named by its headings.
pub fn fitted(grid: &Grid, columns: usize) -> String {
    if whole(&widths(grid)) <= columns {
        return write(grid);
    }
    let names = grid.names(" / ");
    let room = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) + BETWEEN;
    let mut blocks = vec![grid.caption.clone()];
    blocks.extend(grid.rows.iter().map(|row| {
        let entries = names.iter().zip(&row.entries).map(|(name, entry)| (name, shown(entry)));
        let lines = entries.filter(|(_, text)| !text.is_empty());
        lines.map(|(name, text)| format!("{name:<room$}{text}")).collect::<Vec<_>>().join("\n")
    }));
    blocks.extend((!grid.notes.is_empty()).then(|| grid.notes.join("\n")));
    blocks.join("\n\n") + "\n"
}

/// The width of a line.
fn whole(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + BETWEEN * widths.len().saturating_sub(1)
}

fn line(grid: &Grid, row: &Row, widths: &[usize]) -> String {
    let cells = row.entries.iter().zip(widths).enumerate();
    let cells = cells.map(|(column, (entry, width))| padded(&shown(entry), *width, grid.numeric(column)));
    cells.collect::<Vec<_>>().join(&" ".repeat(BETWEEN)).trim_end().to_owned()
}

/// The best carry a star, as there is no bold type here.
fn shown(entry: &super::Entry) -> String {
    let text = entry.read();
    let text = text::line(&text);
    if entry.bold { format!("*{text}") } else { text.into_owned() }
}

/// The width of every column; broad headings that need more room widen their last column.
fn widths(grid: &Grid) -> Vec<usize> {
    let mut widths = vec![0; grid.columns()];
    for row in &grid.rows {
        for (width, entry) in widths.iter_mut().zip(&row.entries) {
            *width = (*width).max(shown(entry).chars().count());
        }
    }
    for row in grid.head.iter().rev() {
        let mut column = 0;
        for heading in row {
            let covered = &mut widths[column..column + heading.span];
            let room = covered.iter().sum::<usize>() + BETWEEN * (heading.span - 1);
            if let Some(last) = covered.last_mut() {
                *last += heading.text.chars().count().saturating_sub(room);
            }
            column += heading.span;
        }
    }
    widths
}

fn padded(text: &str, width: usize, right: bool) -> String {
    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
}
