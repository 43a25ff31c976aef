//! What stands above a plot: the note, then the key in rows. `plotters` has keys of one column, inside the plot.

use std::{cell::RefCell, rc::Rc};

use plotters::{
    coord::Shift,
    drawing::DrawingArea,
    element::{Rectangle, Text},
};
use plotters_backend::text_anchor::{HPos, VPos};

use super::{
    INK, MUTED, Mark, Page, SMALL, Style, TEXT, WIDTH,
    backend::{ink, units, words},
    font,
};

pub(super) const MARGIN: f64 = 8.0;
pub(super) const GAP: f64 = 6.0;
/// From one line of text to the next.
pub(super) const LINE: f64 = 17.0;
/// Length of the sample in a key.
const SAMPLE: f64 = 26.0;
/// What `plotters` gives back is never an error of the page's.
pub(super) const TAKEN: &str = "a page takes every shape, and one at a time";

/// A series in the key: its words, its style, and what stands before the words.
pub(super) struct LegendEntry(pub String, pub Style, pub Sample);

/// What stands before the words of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    Line,
    Marker,
    Area,
    /// A line with a marker on it.
    Curve,
    /// The outline of a marker.
    Hollow,
}

/// A note and a key, laid out.
pub(super) struct Head {
    notes: Vec<String>,
    /// Series of the key with their places, `[left, row]`.
    key: Vec<(LegendEntry, [f64; 2])>,
    rows: f64,
}

impl Head {
    /// A row of the key holds as many series as it can.
    pub fn new(note: &str, legend: Vec<LegendEntry>) -> Self {
        let (mut left, mut rows) = (WIDTH, 0.0);
        let place = |entry: LegendEntry| {
            let width = SAMPLE + GAP + font::width(&entry.0, TEXT);
            if left > MARGIN && left + width > WIDTH - MARGIN {
                (left, rows) = (MARGIN, rows + 1.0);
            }
            let from = left;
            left += width + 2.0 * GAP;
            (entry, [from, rows - 1.0])
        };
        let key = legend.into_iter().map(place).collect();
        Self { notes: font::wrapped(note, SMALL, WIDTH - 2.0 * MARGIN), key, rows }
    }

    /// Where the plot begins.
    pub fn height(&self) -> f64 {
        MARGIN + (self.notes.len() as f64 + self.rows) * LINE + 2.0 * GAP
    }

    /// Draws this at the end of a page, with so much room below it; that area is the page from here on.
    pub fn draw(self, mut page: Page, below: f64) -> (Rc<RefCell<Page>>, DrawingArea<Page, Shift>) {
        let from = page.height;
        page.height += self.height() + below;
        let page = Rc::new(RefCell::new(page));
        let area = DrawingArea::from(&page).margin(units(from), 0, 0, 0);
        let mut line = MARGIN;
        for text in self.notes {
            let at = (units(MARGIN), units(line + 0.75 * LINE));
            area.draw(&Text::new(text, at, words(MUTED, SMALL, HPos::Left, VPos::Bottom))).expect(TAKEN);
            line += LINE;
        }
        for (entry, [left, row]) in self.key {
            draw(&area, &entry, [left, line + (row + 0.5) * LINE]);
        }
        (page, area)
    }
}

/// A series of the key.
fn draw(area: &DrawingArea<Page, Shift>, entry: &LegendEntry, [left, middle]: [f64; 2]) {
    let [from, to] = [left, left + SAMPLE].map(units);
    let level = units(middle);
    let centre = (units(left + SAMPLE / 2.0), level);
    let line = || Mark::curve(entry.1, [(from, level), (to, level)]);
    let dot = || Mark::plain(entry.1, centre);
    let sample = match entry.2 {
        Sample::Line => vec![line()],
        Sample::Marker => vec![dot()],
        Sample::Curve => vec![line(), dot()],
        Sample::Hollow => vec![Mark::hollow(entry.1, centre)],
        Sample::Area => {
            let corners = [(from, level - units(GAP)), (to, level + units(GAP))];
            area.draw(&Rectangle::new(corners, ink(entry.1.colour, 0.0).filled())).expect(TAKEN);
            Vec::new()
        }
    };
    for mark in &sample {
        area.draw(mark).expect(TAKEN);
    }
    let text = font::fitting(&entry.0, TEXT, WIDTH - MARGIN - left - SAMPLE - GAP);
    let style = words(INK, TEXT, HPos::Left, VPos::Center);
    area.draw(&Text::new(text, (units(left + SAMPLE + GAP), level), style)).expect(TAKEN);
}
