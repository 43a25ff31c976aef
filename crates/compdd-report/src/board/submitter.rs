//! Who handed results in: `submission.toml` in a results folder.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::BoardError;
use compdd_core::{
    files::plain,
    limits,
    record::{Store, with_causes},
    text,
};

/// The author of the records of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitter {
    /// A person or a group.
    pub name: String,
    /// Laboratory, university or company.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Where questions go: an address or a page.
    #[serde(default)]
    pub contact: Option<String>,
    /// Where the code is.
    #[serde(default)]
    pub code: Option<String>,
    /// Where the method is described.
    #[serde(default)]
    pub paper: Option<String>,
    /// Terms of the distilled sets.
    #[serde(default)]
    pub licence: Option<String>,
}

impl Submitter {
    /// Name of the file.
    pub const FILE: &'static str = "submission.toml";

    /// The submitter of a results folder; none where there is no such file.
    ///
    /// # Errors
    /// [`BoardError::Submission`] for a file that cannot be read, is no TOML, has an unknown key or no name.
    pub fn of(store: &Store) -> Result<Option<Self>, BoardError> {
        let path = store.root().join(Self::FILE);
        if path.exists() || path.is_symlink() { Self::read(&path).map(Some) } else { Ok(None) }
    }

    fn read(path: &Path) -> Result<Self, BoardError> {
        let wrong = |reason: String| BoardError::Submission { path: path.to_owned(), reason };
        let text = plain::text(path, limits::TEXT_BYTES).map_err(|error| wrong(with_causes(&error)))?;
        let read: Self = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        let others = [&read.organisation, &read.contact, &read.code, &read.paper, &read.licence];
        let longest = others.into_iter().flatten().chain([&read.name]).map(|line| line.chars().count()).max();
        match longest.unwrap_or_default() {
            _ if read.name.trim().is_empty() => Err(wrong("`name` is empty".into())),
            length if !limits::LINE.holds(length) => Err(wrong(limits::LINE.exceeded(format!("{length} characters")))),
            _ => Ok(read),
        }
    }

    /// Name and organisation, as tables show them.
    pub fn shown(&self) -> String {
        let name = text::line(&self.name);
        match &self.organisation {
            Some(organisation) => format!("{name} ({})", text::line(organisation)),
            None => name.into_owned(),
        }
    }
}
