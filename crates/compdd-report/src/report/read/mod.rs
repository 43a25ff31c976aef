//! From records, curves, logs and files of scores to the values that charts take.
//!
//! [`Filter`] says which records are wanted; `compare` says which may share a chart, what each is called and where a chart's numbers come
//! from. Every other file reads for one kind of chart, from records in memory and from the files beside them. What may enter: choosing,
//! comparing, arranging. What may not: drawing, and anything that trains.

mod ablation;
mod area;
mod compare;
mod cost;
mod filter;
mod ipc;
mod iterations;
mod log;
mod networks;
mod order;
mod plane;
mod pruning;
mod recovery;
mod spread;

pub use ablation::ablation;
pub use area::area_curves;
pub use cost::cost;
pub use filter::{Filter, Scored};
pub use ipc::accuracy_over_ipc;
pub use iterations::iterations;
pub use networks::across_networks;
pub use order::order;
pub use plane::plane;
pub use pruning::pruning;
pub use recovery::recovery;
pub use spread::{Grouping, spread};
