//! How long and how a network is trained.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EvalError, Rule, Schedule};
use compdd_core::protocol::{Decay, OptimizerKind, Pipeline, Scoring};

/// A training recipe: what a protocol prescribes for a learning rate, or what a teacher, an expert or a feature network needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Epochs that are run.
    pub epochs: usize,
    /// Minibatch size; the last, partial batch is kept.
    pub batch: usize,
    /// The optimiser.
    pub rule: Rule,
    /// Learning rate by epoch.
    pub schedule: Schedule,
    /// Augmentation, drawn per image.
    pub augmentation: Pipeline,
    /// Probability with which a minibatch is mixed by [`CutMix`](compdd_nn::augment::CutMix), after its augmentation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cutmix: f32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_zero(probability: &f32) -> bool {
    *probability == 0.0
}

impl Plan {
    /// The operations that a minibatch goes through, the mix included.
    pub fn pipeline(&self) -> Pipeline {
        self.augmentation.clone().with_cutmix(self.cutmix)
    }

    /// The plan of one student of a protocol. `learning_rate` is the one that comes with the training set; a protocol with a rate of its own
    /// does not read it.
    pub fn of(scoring: &Scoring, learning_rate: f32) -> Self {
        let weight_decay = scoring.weight_decay;
        let rule = match scoring.optimizer {
            OptimizerKind::Sgd => Rule::Sgd { momentum: scoring.momentum, weight_decay },
            OptimizerKind::AdamW => {
                let matrices_only = !scoring.decays_all;
                Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay, matrices_only }
            }
        };
        Self {
            epochs: scoring.total_epochs(),
            batch: scoring.batch,
            rule,
            schedule: schedule(scoring, scoring.learning_rate.unwrap_or(learning_rate)),
            augmentation: scoring.augmentation.clone(),
            cutmix: scoring.cutmix,
        }
    }

    /// The training of a network on real images as the trajectory line does it: SGD, one drop halfway, DSA.
    ///
    /// # Errors
    /// When there is no image in a minibatch.
    pub fn on_real_images(epochs: usize, batch: usize, learning_rate: f32) -> Result<Self, EvalError> {
        let scoring = Scoring { batch, ..Scoring::default() }.lasting(epochs);
        scoring.validate()?;
        Ok(Self::of(&scoring, learning_rate))
    }
}

/// The learning rate by epoch.
fn schedule(scoring: &Scoring, base: f32) -> Schedule {
    let (epochs, total, factor) = (scoring.epochs, scoring.total_epochs(), scoring.drop);
    let zeta = scoring.zeta.unwrap_or(2.0);
    match scoring.decay {
        Decay::Halfway => Schedule::Drop { base, after: epochs / 2 + 1, factor },
        Decay::TwoThirdsFiveSixths => Schedule::Steps { base, at: vec![2 * epochs / 3, 5 * epochs / 6], factor },
        Decay::LateSteps => {
            Schedule::Steps { base, at: vec![4 * epochs / 5, 9 * epochs / 10, 19 * epochs / 20], factor }
        }
        Decay::Cosine => Schedule::Cosine { base, total, zeta: 1.0 },
        Decay::CosineAfterRise => Schedule::CosineAfterRise { base, rise: total / 20, total },
        Decay::CosineToHalf => Schedule::Cosine { base, total, zeta },
        Decay::SmoothThenSteep => Schedule::SmoothThenSteep { base, total, zeta, continuous: false },
        Decay::SmoothThenSteepContinuous => Schedule::SmoothThenSteep { base, total, zeta, continuous: true },
        // What the loss makes of it is the student's: `Student::slowing`.
        Decay::Adaptive => Schedule::Constant { base },
        Decay::LinearToHalf => Schedule::Linear { base, total, zeta },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_core::{
        protocol::{MixConfig, Operation, Protocol},
        record::Budget,
    };

    /// Learning rates of all epochs at base rate 1, as `(rate, epochs)` runs.
    fn runs(name: &str, budget: Budget) -> Vec<(f32, usize)> {
        let plan = Plan::of(&Protocol::find(name).unwrap().scoring(budget), 1.0);
        let mut runs: Vec<(f32, usize)> = Vec::new();
        for rate in (0..plan.epochs).map(|epoch| plan.schedule.rate(epoch)) {
            match runs.last_mut() {
                Some((last, count)) if (*last - rate).abs() < 1e-6 => *count += 1,
                _ => runs.push((rate, 1)),
            }
        }
        runs
    }

    #[test]
    fn learning_rate_trace() {
        let protocol = Scoring::new(Budget::Paper);
        let plan = Plan::of(&protocol, 0.01);
        let trace: Vec<f32> = (0..plan.epochs).map(|epoch| plan.schedule.rate(epoch)).collect();
        assert_eq!(trace.len(), 1001);
        assert!(trace[..502].iter().all(|&rate| (rate - 0.01).abs() < 1e-9));
        assert!(trace[502..].iter().all(|&rate| (rate - 0.001).abs() < 1e-9));
        assert_eq!(trace[502..].len(), 499);
    }

    #[test]
    fn learning_rate_traces() {
        let near = |found: Vec<(f32, usize)>, expected: &[(f32, usize)]| {
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for ((rate, epochs), (wanted, count)) in found.iter().zip(expected) {
                assert!((rate - wanted).abs() < 1e-6 && epochs == count, "{found:?}");
            }
        };
        // E + 1 epochs, the drop after the epoch of index E/2 + 1.
        near(runs("no-kd", Budget::Paper), &[(1.0, 502), (0.1, 499)]);
        near(runs("no-kd", Budget::Smoke), &[(1.0, 12), (0.1, 9)]);
        near(runs("no-kd-plain", Budget::Paper), &[(1.0, 152), (0.1, 149)]);
        near(runs("no-kd-plain", Budget::Quick), &[(1.0, 47), (0.1, 44)]);
        near(runs("no-kd-datadam", Budget::Paper), &[(1.0, 902), (0.1, 899)]);
        near(runs("no-kd-cafe", Budget::Paper), &[(1.0, 302), (0.1, 299)]);
        // E epochs, the drops before those of index 2E/3 and 5E/6.
        near(runs("no-kd-idc", Budget::Paper), &[(1.0, 666), (0.2, 167), (0.04, 167)]);
        near(runs("no-kd-idc", Budget::Smoke), &[(1.0, 13), (0.2, 3), (0.04, 4)]);
    }

    /// RDED's rate after epochs 0, 150 and 299 of 300: it ends at half.
    #[test]
    fn the_cosine_of_rded_ends_at_half() {
        let plan = Plan::of(&Protocol::find("kd-rded").unwrap().scoring(Budget::Paper), 1.0);
        for (epoch, expected) in [(0, 1.0), (150, 0.853_553), (299, 0.502_618)] {
            assert!((plan.schedule.rate(epoch) - expected).abs() < 1e-6, "{epoch}: {}", plan.schedule.rate(epoch));
        }
    }

    #[test]
    fn minibatches_augmentation_and_momentum() {
        let row = |protocol: &Protocol| {
            let plan = Plan::of(&protocol.scoring(Budget::Paper), 0.01);
            let rebuilt = (0..plan.epochs).filter(|&epoch| plan.schedule.rebuilds(epoch)).count();
            (protocol.slug().to_owned(), plan.batch, plan.augmentation.to_string(), plan.cutmix, rebuilt)
        };
        let dsa = || "color_crop_cutout_flip_scale_rotate".to_owned();
        let none = || "none".to_owned();
        let crops = || "random-resized-crop, flip, cutmix".to_owned();
        let rded = || "patch-shuffle, random-resized-crop, flip, cutmix".to_owned();
        assert_eq!(
            Protocol::all().iter().map(row).collect::<Vec<_>>(),
            [
                ("no-kd".to_owned(), 256, dsa(), 0.0, 1),
                ("no-kd-plain".to_owned(), 256, none(), 0.0, 1),
                ("no-kd-datadam".to_owned(), 64, dsa(), 0.0, 1),
                ("no-kd-idc".to_owned(), 64, "color_crop_flip_scale_rotate".to_owned(), 0.5, 0),
                ("no-kd-cafe".to_owned(), 256, none(), 0.0, 1),
                ("kd-online".to_owned(), 100, dsa(), 1.0, 0),
                ("kd-rded".to_owned(), 10, rded(), 0.0, 0),
                ("kd-rded-released".to_owned(), 10, rded(), 0.0, 0),
                ("soft".to_owned(), 10, rded(), 0.0, 0),
                ("kd-edf".to_owned(), 10, crops(), 0.0, 0),
                ("kd-fkd".to_owned(), 1024, crops(), 0.0, 0),
                ("kd-fkd-cda".to_owned(), 128, crops(), 0.0, 0),
                ("kd-sre2l-tiny".to_owned(), 256, "random-resized-crop, flip".to_owned(), 0.0, 0),
                ("kd-sre2l-cifar".to_owned(), 128, "pad-crop, flip, mixup".to_owned(), 0.0, 0),
                ("kd-sre2l-cifar-released".to_owned(), 128, "pad-crop, flip, mixup".to_owned(), 0.0, 0),
                ("kd-gvbsm".to_owned(), 1024, crops(), 0.0, 0),
                ("kd-gvbsm-smooth".to_owned(), 1024, crops(), 0.0, 0),
                ("kd-edc".to_owned(), 50, format!("rand-augment, {}", crops()), 0.0, 0),
                ("kd-edc-plain".to_owned(), 50, format!("rand-augment, {}", crops()), 0.0, 0),
                ("kd-edc-ssrs".to_owned(), 50, format!("rand-augment, {}", crops()), 0.0, 0),
                ("kd-edc-released".to_owned(), 50, format!("rand-augment, {}", crops()), 0.0, 0),
                ("regimes-sgd-hard".to_owned(), 256, dsa(), 0.0, 1),
                ("regimes-sgd-soft".to_owned(), 256, dsa(), 0.0, 1),
                ("regimes-sgd-teacher".to_owned(), 256, dsa(), 0.0, 1),
                ("regimes-sgd-own".to_owned(), 256, dsa(), 0.0, 1),
                ("regimes-sgd-plain".to_owned(), 256, none(), 0.0, 1),
                ("regimes-adamw-hard".to_owned(), 10, rded(), 0.0, 0),
                ("regimes-adamw-soft".to_owned(), 10, rded(), 0.0, 0),
                ("regimes-adamw-teacher".to_owned(), 10, rded(), 0.0, 0),
                ("regimes-adamw-own".to_owned(), 10, rded(), 0.0, 0),
                ("regimes-adamw-plain".to_owned(), 10, none(), 0.0, 0),
            ]
        );
        for protocol in Protocol::all() {
            for (budget, students) in [(Budget::Paper, 5), (Budget::Quick, 3), (Budget::Smoke, 2)] {
                let settings = protocol.scoring(budget);
                assert!(settings.validate().is_ok());
                assert_eq!(settings.students, students);
            }
            let reference = protocol.scoring(Budget::Paper).lasting(7);
            assert_eq!(reference.total_epochs(), 7, "{}", protocol.id);
        }
    }

    /// The file of a student names its plan: settings of DSA are written as they were before there were pipelines.
    #[test]
    fn a_plan_of_dsa_is_written_alike_with_and_without_a_pipeline() {
        let plan = Plan::of(&Protocol::find("no-kd-idc").unwrap().scoring(Budget::Paper), 0.01);
        let text = serde_json::to_string(&plan).unwrap();
        assert!(text.contains("\"augmentation\":{\"strategy\":\"color_crop_flip_scale_rotate\""), "{text}");
        let dsa: Plan = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&dsa).unwrap(), text);
        assert_eq!(dsa, plan);
        let mix = Operation::CutMix(MixConfig { alpha: 1.0, probability: 0.5 });
        assert_eq!(plan.pipeline().operations()[1..], [mix]);
        assert_eq!(Plan { cutmix: 0.0, ..plan.clone() }.pipeline(), plan.augmentation);
    }
}
