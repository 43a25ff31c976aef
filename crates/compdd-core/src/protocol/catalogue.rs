//! The protocols by name, read from their files.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Scoring;
use crate::record::{Budget, hash, value_of};

/// A named, versioned way of scoring. `docs/protocols` has a page on each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Name and version, as records store it: `no-kd@1`.
    pub id: String,
    /// Whose evaluation it is, in a line.
    pub summary: String,
    /// What it says, at the full budget.
    scoring: Scoring,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../benchmarks/protocols/", $name, ".toml")))),+]
    };
}

/// Every file, the usual protocol first.
static FILES: [(&str, &str); 6] =
    files!["no-kd", "no-kd-plain", "no-kd-datadam", "no-kd-idc", "no-kd-cafe", "kd-online"];

static ALL: LazyLock<Vec<Protocol>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        toml::from_str(text).unwrap_or_else(|error| panic!("benchmarks/protocols/{name}.toml: {error}"))
    };
    FILES.iter().map(read).collect()
});

impl Protocol {
    /// The names of [`Protocol::all`] without their versions, known before any definition is read.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// Every protocol, the usual one first.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The protocol of a name, with or without its version.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|protocol| protocol.id == name || protocol.slug() == name)
    }

    /// The name without the version.
    pub fn slug(&self) -> &str {
        self.id.split_once('@').map_or(&self.id, |(slug, _)| slug)
    }

    /// What it says at a budget.
    pub fn scoring(&self, budget: Budget) -> Scoring {
        self.scoring.clone().at(budget)
    }

    /// Content address of the definition: id and every setting at the full budget.
    pub fn hash(&self) -> String {
        hash::value(&serde_json::json!([self.id, value_of(&self.scoring)]))
    }
}
