//! Scores of images as files, and what is made of them: means, categories, easy and hard lists.
//!
//! [`Settings`] say what is asked of every image. [`Scores`] is a Parquet file with one row an image and a [`Header`] that says how it
//! was made, [`Summary`] makes means per class and per category of it, and [`build`] takes the easiest and the hardest classes of every
//! category ([`Categories`]) into a file of lists that `--subset` understands. [`compare`] says how far two such files agree,
//! [`stability()`] how far two files of scores do. [`ImageScores`] are what pruning goes by: a row an image with one or several criteria, and a
//! [`ScoreCard`]. What may enter: scores, the words of their settings, and orders made of them. What
//! may not: networks and tensors, which are the part of `complexity` and `cam`; pictures.
//!
//! Source: EDF (Wang et al., arXiv 2410.17193), section 5 and supplement; see `docs/commands/complexity.md`.

mod agreement;
mod categories;
mod comparison;
mod error;
mod header;
mod images;
mod lists;
mod method;
mod sample;
mod settings;
mod stability;
mod summary;
mod table;

pub use agreement::{Agreement, CategoryAgreement, compare, kendall, spearman};
pub use categories::{Categories, Hypernyms};
pub use comparison::Comparison;
pub use error::{ScoresError, shown};
pub use header::Header;
pub use images::{ImageScores, LossPass, ScoreCard, ScoreTraining};
pub use lists::{BuildOptions, BuiltList, ListFile, Listed, ListsProvenance, Ranking, build, propose_fixed};
pub use method::{CamMethod, CamMethodError};
pub use sample::Sample;
pub use settings::{Grid, Question, Settings};
pub use stability::{Stability, stability};
pub use summary::{CategorySummary, ClassSummary, Mean, Summary};
pub use table::{Row, Scores};

#[cfg(test)]
mod tests;
