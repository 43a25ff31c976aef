//! Sheets: pictures in rows with words beside them, pixel for pixel.

use super::super::{
    ReportError,
    draw::{
        bitmap::{self, Rgb},
        font,
        page::{Anchor, Label, Page},
        path::Path,
        style::{INK, MUTED, SMALL, TEXT, THIN},
    },
};

const MARGIN: usize = 12;
const GAP: usize = 4;
/// Between tiles of a row.
const APART: usize = 10;
/// Between blocks that stand beside each other.
const GUTTER: usize = 28;
/// Height of a line of words.
const LINE: usize = 18;
/// Small pictures are enlarged by a whole factor until they are at least so wide.
const WANTED: usize = 96;
const BAR: usize = 160;
/// A block is wide enough for headings of up to so many pixels, however few its tiles are.
const HEADING: usize = 170;
/// Columns that a sheet has at least, so that its words have room.
const LEAST: usize = 360;

/// One picture with a line below it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Tile {
    /// Stand beside each other without a gap; all of a sheet have the same size.
    pub pictures: Vec<Rgb>,
    pub caption: String,
}

/// Tiles in a row with a heading.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Strip {
    pub heading: String,
    pub tiles: Vec<Tile>,
}

/// Strips below each other, with a title.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Block {
    pub title: String,
    pub strips: Vec<Strip>,
}

/// A sheet in the making: words on a page, pictures at places.
struct Sheet<'a> {
    page: Page,
    pictures: Vec<(&'a Rgb, [usize; 2])>,
}

/// Blocks beside each other; `bar` adds the scale of the colours of maps.
pub(in crate::report) fn sheet(blocks: &[Block], note: &str, bar: bool) -> Result<Rgb, ReportError> {
    let tiles = || blocks.iter().flat_map(|block| &block.strips).flat_map(|strip| &strip.tiles);
    let first = tiles().find_map(|tile| tile.pictures.first()).ok_or(ReportError::Nothing)?;
    let scale = WANTED.div_ceil(first.width).max(1);
    let [wide, high] = [first.width * scale, first.height * scale];
    let captions = tiles().any(|tile| !tile.caption.is_empty());
    let tile_height = high + GAP + if captions { LINE } else { 0 };
    let strip_height = LINE + tile_height + GAP;
    let columns = |block: &Block| {
        let own = |strip: &Strip| {
            let tiles = strip.tiles.iter().map(|tile| tile.pictures.len() * wide + APART).sum::<usize>();
            tiles.max((font::width(&strip.heading, TEXT).ceil() as usize).min(HEADING))
        };
        block.strips.iter().map(own).max().unwrap_or_default()
    };
    let all = blocks.iter().map(columns).sum::<usize>() + GUTTER * blocks.len().saturating_sub(1);
    let width = (all + 2 * MARGIN).max(LEAST);
    let notes = font::wrapped(note, SMALL, (width - 2 * MARGIN) as f64);
    let titles = if blocks.iter().any(|block| !block.title.is_empty()) { LINE + GAP } else { 0 };
    let top = MARGIN + notes.len() * LINE + if notes.is_empty() { 0 } else { GAP };
    let rows = blocks.iter().map(|block| block.strips.len()).max().unwrap_or_default();
    let foot = if bar { LINE + GAP } else { 0 };
    let height = top + titles + rows * strip_height + foot + MARGIN;
    let mut sheet = Sheet { page: Page::new([width as f64, height as f64], note), pictures: Vec::new() };
    for (row, line) in notes.into_iter().enumerate() {
        let words = Label::new(line, baseline(MARGIN, MARGIN + row * LINE), SMALL, Anchor::Start);
        sheet.page.text(words.coloured(MUTED));
    }
    let mut left = MARGIN;
    for block in blocks {
        let room = columns(block);
        let title = font::fitting(&block.title, TEXT + 2.0, room as f64);
        sheet.page.text(Label::new(title, baseline(left, top), TEXT + 2.0, Anchor::Start));
        for (row, strip) in block.strips.iter().enumerate() {
            sheet.strip(strip, [left, top + titles + row * strip_height], [wide, high], room);
        }
        left += room + GUTTER;
    }
    let mut ramp = None;
    if bar {
        ramp = Some(sheet.bar([MARGIN, height - MARGIN - LINE]));
    }
    let mut drawn = bitmap::draw(&sheet.page, 1)?;
    for (picture, at) in sheet.pictures {
        drawn.put(picture, at, scale);
    }
    if let Some((ramp, at)) = ramp {
        drawn.put(&ramp, at, 1);
    }
    Ok(drawn)
}

/// Where words stand in a line whose upper left corner is given.
fn baseline(left: usize, top: usize) -> [f64; 2] {
    [left as f64, top as f64 + 0.72 * LINE as f64]
}

impl<'a> Sheet<'a> {
    fn strip(&mut self, strip: &'a Strip, [left, top]: [usize; 2], [wide, high]: [usize; 2], room: usize) {
        let heading = font::fitting(&strip.heading, TEXT, room as f64);
        self.page.text(Label::new(heading, baseline(left, top), TEXT, Anchor::Start));
        let mut x = left;
        for tile in &strip.tiles {
            let own = tile.pictures.len() * wide;
            for (place, picture) in tile.pictures.iter().enumerate() {
                self.pictures.push((picture, [x + place * wide, top + LINE]));
            }
            let caption = font::fitting(&tile.caption, SMALL, own as f64);
            let [_, y] = baseline(x, top + LINE + high);
            self.page.text(Label::new(caption, [x as f64 + own as f64 / 2.0, y], SMALL, Anchor::Middle));
            x += own + APART;
        }
    }

    /// The scale of the colours of maps, from 0 to 1; returns its ramp and where that goes.
    fn bar(&mut self, [left, top]: [usize; 2]) -> (Rgb, [usize; 2]) {
        let words = "value M of the map: 0";
        self.page.text(Label::new(words, baseline(left, top), SMALL, Anchor::Start));
        let from = left + font::width(words, SMALL).ceil() as usize + GAP;
        self.page.text(Label::new("1", baseline(from + BAR + GAP, top), SMALL, Anchor::Start));
        let high = LINE - GAP;
        let corners = [[from, top], [from + BAR, top + high]].map(|corner| corner.map(|side| side as f64));
        self.page.line(Path::rectangle(corners[0], corners[1]), INK, 2.0 * THIN, &[]);
        (super::overlay::ramp([BAR, high]), [from, top])
    }
}
