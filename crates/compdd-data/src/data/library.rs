//! [`Library`]: the folders that images are looked for in, and who follows their loading.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use compdd_core::progress::{Hooks, NoProgress, Progress, Stop};

use super::{
    cache::Cache,
    error::DataError,
    load::{self, Loaded, Request},
};

/// Where images come from: folders in the order in which they are searched. The built-in scenes need none.
#[derive(Clone)]
pub struct Library {
    /// The folders.
    pub roots: Vec<PathBuf>,
    /// Where decoded images are kept for the next time, if anywhere.
    pub cache: Option<Cache>,
    /// Who is told while images are loaded.
    pub progress: Arc<dyn Progress>,
    /// Who may stop the loading; what is done is kept for the next attempt.
    pub stop: Stop,
}

impl Library {
    /// A library of these folders.
    pub fn new(roots: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            roots: roots.into_iter().map(Into::into).collect(),
            cache: None,
            progress: Arc::new(NoProgress),
            stop: Stop::never(),
        }
    }

    /// The images of a request: from the cache, by way of it, or, where it cannot be used, from memory.
    pub(super) fn load(&self, request: &Request) -> Result<Loaded, DataError> {
        let hooks = Hooks { progress: self.progress.as_ref(), stop: &self.stop };
        let Some(cache) = &self.cache else { return load::in_memory(request, hooks) };
        match cache.load(request, hooks) {
            Err(DataError::Cache(error)) if cache.may_go_without(&error) => {
                tracing::warn!("{error}; going on without the cache");
                load::in_memory(request, hooks)
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
