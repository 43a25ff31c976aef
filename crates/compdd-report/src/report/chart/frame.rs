//! The frame of a chart: room for what stands around its plot, and the axes that `plotters` draws there.

use std::{cell::RefCell, f64::consts, rc::Rc};

use plotters::{
    chart::{ChartBuilder, ChartContext, LabelAreaPosition},
    coord::cartesian::Cartesian2d,
    element::{Drawable, PointCollection},
    style::{FontStyle, ShapeStyle, TRANSPARENT},
};
use plotters_backend::text_anchor::{HPos, VPos};

use super::{
    Axis, GRID, INK, Kind, LegendEntry, PLOT_HEIGHT, Page, SMALL, TEXT, THIN, WIDTH,
    backend::{LEAN, UNIT, ink, pixels, units, words},
    font,
    head::{GAP, Head, LINE, MARGIN, TAKEN},
};

/// Beside the plot, with room for half a number.
const RIGHT: f64 = 24.0;
/// Most room for a name below the axis.
const NAME: f64 = 230.0;
/// Length of a tick; `plotters` leaves as much room between it and its text.
const TICK: f64 = 3.0;
/// Size of a plot that has no reason for another.
pub(super) const SIZE: [f64; 2] = [WIDTH, PLOT_HEIGHT];

/// What a frame is made of.
pub(super) struct Plan {
    /// The plot goes below what is on it.
    pub page: Page,
    /// Where the numbers come from; above the key, if anything.
    pub note: String,
    pub legend: Vec<LegendEntry>,
    pub across: Axis,
    pub up: Axis,
    /// Most width, and height of the plot, without what stands around it.
    pub size: [f64; 2],
}

/// A page with axes, to draw series on.
pub(super) struct Frame {
    pub page: Rc<RefCell<Page>>,
    plot: ChartContext<'static, Page, Cartesian2d<Axis, Axis>>,
}

impl Frame {
    pub fn new(mut plan: Plan) -> Self {
        let head = Head::new(&plan.note, plan.legend);
        let widest = plan.up.marks.iter().map(|(_, text)| font::width(text, SMALL)).fold(0.0, f64::max);
        let right = WIDTH - RIGHT;
        let beside = LINE + widest + 2.0 * TICK;
        let left = (MARGIN + beside).max(first_name(&plan.across, right));
        let right = right.min(left + plan.size[0]);
        lean(&mut plan.across, [left, right]);
        let longest = plan.across.marks.iter().map(|(_, text)| font::width(text, SMALL)).fold(0.0, f64::max);
        let slant = if plan.across.kind == Kind::Leaning {
            longest * consts::FRAC_1_SQRT_2 - SMALL * font::CAPITAL * LEAN
        } else {
            0.0
        };
        let title = if plan.across.title.is_empty() { 0.0 } else { GAP + TEXT };
        let below = 2.0 * TICK + SMALL * (font::CAPITAL + 0.25) + slant + title;
        let top = head.height();
        let (page, area) = head.draw(plan.page, plan.size[1] + below + MARGIN);
        let mut plot = ChartBuilder::on(&area)
            .margin(units(MARGIN))
            .margin_top(units(top))
            .margin_left(units(left - beside))
            .margin_right(units(WIDTH - right))
            .set_label_area_size(LabelAreaPosition::Left, units(beside))
            .set_label_area_size(LabelAreaPosition::Bottom, units(below))
            .build_cartesian_2d(plan.across, plan.up)
            .expect(TAKEN);
        let mut grid = plot.configure_mesh();
        grid.disable_axes().disable_x_mesh().bold_line_style(ink(GRID, THIN)).draw().expect(TAKEN);
        Self { page, plot }
    }

    /// A series of elements, each at points of the plot.
    pub fn draw<E: Drawable<Page>>(&mut self, elements: impl IntoIterator<Item = E>)
    where
        for<'e> &'e E: PointCollection<'e, (f64, f64)>,
    {
        self.plot.draw_series::<_, E, E, _>(elements).expect(TAKEN);
    }

    /// Where a point of the plot lies on the page.
    pub fn pixels(&self, at: (f64, f64)) -> [f64; 2] {
        pixels(self.plot.plotting_area().map_coordinate(&at))
    }

    /// Left, top, right and bottom of the plot.
    pub fn bounds(&self) -> [f64; 4] {
        let (across, up) = self.plot.plotting_area().get_pixel_range();
        [across.start, up.start, across.end, up.end].map(|place| f64::from(place) / UNIT)
    }

    /// The page, its axes drawn over whatever touches them.
    pub fn finish(mut self) -> Page {
        let spec = self.plot.as_coord_spec();
        let [across, up] = [spec.x_spec(), spec.y_spec()].map(|axis| axis.title.clone());
        let mut names = words(INK, SMALL, HPos::Center, VPos::Top);
        if spec.x_spec().kind == Kind::Leaning {
            names.font = names.font.style(FontStyle::Oblique);
        }
        // Tiles need no lines beside them.
        let tiles = spec.y_spec().kind == Kind::Names;
        let lines = if tiles { ShapeStyle::from(TRANSPARENT) } else { ink(INK, THIN) };
        let mut axes = self.plot.configure_mesh();
        axes.disable_mesh()
            .axis_style(lines)
            .set_all_tick_mark_size(units(TICK))
            .x_label_style(names)
            .y_label_style(words(INK, SMALL, HPos::Right, VPos::Center))
            .axis_desc_style(words(INK, TEXT, HPos::Center, VPos::Top))
            .y_desc(up);
        if !across.is_empty() {
            axes.x_desc(across);
        }
        axes.draw().expect(TAKEN);
        drop(self.plot);
        Rc::unwrap_or_clone(self.page).into_inner()
    }
}

/// Where a plot that ends at `right` must begin at least, so that the first of its names has room when it leans.
fn first_name(across: &Axis, right: f64) -> f64 {
    let names = if across.kind == Kind::Names { across.marks.as_slice() } else { &[] };
    // The middle of slot `k` of `n` lies at `left + (k + 1/2) (right - left) / n`, and the name reaches so far to the left of it.
    let needed = |(place, name): &(f64, String)| {
        let share = (place + 0.5) / names.len() as f64;
        let reach = (font::width(name, SMALL) + 1.0).min(NAME) * consts::FRAC_1_SQRT_2;
        (MARGIN + reach - share * right) / (1.0 - share)
    };
    names.iter().map(needed).fold(0.0, f64::max)
}

/// Names that are too long for their slots lean, and are shortened where even so they have no room.
fn lean(across: &mut Axis, [left, right]: [f64; 2]) {
    let slot = (right - left) / across.marks.len() as f64;
    let long = across.marks.iter().any(|(_, name)| font::width(name, SMALL) > slot - GAP);
    if across.kind == Kind::Names && long {
        across.kind = Kind::Leaning;
        for (place, name) in &mut across.marks {
            let room = left + (*place + 0.5) * slot - MARGIN;
            *name = font::fitting(name, SMALL, (room * consts::SQRT_2).min(NAME));
        }
    }
}
