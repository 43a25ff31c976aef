//! Pages: the same picture as SVG and as PNG.

use super::super::{
    ChartFile, ReportError, SheetFile,
    chart::axis::Axis,
    draw::{
        backend::{ink, words},
        bitmap::{Rgb, draw},
        colours::colour,
        font,
        page::{Anchor, Label, Page},
        path::Path,
        style::{Marker, SCALE, Style},
    },
};

use plotters::{coord::ranged1d::Ranged as _, style::FontTransform};
use plotters_backend::{
    DrawingBackend as _,
    text_anchor::{HPos, VPos},
};

const BLUE: [u8; 3] = [0, 0x72, 0xb2];

/// A bar, a dashed line, a disc and a word with a Greek letter.
fn page() -> Page {
    let mut page = Page::new([60.0, 40.0], "a bar & a line");
    page.area(Path::rectangle([10.0, 10.0], [20.0, 30.0]), BLUE);
    page.line(Path::through([[5.0, 30.0], [55.0, 30.0]]), [0; 3], 1.0, &[6.0, 3.0]);
    page.area(Path::marker(Marker::Disc, [40.0, 20.0], 4.0), BLUE);
    page.text(Label::new("κ", [30.0, 38.0], 12.0, Anchor::Middle).turned(-90.0));
    page
}

fn pixel(picture: &Rgb, x: usize, y: usize) -> &[u8] {
    let at = (y * picture.width + x) * 3;
    &picture.bytes[at..at + 3]
}

#[test]
fn a_page_is_this_svg() {
    insta::assert_snapshot!("page", page().svg());
}

#[test]
fn svg_refers_to_nothing_and_says_its_words() {
    let svg = page().svg();
    assert!(!svg.contains("font") && svg.matches("http").count() == 1, "only the name space: {svg}");
    assert!(svg.contains("aria-label=\"κ\"") && svg.contains("<title>a bar &amp; a line</title>"));
    assert_eq!(svg, page().svg());
}

#[test]
fn pixels_are_where_the_page_has_its_shapes() {
    let picture = draw(&page(), 2).unwrap();
    assert_eq!((picture.width, picture.height), (120, 80));
    assert_eq!(pixel(&picture, 30, 40), BLUE, "inside the bar");
    assert_eq!(pixel(&picture, 80, 40), BLUE, "inside the disc");
    assert_eq!(pixel(&picture, 50, 40), [255; 3], "between them");
    assert_eq!(pixel(&picture, 80, 49), [255; 3], "below the disc");
    let dark = |x: usize| pixel(&picture, x, 60)[0] < 128;
    assert!(dark(12) && !dark(25) && dark(30), "a dash, a gap, a dash");
    let ink = picture.bytes.chunks_exact(3).filter(|p| p[0] < 100 && p[2] < 100).count();
    assert!(ink > 100, "the letter is there");
}

#[test]
fn a_png_has_the_scaled_size_and_the_same_bytes_twice() {
    let bytes = page().png().unwrap();
    assert_eq!(bytes, page().png().unwrap());
    let read = image::load_from_memory(&bytes).unwrap();
    assert_eq!((read.width(), read.height()), (60 * SCALE, 40 * SCALE));
}

#[test]
fn names_say_the_format_and_nothing_is_written_by_a_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["a.pdf", "svg", "a.SVGZ"] {
        let path = folder.path().join(wrong);
        assert!(matches!(ChartFile::new(&path), Err(ReportError::Ending { kind: "chart", .. })), "{wrong}");
        assert!(matches!(SheetFile::new(&path), Err(ReportError::Ending { kind: "sheet", .. })), "{wrong}");
    }
    assert!(SheetFile::new(&folder.path().join("a.svg")).is_err());
    let path = folder.path().join("deep/a.SVG");
    ChartFile::new(&path).unwrap().write(&page()).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page().svg());
    let blocked = folder.path().join("deep/a.SVG/b.png");
    assert!(matches!(ChartFile::new(&blocked).unwrap().write(&page()), Err(ReportError::Io(_))));
    assert_eq!(std::fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
}

#[test]
fn text_is_measured_shortened_and_broken() {
    let word = font::width("English springer", 12.0);
    assert!((80.0..110.0).contains(&word), "{word}");
    assert!((font::width("English springer", 24.0) - 2.0 * word).abs() < 1e-9);
    let short = font::fitting("English springer", 12.0, 60.0);
    assert!(short.ends_with('…') && font::width(&short, 12.0) <= 60.0, "{short}");
    assert_eq!(font::fitting("crane", 12.0, 60.0), "crane");
    let lines = font::wrapped("one two three four five six", 12.0, 70.0);
    assert!(lines.len() > 1 && lines.iter().all(|line| font::width(line, 12.0) <= 70.0), "{lines:?}");
    assert_eq!(lines.join(" "), "one two three four five six");
}

#[test]
fn every_letter_that_is_drawn_is_in_the_font() {
    for letter in "κ≥>−%×…°\u{202f}".chars().chain('!'..='~') {
        let glyph = font::line(&letter.to_string()).0[0].0;
        assert_ne!(glyph.0, 0, "{letter:?}");
        assert!(letter == '\u{202f}' || !font::outline(glyph).0.is_empty(), "{letter:?}");
    }
}

#[test]
fn numbers_along_an_axis_are_round() {
    let written = |axis: Axis| axis.marks.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(written(Axis::across("", [0.0, 1.0])), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_eq!(written(Axis::across("", [0.0, 10_000.0]))[..3], ["0", "2000", "4000"]);
    assert_eq!(written(Axis::across("", [0.0, 20_000.0]))[3..], ["15\u{202f}000", "20\u{202f}000"]);
    assert_eq!(written(Axis::across("", [-3.0, 3.0]))[..2], ["−3", "−2"]);
    assert_eq!(written(Axis::counted("", [0.0, 2.0])), ["0", "1", "2"]);
    let [low, high] = Axis::up("", [50.0, 50.0].into_iter()).range;
    assert!(low < 50.0 && high > 50.0);
    let up = Axis::up("", [31.0, 68.0].into_iter());
    assert_eq!([30.0, 40.0, 70.0].map(|value| up.map(&value, (200, 0))), [200, 150, 0]);
    let powers = Axis::logarithmic("", [0.1, 1000.0], Vec::new());
    assert_eq!([0.1, 1.0, 1000.0].map(|value| powers.map(&value, (0, 400))), [0, 100, 400]);
}

#[test]
fn every_range_ends_with_a_number_that_is_written() {
    for k in 0..500 {
        let (low, span) = (0.37 * f64::from(k), 0.013 * f64::from(1 + k % 97));
        let axis = Axis::up("", [low, low + span].into_iter());
        let ends = [&axis.marks[0].0, &axis.marks[axis.marks.len() - 1].0];
        assert_eq!(ends.map(|end| axis.map(end, (0, 10_000))), [0, 10_000], "{axis:?}");
    }
}

#[test]
fn plotters_draws_on_a_page_in_hundredths_and_measures_its_font() {
    let mut page = Page::new([60.0, 40.0], "");
    let style = words([0; 3], 12.0, HPos::Left, VPos::Center);
    assert_eq!(page.get_size(), (6000, 4000));
    let (width, high) = page.estimate_text_size("crane", &style).unwrap();
    assert_eq!([width, high], [font::width("crane", 1200.0), 1200.0 * font::CAPITAL].map(|side| side.ceil() as u32));
    page.draw_rect((1000, 1000), (2000, 3000), &ink(BLUE, 1.0), true).unwrap();
    page.draw_line((500, 3000), (5500, 3000), &ink([0; 3], 1.5)).unwrap();
    page.draw_text("crane", &style, (3000, 2000)).unwrap();
    page.draw_text("crane", &style.transform(FontTransform::Rotate270), (3000, 2000)).unwrap();
    let half = 6.0 * font::CAPITAL;
    let mut wanted = Page::new([60.0, 40.0], "");
    wanted.area(Path::rectangle([10.0, 10.0], [20.0, 30.0]), BLUE);
    wanted.line(Path::through([[5.0, 30.0], [55.0, 30.0]]), [0; 3], 1.5, &[]);
    let label = |at| Label { colour: [0; 3], ..Label::new("crane", at, 12.0, Anchor::Start) };
    wanted.text(label([30.0, 20.0 + half]));
    wanted.text(label([30.0 + half, 20.0]).turned(-90.0));
    assert_eq!(page, wanted);
}

#[test]
fn many_series_look_different() {
    let styles: Vec<Style> = (0..252).map(Style::nth).collect();
    for (i, style) in styles.iter().enumerate() {
        assert!(!styles[..i].contains(style), "series {i}");
    }
}

#[test]
fn colours_of_values_are_even_to_the_eye() {
    let lightness = |[red, green, blue]: [u8; 3]| {
        let linear = [red, green, blue].map(|byte| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        let of = |weights: [f64; 3]| linear.iter().zip(weights).map(|(part, weight)| part * weight).sum::<f64>().cbrt();
        0.210_454_255_3 * of([0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9])
            + 0.793_617_785 * of([0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6])
            - 0.004_072_046_8 * of([0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5])
    };
    for level in 0..=20_u8 {
        let value = f64::from(level) / 20.0;
        let found = lightness(colour(value as f32));
        assert!((found - (0.24 + 0.70 * value)).abs() < 0.01, "{value}: {found}");
    }
    assert_eq!((colour(-1.0), colour(2.0)), (colour(0.0), colour(1.0)));
    let [red, _, blue] = colour(0.0);
    assert!(blue > red, "dark violet");
    let [red, green, blue] = colour(1.0);
    assert!(red > 200 && green > 200 && blue < 140, "light yellow");
}
