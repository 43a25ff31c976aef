//! Pruning while distilling, `BiLP`'s second level, as a part of a recipe: absent unless it is asked for, so that other recipes keep their hashes.

use serde::{Deserialize, Serialize};

use super::Recipe;

/// How batches of real images are pruned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptive {
    /// Share of a batch that is to be removed, from both tails together.
    pub beta: f64,
    /// Iterations for which a pruned batch is used; 1: scores in every iteration.
    pub lazy: usize,
    /// What scores are.
    pub evaluator: Evaluator,
    /// What becomes of scores before their moments are taken.
    pub transform: ScoreTransform,
    /// Whether the score of an image is the running mean over the batches that it was in: the first as it is, of later ones a tenth. Absent from recipes
    /// where it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memory: bool,
}

/// What the score of a real image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluator {
    /// How much it lengthens the step of the synthetic images.
    Projection,
    /// The length of its effect on that step.
    Norm,
}

/// What scores become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScoreTransform {
    /// Nothing.
    #[default]
    None,
    /// Their logarithm, for scores that are lengths.
    Log,
}

impl Adaptive {
    /// Checks what its parts say.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        if !(self.beta > 0.0 && self.beta < 1.0) {
            return Err(format!("a share of {} cannot be removed: use one between 0 and 1, such as 0.3", self.beta));
        }
        if self.lazy == 0 {
            return Err("a pruned batch is used for 0 iterations: use 1 or more".to_owned());
        }
        if self.transform == ScoreTransform::Log && self.evaluator == Evaluator::Projection {
            return Err("projections have a sign and no logarithm: use the norm, or no transform".to_owned());
        }
        Ok(())
    }
}

impl Recipe {
    /// The key of adaptive pruning; in no recipe file.
    pub(super) const ADAPTIVE: &str = "adaptive";

    /// The recipe with adaptive pruning.
    #[must_use]
    pub fn with_adaptive(mut self, adaptive: Adaptive) -> Self {
        if let Ok(value) = toml::Value::try_from(adaptive) {
            self.values.insert(Self::ADAPTIVE.to_owned(), value);
        }
        self
    }

    /// How batches of real images are pruned; none: not at all.
    pub fn adaptive(&self) -> Option<Adaptive> {
        self.values.get(Self::ADAPTIVE).and_then(|value| value.clone().try_into().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{RecipeRequest, method};

    #[test]
    fn it_changes_the_hash_and_nothing_that_the_method_reads() {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Keys {
            batch_real: usize,
        }
        let request = RecipeRequest { subset: "cifar10", ipc: 1, budget: "paper", fidelity: "paper", resolution: 32 };
        let plain = Recipe::shipped(method("dc").unwrap(), &[], &request).unwrap();
        let adaptive =
            Adaptive { beta: 0.3, lazy: 10, evaluator: Evaluator::Norm, transform: ScoreTransform::Log, memory: false };
        let pruned = plain.clone().with_adaptive(adaptive);
        assert_eq!((plain.adaptive(), pruned.adaptive()), (None, Some(adaptive)));
        assert_ne!(plain.hash(), pruned.hash());
        assert_eq!(plain.typed::<Keys>().unwrap(), pruned.typed::<Keys>().unwrap());
        let settings = &pruned.to_json()["adaptive"];
        assert!(settings["lazy"] == 10 && settings.get("memory").is_none(), "older recipes keep their hashes");
        let remembering = Adaptive { memory: true, ..adaptive };
        assert_ne!(plain.clone().with_adaptive(remembering).hash(), pruned.hash());
        assert_eq!(plain.with_adaptive(remembering).adaptive(), Some(remembering));
    }

    #[test]
    fn shares_iterations_and_signs_are_checked() {
        let good = Adaptive {
            beta: 0.3,
            lazy: 10,
            evaluator: Evaluator::Projection,
            transform: ScoreTransform::None,
            memory: false,
        };
        assert_eq!(good.check(), Ok(()));
        let refuse = |adaptive: Adaptive, word: &str| assert!(adaptive.check().unwrap_err().contains(word));
        refuse(Adaptive { beta: 0.0, ..good }, "share");
        refuse(Adaptive { beta: 1.0, ..good }, "share");
        refuse(Adaptive { lazy: 0, ..good }, "iterations");
        refuse(Adaptive { transform: ScoreTransform::Log, ..good }, "logarithm");
    }
}
