//! [`Library`]: the folders that images are looked for in, and who is told while they are loaded.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    cache::Cache,
    error::DataError,
    load::{self, Loaded, Request},
};

/// Told how loading goes on; may ask it to stop.
pub trait Watch: Send + Sync {
    /// `done` of `all` images of a stage (`train images`) are ready.
    fn advance(&self, stage: &str, done: u64, all: u64);

    /// Something the user should know.
    fn note(&self, text: &str);

    /// Whether loading should stop at the next opportunity; what is done is kept for the next attempt.
    fn stopped(&self) -> bool;
}

/// Watches nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn advance(&self, _: &str, _: u64, _: u64) {}
    fn note(&self, _: &str) {}
    fn stopped(&self) -> bool {
        false
    }
}

/// Where images come from: folders in the order in which they are searched. The built-in scenes need none.
#[derive(Clone)]
pub struct Library {
    /// The folders.
    pub roots: Vec<PathBuf>,
    /// Where decoded images are kept for the next time, if anywhere.
    pub cache: Option<Cache>,
    /// Who is told.
    pub watch: Arc<dyn Watch>,
}

impl Library {
    /// A library of these folders.
    pub fn new(roots: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self { roots: roots.into_iter().map(Into::into).collect(), cache: None, watch: Arc::new(Unwatched) }
    }

    /// The images of a request: from the cache, by way of it, or, where it cannot be used, from memory.
    pub(super) fn load(&self, request: &Request) -> Result<Loaded, DataError> {
        let Some(cache) = &self.cache else { return load::in_memory(request, self.watch.as_ref()) };
        match cache.load(request, self.watch.as_ref()) {
            Err(DataError::Cache(error)) if cache.may_go_without(&error) => {
                tracing::warn!("{error}; going on without the cache");
                load::in_memory(request, self.watch.as_ref())
            }
            other => other,
        }
    }

    /// No folder at all: enough for the built-in scenes.
    pub fn empty() -> Self {
        Self::new(std::iter::empty::<PathBuf>())
    }
}

impl From<&Path> for Library {
    fn from(root: &Path) -> Self {
        Self::new([root])
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("roots", &self.roots).field("cache", &self.cache).finish_non_exhaustive()
    }
}
