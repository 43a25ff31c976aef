//! The protocols by name: each the settings of one line of papers, all without a teacher.

use super::{Drops, NoKd};
use crate::{
    augment::{DsaConfig, Token},
    record::Budget,
};

/// A named, versioned way of scoring. `docs/protocols` has a page on each.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Name and version, as records store it: `no-kd@1`.
    pub id: &'static str,
    /// Whose evaluation it is, in a line.
    pub summary: &'static str,
    settings: fn() -> NoKd,
}

/// Every protocol, the usual one first.
const ALL: [Protocol; 5] = [
    Protocol {
        id: "no-kd@1",
        summary: "DSA, DM and the trajectory line: 1000 epochs, one drop, minibatches of 256, DSA",
        settings: NoKd::default,
    },
    Protocol {
        id: "no-kd-plain@1",
        summary: "DC: 300 epochs, one drop, minibatches of 256, no augmentation",
        settings: || NoKd { epochs: 300, augmentation: DsaConfig::none(), ..NoKd::default() },
    },
    Protocol {
        id: "no-kd-datadam@1",
        summary: "DataDAM's released code: 1800 epochs, one drop, minibatches of 64, DSA",
        settings: || NoKd { epochs: 1800, batch: 64, ..NoKd::default() },
    },
    Protocol {
        id: "no-kd-idc@1",
        summary: "IDC: 1000 epochs, two drops, minibatches of 64, DSA without cutout, CutMix",
        settings: idc,
    },
    Protocol {
        id: "no-kd-cafe@1",
        summary: "CAFE without DSA: 600 epochs, one drop, minibatches of 256, no augmentation",
        settings: || NoKd { epochs: 600, augmentation: DsaConfig::none(), ..NoKd::default() },
    },
];

/// IDC's evaluation (Kim et al., ICML 2022): exactly `E` epochs, momentum kept.
fn idc() -> NoKd {
    let tokens = [Token::Color, Token::Crop, Token::Flip, Token::Scale, Token::Rotate];
    NoKd {
        extra_epoch: false,
        batch: 64,
        drop: 0.2,
        drops: Drops::TwoThirdsFiveSixths,
        augmentation: DsaConfig { strategy: tokens.into(), ..DsaConfig::default() },
        cutmix: 0.5,
        ..NoKd::default()
    }
}

impl Protocol {
    /// Every protocol, the usual one first.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The protocol of a name, with or without its version.
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|protocol| protocol.id == name || protocol.slug() == name)
    }

    /// The name without the version.
    pub fn slug(&self) -> &'static str {
        self.id.split_once('@').map_or(self.id, |(slug, _)| slug)
    }

    /// The settings at a budget.
    pub fn settings(&self, budget: Budget) -> NoKd {
        (self.settings)().at(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learning rates of all epochs at base rate 1, as `(rate, epochs)` runs.
    fn runs(name: &str, budget: Budget) -> Vec<(f32, usize)> {
        let plan = Protocol::find(name).unwrap().settings(budget).plan(1.0);
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

    #[test]
    fn minibatches_augmentation_and_momentum() {
        let row = |protocol: &Protocol| {
            let plan = protocol.settings(Budget::Paper).plan(0.01);
            let rebuilt = (0..plan.epochs).filter(|&epoch| plan.schedule.rebuilds(epoch)).count();
            (protocol.slug(), plan.batch, plan.augmentation.strategy.to_string(), plan.cutmix, rebuilt)
        };
        let dsa = || "color_crop_cutout_flip_scale_rotate".to_owned();
        let none = || "none".to_owned();
        assert_eq!(
            ALL.iter().map(row).collect::<Vec<_>>(),
            [
                ("no-kd", 256, dsa(), 0.0, 1),
                ("no-kd-plain", 256, none(), 0.0, 1),
                ("no-kd-datadam", 64, dsa(), 0.0, 1),
                ("no-kd-idc", 64, "color_crop_flip_scale_rotate".to_owned(), 0.5, 0),
                ("no-kd-cafe", 256, none(), 0.0, 1),
            ]
        );
        for protocol in Protocol::all() {
            for (budget, students) in [(Budget::Paper, 5), (Budget::Quick, 3), (Budget::Smoke, 2)] {
                let settings = protocol.settings(budget);
                assert!(settings.validate().is_ok());
                assert_eq!(settings.students, students);
            }
            let reference = protocol.settings(Budget::Paper).lasting(7);
            assert_eq!(reference.total_epochs(), 7, "{}", protocol.id);
        }
    }

    #[test]
    fn names_are_found_and_every_protocol_has_its_page() {
        assert_eq!(Protocol::find("no-kd-idc").unwrap().id, Protocol::find("no-kd-idc@1").unwrap().id);
        assert!(Protocol::find("no-kd@2").is_none() && Protocol::find("kd").is_none());
        assert_eq!(Protocol::all()[0].settings(Budget::Paper), NoKd::new(Budget::Paper));
        let pages =
            [include_str!("../../docs/protocols/no-kd.md"), include_str!("../../docs/protocols/no-kd-variants.md")];
        for protocol in Protocol::all() {
            assert!(pages.iter().any(|page| page.contains(&format!("`{}`", protocol.id))), "{}", protocol.id);
        }
    }
}
