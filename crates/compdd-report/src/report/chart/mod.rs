//! Charts: typed values become a [`Page`](super::Page).
//!
//! `frame` puts axes, names, key and note around a chart, `scale` knows numbers along an axis, `marks` what several charts draw,
//! [`Origin`] where numbers come from. What may enter: one file a kind of chart, a function from values to a page, and the values it takes.
//! What may not: reading files (`read` does), or anything that computes the values.

mod ablation;
mod area;
mod classes;
mod cost;
mod frame;
mod histogram;
mod ipc;
mod iterations;
mod marks;
mod networks;
mod origin;
mod recovery;
mod results;
pub(super) mod scale;
mod spread;
mod tsne;

pub use ablation::{AblationBar, AblationValues, ablation_chart};
pub use area::{AreaCurve, area_chart};
pub use classes::class_chart;
pub use cost::{CostPoint, CostValues, cost_chart};
pub use histogram::{MapValues, map_histogram};
pub use ipc::{IpcPoint, IpcSeries, IpcValues, ipc_chart};
pub use iterations::{Checkpoint, IterationValues, RunCurve, iteration_chart};
pub use networks::{NetworkValues, network_chart};
pub(crate) use origin::counted;
pub use origin::{Measured, Origin};
pub use recovery::{RecoveryPoint, RecoveryValues, recovery_chart};
pub use results::{ChartOptions, chart};
pub use spread::{SpreadGroup, SpreadValues, spread_chart};
pub use tsne::{PlanePoint, PlaneValues, tsne_chart};
