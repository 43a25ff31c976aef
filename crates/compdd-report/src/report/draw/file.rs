//! Pictures as files: the ending of the name says the format, and a file appears whole or not at all.

use std::path::{Path, PathBuf};

use super::{
    super::ReportError,
    bitmap::{self, Rgb},
    page::Page,
    style::SCALE,
    svg,
};
use compdd_core::files::{IoError, atomic};

/// Where a chart goes: a name that ends in `.svg` or `.png`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    path: PathBuf,
    vector: bool,
}

/// Where a sheet of pictures goes: a name that ends in `.png`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetFile(PathBuf);

impl ChartFile {
    /// Checks the name; nothing is written yet.
    ///
    /// # Errors
    /// When it has another ending.
    pub fn new(path: &Path) -> Result<Self, ReportError> {
        match ending(path).as_deref() {
            Some("svg") => Ok(Self { path: path.into(), vector: true }),
            Some("png") => Ok(Self { path: path.into(), vector: false }),
            _ => Err(ReportError::Ending { path: path.into(), kind: "chart", endings: &[".svg", ".png"] }),
        }
    }

    /// Writes a chart, replacing a file that is there. Equal charts give equal bytes.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub fn write(&self, page: &Page) -> Result<(), ReportError> {
        let bytes = if self.vector { page.svg().into_bytes() } else { page.png()? };
        write(&self.path, &bytes)
    }
}

impl SheetFile {
    /// Checks the name; nothing is written yet.
    ///
    /// # Errors
    /// When it has another ending.
    pub fn new(path: &Path) -> Result<Self, ReportError> {
        if ending(path).as_deref() == Some("png") {
            Ok(Self(path.into()))
        } else {
            Err(ReportError::Ending { path: path.into(), kind: "sheet", endings: &[".png"] })
        }
    }

    /// Writes a sheet, replacing a file that is there. Equal sheets give equal bytes.
    ///
    /// # Errors
    /// When it cannot be encoded or written.
    pub fn write(&self, sheet: &Rgb) -> Result<(), ReportError> {
        write(&self.0, &sheet.png()?)
    }
}

impl Page {
    /// As SVG that refers to nothing outside of it.
    pub fn svg(&self) -> String {
        svg::document(self)
    }

    /// As PNG, [`SCALE`] pixels for each of the page's.
    ///
    /// # Errors
    /// When it is too large.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        bitmap::draw(self, SCALE)?.png()
    }
}

fn ending(path: &Path) -> Option<String> {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    atomic::write(path, bytes)
        .map_err(|source| ReportError::from(IoError { action: "write", path: path.into(), source }))
}
