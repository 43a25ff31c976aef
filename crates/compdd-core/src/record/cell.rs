//! The address of a result: everything that decides its numbers, and the name made from it.

use super::{RecordError, hash, identifier::identifier};
use crate::pruning::Pruning;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How much of the published effort is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// All of it.
    #[default]
    Paper,
    /// A fraction, for a first look; marked wherever it is shown.
    Quick,
    /// Just enough to see that it runs; marked wherever it is shown.
    Smoke,
}

/// Which reading is followed where a paper and its released code differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// The paper's text.
    #[default]
    Paper,
    /// The released code.
    Released,
}

macro_rules! words {
    ($kind:ty, $what:literal, $known:literal, $($word:literal => $value:expr),+) => {
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(if *self == $value { return f.pad($word); })+
                Ok(())
            }
        }
        impl FromStr for $kind {
            type Err = RecordError;
            fn from_str(text: &str) -> Result<Self, RecordError> {
                match text.trim().to_lowercase().as_str() {
                    $($word => Ok($value),)+
                    _ => Err(RecordError::UnknownWord { what: $what, found: text.to_owned(), known: $known }),
                }
            }
        }
    };
}

words!(Budget, "budget", "paper, quick, smoke",
    "paper" => Self::Paper, "quick" => Self::Quick, "smoke" => Self::Smoke);
words!(Fidelity, "fidelity", "paper, released", "paper" => Self::Paper, "released" => Self::Released);

/// One result's place in the benchmark. Two cells that differ anywhere have different ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Slug of the method.
    #[serde(deserialize_with = "identifier")]
    pub method: String,
    /// Id of the subset, version included.
    #[serde(deserialize_with = "identifier")]
    pub subset: String,
    /// Images per class.
    pub ipc: usize,
    /// Id of the protocol, version included: `no-kd@1`.
    #[serde(deserialize_with = "identifier")]
    pub protocol: String,
    /// Slug of the network that was trained on the set and tested.
    #[serde(deserialize_with = "identifier")]
    pub network: String,
    /// What made the set: slug of the distilling network, or `bundle:` and the hash of a bundle that was scored as it is.
    #[serde(deserialize_with = "identifier")]
    pub source: String,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// How much of the published effort was spent.
    pub budget: Budget,
    /// Which reading of the method.
    pub fidelity: Fidelity,
    /// Hash of the method's recipe.
    pub recipe_hash: String,
    /// Hash of the images, training and test, and of how they were decoded.
    pub data_hash: String,
    /// Seed of the run.
    pub seed: u64,
    /// How many students were scored.
    pub students: usize,
    /// Content address of the teacher that the protocol asked; none for protocols that ask none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
    /// Which training images were left out before distillation; none where all were there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Pruning>,
}

/// Under which conditions an accuracy was measured: subset, protocol and its teacher, network, resolution, budget and the hash of the images. Where they
/// are equal, methods and numbers of images may be compared.
pub type Conditions<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, usize, Budget, &'a str);

impl Cell {
    /// The method that trains on the whole training set: what distilled sets are measured against, where it has no images per class.
    pub const REFERENCE: &str = "full";

    /// Whether this is the whole training set and not a distilled one. With images per class it has the steps of such a set alone.
    pub fn is_reference(&self) -> bool {
        self.method == Self::REFERENCE
    }

    /// Whether distilled sets are measured against this: the whole training set on its own schedule.
    pub fn is_baseline(&self) -> bool {
        self.is_reference() && self.ipc == 0 && self.pruning.is_none()
    }

    /// Its conditions.
    pub fn conditions(&self) -> Conditions<'_> {
        (
            &self.subset,
            &self.protocol,
            self.teacher.as_deref(),
            &self.network,
            self.resolution,
            self.budget,
            &self.data_hash,
        )
    }

    /// Name of the result: the parts a person looks for, then eight digits that stand for all of them.
    ///
    /// `random_cifar10@1_ipc10_no-kd@1_convnet-d3_r32_paper_s0_1f3a90cc`
    pub fn id(&self) -> String {
        format!(
            "{}_{}_ipc{}_{}_{}_r{}_{}{}_s{}_{}",
            self.method,
            self.subset,
            self.ipc,
            self.protocol,
            self.network,
            self.resolution,
            self.budget,
            self.suffix(),
            self.seed,
            hash::short(&hash::of(self)),
        )
    }

    /// Name of the distilled set behind this result, the same for every network, protocol and number of students.
    pub fn bundle_name(&self) -> String {
        let parts = (&self.method, &self.subset, self.ipc, &self.source, self.resolution, self.budget, self.fidelity);
        let (recipe, data, seed) = (&self.recipe_hash, &self.data_hash, self.seed);
        let address = match &self.pruning {
            None => hash::of(&(parts, recipe, data, seed)),
            Some(pruning) => hash::of(&(parts, recipe, data, seed, pruning)),
        };
        format!(
            "{}_{}_ipc{}_r{}_{}{}_s{}_{}",
            self.method,
            self.subset,
            self.ipc,
            self.resolution,
            self.budget,
            self.suffix(),
            self.seed,
            hash::short(&address),
        )
    }

    fn suffix(&self) -> &'static str {
        match (self.fidelity, &self.pruning) {
            (Fidelity::Paper, None) => "",
            (Fidelity::Released, None) => "_released",
            (Fidelity::Paper, Some(_)) => "_pruned",
            (Fidelity::Released, Some(_)) => "_released_pruned",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn ids_are_readable_and_differ_with_every_part() {
        let cell = example::cell();
        assert!(cell.id().starts_with("random_cifar10@1_ipc10_no-kd@1_convnet-d3_r32_paper_s0_"), "{}", cell.id());
        let mut ids = vec![cell.id()];
        ids.push(Cell { recipe_hash: "x".into(), ..cell.clone() }.id());
        ids.push(Cell { data_hash: "x".into(), ..cell.clone() }.id());
        ids.push(Cell { students: 5, ..cell.clone() }.id());
        ids.push(Cell { teacher: Some("cd".repeat(32)), ..cell.clone() }.id());
        ids.push(Cell { fidelity: Fidelity::Released, ..cell.clone() }.id());
        let pruned =
            |kept: &[usize]| Cell { pruning: Some(Pruning::new("loss:0.5".parse().unwrap(), kept)), ..cell.clone() };
        ids.extend([pruned(&[0]).id(), pruned(&[1]).id()]);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 8);
        assert!(pruned(&[0]).id().contains("_paper_pruned_s0_") && !pruned(&[0]).is_baseline());
        assert_ne!(cell.bundle_name(), pruned(&[0]).bundle_name());
        assert_ne!(pruned(&[1]).bundle_name(), pruned(&[0]).bundle_name());
        assert_eq!(cell.bundle_name(), Cell { network: "vgg11".into(), students: 1, ..cell.clone() }.bundle_name());
        assert_ne!(cell.bundle_name(), Cell { source: "vgg11".into(), ..cell.clone() }.bundle_name());
        assert_ne!(cell.bundle_name(), Cell { seed: 1, ..cell.clone() }.bundle_name());
    }

    #[test]
    fn words_round_trip() {
        assert_eq!("Quick".parse::<Budget>().unwrap(), Budget::Quick);
        assert_eq!(Fidelity::Released.to_string(), "released");
        assert!("fast".parse::<Budget>().unwrap_err().to_string().contains("unknown budget `fast`"));
    }
}
