//! LaTeX: a `table` environment with the rules of `booktabs`.

use super::{Entry, Grid, Heading};

/// The table as it is pasted into a paper; needs `\usepackage{booktabs}`.
pub fn write(grid: &Grid) -> String {
    let columns: String = (0..grid.columns()).map(|column| if grid.numeric(column) { 'r' } else { 'l' }).collect();
    let mut lines = vec![
        "% \\usepackage{booktabs}".to_owned(),
        "\\begin{table}".into(),
        "\\centering\\small".into(),
        format!("\\caption{{{}}}", escaped(&grid.caption)),
        format!("\\label{{tab:{}}}", grid.name),
        format!("\\begin{{tabular}}{{{columns}}}"),
        "\\toprule".into(),
    ];
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
    lines.extend(["\\bottomrule".into(), "\\end{tabular}".into()]);
    if !grid.notes.is_empty() {
        let notes = grid.notes.iter().map(|note| escaped(note)).collect::<Vec<_>>().join("\\\\\n");
        lines
            .push(format!("\n\\medskip\n\\begin{{minipage}}{{\\linewidth}}\\footnotesize\n{notes}\n\\end{{minipage}}"));
    }
    lines.push("\\end{table}".into());
    lines.join("\n") + "\n"
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
            text += &format!("\\cmidrule(lr){{{column}-{last}}}");
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
        text += &format!("\\textsuperscript{{{}}}", escaped(&entry.mark));
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
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', sign]),
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '\\' => out += "\\textbackslash{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            '|' => out += "\\textbar{}",
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
