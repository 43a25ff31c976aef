//! GitHub's Markdown: one row of headings, numbers aligned right, notes below.

use super::{Entry, Grid};

/// The table with its caption above and its notes below.
pub fn write(grid: &Grid) -> String {
    let names = grid.names(", ");
    let columns = names.len();
    let mut lines = vec![format!("**{}**", escaped(&grid.caption)), String::new()];
    lines.push(row(names.iter().map(|name| escaped(name))));
    lines.push(row((0..columns).map(|column| if grid.numeric(column) { "---:".into() } else { "---".into() })));
    lines.extend(grid.rows.iter().map(|line| row(line.entries.iter().map(entry))));
    if !grid.notes.is_empty() {
        lines.push(String::new());
        lines.extend(grid.notes.iter().map(|note| format!("- {}", escaped(note))));
    }
    lines.join("\n") + "\n"
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn entry(entry: &Entry) -> String {
    let mut text = escaped(&entry.text);
    if entry.bold {
        text = format!("**{text}**");
    }
    text += &escaped(&entry.mark);
    match &entry.link {
        Some(link) if !text.is_empty() => format!("[{text}]({})", link.replace(' ', "%20").replace(')', "%29")),
        _ => text,
    }
}

/// Text that Markdown leaves as it is. `code` between back-ticks stays code; a back-tick without another after it is a sign like others.
fn escaped(text: &str) -> String {
    let (mut out, mut code) = (String::with_capacity(text.len()), false);
    let mut ticks = text.matches('`').count();
    for sign in text.chars() {
        match sign {
            '`' => {
                ticks -= 1;
                if code || ticks > 0 {
                    code = !code;
                } else {
                    out.push('\\');
                }
            }
            '|' => out.push('\\'),
            '*' | '_' | '<' | '[' | ']' | '\\' if !code => out.push('\\'),
            _ => {}
        }
        out.push(if sign == '\n' { ' ' } else { sign });
    }
    out
}
