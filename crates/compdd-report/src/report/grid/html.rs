//! HTML: a table that screen readers can walk through, alone or as a page of its own.

use std::fmt::Write as _;

use super::{Entry, Grid};

/// The look of a page of its own; light and dark.
pub const STYLE: &str = include_str!("table.css");

/// A page with some tables that refers to nothing outside of it.
pub fn document(title: &str, grids: &[Grid]) -> String {
    page(title, &grids.iter().map(table).collect::<String>())
}

/// A page that refers to nothing outside of it; `body` is HTML.
pub fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// A table with its caption, and its notes below.
pub fn table(grid: &Grid) -> String {
    let numeric: Vec<bool> = (0..grid.columns()).map(|column| grid.numeric(column)).collect();
    let mut text =
        format!("<table id=\"{}\">\n<caption>{}</caption>\n<thead>\n", attribute(&grid.name), escaped(&grid.caption));
    for row in &grid.head {
        text += "<tr>";
        let mut column = 0;
        for heading in row {
            let number = if heading.span == 1 && numeric[column] { " class=\"n\"" } else { "" };
            column += heading.span;
            let span = if heading.span > 1 { format!(" colspan=\"{}\"", heading.span) } else { String::new() };
            if heading.text.is_empty() {
                let _ = write!(text, "<td{span}></td>");
            } else {
                let scope = if heading.span > 1 { "colgroup" } else { "col" };
                let _ = write!(text, "<th scope=\"{scope}\"{span}{number}>{}</th>", escaped(&heading.text));
            }
        }
        text += "</tr>\n";
    }
    text += "</thead>\n<tbody>\n";
    for row in &grid.rows {
        text += if row.rule { "<tr class=\"rule\">" } else { "<tr>" };
        for (column, entry) in row.entries.iter().enumerate() {
            let number = if numeric[column] { " class=\"n\"" } else { "" };
            let _ = match (column < grid.stub, entry.text.is_empty()) {
                (true, true) => write!(text, "<td></td>"),
                (true, false) => write!(text, "<th scope=\"row\">{}</th>", inner(entry)),
                (false, _) => write!(text, "<td{number}>{}</td>", inner(entry)),
            };
        }
        text += "</tr>\n";
    }
    text += "</tbody>\n</table>\n";
    if !grid.notes.is_empty() {
        text += "<ul class=\"notes\">\n";
        for note in &grid.notes {
            let _ = writeln!(text, "<li>{}</li>", escaped(note));
        }
        text += "</ul>\n";
    }
    text
}

fn inner(entry: &Entry) -> String {
    let mut text = escaped(&entry.text);
    if entry.bold {
        text = format!("<strong>{text}</strong>");
    }
    if !entry.mark.is_empty() {
        let _ = write!(text, "<sup>{}</sup>", escaped(&entry.mark));
    }
    let title = entry.title.as_ref().map(|title| format!(" title=\"{}\"", attribute(title))).unwrap_or_default();
    if let Some(link) = entry.link.as_ref().filter(|_| !text.is_empty()) {
        return format!("<a href=\"{}\"{title}>{text}</a>", attribute(link));
    }
    match (entry.muted, title.is_empty()) {
        (true, _) => format!("<span class=\"muted\"{title}>{text}</span>"),
        (false, false) => format!("<span{title}>{text}</span>"),
        (false, true) => text,
    }
}

/// Text between tags. What stands between back-ticks is code.
pub fn escaped(text: &str) -> String {
    if !text.contains(['&', '<', '>', '`']) {
        return text.to_owned();
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text;
    }
    let part =
        |(place, part): (usize, &&str)| if place % 2 == 1 { format!("<code>{part}</code>") } else { (*part).into() };
    parts.iter().enumerate().map(part).collect()
}

/// Text inside the quotes of an attribute.
pub fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
