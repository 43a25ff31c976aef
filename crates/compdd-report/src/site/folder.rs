//! The folder in the making: files by their paths inside the site.

use std::{fs, io, path::Path};

use askama::Template;

use super::SiteError;
use compdd_core::files::{IoError, atomic};

/// A folder that `compdd site` made has this file, and may be replaced by it.
const MARK: &str = "made-by-compdd.txt";

/// Where pages are put while the site is made. Several threads may.
pub(super) struct Folder<'a>(&'a Path);

impl Folder<'_> {
    /// Makes the site at `path` from what `fill` puts into it: whole or not at all.
    pub fn make(path: &Path, fill: impl FnOnce(&Folder<'_>) -> Result<(), SiteError>) -> Result<(), SiteError> {
        let fail = |source| SiteError::from(IoError { action: "write", path: path.to_owned(), source });
        if path.exists() && !path.join(MARK).is_file() && fs::read_dir(path).map_err(fail)?.next().is_some() {
            return Err(SiteError::Occupied { path: path.to_owned() });
        }
        atomic::write_folder(path, |fresh| -> Result<(), Failed> {
            let folder = Folder(fresh);
            for room in ["assets", "methods", "subsets", "records", "protocols", "tables", "plots", "sets"] {
                folder.room(room)?;
            }
            folder.put(MARK, "This folder was made by `compdd site`, which replaces it as a whole.\n")?;
            Ok(fill(&folder)?)
        })
        .map_err(|failed| match failed {
            Failed::Site(error) => error,
            Failed::Io(source) => fail(source),
        })
    }

    /// A folder inside the site.
    pub fn room(&self, name: &str) -> Result<(), SiteError> {
        let path = self.0.join(name);
        fs::create_dir(&path).map_err(|source| IoError { action: "write", path, source }.into())
    }

    /// A page from its template.
    pub fn page(&self, name: &str, page: &impl Template) -> Result<(), SiteError> {
        let text = page.render().map_err(|source| SiteError::Template { page: name.to_owned(), source })?;
        self.put(name, text)
    }

    /// A file of bytes.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), SiteError> {
        let path = self.0.join(name);
        fs::write(&path, bytes).map_err(|source| IoError { action: "write", path, source }.into())
    }
}

/// What ends the making of a folder.
enum Failed {
    Site(SiteError),
    Io(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SiteError> for Failed {
    fn from(error: SiteError) -> Self {
        Self::Site(error)
    }
}
