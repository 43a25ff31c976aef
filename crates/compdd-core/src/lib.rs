//! What every part of compdd agrees on: random streams, subsets, records, protocols, recipes, files and progress.
//!
//! What may enter: types that are written, read, hashed or compared, and the tables of what there is. What may not: pixels of a data set,
//! networks, charts.
//!
//! | room | what it is for |
//! |---|---|
//! | [`files`] | whole files, locks, errors that name a path |
//! | [`limits`] | how much is taken from files of others |
//! | [`progress`] | how long work is followed and stopped |
//! | [`protocol`] | how a distilled set is scored, as versioned data |
//! | [`pruning`] | which training images are left out before distillation |
//! | [`recipe`] | which methods there are, and their hyper-parameters for a cell |
//! | [`record`] | bundles and records |
//! | [`rng`] | named random streams |
//! | [`subset`] | which classes: the lists, their versions and errata |
//! | [`text`] | text of others on its way to a terminal |

pub mod files;
pub mod limits;
pub mod progress;
pub mod protocol;
pub mod pruning;
pub mod recipe;
pub mod record;
pub mod rng;
pub mod subset;
pub mod text;
