//! Teachers that are asked together, as papers name them: which networks, and how they are trained.

use std::{fmt, path::Path, sync::LazyLock};

use serde::Deserialize;

use super::{TeacherError, Training};
use compdd_core::{files::plain, limits};

/// Networks that are trained alike and asked in this order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherList {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// Whose networks they are, in a line.
    pub summary: String,
    /// Slugs of the networks.
    pub networks: Vec<String>,
    /// How each is trained.
    #[serde(default)]
    pub training: Training,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../benchmarks/teachers/", $name, ".toml")))),+]
    };
}

static FILES: [(&str, &str); 7] = files![
    "edc-cifar10",
    "edc-cifar10-released",
    "edc-cifar100",
    "edc-tiny",
    "edc-imagenet-10",
    "gvbsm-cifar10",
    "gvbsm-cifar100",
];

static ALL: LazyLock<Vec<TeacherList>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| TeacherList::parse(text, name).expect("a test reads every file");
    FILES.iter().map(read).collect()
});

impl TeacherList {
    /// The lists that ship with compdd.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The list of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|list| list.name == name)
    }

    /// The list in a file.
    ///
    /// # Errors
    /// [`TeacherError::Io`] and [`TeacherError::List`].
    pub fn read(path: &Path) -> Result<Self, TeacherError> {
        Self::parse(&plain::text(path, limits::TABLE_BYTES)?, &path.display().to_string())
    }

    fn parse(text: &str, name: &str) -> Result<Self, TeacherError> {
        let wrong = |reason: String| TeacherError::List { name: name.to_owned(), reason };
        let list: Self = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        if list.networks.is_empty() {
            return Err(wrong("it names no network".to_owned()));
        }
        list.training.recipe().validate()?;
        Ok(Self { name: name.to_owned(), ..list })
    }
}

impl fmt::Display for TeacherList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_nn::nn::NetworkSpec;

    #[test]
    fn every_file_is_a_list_of_networks_that_there_are() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benchmarks/teachers");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len(), "a file is not in FILES");
        for (name, text) in FILES {
            let list = TeacherList::parse(text, name).unwrap();
            assert_eq!(TeacherList::named(name), Some(&list));
            let side = if name.contains("imagenet") { 128 } else { 32 };
            for slug in &list.networks {
                let spec = NetworkSpec::parse(slug).unwrap();
                assert_eq!((spec.slug(), spec.build(3, side, 10).is_ok()), (slug.clone(), true));
            }
        }
    }
}
