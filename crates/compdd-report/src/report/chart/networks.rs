//! Accuracy of methods on several networks, as tiles.

use super::{
    Anchor, Axis, Colour, Frame, INK, Label, MUTED, Origin, PAPER, Page, Path, Plan, ReportError, SMALL, TEXT, THIN,
    WIDTH, colour, font,
    head::{GAP, LINE, MARGIN},
    ink, words,
};
use plotters::{
    element::{Rectangle, Text},
    style::FontTransform,
};
use plotters_backend::text_anchor::{HPos, VPos};

/// Height of a tile; its width follows from the number of networks, up to this.
const HIGH: f64 = 30.0;
const WIDE: f64 = 112.0;
/// Height of a tile that is too narrow for its number, which then stands on its end.
const WIDE_ENOUGH: f64 = 40.0;
/// Most room for the names of methods.
const NAMES: f64 = 150.0;
/// The scale of the colours.
const BAR: f64 = 160.0;
const STEPS: usize = 64;

/// Accuracy of methods on networks.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkValues {
    /// The rows.
    pub methods: Vec<String>,
    /// The columns: what was trained and tested.
    pub networks: Vec<String>,
    /// Mean accuracy, `[method][network]`, fractions; none where nobody measured it.
    pub means: Vec<Vec<Option<f64>>>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// The tiles, each with its number; the scale of the colours runs from the smallest to the largest of them.
///
/// # Errors
/// When there is no number.
pub fn network_chart(values: &NetworkValues) -> Result<Page, ReportError> {
    let all = values.means.iter().flatten().flatten().map(|mean| mean * 100.0);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return Err(ReportError::Nothing);
    }
    let shade = |percent: f64| if high > low { ((percent - low) / (high - low)) as f32 } else { 0.5 };
    let columns = values.networks.len() as f64;
    let title = "network that was trained and tested";
    let mut up = Axis::names("method", values.methods.iter().map(|name| font::fitting(name, SMALL, NAMES)));
    up.range.reverse();
    let widest = up.marks.iter().map(|(_, name)| font::width(name, SMALL)).fold(0.0, f64::max);
    let level = font::width("00.0", SMALL) + GAP <= (WIDTH - widest - 4.0 * LINE) / columns;
    let tall = if level { HIGH } else { WIDE_ENOUGH };
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Accuracy across networks"),
        note: values.origin.note("–: not measured"),
        legend: Vec::new(),
        across: Axis::names(title, values.networks.iter().cloned()),
        size: [(columns * WIDE).max(font::width(title, TEXT)), tall * up.marks.len() as f64],
        up,
    });
    for (row, means) in values.means.iter().enumerate() {
        for (column, mean) in means.iter().enumerate() {
            let (x, y) = (column as f64, row as f64);
            let (fill, colour, text) = match mean.map(|mean| mean * 100.0) {
                Some(percent) => {
                    let fill = colour(shade(percent));
                    (fill, legible(fill), format!("{percent:.1}"))
                }
                None => (PAPER, MUTED, "–".to_owned()),
            };
            let corners = [(x - 0.5, y - 0.5), (x + 0.5, y + 0.5)];
            frame.draw([ink(fill, 0.0).filled(), ink(PAPER, 2.0 * THIN)].map(|ink| Rectangle::new(corners, ink)));
            let turn = if level { FontTransform::None } else { FontTransform::Rotate270 };
            let style = words(colour, SMALL, HPos::Center, VPos::Center).transform(turn);
            frame.draw([Text::new(text, (x, y), style)]);
        }
    }
    let mut page = frame.finish();
    bar(&mut page, [low, high]);
    Ok(page)
}

/// Ink or paper, whichever stands out more by the contrast of WCAG 2.
fn legible(fill: Colour) -> Colour {
    let part = |byte: u8| {
        let value = f64::from(byte) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = fill.map(part);
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if luminance > 0.179 { INK } else { PAPER }
}

/// The scale of the colours, below what is on the page.
fn bar(page: &mut Page, [low, high]: [f64; 2]) {
    let top = page.height;
    page.height += LINE + MARGIN;
    let base = top + LINE * 0.72;
    let words = format!("accuracy (%): {low:.1}");
    let from = MARGIN + font::width(&words, SMALL) + GAP;
    page.text(Label::new(words, [MARGIN, base], SMALL, Anchor::Start));
    let wide = BAR / STEPS as f64;
    for step in 0..STEPS {
        let at = from + step as f64 * wide;
        let fill = colour(step as f32 / (STEPS - 1) as f32);
        page.area(Path::rectangle([at, top], [(at + 1.5 * wide).min(from + BAR), top + LINE - GAP / 2.0]), fill);
    }
    page.text(Label::new(format!("{high:.1}"), [from + BAR + GAP, base], SMALL, Anchor::Start));
}
