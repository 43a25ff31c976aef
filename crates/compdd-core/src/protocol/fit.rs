//! What a protocol makes of the set and the network at hand: some settings depend on them.

use serde::{Deserialize, Serialize};

use super::{Decay, OptimizerKind, Pipeline, ProtocolError, Scoring, Supervision};
use crate::record::Record;

/// What settings may depend on: the set that is scored and the network that learns from it.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// Slug of the subset, without a version.
    pub subset: &'a str,
    /// Number of its classes.
    pub classes: usize,
    /// Images per class; none for the whole training set, unless it is given the steps of a set of so many.
    pub ipc: Option<usize>,
    /// Slug of the student's network.
    pub network: &'a str,
    /// Pictures that an image shows along each side ([`recipe::tiles`](crate::recipe::tiles)).
    pub tiles: usize,
}

impl<'a> Fit<'a> {
    /// What a record was measured on.
    pub fn of(record: &'a Record) -> Self {
        let cell = &record.cell;
        Self {
            subset: cell.subset.split_once('@').map_or(&*cell.subset, |(slug, _)| slug),
            classes: record.subset.classes.len(),
            ipc: (cell.ipc > 0).then_some(cell.ipc),
            network: &cell.network,
            tiles: crate::recipe::tiles(&record.recipe),
        }
    }
}

/// Settings for some cells only: every adjustment that fits applies, a later one over an earlier one. A condition that is absent holds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Adjustment {
    /// Slugs of subsets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subset: Vec<String>,
    /// Numbers of classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    classes: Vec<usize>,
    /// Fewest images per class; the whole training set has more than any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_ipc: Option<usize>,
    /// Families of networks: `resnet18` stands for `resnet18-bn` as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    network: Vec<String>,
    set: Change,
}

macro_rules! changes {
    ($($(#[$doc:meta])* $setting:ident: $kind:ty),+ $(,)?) => {
        /// What an adjustment changes: settings of [`Scoring`], at the full budget.
        #[derive(Clone, Debug, Default, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        struct Change {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] $setting: Option<$kind>,)+
            #[serde(skip_serializing_if = "Option::is_none")]
            learning_rate: Option<f32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            zeta: Option<f32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ema: Option<f32>,
        }

        impl Change {
            fn apply(&self, scoring: &mut Scoring) {
                $(if let Some(value) = &self.$setting { scoring.$setting = value.clone(); })+
                scoring.learning_rate = self.learning_rate.or(scoring.learning_rate);
                scoring.zeta = self.zeta.or(scoring.zeta);
                scoring.ema = self.ema.or(scoring.ema);
            }
        }
    };
}

changes! {
    batch: usize,
    epochs: usize,
    optimizer: OptimizerKind,
    momentum: f32,
    weight_decay: f32,
    drop: f32,
    #[serde(rename = "drops")]
    decay: Decay,
    augmentation: Pipeline,
    supervision: Supervision,
}

impl Adjustment {
    /// One that holds for every set and network.
    pub(super) fn always(settings: toml::Table) -> Result<Self, String> {
        let set = settings.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        Ok(Self { set, ..Self::default() })
    }

    /// Makes its changes.
    pub(super) fn apply(&self, scoring: &mut Scoring) {
        self.set.apply(scoring);
    }

    fn fits(&self, fit: &Fit<'_>) -> bool {
        let of_family = |family: &String| {
            fit.network.strip_prefix(family.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        (self.subset.is_empty() || self.subset.iter().any(|slug| slug == fit.subset))
            && (self.classes.is_empty() || self.classes.contains(&fit.classes))
            && self.from_ipc.is_none_or(|least| fit.ipc.is_none_or(|ipc| ipc >= least))
            && (self.network.is_empty() || self.network.iter().any(of_family))
    }
}

/// The settings of `protocol` for a cell. A minibatch is never larger than a distilled set.
///
/// # Errors
/// [`ProtocolError::NoRate`] when the protocol has learning rates for some networks, and none for this one.
pub(super) fn fitted(
    mut scoring: Scoring,
    adjustments: &[Adjustment],
    protocol: &str,
    fit: &Fit<'_>,
) -> Result<Scoring, ProtocolError> {
    for adjustment in adjustments.iter().filter(|it| it.fits(fit)) {
        adjustment.set.apply(&mut scoring);
    }
    if scoring.learning_rate.is_none() && adjustments.iter().any(|it| it.set.learning_rate.is_some()) {
        return Err(ProtocolError::NoRate { protocol: protocol.to_owned(), network: fit.network.to_owned() });
    }
    if let (Some(ipc), false) = (fit.ipc, adjustments.is_empty()) {
        scoring.batch = scoring.batch.min(ipc.saturating_mul(fit.classes)).max(1);
    }
    Ok(scoring)
}
