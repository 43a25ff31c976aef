//! A page as SVG. Text is outlines too: every letter is defined once and used where it stands, and each line carries its words for
//! readers and for searching.

use std::{collections::BTreeSet, fmt::Write as _};

use ttf_parser::GlyphId;

use super::{
    font,
    page::{Label, Page, Shape},
    path::{Path, Step},
    style::{Colour, PAPER},
};

/// The page as a document that refers to nothing outside of it. Equal pages give equal bytes.
pub(in crate::report) fn document(page: &Page) -> String {
    let [width, height] = page.size().map(number);
    let title = escaped(&page.title);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{title}</title>\n"
    );
    if !page.sources.is_empty() {
        let _ = writeln!(text, "<desc>{}</desc>", escaped(&page.sources.join("\n")));
    }
    text.push_str("<defs>\n");
    for glyph in letters(page) {
        let _ = writeln!(text, "<path id=\"{}\" d=\"{}\"/>", id(glyph), steps(&font::outline(glyph)));
    }
    let _ = writeln!(text, "</defs>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", hex(PAPER));
    for shape in &page.shapes {
        text.push_str(&element(shape));
        text.push('\n');
    }
    text.push_str("</svg>\n");
    text
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Area { path, colour } => format!("<path d=\"{}\" fill=\"{}\"/>", steps(path), hex(*colour)),
        Shape::Line { path, colour, width, dash } => {
            let lengths: Vec<String> = dash.iter().map(|length| number(*length)).collect();
            let dashed =
                if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", lengths.join(" ")) };
            let (steps, colour, width) = (steps(path), hex(*colour), number(*width));
            format!(
                "<path d=\"{steps}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dashed}/>"
            )
        }
        Shape::Text(label) => words(label),
    }
}

fn words(label: &Label) -> String {
    let scale = label.size / font::units();
    let ([x, y], turn, lead) = (label.at, label.turn, label.lead() / scale);
    let turned = if turn == 0.0 { String::new() } else { format!(" rotate({})", number(turn)) };
    let mut text = format!(
        "<g role=\"text\" aria-label=\"{}\" fill=\"{}\" transform=\"translate({} {}){turned} scale({scale:.5} {:.5})\">",
        escaped(&label.text),
        hex(label.colour),
        number(x),
        number(y),
        -scale,
    );
    for (glyph, at) in font::line(&label.text).0 {
        if !font::outline(glyph).0.is_empty() {
            let _ = write!(text, "<use href=\"#{}\" x=\"{}\"/>", id(glyph), number(at - lead));
        }
    }
    text + "</g>"
}

/// The glyphs of a page that leave a trace.
fn letters(page: &Page) -> BTreeSet<GlyphId> {
    let labels = page.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(label) => Some(&label.text),
        _ => None,
    });
    let glyphs = labels.flat_map(|text| font::line(text).0).map(|(glyph, _)| glyph);
    glyphs.filter(|&glyph| !font::outline(glyph).0.is_empty()).collect()
}

fn id(glyph: GlyphId) -> String {
    format!("g{}", glyph.0)
}

fn steps(path: &Path) -> String {
    let mut text = String::new();
    for step in &path.0 {
        let _ = match step {
            Step::Move([x, y]) => write!(text, "M{} {}", number(*x), number(*y)),
            Step::Line([x, y]) => write!(text, "L{} {}", number(*x), number(*y)),
            Step::Curve([a, b], [x, y]) => {
                write!(text, "Q{} {} {} {}", number(*a), number(*b), number(*x), number(*y))
            }
            Step::Close => write!(text, "Z"),
        };
    }
    text
}

/// Two digits after the point are a hundredth of a pixel.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
