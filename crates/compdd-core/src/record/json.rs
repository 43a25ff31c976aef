//! Reading and writing the versioned JSON files of records and bundles.

use super::RecordError;
use crate::files::{IoError, atomic, plain};
use crate::limits;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::path::Path;

/// The name and the newest version of a format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What the `format` entry says.
    pub name: &'static str,
    /// The newest version that this build reads.
    pub newest: u64,
    /// What to do about a file that does not fit.
    pub help: &'static str,
}

/// Anything as a JSON value, with single-precision numbers as short as they were written: 0.9, not 0.8999999761581421.
/// What cannot be JSON becomes null.
pub fn value_of(item: &impl Serialize) -> Value {
    serde_json::to_string(item).and_then(|text| serde_json::from_str(&text)).unwrap_or_default()
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// Reads a plain file: first its format and version, then all of it.
pub fn read<T: DeserializeOwned>(path: &Path, format: Format) -> Result<T, RecordError> {
    parse(&plain::text(path, limits::JSON_BYTES)?, path, format)
}

/// As [`read`], from text; `path` is for the messages.
pub fn parse<T: DeserializeOwned>(text: &str, path: &Path, format: Format) -> Result<T, RecordError> {
    let bad = |error: &serde_json::Error| RecordError::Json {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        reason: reason(error),
        help: format.help,
    };
    let header: Header = serde_json::from_str(text).map_err(|e| bad(&e))?;
    if header.format != format.name {
        return Err(RecordError::WrongFormat { path: path.to_owned(), expected: format.name, found: header.format });
    }
    if header.version == 0 || header.version > format.newest {
        let (found, newest) = (header.version, format.newest);
        return Err(RecordError::Version { path: path.to_owned(), format: format.name, found, newest });
    }
    serde_json::from_str(text).map_err(|e| bad(&e))
}

/// The text of a file: indented, with a final newline.
pub fn text(item: &impl Serialize, path: &Path) -> Result<String, RecordError> {
    let mut text = serde_json::to_string_pretty(item).map_err(|e| IoError::at("write", path)(e.into()))?;
    text.push('\n');
    Ok(text)
}

/// Writes a file whole or not at all.
pub fn write(path: &Path, item: &impl Serialize) -> Result<(), RecordError> {
    Ok(atomic::write(path, text(item, path)?.as_bytes()).map_err(IoError::at("write", path))?)
}

/// The parser's sentence without its own position, which the error names already.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(sentence, _)| sentence.to_owned())
}
