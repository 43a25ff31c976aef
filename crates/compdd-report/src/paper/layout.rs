//! How a file is laid out: `benchmarks/paper/layout.toml`.

use serde::Deserialize;

/// What a printed cell can vary in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Method,
    Dataset,
    Ipc,
    Protocol,
    Network,
    Metric,
    Factor1,
    Factor2,
}

impl Dimension {
    pub const ALL: [Self; 8] = [
        Self::Method,
        Self::Dataset,
        Self::Ipc,
        Self::Protocol,
        Self::Network,
        Self::Metric,
        Self::Factor1,
        Self::Factor2,
    ];
}

/// One file: either `rows` and `columns`, or `stub` and `parts`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub file: String,
    pub id: String,
    #[serde(default)]
    pub rows: Vec<Dimension>,
    #[serde(default)]
    pub columns: Vec<Dimension>,
    /// A table of its own for every value.
    #[serde(default)]
    pub split: Vec<Dimension>,
    /// At most so many values of the broadest column heading side by side.
    pub wrap: Option<usize>,
    /// The best is found among cells that differ in nothing else.
    #[serde(default = "methods")]
    pub compare: Vec<Dimension>,
    /// The paper's word for the network of cells that name none.
    #[serde(default)]
    pub network: String,
    /// Columns of a sheet that stand in each of its parts.
    #[serde(default)]
    pub stub: Vec<String>,
    /// The other columns of a sheet.
    #[serde(default)]
    pub parts: Vec<Vec<String>>,
    /// Known mistakes, a sentence each.
    #[serde(default)]
    pub errata: Vec<String>,
}

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layouts {
    pub table: Vec<Layout>,
}

fn methods() -> Vec<Dimension> {
    vec![Dimension::Method]
}
