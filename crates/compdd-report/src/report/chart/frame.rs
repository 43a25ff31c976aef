//! What stands around every chart: axes, their titles, numbers and names, the key, a note.

use super::{
    super::draw::{
        font,
        page::{Anchor, Label, Page},
        path::Path,
        style::{CURVE, GRID, INK, MUTED, SMALL, Style, TEXT, THIN, WIDTH},
    },
    marks,
    origin::Origin,
    scale::{Scale, Ticks},
};

pub(in crate::report) const MARGIN: f64 = 8.0;
pub(in crate::report) const GAP: f64 = 6.0;
/// Beside the plot, with room for half a number.
const RIGHT: f64 = 24.0;
/// From one line of text to the next.
pub(in crate::report) const LINE: f64 = 17.0;
/// Length of the sample in a key.
const SAMPLE: f64 = 26.0;
/// Most room for a name below the axis.
const NAME: f64 = 230.0;
const TICK: f64 = 4.0;
/// How far the end of a leaning name lies beside its tick, so that the middle of its height meets it.
const LEAN: f64 = SMALL * font::CAPITAL * 0.35;
/// About so many numbers are written along an axis.
pub(in crate::report) const ACROSS: usize = 6;
pub(in crate::report) const UP: usize = 5;
/// Radius of a marker.
pub(in crate::report) const MARKER: f64 = 3.4;

/// What lies along the horizontal axis.
pub(in crate::report) enum XAxis {
    Numbers {
        range: [f64; 2],
        whole: bool,
    },
    /// The middles of equal slots, at 0, 1, 2, ...
    Names(Vec<String>),
    /// Words at places, such as powers of ten along a scale of logarithms.
    Marks {
        range: [f64; 2],
        marks: Vec<(f64, String)>,
    },
}

/// A series in the key.
pub(in crate::report) struct LegendEntry {
    pub text: String,
    pub style: Style,
    pub sample: Sample,
}

/// What stands before the words of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Sample {
    Line,
    Marker,
    Area,
    /// A line with a marker on it.
    Curve,
    /// The outline of a marker.
    Hollow,
}

/// What a frame is made of.
pub(in crate::report) struct Plan {
    /// What the chart shows, in a line; it is not drawn.
    pub title: String,
    /// Where the numbers come from; above the key, if anything.
    pub note: String,
    pub across: XAxis,
    pub across_title: String,
    pub up: [f64; 2],
    pub up_title: String,
    pub legend: Vec<LegendEntry>,
    /// Height of the plot, without what stands around it.
    pub height: f64,
}

/// A page with axes, and the scales to draw by.
pub(in crate::report) struct Frame {
    pub page: Page,
    pub x: Scale,
    pub y: Scale,
}

impl Frame {
    pub fn new(plan: Plan) -> Self {
        let head = Head::new(&plan.note, &plan.legend);
        let top = head.height();
        let ticks = Ticks::for_range(plan.up, UP);
        let numbers: Vec<(f64, String)> = ticks.inside(plan.up).into_iter().map(|v| (v, ticks.write(v))).collect();
        let widest = numbers.iter().map(|(_, text)| font::width(text, SMALL)).fold(0.0, f64::max);
        let (left, right) = (MARGIN + LINE + widest + TICK + GAP, WIDTH - RIGHT);
        let left = left.max(first_name(&plan.across, right));
        let x = match &plan.across {
            XAxis::Numbers { range, .. } | XAxis::Marks { range, .. } => Scale { range: *range, pixels: [left, right] },
            XAxis::Names(names) => Scale { range: [-0.5, names.len() as f64 - 0.5], pixels: [left, right] },
        };
        let bottom = top + plan.height;
        let y = Scale { range: plan.up, pixels: [bottom, top] };
        let names = below(&plan.across, x, bottom);
        let deepest = names.iter().map(depth).fold(bottom, f64::max);
        let title_line = if plan.across_title.is_empty() { deepest } else { deepest + GAP + TEXT };
        let mut page = Page::new([WIDTH, title_line + MARGIN], plan.title);
        head.draw(&mut page, &plan.legend);
        for (value, text) in numbers {
            let height = y.at(value);
            page.line(Path::through([[left, height], [right, height]]), GRID, THIN, &[]);
            let at = [left - TICK - 2.0, height + SMALL * font::CAPITAL / 2.0];
            page.text(Label::new(text, at, SMALL, Anchor::End));
        }
        let beside = left - widest - TICK - GAP - (LINE - TEXT);
        page.text(Label::new(plan.up_title, [beside, f64::midpoint(top, bottom)], TEXT, Anchor::Middle).turned(-90.0));
        page.text(Label::new(plan.across_title, [f64::midpoint(left, right), title_line], TEXT, Anchor::Middle));
        for name in names {
            let at = if name.turn == 0.0 { name.at[0] } else { name.at[0] - LEAN };
            page.line(Path::through([[at, bottom], [at, bottom + TICK]]), INK, THIN, &[]);
            page.text(name);
        }
        Self { page, x, y }
    }

    /// The page, its axes drawn over whatever touches them.
    pub fn finish(mut self) -> Page {
        let ([left, right], [bottom, top]) = (self.x.pixels, self.y.pixels);
        self.page.line(Path::through([[left, top], [left, bottom], [right, bottom]]), INK, THIN, &[]);
        self.page
    }

    /// [`finish`](Self::finish), with the sources of its numbers kept in the page.
    pub fn sourced(self, origin: &Origin) -> Page {
        Page { sources: origin.sources.clone(), ..self.finish() }
    }

    /// The pixel of a point.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x.at(x), self.y.at(y)]
    }
}

/// Where a plot that ends at `right` must begin at least, so that the first of its names has room when it leans.
fn first_name(across: &XAxis, right: f64) -> f64 {
    let XAxis::Names(names) = across else { return 0.0 };
    // The middle of slot `k` of `n` lies at `left + (k + 1/2) (right - left) / n`, and the name reaches so far to the left of it.
    let needed = |(place, name): (usize, &String)| {
        let share = (place as f64 + 0.5) / names.len() as f64;
        let reach = (font::width(name, SMALL) + 1.0).min(NAME) * std::f64::consts::FRAC_1_SQRT_2;
        (MARGIN + reach - share * right) / (1.0 - share)
    };
    names.iter().enumerate().map(needed).fold(0.0, f64::max)
}

/// What stands above a plot: the note, then the key.
pub(in crate::report) struct Head {
    notes: Vec<String>,
    places: Vec<[f64; 2]>,
    rows: usize,
}

impl Head {
    pub fn new(note: &str, legend: &[LegendEntry]) -> Self {
        let (places, rows) = key_places(legend);
        Self { notes: font::wrapped(note, SMALL, WIDTH - 2.0 * MARGIN), places, rows }
    }

    /// Where the plot begins.
    pub fn height(&self) -> f64 {
        MARGIN + (self.notes.len() + self.rows) as f64 * LINE + 2.0 * GAP
    }

    pub fn draw(self, page: &mut Page, legend: &[LegendEntry]) {
        let above = self.height() - 2.0 * GAP - self.rows as f64 * LINE;
        for (row, text) in self.notes.into_iter().enumerate() {
            let at = [MARGIN, MARGIN + (row as f64 + 0.75) * LINE];
            page.text(Label::new(text, at, SMALL, Anchor::Start).coloured(MUTED));
        }
        for (key, [left, row]) in legend.iter().zip(self.places) {
            draw_key(page, key, [left, above + (row + 0.5) * LINE]);
        }
    }
}

/// Where each series stands in the key, `[left, row]`, and the number of rows. A row holds as many as it can.
fn key_places(legend: &[LegendEntry]) -> (Vec<[f64; 2]>, usize) {
    let (mut places, mut left, mut row) = (Vec::new(), MARGIN, 0);
    for key in legend {
        let width = SAMPLE + GAP + font::width(&key.text, TEXT);
        if left > MARGIN && left + width > WIDTH - MARGIN {
            (left, row) = (MARGIN, row + 1);
        }
        places.push([left, row as f64]);
        left += width + 2.0 * GAP;
    }
    (places, if legend.is_empty() { 0 } else { row + 1 })
}

fn draw_key(page: &mut Page, key: &LegendEntry, [left, middle]: [f64; 2]) {
    let Style { colour, dash, marker } = key.style;
    match key.sample {
        Sample::Line => page.line(Path::through([[left, middle], [left + SAMPLE, middle]]), colour, CURVE, dash),
        Sample::Marker => page.area(Path::marker(marker, [left + SAMPLE / 2.0, middle], MARKER), colour),
        Sample::Curve => {
            page.line(Path::through([[left, middle], [left + SAMPLE, middle]]), colour, CURVE, dash);
            page.area(Path::marker(marker, [left + SAMPLE / 2.0, middle], MARKER), colour);
        }
        Sample::Hollow => marks::hollow(page, key.style, [left + SAMPLE / 2.0, middle]),
        Sample::Area => page.area(Path::rectangle([left, middle - GAP], [left + SAMPLE, middle + GAP]), colour),
    }
    let at = [left + SAMPLE + GAP, middle + TEXT * font::CAPITAL / 2.0];
    let text = font::fitting(&key.text, TEXT, WIDTH - MARGIN - at[0]);
    page.text(Label::new(text, at, TEXT, Anchor::Start));
}

/// Numbers or names below the horizontal axis; names that are too long for their slots lean.
fn below(across: &XAxis, x: Scale, bottom: f64) -> Vec<Label> {
    let line = bottom + TICK + 2.0 + SMALL * font::CAPITAL;
    match across {
        XAxis::Numbers { range, whole } => {
            let ticks = Ticks::for_range(*range, ACROSS);
            let ticks = if *whole { ticks.whole() } else { ticks };
            let number = |value| Label::new(ticks.write(value), [x.at(value), line], SMALL, Anchor::Middle);
            ticks.inside(*range).into_iter().map(number).collect()
        }
        XAxis::Marks { marks, .. } => {
            let words = |(at, text): &(f64, String)| Label::new(text, [x.at(*at), line], SMALL, Anchor::Middle);
            marks.iter().map(words).collect()
        }
        XAxis::Names(names) => {
            let slot = (x.pixels[1] - x.pixels[0]) / names.len().max(1) as f64;
            let upright = names.iter().all(|name| font::width(name, SMALL) <= slot - GAP);
            let label = |(place, name): (usize, &String)| {
                let at = x.at(place as f64);
                if upright {
                    return Label::new(name, [at, line], SMALL, Anchor::Middle);
                }
                let room = ((at - MARGIN) * std::f64::consts::SQRT_2).min(NAME);
                Label::new(font::fitting(name, SMALL, room), [at + LEAN, line - LEAN], SMALL, Anchor::End).turned(-45.0)
            };
            names.iter().enumerate().map(label).collect()
        }
    }
}

/// The lowest pixel of a label below the axis.
fn depth(label: &Label) -> f64 {
    let slanted = if label.turn == 0.0 { 0.0 } else { label.lead() * std::f64::consts::FRAC_1_SQRT_2 };
    label.at[1] + slanted + SMALL * 0.25
}
