//! What a person sees: tables on standard output, errors with their causes and remedies on standard error.

use std::{
    error::Error,
    io::{ErrorKind, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use compdd::{
    files::{IoError, atomic},
    report::grid::{Grid, term},
    text,
};

use clap::ColorChoice;
use miette::Diagnostic;

/// The failure of a command: any diagnostic of the library.
pub type Failure = Box<dyn Diagnostic + Send + Sync>;

/// What a command ends with.
pub type Outcome = Result<ExitCode, Failure>;

/// Sends the library's events to standard error: warnings always, more with `-v`.
pub fn start_logging(verbosity: u8, color: ColorChoice) {
    let level = match verbosity {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
            }
        })
        .with_target(false)
        .without_time()
        .log_internal_errors(false)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        say("warning: logging was set up twice");
    }
}

/// Prints `error:`, the causes below it and what to do, and gives the exit code of a failure.
pub fn fail(failure: &Failure) -> ExitCode {
    say(&format!("error: {failure}"));
    let mut cause: Option<&dyn Error> = failure.source();
    let mut last = failure.to_string();
    while let Some(error) = cause {
        let text = error.to_string();
        if text != last {
            say(&format!("  caused by: {text}"));
        }
        last = text;
        cause = error.source();
    }
    if let Some(help) = failure.help() {
        say(&format!("  help: {help}"));
    }
    ExitCode::FAILURE
}

/// Says that a command was interrupted, and gives its exit code.
pub fn interrupted() -> ExitCode {
    say("interrupted: the state is saved, the same command continues");
    ExitCode::from(super::signals::INTERRUPTED)
}

/// A number of bytes as people write it: `500MiB`, `20 GiB`, `1.5g`, `4096`. Units are binary.
pub fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (text[..end].parse::<f64>(), text[end..].trim().to_lowercase());
    let power = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err("write a size such as 500MiB or 20GiB".to_owned()),
    };
    let number = number.map_err(|_| "write a size such as 500MiB or 20GiB".to_owned())?;
    Ok((number * (1_u64 << (10 * power)) as f64) as u64)
}

/// Bytes in the largest unit that keeps a leading digit.
pub fn size(bytes: u64) -> String {
    compdd::data::human_size(bytes)
}

/// Writes text to standard output; a closed pipe (`| head`) is no error, whatever else keeps it from being written is the end. A terminal
/// gets nothing that it would act on.
pub fn show(text: &str) {
    let mut out = std::io::stdout().lock();
    let text = if out.is_terminal() { text::terminal(text) } else { text.into() };
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            say(&format!("error: cannot write to standard output: {error}"));
            say("  help: make room where it goes to, or write to a file elsewhere; what was computed is stored");
            std::process::exit(1);
        }
    }
}

/// Writes text to a file, whole or not at all, or else to standard output.
pub fn deliver(text: &str, out: Option<&Path>) -> Outcome {
    match out {
        Some(path) => atomic::write(path, text.as_bytes()).map_err(IoError::at("write", path))?,
        None => show(text.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a line of talk to standard error, without anything that a terminal would act on. Where it cannot be written the work goes on: its results
/// do not depend on talk.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text::terminal(text));
}

/// Columns that the words of a table need to be read at all.
const LEAST: usize = 20;

/// Columns of the terminal that standard output is; none where it is something else.
fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.into())
}

/// Shows a table with aligned columns, or where the terminal is narrower, a block of lines a row.
pub fn show_grid(grid: &Grid) {
    show(term::fitted(grid, columns().unwrap_or(usize::MAX)).trim_end());
}

/// A table with aligned columns: text left, numbers right. What a terminal has no room for of the last column goes on below.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    within(header, rows, columns().unwrap_or(usize::MAX))
}

fn within(header: &[&str], rows: &[Vec<String>], room: usize) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    // A number may have a unit or another number beside it (`3.5 MiB`, `5 / 1300`); a hash is none.
    let number = |cell: &str| cell.split_whitespace().next().is_none_or(|word| word.parse::<f64>().is_ok());
    let numeric = |column: usize| !rows.is_empty() && rows.iter().all(|row| number(&row[column]));
    let columns: Vec<(usize, bool)> = (0..header.len()).map(|i| (width(i), numeric(i))).collect();
    let before: usize = columns.iter().rev().skip(1).map(|(width, _)| width + 2).sum();
    let line = |cells: Vec<&str>| {
        let padded = cells
            .iter()
            .zip(&columns)
            .map(|(cell, (width, right))| if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        let line = padded.collect::<Vec<_>>().join("  ").trim_end().to_owned();
        match cells.last() {
            Some(last) if line.chars().count() > room && room >= before + LEAST => {
                let start: String = line.chars().take(before).collect();
                start + &wrapped(last, room - before).join(&format!("\n{:before$}", ""))
            }
            _ => line,
        }
    };
    let mut text = vec![line(header.to_vec())];
    text.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    text.join("\n")
}

/// Words in lines of at most some characters; a longer word has a line of its own.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= room) {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{bytes, table, within};

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(
            ["4096", "500MiB", "1.5g", "2 TB", "1k"].map(|text| bytes(text).unwrap()),
            [4096, 500 << 20, 3 << 29, 2 << 40, 1024]
        );
        assert!(["", "GiB", "5 apples", "1.2.3"].iter().all(|text| bytes(text).is_err()));
    }

    #[test]
    fn numbers_align_right_and_text_left() {
        let rows = vec![vec!["a".into(), "1".into()], vec!["bcd".into(), "120".into()]];
        assert_eq!(table(&["name", "n"], &rows), "name    n\na       1\nbcd   120");
    }

    #[test]
    fn words_without_room_go_on_below() {
        let rows = vec![vec!["dm".into(), "images whose features have the means of real ones".into()]];
        let text = "name  what it is\ndm    images whose features\n      have the means of real\n      ones";
        assert_eq!(within(&["name", "what it is"], &rows, 30), text);
        assert_eq!(within(&["name", "what it is"], &rows, 25), table(&["name", "what it is"], &rows));
    }
}
