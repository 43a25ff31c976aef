//! The configuration file: defaults for `--data`, `--results` and `--device`.
//!
//! Read from `$COMPDD_CONFIG` or the user's configuration folder (`~/.config/compdd/config.toml` on Linux). A flag wins
//! over its environment variable, which wins over the file.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::Deserialize;

/// The defaults of a machine.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Root of the images.
    pub data: Option<PathBuf>,
    /// Where results go.
    pub results: Option<PathBuf>,
    /// Device.
    pub device: Option<String>,
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
    /// It is not the TOML we expect.
    #[error("the configuration file {} is wrong", path.display())]
    #[diagnostic(help("the keys are `data`, `results` and `device`, each a text in quotes"))]
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

    fn parse(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
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
        assert_eq!(Config::parse(file.path()).unwrap().data, Some(PathBuf::from("/images")));
        std::fs::write(file.path(), "dta = \"/images\"\n").unwrap();
        assert!(matches!(Config::parse(file.path()), Err(ConfigError::Syntax { .. })));
    }
}
