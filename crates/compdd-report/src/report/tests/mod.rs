//! Tests of pictures: what is drawn follows the values, nothing is cut, and equal input gives equal bytes.

mod charts;
mod drawing;
mod logs;
mod plots;
mod records;
mod sheets;

use super::draw::{
    font,
    page::{Label, Page, Shape},
    path::{Path, Step},
    style::{CURVE, Colour, SMALL},
};
use compdd_data::scores::{ClassSummary, Header, Mean, Settings, Summary};

/// A summary of classes with these complexities at the thresholds of the paper.
fn summary(complexities: &[[f64; 3]]) -> Summary {
    let header = Header {
        format: Header::FORMAT,
        compdd: "0".into(),
        network: "convnet-d3".into(),
        outputs: complexities.len(),
        tap: "feat2".into(),
        resolution: 32,
        judge: "0".into(),
        subset: Some("scenes-hard@1".into()),
        split: "train".into(),
        decode: "squash".into(),
        listed: 100,
        skipped: 0,
        cells: 16,
        settings: Settings::default(),
    };
    let class = |(place, means): (usize, &[f64; 3])| ClassSummary {
        synset: format!("n{place:08}"),
        label: format!("English springer {place}"),
        images: 10,
        accuracy: 0.5,
        blank: 0,
        means: means.map(|complexity| Mean { complexity, standard_error: 0.01 }).into(),
    };
    Summary { header, scores: "0".into(), classes: complexities.iter().enumerate().map(class).collect() }
}

/// Classes that differ everywhere, not in order.
fn classes(count: usize) -> Summary {
    let value = |place: usize| ((place * 37) % count) as f64 / count as f64;
    let means: Vec<[f64; 3]> =
        (0..count).map(|i| [0.1 + 0.05 * value(i), 0.5 + 0.3 * value(i), 0.9 + 0.05 * value(i)]).collect();
    summary(&means)
}

fn labels(page: &Page) -> impl Iterator<Item = &Label> {
    page.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(label) => Some(label),
        _ => None,
    })
}

/// Left, top, right and bottom of the points of a path.
fn bounds(path: &Path) -> [f64; 4] {
    let points = path.0.iter().filter_map(|step| match step {
        Step::Move(point) | Step::Line(point) | Step::Curve(_, point) => Some(*point),
        Step::Close => None,
    });
    points.fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |[l, t, r, b], [x, y]| {
        [l.min(x), t.min(y), r.max(x), b.max(y)]
    })
}

/// Bounds of the filled areas of a colour.
fn areas(page: &Page, wanted: Colour) -> Vec<[f64; 4]> {
    let area = |shape: &Shape| match shape {
        Shape::Area { path, colour } if *colour == wanted => Some(bounds(path)),
        _ => None,
    };
    page.shapes.iter().filter_map(area).collect()
}

/// What the curves of a page cover, the samples of its key among them.
fn drawn_curves(page: &Page) -> Vec<[f64; 4]> {
    let curve = |shape: &Shape| match shape {
        Shape::Line { path, width, .. } if *width == CURVE => Some(bounds(path)),
        _ => None,
    };
    page.shapes.iter().filter_map(curve).collect()
}

/// The corners of the box around a label.
fn corners(label: &Label) -> [[f64; 2]; 4] {
    let below = if label.text.contains(|letter: char| letter.is_alphabetic() || ",;_@()".contains(letter)) {
        0.24
    } else {
        0.0
    };
    let (width, up, down) = (font::width(&label.text, label.size), label.size * 0.76, label.size * below);
    let (sin, cos) = label.turn.to_radians().sin_cos();
    let place = |[x, y]: [f64; 2]| [label.at[0] + x * cos - y * sin, label.at[1] + x * sin + y * cos];
    let left = -label.lead();
    [[left, -up], [left + width, -up], [left + width, down], [left, down]].map(place)
}

/// Nothing is cut, nothing is tiny, and no upright text touches another.
fn assert_readable(page: &Page) {
    let [width, height] = page.size();
    for label in labels(page) {
        for [x, y] in corners(label) {
            assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "cut: {label:?} of {width} x {height}");
        }
        assert!(label.size >= SMALL, "{label:?}");
    }
    for shape in &page.shapes {
        if let Shape::Area { path, .. } | Shape::Line { path, .. } = shape {
            let [left, top, right, bottom] = bounds(path);
            assert!(left >= 0.0 && top >= 0.0 && right <= width && bottom <= height, "{path:?}");
        }
    }
    let upright: Vec<&Label> = labels(page).filter(|label| label.turn == 0.0 && !label.text.is_empty()).collect();
    for (i, a) in upright.iter().enumerate() {
        for b in &upright[..i] {
            let ([la, _, ra, _], [lb, _, rb, _]) = (corners(a), corners(b));
            let apart = ra[0] <= lb[0] || rb[0] <= la[0] || ra[1] <= lb[1] || rb[1] <= la[1];
            assert!(apart, "`{}` lies over `{}`", a.text, b.text);
        }
    }
}
