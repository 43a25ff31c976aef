//! What leaves for other tools: distilled sets in the layouts in which sets are released, the images of a subset, and results as tables.
//!
//! What may enter: writers of formats that others defined, each in a file of its own and knowing neither bundles nor subsets ([`torch`], [`npz`],
//! [`parquet`], [`pictures`], [`table`]), and what is put into them ([`set`], [`images`], [`results`]). Equal sets give equal bytes, and everything appears whole or not at
//! all. What may not: anything that is computed.

mod card;
mod error;
pub mod images;
pub mod npz;
mod parquet;
mod pictures;
pub mod results;
pub mod set;
mod table;
mod torch;

pub use error::ExportError;
