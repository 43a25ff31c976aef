//! One printed cell.

use serde::Deserialize;

use super::{layout::Dimension, names::NAMES};

/// What tables write for the images per class of the whole training set.
pub(super) const ALL_IMAGES: &str = "full";

/// A cell of a table of results, with the words and digits of the paper.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printed {
    /// `EDF`, `DataDAM`, `BiLP`, `EDC`.
    pub paper: String,
    /// Number of the table.
    pub table: String,
    /// The paper's word for the method.
    pub method: String,
    /// The paper's word for the data set.
    pub dataset: String,
    /// Images per class, or [`ALL_IMAGES`].
    pub ipc: String,
    /// `no-kd`, `kd`, or `na` where nothing is said.
    pub protocol: String,
    /// The paper's word for the tested network; empty where none is given.
    pub network: String,
    /// What is counted; accuracies are `acc_pct`, in percent.
    pub metric: String,
    /// As printed; empty where there is no legible number.
    pub mean: String,
    /// As printed; empty where there is none.
    pub std: String,
    /// What a reader must know.
    pub note: String,
    /// What an ablation varies.
    pub factor1_name: String,
    /// Its value.
    pub factor1_value: String,
    /// What else it varies.
    pub factor2_name: String,
    /// Its value.
    pub factor2_value: String,
}

/// The note of cells in which the paper prints a dash.
pub const DASH: &str = "not reported (dash)";

impl Printed {
    /// The number, if there is one.
    pub fn value(&self) -> Option<f64> {
        self.mean.parse().ok()
    }

    /// The printed digits: `52.6 ± 0.5`, or a dash.
    pub fn text(&self) -> String {
        match (self.mean.as_str(), self.std.as_str()) {
            ("", _) => "–".to_owned(),
            (mean, "") => mean.to_owned(),
            (mean, std) => format!("{mean} ± {std}"),
        }
    }

    /// Digits after the point, at least one.
    pub fn decimals(&self) -> usize {
        self.mean.split_once('.').map_or(1, |(_, digits)| digits.len().max(1))
    }

    /// What an ablation varies, with its values.
    pub fn factors(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = [(&self.factor1_name, &self.factor1_value), (&self.factor2_name, &self.factor2_value)];
        pairs.into_iter().filter(|(name, _)| !name.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The word of one dimension.
    pub(super) fn word(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::Method => &self.method,
            Dimension::Dataset => &self.dataset,
            Dimension::Ipc => &self.ipc,
            Dimension::Protocol => &self.protocol,
            Dimension::Network => &self.network,
            Dimension::Metric => &self.metric,
            Dimension::Factor1 => &self.factor1_value,
            Dimension::Factor2 => &self.factor2_value,
        }
    }

    /// What a column of one dimension is called.
    pub(super) fn title(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::Method => "method",
            Dimension::Dataset => "data set",
            Dimension::Ipc => "IPC",
            Dimension::Protocol => "scoring",
            Dimension::Network => "network",
            Dimension::Metric => "",
            Dimension::Factor1 => NAMES.factor(&self.factor1_name),
            Dimension::Factor2 => NAMES.factor(&self.factor2_name),
        }
    }

    /// Whether it is trained on all images, for others to be held against.
    pub(super) fn is_reference(&self) -> bool {
        NAMES.is_reference(&self.method)
    }
}

/// A word as it is read in a table.
pub fn read(dimension: Dimension, word: &str) -> String {
    match (dimension, word) {
        (Dimension::Ipc, ALL_IMAGES) => "all".to_owned(),
        (Dimension::Dataset, _) => NAMES.dataset(word).to_owned(),
        (Dimension::Metric, _) => NAMES.metric(word).to_owned(),
        (Dimension::Protocol, "no-kd") => "without a teacher".to_owned(),
        (Dimension::Protocol, "kd") => "with a teacher".to_owned(),
        (Dimension::Protocol, "na") => String::new(),
        (Dimension::Factor1 | Dimension::Factor2 | Dimension::Network, "") => "–".to_owned(),
        _ => word.to_owned(),
    }
}
