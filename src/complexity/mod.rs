//! How complex the scenes of a data set are: from images and a trained network to scores, and from scores to easy and hard lists.
//!
//! A [`Judge`] is a trained network whose activation maps are looked at. [`score`] streams any number of images of a
//! [`Roll`](crate::data::Roll) past it and writes one row an image into a Parquet file; interrupted, it goes on and ends with the
//! same bytes. [`Scores`] reads such a file, [`Summary`] makes means per class and per category of it, and [`build`] takes the
//! easiest and the hardest classes of every category ([`Categories`]) into a file of lists that `--subset` understands.
//! [`compare`] says how far two such files agree, [`stability()`] how far two files of scores do. [`hold`] holds the score against the built-in
//! scenes, whose objects are known, beside the same network without training. What may enter: scores of maps, and orders made of them. What may not:
//! training networks, drawing maps, pictures.
//!
//! Source: EDF (Wang et al., arXiv 2410.17193), section 5 and supplement; see `docs/commands/complexity.md`.

mod agreement;
mod categories;
mod error;
mod header;
mod hold;
mod judge;
mod lists;
mod sample;
mod score;
mod settings;
mod stability;
mod summary;
mod table;
mod truth;
mod work;

pub use agreement::{Agreement, CategoryAgreement, compare, kendall, spearman};
pub use categories::{Categories, Hypernyms};
pub use error::ComplexityError;
pub use header::Header;
pub use hold::{Held, hold, write_held};
pub use judge::Judge;
pub use lists::{BuildOptions, BuiltList, ListFile, Listed, ListsProvenance, Ranking, build, propose_fixed};
pub use sample::{Sample, sample};
pub use score::{Scored, score};
pub use settings::{Grid, Question, Settings};
pub use stability::{Stability, stability};
pub use summary::{CategorySummary, ClassSummary, Mean, Summary};
pub use table::{Row, Scores};
pub use truth::{Truth, truth};

#[cfg(test)]
mod tests;
