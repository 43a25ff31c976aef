//! `compdd example`: worked examples that run as they are.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, builder::PossibleValuesParser};
use compdd::files::{IoError, atomic};

use super::ui::{self, Outcome};

/// Its name, what it shows, and its files; the first one is what is run.
type Example = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

macro_rules! file {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path))
    };
}

const EXAMPLES: [Example; 3] = [
    ("first-run", "a first set and its score, on painted images", &[("run.sh", file!("examples/first-run/run.sh"))]),
    (
        "suite",
        "many cells as one command",
        &[("run.sh", file!("examples/suite/run.sh")), ("mine.toml", file!("examples/suite/mine.toml"))],
    ),
    (
        "own-method",
        "a method of your own in PyTorch, scored as every other",
        &[
            ("run.sh", file!("examples/own-method/run.sh")),
            ("distribution_matching.py", file!("python/examples/distribution_matching.py")),
        ],
    ),
];

#[derive(Args)]
#[command(after_help = "Examples:
  compdd example
  compdd example first-run
  compdd example suite --write my-suite && cd my-suite && sh run.sh")]
pub struct ExampleArgs {
    /// Example to print; without one all are listed
    #[arg(value_parser = PossibleValuesParser::new(EXAMPLES.map(|(name, ..)| name)))]
    name: Option<String>,
    /// Write its files into this folder instead, which is made; files that are there stay as they are
    #[arg(short, long, value_name = "FOLDER", requires = "name")]
    write: Option<PathBuf>,
}

/// A file that would be overwritten.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} is there already", path.display())]
#[diagnostic(help("write the example into another folder: compdd example NAME --write FOLDER"))]
struct Taken {
    path: PathBuf,
}

impl ExampleArgs {
    pub fn execute(self) -> Outcome {
        let Some((_, _, files)) = EXAMPLES.iter().find(|(name, ..)| self.name.as_deref() == Some(name)) else {
            let rows: Vec<_> =
                EXAMPLES.iter().map(|(name, what, _)| vec![(*name).to_owned(), (*what).to_owned()]).collect();
            ui::show(&ui::table(&["example", "what it shows"], &rows));
            return Ok(ExitCode::SUCCESS);
        };
        let Some(folder) = self.write else {
            ui::show(files[0].1.trim_end());
            return Ok(ExitCode::SUCCESS);
        };
        if let Some(path) = files.iter().map(|(file, _)| folder.join(file)).find(|path| path.exists()) {
            return Err(Taken { path }.into());
        }
        std::fs::create_dir_all(&folder).map_err(IoError::at("make", &folder))?;
        for (file, text) in *files {
            let path = folder.join(file);
            atomic::write(&path, text.as_bytes()).map_err(IoError::at("write", &path))?;
            ui::show(&path.display().to_string());
        }
        ui::say(&format!("run it: cd {} && sh run.sh", folder.display()));
        Ok(ExitCode::SUCCESS)
    }
}
