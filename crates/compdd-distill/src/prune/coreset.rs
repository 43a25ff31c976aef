//! The images of a class in the order of a coreset, on what a trained network makes of them.

use super::PruneError;
use crate::{
    eval::{self, InferenceOptions, Student, View},
    select::{
        Candidates, Target, Validation, bias_gradients, craig, glister, gradmatch, herding, k_center,
        own_class_gradients,
    },
};
use compdd_core::{
    pruning::{Criterion, Share},
    rng::Stream,
};

/// Which coreset, with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coreset {
    /// Greedy matching of the mean of features.
    Herding,
    /// Farthest points of features.
    KCenter,
    /// Facility location on the gradients of the bias.
    Craig {
        /// Gradients are collected in a random order of the class, picks are read in its own: a fault of CORDS.
        shuffled_bug: bool,
    },
    /// Orthogonal matching pursuit; places that it leaves empty are filled at random, with weight 1.
    GradMatch {
        /// Ridge of the weights.
        lambda: f64,
        /// On the gradients of the class's own output (`PerClassPerGradient`) instead of those of the bias.
        own_class: bool,
    },
    /// Greedy choice for a tenth of the class, which is held out from it.
    Glister {
        /// Size of the virtual step.
        eta: f64,
        /// Whether a random part of the class competes for each place (`Stochastic`), or all of it (`Naive`).
        sampled: bool,
    },
}

/// Share of a class that GLISTER holds out.
const VALIDATION: f64 = 0.1;

/// Chosen images of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Places among the images of the class, in the order they were chosen.
    pub order: Vec<usize>,
    /// What each counts, where the method gives weights.
    pub weights: Option<Vec<f32>>,
}

impl From<Vec<usize>> for Chosen {
    fn from(order: Vec<usize>) -> Self {
        Self { order, weights: None }
    }
}

impl Coreset {
    /// The coreset behind a criterion, with the settings of `BiLP`'s comparison: bias gradients, class by class. None for other criteria.
    pub fn of(criterion: Criterion) -> Option<Self> {
        Some(match criterion {
            Criterion::Herding => Self::Herding,
            Criterion::KCenter => Self::KCenter,
            Criterion::Craig => Self::Craig { shuffled_bug: false },
            Criterion::CraigShuffledBug => Self::Craig { shuffled_bug: true },
            Criterion::GradMatch => Self::GradMatch { lambda: 0.5, own_class: false },
            Criterion::Glister => Self::Glister { eta: 0.01, sampled: true },
            _ => return None,
        })
    }

    /// Chooses `m` images of a class: `view` has those of `label` alone. Random draws follow from `seed`.
    ///
    /// # Errors
    /// When there are fewer than `m`, when the network's numbers are not finite, or when it is told to stop.
    pub fn choose(
        self,
        student: &Student<'_>,
        view: &View<'_>,
        m: usize,
        seed: u64,
        passes: InferenceOptions<'_>,
    ) -> Result<Chosen, PruneError> {
        let (mut logits, mut features) = (Vec::new(), Vec::new());
        eval::each_output(student.network(), student.params(), view, passes, |output, _| {
            logits.extend(output.logits.into_data().iter::<f32>());
            features.extend(output.features.into_data().iter::<f32>());
        })?;
        let labels: Vec<u32> = (0..view.len()).map(|i| view.label(i)).collect();
        let class = Class { logits: &logits, features: &features, labels: &labels };
        let label = labels.first().copied().unwrap_or_default();
        class.choose(self, m, &mut Stream::new(seed, "coreset", u64::from(label)))
    }

    /// The place of every image of the view in the order of its class, from 0. `removed` is the share of every class that is to be removed: the
    /// order of the criteria that depend on it is a random one behind what would be kept.
    ///
    /// # Errors
    /// As [`Coreset::choose`].
    pub fn places(
        self,
        student: &Student<'_>,
        view: &View<'_>,
        removed: Option<Share>,
        seed: u64,
        passes: InferenceOptions<'_>,
    ) -> Result<Vec<f64>, PruneError> {
        let mut members: std::collections::BTreeMap<u32, Vec<usize>> = std::collections::BTreeMap::new();
        (0..view.len()).for_each(|i| members.entry(view.label(i)).or_default().push(i));
        let mut places = vec![0.0; view.len()];
        for (label, members) in members {
            let positions: Vec<usize> = members.iter().map(|&i| view.position(i)).collect();
            let own = View::some(view.set(), view.space(), positions);
            let m = removed.map_or(members.len(), |removed| removed.kept_of(members.len()));
            let mut order = self.choose(student, &own, m, seed, passes)?.order;
            fill(&mut order, members.len(), members.len(), &mut Stream::new(seed, "rest of a class", u64::from(label)));
            order.iter().enumerate().for_each(|(place, &i)| places[members[i]] = place as f64);
        }
        Ok(places)
    }
}

/// What a network makes of the images of a class.
struct Class<'a> {
    logits: &'a [f32],
    features: &'a [f32],
    labels: &'a [u32],
}

impl Class<'_> {
    fn choose(&self, coreset: Coreset, m: usize, stream: &mut Stream) -> Result<Chosen, PruneError> {
        let n = self.labels.len();
        let (classes, width) = (self.logits.len() / n.max(1), self.features.len() / n.max(1));
        let bias = || bias_gradients(self.logits, self.labels, classes);
        Ok(match coreset {
            Coreset::Herding => herding(self.features, n, width, m)?.into(),
            Coreset::KCenter => k_center(self.features, n, width, m)?.into(),
            Coreset::Craig { shuffled_bug } => {
                let gradients = if shuffled_bug { shuffled(&bias(), classes, stream) } else { bias() };
                let cover = craig(&gradients, n, classes, m)?;
                Chosen { order: cover.order, weights: Some(cover.weights) }
            }
            Coreset::GradMatch { lambda, own_class } => {
                let (gradients, d) = if own_class {
                    (own_class_gradients(self.logits, self.features, self.labels, classes), width + 1)
                } else {
                    (bias(), classes)
                };
                // CORDS switches the tolerance off in the same way.
                let found = gradmatch(&gradients, [n, d, m], Target::Sum, lambda, 1e-100)?;
                let mut order = found.order;
                fill(&mut order, n, m, stream);
                let mut weights: Vec<f32> = found.weights.into_iter().map(|weight| weight as f32).collect();
                weights.resize(order.len(), 1.0);
                Chosen { order, weights: Some(weights) }
            }
            Coreset::Glister { eta, sampled } => {
                let held = ((n as f64 * VALIDATION).round() as usize).clamp(1, n.saturating_sub(1).max(1));
                let drawn = stream.sample(n, held);
                let others: Vec<usize> = (0..n).filter(|i| !drawn.contains(i)).collect();
                let pick = |rows: &[usize]| -> (Vec<f32>, Vec<u32>) {
                    let logits = rows.iter().flat_map(|&i| &self.logits[i * classes..][..classes]).copied();
                    (logits.collect(), rows.iter().map(|&i| self.labels[i]).collect())
                };
                let ((logits, labels), (own, own_labels)) = (pick(&drawn), pick(&others));
                let gradients = bias_gradients(&own, &own_labels, classes);
                let candidates = if sampled { Candidates::Sample(Box::new(stream.clone())) } else { Candidates::All };
                let size = [others.len(), classes, m.min(others.len())];
                let validation = Validation { logits: &logits, labels: &labels };
                let choice = glister(&gradients, size, validation, eta, candidates)?;
                let mut order: Vec<usize> = choice.order.into_iter().map(|place| others[place]).collect();
                fill(&mut order, n, m, stream);
                order.into()
            }
        })
    }
}

/// Random others of `n`, until there are `m`.
fn fill(order: &mut Vec<usize>, n: usize, m: usize, stream: &mut Stream) {
    let mut taken = vec![false; n];
    for &i in &*order {
        taken[i] = true;
    }
    let mut left: Vec<usize> = (0..n).filter(|&i| !taken[i]).collect();
    stream.shuffle(&mut left);
    order.extend(left.into_iter().take(m.saturating_sub(order.len())));
}

/// The rows in a random order.
fn shuffled(rows: &[f32], width: usize, stream: &mut Stream) -> Vec<f32> {
    let order = stream.permutation(rows.len() / width.max(1));
    order.into_iter().flat_map(|i| rows[i * width..][..width].to_vec()).collect()
}
