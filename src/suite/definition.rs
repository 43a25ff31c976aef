//! What a suite file says: matrices of values, exclusions, teachers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Value;

use super::SuiteError;
use crate::{
    pruning::Rule,
    record::{Budget, Fidelity},
    run::AdaptiveOptions,
    teachers::Training,
};

/// A suite: matrices whose cells are computed together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Name of its plans: letters, digits and hyphens.
    pub name: String,
    /// What it is for, in a line.
    pub summary: String,
    /// Teachers that are trained for its cells, each once for every set of images.
    #[serde(default)]
    pub teacher: Vec<TeacherSpec>,
    /// The matrices, in the order of the plan.
    pub matrix: Vec<Matrix>,
}

/// One value or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Values<T> {
    /// A single value.
    One(T),
    /// Several, each for cells of its own.
    Many(Vec<T>),
}

impl<T> Values<T> {
    /// All of them.
    pub fn all(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// A product of lists: every combination is a cell. What is not given is as `compdd run` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Name of the group, for `--only group=NAME`.
    pub group: String,
    /// Methods.
    pub method: Values<String>,
    /// Subsets.
    pub subset: Values<String>,
    /// Images per class; `full` has none and takes part once.
    #[serde(default = "none")]
    pub ipc: Values<usize>,
    /// Protocols.
    #[serde(default = "usual_protocol")]
    pub protocol: Values<String>,
    /// Networks that distil and score; the one of the recipe or of the resolution where none is given.
    #[serde(default = "none")]
    pub network: Values<String>,
    /// Networks that score as well: further records of each cell, not further cells.
    #[serde(default)]
    pub eval_networks: Vec<String>,
    /// Paper or released code.
    #[serde(default = "paper")]
    pub fidelity: Values<Fidelity>,
    /// Roots of all random draws.
    #[serde(default = "zero")]
    pub seed: Values<u64>,
    /// Changes of the recipe, `{ iterations = 100 }`; every table of the list is a value of its own.
    #[serde(default = "unchanged")]
    pub set: Values<BTreeMap<String, Value>>,
    /// Rules by which training images are left out beforehand, such as `loss:0.95`; a share of 0 leaves out none.
    #[serde(default = "none")]
    pub prune: Values<Rule>,
    /// How batches of real images are pruned while distilling, such as `{ beta = 0.3, lazy = 10 }`.
    pub adaptive: Option<AdaptiveOptions>,
    /// How much of the published effort is spent.
    #[serde(default)]
    pub budget: Budget,
    /// Students of a score; those of the protocol where absent.
    pub students: Option<usize>,
    /// Side of the images in pixels; that of the subset where absent.
    pub resolution: Option<usize>,
    /// Whiten the pixels.
    #[serde(default)]
    pub zca: bool,
    /// Built-in scenes: training images a class.
    pub train_per_class: Option<usize>,
    /// A teacher of this suite, a list of teachers, or the name of one below `RESULTS/teachers`; several are asked together.
    #[serde(default = "none")]
    pub teacher: Values<String>,
    /// Combinations that are left out: those that have a value of every list of one of these.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
}

/// Which combinations are left out; an empty entry matches everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Methods.
    pub method: Option<Values<String>>,
    /// Subsets.
    pub subset: Option<Values<String>>,
    /// Images per class.
    pub ipc: Option<Values<usize>>,
    /// Protocols.
    pub protocol: Option<Values<String>>,
    /// Networks that distil.
    pub network: Option<Values<String>>,
    /// Fidelities.
    pub fidelity: Option<Values<Fidelity>>,
    /// Rules of pruning.
    pub prune: Option<Values<Rule>>,
    /// Seeds.
    pub seed: Option<Values<u64>>,
}

/// A teacher that is trained when the first cell needs it, with the defaults of `compdd teacher train` for what is not given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherSpec {
    /// What matrices call it.
    pub name: String,
    /// Its network; the one of the resolution where absent.
    pub network: Option<String>,
    /// Passes over the training images.
    pub epochs: Option<usize>,
    /// Images of a minibatch.
    pub batch: Option<usize>,
    /// Learning rate of the first epoch, which falls to zero along a cosine.
    pub learning_rate: Option<f32>,
    /// Root of every random draw.
    #[serde(default)]
    pub seed: u64,
}

impl TeacherSpec {
    /// How it is trained.
    pub fn training(&self) -> Training {
        let usual = Training::default();
        Training {
            epochs: self.epochs.unwrap_or(usual.epochs),
            batch: self.batch.unwrap_or(usual.batch),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            seed: self.seed,
            ..usual
        }
    }
}

fn none<T>() -> Values<T> {
    Values::Many(Vec::new())
}

fn usual_protocol() -> Values<String> {
    Values::One("no-kd".to_owned())
}

fn paper() -> Values<Fidelity> {
    Values::One(Fidelity::Paper)
}

fn zero() -> Values<u64> {
    Values::One(0)
}

fn unchanged() -> Values<BTreeMap<String, Value>> {
    Values::One(BTreeMap::new())
}

impl Suite {
    /// Reads a definition; `origin` is named in errors.
    ///
    /// # Errors
    /// [`SuiteError::Definition`] with line and key.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SuiteError> {
        let wrong = |reason: String| SuiteError::Definition { name: origin.to_owned(), reason };
        let suite: Self = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if suite.name.is_empty() || !suite.name.chars().all(plain) {
            return Err(wrong(format!("the name `{}` has other characters than a-z, 0-9 and hyphens", suite.name)));
        }
        Ok(suite)
    }
}
