//! Comma-separated values: one heading a column, marks left out, so that numbers stay numbers.

use super::{Entry, Grid};

/// The table as CSV (RFC 4180 with line feeds).
pub fn write(grid: &Grid) -> String {
    let mut text = line(grid.names(" / ").iter().map(String::as_str));
    for row in &grid.rows {
        text += &line(row.entries.iter().map(value));
    }
    text
}

/// What is not there is empty.
fn value(entry: &Entry) -> &str {
    if entry.muted { "" } else { &entry.text }
}

/// One line of fields.
pub fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",") + "\n"
}

/// A field, quoted where it must be. Text that a spreadsheet would run as a formula is given a quotation mark before it, which makes it text
/// there; numbers with their sign are none.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn no_field_is_a_formula_or_ends_early() {
        let fields = ["-0.25", "+1e-3", "=cmd|' C'!A0", "@x", "-x", "a,b", "say \"x\"", ""];
        assert_eq!(line(fields.into_iter()), "-0.25,+1e-3,'=cmd|' C'!A0,'@x,'-x,\"a,b\",\"say \"\"x\"\"\",\n");
    }
}
