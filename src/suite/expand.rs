//! From matrices to combinations.

use std::collections::BTreeMap;

use toml::Value;

use super::definition::{Exclusion, Matrix, Suite, Values};
use crate::{
    data::TaskOptions,
    prune::PruneOptions,
    pruning::Rule,
    record::{Budget, Cell, Fidelity},
    run::{AdaptiveOptions, Places, RunOptions, ScoringOptions},
};

/// A combination: the flags of one run, apart from the seed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Combination {
    pub method: String,
    pub subset: String,
    pub ipc: Option<usize>,
    pub protocol: String,
    pub network: Option<String>,
    pub eval_networks: Vec<String>,
    pub fidelity: Fidelity,
    pub budget: Budget,
    pub students: Option<usize>,
    pub set: Vec<(String, String)>,
    pub resolution: Option<usize>,
    pub zca: bool,
    pub train_per_class: Option<usize>,
    pub teachers: Vec<String>,
    pub prune: Option<Rule>,
    pub adaptive: Option<AdaptiveOptions>,
}

impl Combination {
    /// The same as options of a run. Where the teacher lies is not asked yet.
    pub fn options(&self, seed: u64) -> RunOptions {
        RunOptions {
            network: self.network.clone(),
            eval_networks: self.eval_networks.clone(),
            fidelity: self.fidelity,
            overrides: self.set.clone(),
            prune: self.prune.map(PruneOptions::by),
            adaptive: self.adaptive,
            images: TaskOptions {
                resolution: self.resolution,
                zca: self.zca,
                train_per_class: self.train_per_class,
                ..TaskOptions::default()
            },
            scoring: ScoringOptions {
                protocol: self.protocol.clone(),
                teachers: self.teachers.iter().map(Into::into).collect(),
                budget: self.budget,
                checks: false,
                students: self.students,
                seed,
            },
            places: Places::here(),
            ..RunOptions::new(&self.method, &self.subset, self.ipc)
        }
    }

    /// What tells it from the others of its matrix, for people.
    pub fn describe(&self) -> String {
        let ipc = self.ipc.map(|ipc| format!(" ipc {ipc}")).unwrap_or_default();
        format!("{} on {}{ipc} under {}", self.method, self.subset, self.protocol)
    }
}

/// Calls `each` with the group, the combination and its seeds, in the order in which a person would nest the lists.
pub(super) fn combinations<E>(
    suite: &Suite,
    mut each: impl FnMut(&str, Combination, Vec<u64>) -> Result<(), E>,
) -> Result<(), E> {
    for matrix in &suite.matrix {
        for method in matrix.method.all() {
            for subset in matrix.subset.all() {
                for ipc in images_per_class(matrix, method) {
                    of_set(matrix, method, subset, ipc, &mut each)?;
                }
            }
        }
    }
    Ok(())
}

fn of_set<E>(
    matrix: &Matrix,
    method: &str,
    subset: &str,
    ipc: Option<usize>,
    each: &mut impl FnMut(&str, Combination, Vec<u64>) -> Result<(), E>,
) -> Result<(), E> {
    for network in or_default(matrix.network.all()) {
        for fidelity in matrix.fidelity.all() {
            for (set, prune) in changes(matrix) {
                for protocol in matrix.protocol.all() {
                    let combination = Combination {
                        method: method.to_owned(),
                        subset: subset.to_owned(),
                        ipc,
                        protocol: protocol.clone(),
                        network: network.clone(),
                        eval_networks: matrix.eval_networks.clone(),
                        fidelity: *fidelity,
                        budget: matrix.budget,
                        students: matrix.students,
                        set: set.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
                        resolution: matrix.resolution,
                        zca: matrix.zca,
                        train_per_class: matrix.train_per_class,
                        teachers: matrix.teacher.all().to_vec(),
                        prune,
                        adaptive: matrix.adaptive,
                    };
                    let excluded = |seed: &u64| matrix.exclude.iter().any(|rule| rule.matches(&combination, *seed));
                    let seeds: Vec<u64> = matrix.seed.all().iter().copied().filter(|seed| !excluded(seed)).collect();
                    if !seeds.is_empty() {
                        each(&matrix.group, combination, seeds)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Changes of the recipe, each with every rule of pruning.
fn changes(matrix: &Matrix) -> impl Iterator<Item = (&BTreeMap<String, Value>, Option<Rule>)> {
    let rules = or_default(matrix.prune.all());
    matrix.set.all().iter().flat_map(move |set| {
        rules.clone().into_iter().map(move |rule| (set, rule.filter(|rule| !rule.removed.is_zero())))
    })
}

fn images_per_class(matrix: &Matrix, method: &str) -> Vec<Option<usize>> {
    if method == Cell::REFERENCE { vec![None] } else { or_default(matrix.ipc.all()) }
}

/// The values, or the one that says that none was given.
fn or_default<T: Clone>(values: &[T]) -> Vec<Option<T>> {
    if values.is_empty() { vec![None] } else { values.iter().cloned().map(Some).collect() }
}

/// A value as `--set` takes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Exclusion {
    fn matches(&self, combination: &Combination, seed: u64) -> bool {
        fn has<T: PartialEq>(wanted: Option<&Values<T>>, found: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| found.is_some_and(|found| wanted.all().contains(found)))
        }
        has(self.method.as_ref(), Some(&combination.method))
            && has(self.subset.as_ref(), Some(&combination.subset))
            && has(self.ipc.as_ref(), combination.ipc.as_ref())
            && has(self.protocol.as_ref(), Some(&combination.protocol))
            && has(self.network.as_ref(), combination.network.as_ref())
            && has(self.fidelity.as_ref(), Some(&combination.fidelity))
            && has(self.prune.as_ref(), combination.prune.as_ref())
            && has(self.seed.as_ref(), Some(&seed))
    }
}
