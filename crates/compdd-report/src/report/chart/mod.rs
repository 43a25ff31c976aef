//! Charts: typed values become a [`Page`](super::Page).
//!
//! `plotters` draws them on a page: `axis` and `marks` say what it does not know, `frame` leaves room for axes, `head` puts the note and the key
//! above, [`Origin`] says where numbers come from. What may enter: one file a kind of chart, a function from values to a page, and the values it takes.
//! What may not: reading files (`read` does), or anything that computes the values.

use super::{
    ReportError,
    draw::{
        backend::{self, ink, units, words},
        colours::colour,
        font,
        page::{Anchor, Label, Page},
        path::Path,
        style::{CURVE, Colour, Dash, GRID, INK, MUTED, Marker, PAPER, PLOT_HEIGHT, SMALL, Style, TEXT, THIN, WIDTH},
    },
};
use axis::{Axis, Kind};
use frame::{Frame, Plan, SIZE};
use head::{LegendEntry, Sample};
use marks::{DASH, Mark};

mod ablation;
mod area;
pub(super) mod axis;
mod classes;
mod cost;
mod frame;
mod head;
mod histogram;
mod ipc;
mod iterations;
mod marks;
mod networks;
mod order;
mod origin;
mod pruning;
mod ranks;
mod recovery;
mod results;
mod saturation;
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
pub use order::{OrderValues, order_chart};
pub(crate) use origin::counted;
pub use origin::{Measured, Origin};
pub use pruning::{PruningCurve, PruningPoint, PruningValues, Repeats, pruning_chart};
pub use ranks::{RankValues, RankedRow, rank_chart};
pub use recovery::{RecoveryPoint, RecoveryValues, recovery_chart};
pub use results::{ChartOptions, chart};
pub use saturation::{SaturationCurve, SaturationValues, saturation_chart};
pub use spread::{SpreadGroup, SpreadValues, spread_chart};
pub use tsne::{PlanePoint, PlaneValues, tsne_chart};
