//! The configuration file: defaults for `--data`, `--results` and `--device`.
//!
//! Read from `$COMPDD_CONFIG` or the user's configuration folder (`~/.config/compdd/config.toml` on Linux). A flag wins
//! over its environment variable, which wins over the file.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use compdd::files::plain;
use etcetera::BaseStrategy;
use serde::Deserialize;

/// The defaults of a machine.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folders of images, in the order in which they are searched.
    data: Option<Folders>,
    /// Where results go.
    pub results: Option<PathBuf>,
    /// Device.
    pub device: Option<String>,
    /// Cache of decoded images.
    cache: Option<PathBuf>,
    /// What the cache may hold.
    cache_size: Option<String>,
}

/// One folder or a list of them.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Folders {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ConfigError {
    /// It exists and cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    #[diagnostic(help("make it readable, or point COMPDD_CONFIG at another file"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A size in it is none.
    #[error("`cache_size = {value:?}` in the configuration file is no size")]
    #[diagnostic(help("write a size such as \"500MiB\" or \"20GiB\""))]
    Size {
        /// What it says.
        value: String,
    },
    /// The user has no cache folder.
    #[error("no folder for the cache of decoded images")]
    #[diagnostic(help("name one with --cache DIR or in COMPDD_CACHE, or go without: --no-cache"))]
    NoCache,
    /// It is not the TOML we expect.
    #[error("the configuration file {} is wrong", path.display())]
    #[diagnostic(help(
        "the keys are `data`, `results`, `device`, `cache` and `cache_size`, each a text in quotes; `data` may be a list of texts"
    ))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
}

impl Config {
    /// Reads the file; a file that is not there gives the defaults, unless `COMPDD_CONFIG` names it.
    pub fn read() -> Result<Self, ConfigError> {
        if let Some(named) = std::env::var_os("COMPDD_CONFIG") {
            return Self::parse(Path::new(&named));
        }
        match etcetera::choose_base_strategy().map(|base| base.config_dir().join("compdd/config.toml")) {
            Ok(path) if path.exists() => Self::parse(&path),
            _ => Ok(Self::default()),
        }
    }

    /// The results folder: the flag, else the file's, else `results`.
    pub fn results(&self, flag: Option<PathBuf>) -> PathBuf {
        flag.or_else(|| self.results.clone()).unwrap_or_else(|| "results".into())
    }

    /// The cache of decoded images: the flag, else the file's, else `compdd` in the user's cache folder.
    pub fn cache(&self, flag: Option<PathBuf>) -> Result<PathBuf, ConfigError> {
        let own = || etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("compdd"));
        flag.or_else(|| self.cache.clone()).or_else(own).ok_or(ConfigError::NoCache)
    }

    /// What the cache may hold, where the file says it.
    pub fn cache_size(&self) -> Result<Option<u64>, ConfigError> {
        let read = |text: &String| super::ui::bytes(text).map_err(|_| ConfigError::Size { value: text.clone() });
        self.cache_size.as_ref().map(read).transpose()
    }

    /// The folders of images: the flags, else those of the variable `COMPDD_DATA` (separated as in `PATH`), else the file's.
    pub fn data(&self, flags: Vec<PathBuf>, variable: Option<OsString>) -> Vec<PathBuf> {
        if !flags.is_empty() {
            return flags;
        }
        match (variable.filter(|value| !value.is_empty()), &self.data) {
            (Some(value), _) => std::env::split_paths(&value).collect(),
            (None, Some(Folders::One(folder))) => vec![folder.clone()],
            (None, Some(Folders::Several(folders))) => folders.clone(),
            (None, None) => Vec::new(),
        }
    }

    fn parse(path: &Path) -> Result<Self, ConfigError> {
        // Not only a plain file: /dev/null is a configuration as well.
        let text = std::fs::read(path)
            .and_then(plain::utf8)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|source| ConfigError::Syntax { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_in_the_file_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "data = \"/images\"\n").unwrap();
        assert_eq!(Config::parse(file.path()).unwrap().data, Some(Folders::One("/images".into())));
        std::fs::write(file.path(), "data = [\"/a\", \"/b\"]\n").unwrap();
        assert_eq!(Config::parse(file.path()).unwrap().data(Vec::new(), None), ["/a", "/b"].map(PathBuf::from));
        assert_eq!(Config::default().data(vec!["/c".into()], Some("/d".into())), [PathBuf::from("/c")]);
        assert_eq!(Config::default().data(Vec::new(), Some("/d:/e".into())).len(), 2);
        std::fs::write(file.path(), "dta = \"/images\"\n").unwrap();
        assert!(matches!(Config::parse(file.path()), Err(ConfigError::Syntax { .. })));
    }
}
