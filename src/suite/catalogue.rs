//! The suites that ship with compdd, those of published tables, and those of users.

use std::path::Path;

use super::{Suite, SuiteError};
use crate::{
    files::plain,
    limits,
    paper::{self, Records},
};

/// A suite whose file has its name.
macro_rules! suites {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/benchmarks/suites/", $name, ".toml")))),+]
    };
}

const SUITES: [(&str, &str); 4] = suites!["smoke", "scenes", "comp-dd", "cpu-paper"];

/// The suites that ship with compdd.
///
/// # Errors
/// None: their files are compiled in, and read by a test.
pub fn built_in() -> Result<Vec<Suite>, SuiteError> {
    SUITES.iter().map(|(name, text)| Suite::parse(text, name)).collect()
}

/// The suite of a name, of a published table by its id, or of a file whose path ends in `.toml`.
///
/// # Errors
/// [`SuiteError::Unknown`], [`SuiteError::Definition`], [`SuiteError::Io`]; [`SuiteError::Empty`] for a table without a cell that compdd can run.
pub fn find(name: &str) -> Result<Suite, SuiteError> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Suite::parse(&plain::text(path, limits::TABLE_BYTES)?, name);
    }
    if let Ok(table) = paper::find(name) {
        // Of all its cells, whatever has been run: a plan knows by itself what is done.
        let text = Records::of([].into(), &[]).and_then(|none| Ok(paper::suite(table, &none.answers(table)?)));
        let text = text.ok().flatten().ok_or_else(|| SuiteError::Empty { name: name.to_owned() })?;
        return Suite::parse(&text, name);
    }
    let known = || SUITES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let (_, text) = SUITES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| SuiteError::Unknown { name: name.to_owned(), known: known() })?;
    Suite::parse(text, name)
}
