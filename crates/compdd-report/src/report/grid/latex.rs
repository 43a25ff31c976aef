//! LaTeX: a `table` environment with the rules of `booktabs`.

use std::fmt::Write as _;

use super::{Entry, Grid, Heading};

/// Points on a page of the `article` class: a line of text (of 345, with some to spare), a letter of a table, the room between two columns.
const PAGE: (f64, f64, f64) = (325.0, 4.5, 12.0);

/// From this many rows and notes on smaller letters are used.
const LONG: usize = 40;

/// From this many notes on they follow each other without new lines.
const MANY_NOTES: usize = 8;

/// The table as it is pasted into a paper; needs `\usepackage{booktabs}`, and `graphicx` where it must be made narrower to fit a page.
pub fn write(grid: &Grid) -> String {
    let columns: String = (0..grid.columns()).map(|column| if grid.numeric(column) { 'r' } else { 'l' }).collect();
    let (wide, long) = (is_wide(grid), grid.rows.len() + grid.notes.len() > LONG);
    let mut lines = vec![
        format!("% \\usepackage{{booktabs{}}}", if wide { ",graphicx" } else { "" }),
        "\\begin{table}".to_owned(),
        format!("\\centering\\{}", if long { "scriptsize" } else { "small" }),
        format!("\\caption{{{}}}", escaped(&grid.caption)),
        format!("\\label{{tab:{}}}", grid.name),
        "\\smallskip".into(),
    ];
    if wide {
        lines.push("\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%".into());
    }
    lines.extend([format!("\\begin{{tabular}}{{{columns}}}"), "\\toprule".into()]);
    for (level, row) in grid.head.iter().enumerate() {
        lines.push(row.iter().map(heading).collect::<Vec<_>>().join(" & ") + " \\\\");
        if level + 1 < grid.head.len() {
            lines.extend(rules(row));
        }
    }
    lines.push("\\midrule".into());
    for row in &grid.rows {
        if row.rule {
            lines.push("\\midrule".into());
        }
        lines.push(row.entries.iter().map(entry).collect::<Vec<_>>().join(" & ") + " \\\\");
    }
    lines.extend(["\\bottomrule".into(), format!("\\end{{tabular}}{}", if wide { "}" } else { "" })]);
    lines.extend(notes(grid));
    lines.push("\\end{table}".into());
    lines.join("\n") + "\n"
}

fn notes(grid: &Grid) -> Option<String> {
    let many = grid.notes.len() > MANY_NOTES;
    let (size, between) = if many { ("scriptsize", "\n") } else { ("footnotesize", "\\\\\n") };
    let notes = grid.notes.iter().map(|note| escaped(note)).collect::<Vec<_>>().join(between);
    let open = format!("\n\\medskip\n\\begin{{minipage}}{{\\linewidth}}\\{size}\\raggedright\n");
    (!grid.notes.is_empty()).then(|| open + &notes + "\n\\end{minipage}")
}

/// Whether the table is broader than a page, as far as counting letters can tell.
fn is_wide(grid: &Grid) -> bool {
    let (line, letter, between) = PAGE;
    let letters = |column: usize| {
        let entries =
            grid.rows.iter().filter_map(|row| row.entries.get(column)).map(|entry| entry.read().chars().count());
        let heading = grid.head.last().and_then(|row| row.get(column)).map(|heading| heading.text.chars().count());
        entries.chain(heading).max().unwrap_or(0) as f64
    };
    let columns = grid.columns();
    (0..columns).map(letters).sum::<f64>() * letter + columns as f64 * between > line
}

fn heading(heading: &Heading) -> String {
    let text = escaped(&heading.text);
    if heading.span > 1 { format!("\\multicolumn{{{}}}{{c}}{{{text}}}", heading.span) } else { text }
}

/// A rule below every heading that covers several columns.
fn rules(row: &[Heading]) -> Option<String> {
    let (mut text, mut column) = (String::new(), 1);
    for heading in row {
        let last = column + heading.span - 1;
        if heading.span > 1 && !heading.text.is_empty() {
            let _ = write!(text, "\\cmidrule(lr){{{column}-{last}}}");
        }
        column = last + 1;
    }
    (!text.is_empty()).then_some(text)
}

fn entry(entry: &Entry) -> String {
    let mut text = escaped(&entry.text);
    if entry.bold {
        text = format!("\\textbf{{{text}}}");
    }
    if !entry.mark.is_empty() {
        let _ = write!(text, "\\textsuperscript{{{}}}", escaped(&entry.mark));
    }
    text
}

/// Text that LaTeX prints as it is, with nothing but its base packages.
pub fn escaped(text: &str) -> String {
    let (mut out, mut code) = (String::with_capacity(text.len()), false);
    for sign in text.chars() {
        match sign {
            '`' => {
                out += if code { "}" } else { "\\texttt{" };
                code = !code;
            }
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '\\' => out += "\\textbackslash{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            '|' => out += "\\textbar{}",
            '[' => out += "{[}",
            '_' if code => out += "\\_\\allowbreak{}",
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', sign]),
            '-' if code => out += "-{}",
            '±' => out += "$\\pm$",
            '−' => out += "$-$",
            '×' => out += "$\\times$",
            '≈' => out += "$\\approx$",
            '≤' => out += "$\\leq$",
            '≥' => out += "$\\geq$",
            '→' => out += "$\\rightarrow$",
            '†' => out += "\\textdagger{}",
            '‡' => out += "\\textdaggerdbl{}",
            '§' => out += "\\S{}",
            '–' => out += "--",
            '—' => out += "---",
            '·' => out += "\\textperiodcentered{}",
            'α' => out += "$\\alpha$",
            'β' => out += "$\\beta$",
            'γ' => out += "$\\gamma$",
            'ζ' => out += "$\\zeta$",
            'κ' => out += "$\\kappa$",
            'τ' => out += "$\\tau$",
            'Δ' => out += "$\\Delta$",
            '\n' => out.push(' '),
            _ => out.push(sign),
        }
    }
    if code {
        out.push('}');
    }
    out
}
