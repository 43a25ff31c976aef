//! The protocols by name, read from their files.

use std::sync::LazyLock;

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Checks, Fit, ProtocolError, Scoring,
    fit::{self, Adjustment},
    variant,
};
use crate::record::{Budget, hash, value_of};

/// A named, versioned way of scoring. `docs/protocols` has a page on each built-in one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Name and version, as records store it: `no-kd@1`.
    pub id: String,
    /// Whose evaluation it is, in a line.
    pub summary: String,
    /// What it says, at the full budget.
    pub(super) scoring: Scoring,
    /// What it says for some sets and networks only.
    #[serde(default)]
    pub(super) when: Vec<Adjustment>,
    /// Whether its augmentation follows the pictures that an image shows along each side.
    #[serde(default)]
    by_tiles: bool,
    /// Whether every set of as many images per class gets the same number of steps, and the whole training set as many.
    #[serde(default)]
    equal_steps: bool,
    /// After which epochs the papers test a student to keep the best.
    checks: Option<Checks>,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../benchmarks/protocols/", $name, ".toml")))),+]
    };
}

/// Every file, the usual protocol first.
static FILES: [(&str, &str); 31] = files![
    "no-kd",
    "no-kd-plain",
    "no-kd-datadam",
    "no-kd-idc",
    "no-kd-cafe",
    "kd-online",
    "kd-rded",
    "kd-rded-released",
    "soft",
    "kd-edf",
    "kd-fkd",
    "kd-fkd-cda",
    "kd-sre2l-tiny",
    "kd-sre2l-cifar",
    "kd-sre2l-cifar-released",
    "kd-gvbsm",
    "kd-gvbsm-smooth",
    "kd-edc",
    "kd-edc-plain",
    "kd-edc-ssrs",
    "kd-edc-released",
    "regimes-sgd-hard",
    "regimes-sgd-soft",
    "regimes-sgd-teacher",
    "regimes-sgd-own",
    "regimes-sgd-plain",
    "regimes-adamw-hard",
    "regimes-adamw-soft",
    "regimes-adamw-teacher",
    "regimes-adamw-own",
    "regimes-adamw-plain",
];

static ALL: LazyLock<Vec<Protocol>> = LazyLock::new(|| {
    let read = |(name, _): &(&str, &str)| {
        table(name).try_into().unwrap_or_else(|error| panic!("benchmarks/protocols/{name}.toml: {error}"))
    };
    FILES.iter().map(read).collect()
});

/// The file of a protocol. One that is `like` another says only what differs: other keys, and other settings of its scoring.
fn table(name: &str) -> Table {
    let text = FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| text.parse::<Table>());
    let mut own = match text {
        Some(Ok(table)) => table,
        other => panic!("benchmarks/protocols/{name}.toml: {other:?}"),
    };
    let Some(Value::String(other)) = own.remove("like") else { return own };
    let mut whole = table(&other);
    for (key, value) in own {
        match (whole.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(changes)) => base.extend(changes),
            (_, value) => drop(whole.insert(key, value)),
        }
    }
    whole
}

impl Protocol {
    /// The names of [`Protocol::all`] without their versions, known before any definition is read.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// Every protocol, the usual one first.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The protocol of a name, with or without its version; of a name with changes, such as `kd-edc+ema:0.999`, the changed one.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::named(name).ok()
    }

    /// As [`find`](Self::find).
    ///
    /// # Errors
    /// A name that no protocol has, and changes that are not possible.
    pub fn named(name: &str) -> Result<&'static Self, ProtocolError> {
        let built_in = |name: &str| ALL.iter().find(|protocol| protocol.id == name || protocol.slug() == name);
        let unknown = || ProtocolError::Unknown { name: name.to_owned(), known: Self::names().collect() };
        match name.split_once(variant::SIGN) {
            None => built_in(name).ok_or_else(unknown),
            Some((base, changes)) => variant::of(built_in(base).ok_or_else(unknown)?, changes, name),
        }
    }

    /// The name without the version.
    pub fn slug(&self) -> &str {
        self.id.split_once('@').map_or(&self.id, |(slug, _)| slug)
    }

    /// What it says at a budget, whatever the set.
    pub fn scoring(&self, budget: Budget) -> Scoring {
        self.scoring.clone().at(budget)
    }

    /// What it says at a budget for a set and a network.
    ///
    /// # Errors
    /// When it has no learning rate for the network.
    pub fn fitted(&self, budget: Budget, fit: &Fit<'_>) -> Result<Scoring, ProtocolError> {
        let mut scoring = fit::fitted(self.scoring.clone(), &self.when, &self.id, fit)?.at(budget);
        if let (true, Some(ipc)) = (self.equal_steps, fit.ipc) {
            let images = ipc.saturating_mul(fit.classes).max(1);
            scoring.batch = scoring.batch.min(images);
            scoring.epoch_steps = Some(images.div_ceil(scoring.batch));
        }
        if self.by_tiles {
            scoring.augmentation = scoring.augmentation.for_tiles(fit.tiles);
        }
        Ok(scoring)
    }

    /// Whether [`Protocol::fitted`] may say anything else than [`Protocol::scoring`].
    pub fn depends_on_the_set(&self) -> bool {
        self.by_tiles || self.equal_steps || !self.when.is_empty()
    }

    /// After which epochs the papers test a student to keep the best; none where they do not. Students of ours are tested so on request alone, and
    /// what is scored is the last epoch.
    pub fn checks(&self) -> Option<&Checks> {
        self.checks.as_ref()
    }

    /// Whether every set of as many images per class gets the same number of steps: then the whole training set can be given as many.
    pub fn has_equal_steps(&self) -> bool {
        self.equal_steps
    }

    /// Content address of the definition: id, every setting at the full budget, and what these become for which sets.
    pub fn hash(&self) -> String {
        let (id, scoring) = (&self.id, value_of(&self.scoring));
        if self.equal_steps {
            return hash::value(&serde_json::json!([
                id,
                scoring,
                value_of(&self.when),
                self.by_tiles,
                self.equal_steps
            ]));
        }
        if self.depends_on_the_set() {
            return hash::value(&serde_json::json!([id, scoring, value_of(&self.when), self.by_tiles]));
        }
        hash::value(&serde_json::json!([id, scoring]))
    }
}
