//! `craig`, `gradmatch`, `glister`, `forgetting`, `el2n`: real images chosen by what networks in training say of them.

use serde::{Deserialize, Serialize};

use super::{
    Distiller, Method, MethodError, Start, State, StepContext, StepReport,
    names::network_or,
    selected::{check_learning_rate, select},
};
use crate::{
    eval::{InferenceOptions, View},
    prune::{Chosen, Coreset, Scoring},
};
use compdd_core::{
    progress::Stop,
    pruning::Criterion,
    recipe::{Check, MethodInfo, Recipe, RecipeError, catalogue, ranges},
    record::Distilled,
    rng::Stream,
};
use compdd_data::scores::{LossPass, ScoreTraining};
use compdd_nn::nn::{Network, NetworkSpec};

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

    fn training(&self, network: &NetworkSpec, seed: u64) -> ScoreTraining {
        ScoreTraining {
            network: network.slug(),
            trials: self.trials.unwrap_or(1),
            epochs: self.feature_epochs,
            learning_rate: self.feature_learning_rate,
            batch: self.feature_batch,
            pass: LossPass::Train,
            seed,
        }
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
    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let recipe = start.recipe.typed::<ScoredRecipe>().map_err(RecipeError::OutOfRange)?;
        let spec = match recipe.feature_network.as_str() {
            "same" => start.network.clone(),
            slug => NetworkSpec::parse(slug)?,
        };
        let [channels, _, side] = start.task.train.shape();
        let network = spec.build(channels, side, start.task.subset.classes_len())?;
        Ok(Box::new(Selection { criterion: self.criterion, recipe, network, start, trained: None }))
    }
}

/// One run: each step is an epoch of a network, the selection itself is the snapshot.
struct Selection<'a> {
    criterion: Criterion,
    recipe: ScoredRecipe,
    network: Network,
    start: Start<'a>,
    /// The networks' state between steps; none before the first.
    trained: Option<Vec<u8>>,
}

impl Selection<'_> {
    /// The scoring as it stands.
    fn scoring(&self) -> Result<Scoring<'_>, MethodError> {
        let seed = Stream::child_seed(self.start.seed, "feature-network", 0);
        let training = self.recipe.training(self.network.spec(), seed);
        let view = View::training(self.start.task);
        let mut scoring = Scoring::new(&self.network, view, training, self.start.device)?;
        self.trained.iter().try_for_each(|bytes| scoring.restore(bytes))?;
        Ok(scoring)
    }

    /// Images of a class, `members` by their places among the training images.
    fn choose(&self, scoring: &Scoring<'_>, members: &[usize]) -> Result<Chosen, MethodError> {
        let (never, ipc) = (Stop::never(), self.start.ipc);
        if let (Some(coreset), Some(student)) = (self.recipe.coreset(self.criterion), scoring.student()) {
            let view = scoring.view();
            let positions: Vec<usize> = members.iter().map(|&place| view.position(place)).collect();
            let own = View::some(view.set(), view.space(), positions);
            let passes = InferenceOptions { device: self.start.device, batch: self.recipe.feature_batch, stop: &never };
            let chosen = coreset.choose(student, &own, ipc, self.start.seed, passes)?;
            return Ok(Chosen { weights: chosen.weights.filter(|_| self.recipe.weights == Some(true)), ..chosen });
        }
        let scores = scoring.statistics().columns().find(|(criterion, _)| *criterion == self.criterion);
        let score = |place: &usize| scores.as_ref().map_or(0.0, |(_, scores)| scores[members[*place]]);
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|a, b| score(a).total_cmp(&score(b)).then(a.cmp(b)));
        if self.recipe.keep.as_deref() == Some("high") {
            order.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        }
        order.truncate(ipc);
        Ok(order.into())
    }
}

impl Distiller for Selection<'_> {
    fn steps(&self) -> usize {
        self.recipe.feature_epochs * self.recipe.trials.unwrap_or(1)
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let mut scoring = self.scoring()?;
        let loss = scoring.epoch(ctx.stop)?;
        let state = scoring.to_bytes()?;
        drop(scoring);
        self.trained = Some(state);
        Ok(StepReport { loss: Some(loss), ..StepReport::default() })
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        let scoring = self.scoring()?;
        select(&self.start, self.recipe.learning_rate, |_, members| {
            let training = self.start.task.training();
            let places: Vec<usize> = members.iter().filter_map(|member| training.binary_search(member).ok()).collect();
            self.choose(&scoring, &places)
        })
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        state.put("scoring", self.trained.clone().unwrap_or_default());
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        let bytes = state.get("scoring")?;
        self.trained = (!bytes.is_empty()).then(|| bytes.to_vec());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        eval::Following,
        methods::{CELL, NEVER, find},
    };
    use burn::tensor::Device;
    use compdd_core::{
        recipe::RecipeRequest,
        record::{Budget, Fidelity, Labels, Provenance},
        subset::Subset,
    };
    use compdd_data::data::{Library, Task, TaskOptions};
    use compdd_nn::grad::Offload;

    fn task() -> Task {
        let options = TaskOptions {
            resolution: Some(16),
            train_per_class: Some(12),
            test_per_class: Some(2),
            ..TaskOptions::default()
        };
        Task::load(&Subset::find("scenes-easy").unwrap(), &Library::empty(), &options).unwrap()
    }

    /// Runs a method to its end; `parts` saves and loads it before every step.
    fn set(method: &str, sets: &[(&str, &str)], parts: bool) -> Distilled {
        let (method, task, device) = (find(method).unwrap(), task(), Device::flex());
        let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let recipe = Recipe::resolve(method, None, &sets, &RecipeRequest { budget: "smoke", ..CELL }).unwrap();
        let network = NetworkSpec::parse("convnet-d2-w8").unwrap();
        let provenance = Provenance::of_run(0, Budget::Smoke, Fidelity::Paper, "");
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
            statistics: &[],
            observer: None,
            teachers: &[],
            offload: Offload::default(),
            chunk: None,
            preparation: Following::silent(&NEVER),
        };
        let mut distiller = method.start(start.clone()).unwrap();
        for step in 0..distiller.steps() {
            if parts {
                let mut state = State::default();
                distiller.save(&mut state).unwrap();
                distiller = method.start(start.clone()).unwrap();
                distiller.load(&state).unwrap();
            }
            let report = distiller.step(&StepContext { step, stop: &NEVER }).unwrap();
            assert!(report.loss.is_some_and(f64::is_finite));
        }
        distiller.snapshot().unwrap()
    }

    #[test]
    fn every_class_has_its_images_once() {
        for method in ["craig", "gradmatch", "glister", "forgetting", "el2n"] {
            let set = set(method, &[("feature_epochs", "2")], false);
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
        let weighted = set("craig", &[], false);
        let plain = set("craig", &[("weights", "false")], false);
        assert_eq!((&weighted.images, plain.weights), (&plain.images, None));
        assert_ne!(set("craig", &[("shuffled_bug", "true")], false).images, weighted.images);
        assert_ne!(set("gradmatch", &[("own_class", "false")], false).images, set("gradmatch", &[], false).images);
        assert_ne!(set("el2n", &[("keep", "low")], false).images, set("el2n", &[], false).images);
    }

    #[test]
    fn a_run_in_parts_gives_the_same_set() {
        let sets = [("feature_epochs", "2"), ("trials", "2")];
        assert_eq!(set("el2n", &sets, true), set("el2n", &sets, false));
        assert_eq!(set("gradmatch", &sets[..1], true), set("gradmatch", &sets[..1], false));
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
