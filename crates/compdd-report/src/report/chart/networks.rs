//! Accuracy of methods on several networks, as tiles.

use super::{
    super::{
        ReportError,
        draw::{
            colours::colour,
            font,
            page::{Anchor, Label, Page},
            path::Path,
            style::{Colour, INK, MUTED, PAPER, SMALL, TEXT, THIN, WIDTH},
        },
    },
    frame::{GAP, Head, LINE, MARGIN},
    origin::Origin,
};

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
    let head = Head::new(&values.origin.note("–: not measured"), &[]);
    let names: Vec<String> = values.methods.iter().map(|name| font::fitting(name, SMALL, NAMES)).collect();
    let widest = names.iter().map(|name| font::width(name, SMALL)).fold(0.0, f64::max);
    let left = MARGIN + LINE + widest + GAP;
    let wide = ((WIDTH - left - 3.0 * MARGIN) / values.networks.len() as f64).min(WIDE);
    let level = font::width("00.0", SMALL) <= wide - GAP;
    let tall = if level { HIGH } else { WIDE_ENOUGH };
    let upright = values.networks.iter().all(|name| font::width(name, SMALL) <= wide - GAP);
    let top = head.height();
    let bottom = top + tall * names.len() as f64;
    let below: Vec<Label> = values
        .networks
        .iter()
        .enumerate()
        .map(|(place, name)| below(name, left + (place as f64 + 0.5) * wide, bottom, upright))
        .collect();
    let depth = below.iter().map(|label| if upright { 0.0 } else { label.lead() * std::f64::consts::FRAC_1_SQRT_2 });
    let title = bottom + SMALL + depth.fold(0.0, f64::max) + GAP + TEXT;
    let scale = title + 2.0 * GAP;
    let mut page = Page::new([WIDTH, scale + LINE + MARGIN], "Accuracy across networks");
    head.draw(&mut page, &[]);
    for (row, (name, means)) in names.iter().zip(&values.means).enumerate() {
        let high = top + row as f64 * tall;
        let half = SMALL * font::CAPITAL / 2.0;
        let base = high + tall / 2.0 + half;
        page.text(Label::new(name, [left - GAP, base], SMALL, Anchor::End));
        for (column, mean) in means.iter().enumerate() {
            let from = left + column as f64 * wide;
            let tile = Path::rectangle([from, high], [from + wide, high + tall]);
            let (fill, ink, text) = match mean.map(|mean| mean * 100.0) {
                Some(percent) => {
                    let fill = colour(shade(percent));
                    (fill, legible(fill), format!("{percent:.1}"))
                }
                None => (PAPER, MUTED, "–".to_owned()),
            };
            page.area(tile.clone(), fill);
            page.line(tile, PAPER, 2.0 * THIN, &[]);
            let middle = from + wide / 2.0;
            let label = if level {
                Label::new(text, [middle, base], SMALL, Anchor::Middle)
            } else {
                Label::new(text, [middle + half, high + tall / 2.0], SMALL, Anchor::Middle).turned(-90.0)
            };
            page.text(label.coloured(ink));
        }
    }
    for label in below {
        page.text(label);
    }
    let across = left + wide * values.networks.len() as f64 / 2.0;
    let words = "network that was trained and tested";
    let half = font::width(words, TEXT) / 2.0;
    let middle = across.clamp(MARGIN + half, WIDTH - MARGIN - half);
    page.text(Label::new(words, [middle, title], TEXT, Anchor::Middle));
    let turned = Label::new("method", [MARGIN + TEXT, f64::midpoint(top, bottom)], TEXT, Anchor::Middle).turned(-90.0);
    page.text(turned);
    bar(&mut page, [MARGIN, scale], [low, high]);
    Ok(Page { sources: values.origin.sources.clone(), ..page })
}

/// The name of a network below its column.
fn below(name: &str, middle: f64, bottom: f64, upright: bool) -> Label {
    let line = bottom + GAP + SMALL * font::CAPITAL;
    if upright {
        return Label::new(name, [middle, line], SMALL, Anchor::Middle);
    }
    let room = ((middle - MARGIN) * std::f64::consts::SQRT_2).min(NAMES);
    Label::new(font::fitting(name, SMALL, room), [middle + GAP, line], SMALL, Anchor::End).turned(-45.0)
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

fn bar(page: &mut Page, [left, top]: [f64; 2], [low, high]: [f64; 2]) {
    let base = top + LINE * 0.72;
    let words = format!("accuracy (%): {low:.1}");
    let from = left + font::width(&words, SMALL) + GAP;
    page.text(Label::new(words, [left, base], SMALL, Anchor::Start));
    let wide = BAR / STEPS as f64;
    for step in 0..STEPS {
        let at = from + step as f64 * wide;
        let fill = colour(step as f32 / (STEPS - 1) as f32);
        page.area(Path::rectangle([at, top], [(at + 1.5 * wide).min(from + BAR), top + LINE - GAP / 2.0]), fill);
    }
    page.text(Label::new(format!("{high:.1}"), [from + BAR + GAP, base], SMALL, Anchor::Start));
}
