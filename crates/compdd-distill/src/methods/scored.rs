//! `craig`, `gradmatch`, `glister`, `forgetting`, `el2n`: real images chosen by what networks in training say of them.

use serde::{Deserialize, Serialize};

use super::{
    Distiller, Method, MethodError, Requirements, Start,
    names::network_or,
    selected::{Selection, check_learning_rate, select},
};
use crate::{
    eval::{InferenceOptions, View},
    feature_network::Demand,
    prune::{Chosen, Coreset, Scoring},
};
use compdd_core::{
    progress::Stop,
    pruning::Criterion,
    recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue, ranges},
};

/// Facility location on gradients.
pub(super) static CRAIG: Scored = Scored { info: &catalogue::CRAIG, criterion: Criterion::Craig };
/// Orthogonal matching pursuit on gradients.
pub(super) static GRADMATCH: Scored = Scored { info: &catalogue::GRADMATCH, criterion: Criterion::GradMatch };
/// Greedy choice for held-out images.
pub(super) static GLISTER: Scored = Scored { info: &catalogue::GLISTER, criterion: Criterion::Glister };
/// The most forgotten images.
pub(super) static FORGETTING: Scored = Scored { info: &catalogue::FORGETTING, criterion: Criterion::Forgetting };
/// The images with the largest errors.
pub(super) static EL2N: Scored = Scored { info: &catalogue::EL2N, criterion: Criterion::El2n };

/// A selection by a criterion.
pub(super) struct Scored {
    info: &'static MethodInfo,
    criterion: Criterion,
}

/// The keys of all these methods; a recipe has those of its own.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ScoredRecipe {
    learning_rate: f32,
    feature_network: String,
    feature_epochs: usize,
    feature_learning_rate: f32,
    feature_batch: usize,
    /// Networks whose scores are averaged.
    trials: Option<usize>,
    /// `high` or `low`: which scores are kept.
    keep: Option<String>,
    /// Whether the weights of the method go into the set.
    weights: Option<bool>,
    shuffled_bug: Option<bool>,
    lambda: Option<f64>,
    own_class: Option<bool>,
    eta: Option<f64>,
    sampled: Option<bool>,
}

impl ScoredRecipe {
    fn coreset(&self, criterion: Criterion) -> Option<Coreset> {
        Some(match criterion {
            Criterion::Craig => Coreset::Craig { shuffled_bug: self.shuffled_bug? },
            Criterion::GradMatch => Coreset::GradMatch { lambda: self.lambda?, own_class: self.own_class? },
            Criterion::Glister => Coreset::Glister { eta: self.eta?, sampled: self.sampled? },
            _ => return None,
        })
    }

    /// Images of a class, `members` by their places among the training images.
    fn choose(
        &self,
        criterion: Criterion,
        start: &Start<'_>,
        scoring: &Scoring<'_>,
        members: &[usize],
    ) -> Result<Chosen, MethodError> {
        let never = Stop::never();
        if let (Some(coreset), Some(student)) = (self.coreset(criterion), scoring.student()) {
            let view = scoring.view();
            let positions: Vec<usize> = members.iter().map(|&place| view.position(place)).collect();
            let own = View::some(view.set(), view.space(), positions);
            let passes = InferenceOptions { device: start.device, batch: self.feature_batch, stop: &never };
            let chosen = coreset.choose(student, &own, start.ipc, start.seed, passes)?;
            return Ok(Chosen { weights: chosen.weights.filter(|_| self.weights == Some(true)), ..chosen });
        }
        let scores = scoring.statistics().columns().find(|(own, _)| *own == criterion);
        let score = |place: &usize| scores.as_ref().map_or(0.0, |(_, scores)| scores[members[*place]]);
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|a, b| score(a).total_cmp(&score(b)).then(a.cmp(b)));
        if self.keep.as_deref() == Some("high") {
            order.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        }
        order.truncate(start.ipc);
        Ok(order.into())
    }
}

impl Check for Scored {
    fn info(&self) -> &'static MethodInfo {
        self.info
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        let recipe = recipe.typed::<ScoredRecipe>()?;
        check_learning_rate("learning_rate", recipe.learning_rate)?;
        check_learning_rate("feature_learning_rate", recipe.feature_learning_rate)?;
        ranges::positive(&[
            ("feature_epochs", recipe.feature_epochs),
            ("feature_batch", recipe.feature_batch),
            ("trials", recipe.trials.unwrap_or(1)),
        ])?;
        ranges::within(&[
            ("lambda", recipe.lambda.unwrap_or_default(), 0.0, 1e6),
            ("eta", recipe.eta.unwrap_or_default(), 0.0, 1e6),
        ])?;
        match recipe.keep.as_deref() {
            None | Some("high" | "low") => network_or("feature_network", &recipe.feature_network, "same"),
            Some(other) => Err(format!("`keep` is {other:?}, but must be \"high\" or \"low\"")),
        }
    }
}

impl Method for Scored {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let recipe = recipe.typed::<ScoredRecipe>().map_err(RecipeError::OutOfRange)?;
        let demand = Demand {
            network: Demand::named(&recipe.feature_network),
            epochs: recipe.feature_epochs,
            batch: recipe.feature_batch,
            learning_rate: recipe.feature_learning_rate,
            trials: Some(recipe.trials.unwrap_or(1)),
        };
        Ok(Requirements { features: Some(demand), ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<ScoredRecipe>().map_err(RecipeError::OutOfRange)?;
        let criterion = self.criterion;
        Ok(Box::new(Selection(move || {
            let (task, training) = (start.task, start.task.training());
            let scoring = start.feature_network()?.scoring(task, start.device)?;
            select(&start, recipe.learning_rate, |_, members| {
                let place = |member| training.binary_search(member).ok();
                let places: Vec<usize> = members.iter().filter_map(place).collect();
                recipe.choose(criterion, &start, &scoring, &places)
            })
        })))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::*;
    use crate::{
        eval::Following,
        feature_network::{self, Place},
        methods::{CELL, NEVER, find},
    };
    use burn::tensor::Device;
    use compdd_core::{
        progress::Hooks,
        recipe::RecipeRequest,
        record::{Budget, Distilled, Fidelity, Labels, Provenance},
        subset::Subset,
    };
    use compdd_data::data::{Library, Task, TaskOptions};
    use compdd_nn::{grad::Offload, nn::NetworkSpec};

    fn task() -> Task {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(12),
            test_per_class: Some(2),
            ..TaskOptions::default()
        };
        Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap()
    }

    /// What a method chooses.
    fn set(method: &str, sets: &[(&str, &str)]) -> Distilled {
        let (method, task, device) = (find(method).unwrap(), task(), Device::flex());
        let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let recipe = Recipe::resolve(method, None, &sets, &RecipeRequest { budget: "smoke", ..CELL }).unwrap();
        let network = NetworkSpec::parse("convnet-d2-w8").unwrap();
        let provenance = Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, "");
        let demand = method.requirements(&recipe, 5).unwrap().features.unwrap();
        let (root, hooks) = (tempfile::tempdir().unwrap(), Hooks::silent(&NEVER));
        let place = Place { root: root.path(), task: &task, device: &device, hooks, every: Duration::MAX };
        let features = feature_network::ensure(&demand, &network, 5, place).unwrap();
        let start = Start {
            task: &task,
            recipe: &recipe,
            ipc: 3,
            seed: 5,
            method: method.slug(),
            provenance: &provenance,
            network: &network,
            device: &device,
            experts: None,
            features: Some(&features),
            statistics: &[],
            observer: None,
            teachers: &[],
            offload: Offload::default(),
            chunk: None,
            preparation: Following::silent(&NEVER),
        };
        method.start(start).unwrap().snapshot().unwrap()
    }

    #[test]
    fn every_class_has_its_images_once() {
        for method in ["craig", "gradmatch", "glister", "forgetting", "el2n"] {
            let set = set(method, &[("feature_epochs", "2")]);
            set.check().unwrap();
            assert_eq!(set.labels, Labels::Hard((0..10).flat_map(|label| [label; 3]).collect()));
            let distinct: BTreeSet<Vec<u32>> =
                (0..set.len()).map(|i| set.image(i).iter().map(|value| value.to_bits()).collect()).collect();
            assert_eq!(distinct.len(), set.len(), "{method}");
            assert_eq!(set.weights.is_some(), ["craig", "gradmatch"].contains(&method), "{method}");
        }
    }

    #[test]
    fn weights_are_left_out_on_request_and_faults_are_made_on_request() {
        let weighted = set("craig", &[]);
        let plain = set("craig", &[("weights", "false")]);
        assert_eq!((&weighted.images, plain.weights), (&plain.images, None));
        assert_ne!(set("craig", &[("shuffled_bug", "true")]).images, weighted.images);
        assert_ne!(set("gradmatch", &[("own_class", "false")]).images, set("gradmatch", &[]).images);
        assert_ne!(set("el2n", &[("keep", "low")]).images, set("el2n", &[]).images);
    }

    #[test]
    fn keys_are_checked() {
        let refuse = |method: &str, key: &str, value: &str| {
            let sets = [(key.to_owned(), value.to_owned())];
            Recipe::resolve(find(method).unwrap(), None, &sets, &CELL).unwrap_err().to_string()
        };
        for (method, key, value) in [
            ("el2n", "keep", "middle"),
            ("craig", "feature_epochs", "0"),
            ("gradmatch", "lambda", "-1"),
            ("glister", "keep", "low"),
        ] {
            assert!(refuse(method, key, value).contains(key), "{method} {key}");
        }
    }
}
