//! Auto-PGD: steps that shorten themselves, with momentum, from the best images so far (Croce and Hein, arXiv 2003.01690, algorithm 1).

use burn::tensor::Tensor;
use serde::Serialize;
use serde_json::Value;

use super::{
    Attack, Ball, Batch, Victim,
    batch::{Slope, choose, each, slope},
    cross_entropies, difference_of_logits, ranked, targeted_difference,
};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
};

/// Share of the way that follows the gradient; the rest goes on as before.
const FRESH: f32 = 0.75;
/// Share of the steps since the last look that must have climbed.
const CLIMBING: f32 = 0.75;
/// Classes that the form with targets aims at.
const TARGETS: usize = 9;

/// What is climbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Cross-entropy.
    CrossEntropy,
    /// The difference of logits ratio.
    Dlr,
    /// The same with targets: the nine classes that are likeliest after the right one, in turn.
    TargetedDlr,
}

/// An attack without a learning rate to choose.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Apgd {
    /// What is climbed.
    pub objective: Objective,
    /// Number of steps (of every target).
    pub steps: usize,
}

impl Apgd {
    /// A hundred steps, as in `AutoAttack`.
    pub fn new(objective: Objective) -> Self {
        Self { objective, steps: 100 }
    }

    /// One climb from a random start; `watch` hears the best losses after every step.
    pub(super) fn climb(
        &self,
        batch: &Batch<'_>,
        (epsilon, purpose): (f32, &str),
        stop: &Stop,
        ascent: impl Fn(&Tensor<4>) -> Slope,
        mut watch: impl FnMut(&[f32]),
    ) -> Result<Climb, Interrupted> {
        let (ball, device) = (Ball::around(&batch.images, epsilon), batch.images.device());
        let count = batch.labels.len();
        let mut images = ball.draw(batch, purpose);
        let mut before = images.clone();
        let mut seen = ascent(&images);
        let mut best = Best { images: images.clone(), gradient: seen.gradient.clone(), losses: seen.losses.clone() };
        let mut climb = Climb { images: images.clone(), fooled: seen.fooled.clone() };
        let mut looked = Looked { steps: vec![2.0 * epsilon; count], best: seen.losses.clone() };
        let (mut steps, mut climbed) = (looked.steps.clone(), vec![0_usize; count]);
        let (looks, mut last) = (looks(self.steps), 0);
        watch(&best.losses);
        for number in 1..=self.steps {
            stop.check()?;
            if climb.fooled.iter().all(|fooled| *fooled) {
                break;
            }
            let target = ball.project(images.clone() + seen.gradient.sign() * each(steps.clone(), &device));
            let next = if number == 1 {
                target
            } else {
                let fresh = (target - images.clone()).mul_scalar(FRESH);
                ball.project(images.clone() + fresh + (images.clone() - before).mul_scalar(1.0 - FRESH))
            };
            before = std::mem::replace(&mut images, next);
            let losses = std::mem::take(&mut seen.losses);
            seen = ascent(&images);
            climbed.iter_mut().zip(seen.losses.iter().zip(&losses)).for_each(|(count, (new, old))| {
                *count += usize::from(new > old);
            });
            best.take(&images, &seen);
            climb.take(&images, &seen.fooled);
            watch(&best.losses);
            if looks.contains(&number) {
                let slow = |i: usize| (climbed[i] as f32) < CLIMBING * (number - last) as f32;
                let stuck = |i: usize| same(looked.steps[i], steps[i]) && same(looked.best[i], best.losses[i]);
                let back: Vec<bool> = (0..count).map(|i| slow(i) || stuck(i)).collect();
                looked = Looked { steps: steps.clone(), best: best.losses.clone() };
                for image in (0..count).filter(|&image| back[image]) {
                    steps[image] /= 2.0;
                    seen.losses[image] = best.losses[image];
                }
                images = choose(&back, best.images.clone(), images);
                seen.gradient = choose(&back, best.gradient.clone(), seen.gradient);
                climbed = vec![0; count];
                last = number;
            }
        }
        climb.images = choose(&climb.fooled, climb.images, best.images);
        Ok(climb)
    }
}

/// Where a climb ended: images that fool, and the steepest of those that do not.
pub(super) struct Climb {
    pub images: Tensor<4>,
    pub fooled: Vec<bool>,
}

impl Climb {
    /// Keeps the first images that fool.
    fn take(&mut self, images: &Tensor<4>, fooled: &[bool]) {
        let new: Vec<bool> = self.fooled.iter().zip(fooled).map(|(known, now)| *now && !known).collect();
        if new.contains(&true) {
            self.images = choose(&new, images.clone(), self.images.clone());
            self.fooled.iter_mut().zip(new).for_each(|(known, new)| *known |= new);
        }
    }
}

/// The images of the largest losses so far.
struct Best {
    images: Tensor<4>,
    gradient: Tensor<4>,
    losses: Vec<f32>,
}

impl Best {
    fn take(&mut self, images: &Tensor<4>, seen: &Slope) {
        let better: Vec<bool> = seen.losses.iter().zip(&self.losses).map(|(new, old)| new > old).collect();
        self.images = choose(&better, images.clone(), self.images.clone());
        self.gradient = choose(&better, seen.gradient.clone(), self.gradient.clone());
        self.losses.iter_mut().zip(&seen.losses).for_each(|(old, new)| *old = old.max(*new));
    }
}

/// What was so at the last look.
struct Looked {
    steps: Vec<f32>,
    best: Vec<f32>,
}

/// Whether nothing happened to a number.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits()
}

/// After which steps is looked whether they are too long: `ceil(p_j N)` with `p_0 = 0`, `p_1 = 0.22` and
/// `p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06)`, in hundredths.
fn looks(steps: usize) -> Vec<usize> {
    let (mut before, mut now) = (0, 22);
    let mut looks = Vec::new();
    while now <= 100 {
        looks.push((now * steps).div_ceil(100));
        (before, now) = (now, now + (now - before - 3).max(6));
    }
    looks
}

impl Attack for Apgd {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        let labels = batch.labels;
        let with = |loss: &dyn Fn(Tensor<2>) -> Tensor<1>, purpose: &str| {
            let ascent = |images: &Tensor<4>| slope(victim, images, labels, |logits, _| loss(logits));
            self.climb(batch, (epsilon, purpose), stop, ascent, |_| ())
        };
        match self.objective {
            Objective::CrossEntropy => Ok(with(&|logits| cross_entropies(logits, labels), "start of apgd-ce")?.images),
            Objective::Dlr => Ok(with(&|logits| difference_of_logits(&logits, labels), "start of apgd-dlr")?.images),
            Objective::TargetedDlr => {
                let orders = ranked(&victim.logits(batch.images.clone()));
                let others = |(order, &label): (&Vec<usize>, &u32)| -> Vec<usize> {
                    order.iter().copied().filter(|&class| class != label as usize).collect()
                };
                let others: Vec<Vec<usize>> = orders.iter().zip(labels).map(others).collect();
                let mut all: Option<Climb> = None;
                for rank in 0..TARGETS.min(others.first().map_or(0, Vec::len)) {
                    let targets: Vec<usize> = others.iter().map(|others| others[rank]).collect();
                    let loss = |logits: Tensor<2>| targeted_difference(&logits, labels, &targets);
                    let climb = with(&loss, &format!("start of apgd-t {rank}"))?;
                    match &mut all {
                        Some(all) => all.take(&climb.images, &climb.fooled),
                        None => all = Some(climb),
                    }
                    if all.as_ref().is_some_and(|all| all.fooled.iter().all(|fooled| *fooled)) {
                        break;
                    }
                }
                Ok(all.map_or_else(|| batch.images.clone(), |all| all.images))
            }
        }
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::looks;

    /// The first shares are 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93 and 0.99.
    #[test]
    fn looks_come_closer() {
        assert_eq!(looks(100), [22, 41, 57, 70, 80, 87, 93, 99]);
        assert!(looks(10).windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
