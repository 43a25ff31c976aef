//! Label regimes: sets and their controls, each scored under the protocols of one family.

use std::path::PathBuf;

use super::{Outcome, Places, RescoreOptions, RunError, RunOptions, ScoringOptions, execute, rescore};
use compdd_core::{
    progress::{Progress, Stop},
    protocol::{Family, Regime},
    record::{Bundle, Cell, Distilled, LabelKind, PixelSpaceRecord},
    subset::Subset,
};
use compdd_data::data::{Decode, TaskOptions};

/// What stands beside the sets of every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Real images drawn at random, a new draw for every student.
    Random,
    /// Real images chosen by herding.
    Herding,
    /// The whole training set, with as many steps as a set has.
    FullSteps,
    /// The whole training set on its own schedule.
    Full,
}

impl Control {
    /// All of them, the expensive ones last.
    pub const ALL: [Self; 4] = [Self::Random, Self::Herding, Self::FullSteps, Self::Full];

    fn method(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Herding => "herding",
            Self::FullSteps | Self::Full => Cell::REFERENCE,
        }
    }
}

/// The flags of `compdd regimes`.
#[derive(Clone, Debug)]
pub struct RegimesOptions {
    /// Folders of the sets, all of one subset and in one pixel space.
    pub bundles: Vec<PathBuf>,
    /// Whose settings the students have.
    pub family: Family,
    /// Network that scores; the usual one of the sets' resolution when absent.
    pub network: Option<String>,
    /// How sets are scored; its protocol is replaced by those of the family, and its teacher is asked where a regime has one.
    pub scoring: ScoringOptions,
    /// Controls that are not scored now.
    pub without: Vec<Control>,
    /// Scores without augmentation as well.
    pub plain: bool,
    /// Leave damaged images out instead of stopping.
    pub skip_bad: bool,
    /// Built-in scenes only: training images a class.
    pub train_per_class: Option<usize>,
    /// Where everything is.
    pub places: Places,
}

/// Scores every set and every control in every regime. What has a record is not scored again, and every finished score is one: an interrupted call
/// goes on where it stood.
///
/// # Errors
/// When there is no set or the sets are not of one kind, and as [`rescore`] and [`execute`] fail.
pub fn regimes(options: &RegimesOptions, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Outcome>, RunError> {
    let sets =
        options.bundles.iter().map(|path| Ok((path, Bundle::read(path)?))).collect::<Result<Vec<_>, RunError>>()?;
    let Some((_, first)) = sets.first() else {
        return Err(RunError::flag("BUNDLE", &"(none)", "there is no set to score", "name the folder of a bundle"));
    };
    if let Some((path, _)) = sets.iter().find(|(_, set)| kind(set) != kind(first)) {
        let reason = format!("it is not of {} as the first set is, or its images are others", first.subset);
        return Err(RunError::flag(
            "BUNDLE",
            &path.display(),
            reason,
            "score sets of each kind in a call of their own",
        ));
    }
    let mut outcomes = Vec::new();
    for (path, set) in &sets {
        for regime in options.regimes(set.labels.kind() != LabelKind::Hard) {
            outcomes.extend(rescore(&options.set(path, regime), progress, stop)?);
        }
    }
    let mut ipcs: Vec<usize> = sets.iter().map(|(_, set)| set.ipc).collect();
    ipcs.sort_unstable();
    ipcs.dedup();
    for control in Control::ALL.into_iter().filter(|control| !options.without.contains(control)) {
        let ipcs = if control == Control::Full { vec![None] } else { ipcs.iter().copied().map(Some).collect() };
        for ipc in ipcs {
            for regime in options.regimes(false) {
                let plan = options.control(first, control.method(), ipc, regime).check()?;
                outcomes.extend(execute(&plan, progress, stop)?);
            }
        }
    }
    Ok(outcomes)
}

/// What the sets of a table share.
fn kind(set: &Distilled) -> (&str, [usize; 3], &PixelSpaceRecord, Option<Decode>) {
    (&set.subset, set.image_shape(), &set.space, decode(set))
}

/// How the images of a set were decoded, if it says so.
fn decode(set: &Distilled) -> Option<Decode> {
    set.provenance.decode.clone().and_then(|value| serde_json::from_value(value).ok())
}

impl RegimesOptions {
    /// The regimes of a set: the three that are compared, and those that were asked for or have something of their own.
    fn regimes(&self, own: bool) -> Vec<Regime> {
        let more = [(Regime::Own, own), (Regime::Plain, self.plain)];
        Regime::COMPARED
            .into_iter()
            .chain(more.into_iter().filter(|(_, wanted)| *wanted).map(|(regime, _)| regime))
            .collect()
    }

    fn scoring(&self, regime: Regime) -> ScoringOptions {
        let protocol = self.family.protocol(regime);
        let asked = super::teacher::asks(protocol);
        let teachers = if asked { self.scoring.teachers.clone() } else { Vec::new() };
        ScoringOptions { protocol: protocol.id.clone(), teachers, ..self.scoring.clone() }
    }

    fn set(&self, bundle: &std::path::Path, regime: Regime) -> RescoreOptions {
        RescoreOptions {
            bundle: bundle.to_owned(),
            networks: self.network.iter().cloned().collect(),
            scoring: self.scoring(regime),
            labels: None,
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            force: false,
            places: self.places.clone(),
        }
    }

    /// A control on images that are decoded and normalised as those of a set.
    fn control(&self, set: &Distilled, method: &str, ipc: Option<usize>, regime: Regime) -> RunOptions {
        let [_, side, _] = set.image_shape();
        let images = TaskOptions {
            resolution: Some(side),
            zca: matches!(set.space, PixelSpaceRecord::Zca { .. }),
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            ..TaskOptions::default()
        };
        let images = match decode(set) {
            Some(Decode { resize, antialias, .. }) => TaskOptions { resize, antialias, ..images },
            None => images,
        };
        RunOptions {
            network: Some(self.network.clone().unwrap_or_else(|| Subset::network_at(side).to_owned())),
            images,
            scoring: self.scoring(regime),
            places: self.places.clone(),
            ..RunOptions::new(method, &set.subset, ipc)
        }
    }
}
