//! Charts: marks follow the values.

use std::path::PathBuf;

use super::{
    super::{
        MapValues, Page, ReportError, class_chart, map_histogram,
        style::{Style, WIDTH},
    },
    areas, assert_readable, classes, drawn_curves, labels, summary,
};
use crate::report::{ChartOptions, chart};
use compdd_data::scores::{Comparison, ScoresError, Summary};

fn file(name: &str, summary: Summary) -> (PathBuf, Summary) {
    (name.into(), summary)
}

fn texts(page: &Page) -> Vec<&str> {
    labels(page).map(|label| label.text.as_str()).collect()
}

/// Heights of the markers of a series in the plot; the first one of its colour is in the key.
fn heights(page: &Page, series: usize) -> Vec<f64> {
    let markers = areas(page, Style::nth(series).colour);
    markers[1..].iter().map(|[_, top, _, bottom]| f64::midpoint(*top, *bottom)).collect()
}

#[test]
fn markers_lie_as_high_as_the_values() {
    let files = [file("a.parquet", summary(&[[0.2, 0.4, 0.9], [0.2, 0.8, 0.9], [0.2, 0.6, 0.9]]))];
    let page = class_chart(&files, &[0.5]).unwrap();
    assert_readable(&page);
    let found = heights(&page, 0);
    assert_eq!(found.len(), 3);
    assert!(found[0] < found[1] && found[1] < found[2], "the most complex first and highest: {found:?}");
    assert!((found[1] - found[0] - (found[2] - found[1])).abs() < 0.02, "equal steps: {found:?}");
    let names = texts(&page);
    let place = |name: &str| names.iter().position(|text| *text == name).unwrap();
    assert!(place("English springer 1") < place("English springer 2"));
    assert!(place("English springer 2") < place("English springer 0"));
    assert!(names.contains(&"threshold 0.5, spread 20.00 %"), "{names:?}");
    let constant = heights(&class_chart(&files, &[]).unwrap(), 0);
    assert!(constant.iter().all(|height| *height == constant[0]), "the same at 0.1");
}

#[test]
fn charts_of_10_200_and_1000_classes_can_be_read() {
    for count in [1, 2, 10, 24, 25, 200, 1000] {
        let page = class_chart(&[file("scores.parquet", classes(count))], &[]).unwrap();
        assert_readable(&page);
        assert_eq!(page.size()[0], WIDTH);
        assert_eq!(page, class_chart(&[file("scores.parquet", classes(count))], &[]).unwrap());
        let named = texts(&page).iter().any(|text| text.contains("springer"));
        assert_eq!(named, count <= 24, "{count}");
        assert!(page.svg().len() < 150_000, "{count}: {}", page.svg().len());
    }
}

#[test]
fn curves_over_ranks_fall_from_the_largest_value_to_the_smallest() {
    let page = class_chart(&[file("scores.parquet", classes(200))], &[0.9, 0.5]).unwrap();
    let curves = drawn_curves(&page);
    let [_, _, high, low] = curves[..] else { panic!("two samples and two curves: {curves:?}") };
    assert!(high[3] < low[1], "0.9 lies above 0.5");
    let ratio = (low[3] - low[1]) / (high[3] - high[1]);
    assert!((ratio - 6.0).abs() < 0.01, "spread of 0.3 beside one of 0.05: {ratio}");
    assert!(texts(&page).iter().any(|text| text.starts_with("rank of the class")));
}

#[test]
fn several_files_share_a_chart_and_are_told_apart() {
    let mut other = classes(10);
    other.classes.remove(3);
    let files = [file("x/first.parquet", classes(10)), file("x/second.parquet", other)];
    let page = class_chart(&files, &[0.5, 0.9]).unwrap();
    assert_readable(&page);
    assert_eq!([0, 1, 2, 3].map(|series| heights(&page, series).len()), [10, 10, 9, 9]);
    assert!(texts(&page).iter().any(|text| text.starts_with("second: spread ") && text.ends_with(" at 0.9")));
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let files = [file("a.parquet", classes(3))];
    let Err(error) = class_chart(&files, &[0.3]) else { panic!("there is no threshold 0.3") };
    assert_eq!(error.to_string(), "--threshold 0.3: a.parquet has no such threshold");
    assert!(matches!(class_chart(&[file("a", summary(&[]))], &[]), Err(ReportError::Empty { what: "scores", .. })));
    assert!(matches!(class_chart(&[], &[]), Err(ReportError::Nothing)));
    assert!(matches!(chart(&[], &ChartOptions::default()), Err(ReportError::Nothing)));
    let mixed = ["a.parquet".into(), "b.jsonl".into()];
    assert!(matches!(chart(&mixed, &ChartOptions::default()), Err(ReportError::Kinds)));
    let by_class = ChartOptions { by_class: true, ..ChartOptions::default() };
    assert!(matches!(chart(&["a.parquet".into()], &by_class), Err(ReportError::Flag { .. })));
    let threshold = ChartOptions { thresholds: vec![0.5], ..ChartOptions::default() };
    assert!(matches!(chart(&["b.jsonl".into()], &threshold), Err(ReportError::Flag { .. })));
    let missing = chart(&["none.parquet".into()], &ChartOptions::default());
    assert!(matches!(missing, Err(ReportError::Scores(ScoresError::Io(_)))));
}

#[test]
fn bars_of_a_histogram_hold_the_cells_of_the_map() {
    // Ten cells: three below 0.05, five at 0.5, one at 0.52 and one at 1.
    let cells = [0.0, 0.01, 0.04, 0.5, 0.5, 0.5, 0.5, 0.5, 0.52, 1.0];
    let histogram = |threshold: f32, comparison: Comparison| {
        let note = "a map".to_owned();
        map_histogram(&MapValues { cells: &cells, threshold, comparison, note }).unwrap()
    };
    let heights = |page: &Page, colour| -> Vec<f64> {
        areas(page, colour).into_iter().map(|[_, top, _, bottom]| bottom - top).collect()
    };
    let style = Style::nth(0);
    let page = histogram(0.5, Comparison::AtLeast);
    assert_readable(&page);
    let (dark, pale) = (heights(&page, style.colour), heights(&page, style.pale()));
    let share = dark[2]; // dark[0] is in the key; 1 cell
    assert!((dark[1] / share - 6.0).abs() < 0.01 && dark.len() == 3, "{dark:?}");
    assert!((pale[0] / share - 3.0).abs() < 0.01 && pale.len() == 1, "{pale:?}");
    let key = "activated, M ≥ 0.5: 70.0 %, complexity κ = 30.0 %";
    assert!(texts(&page).contains(&key), "{:?}", texts(&page));
    let page = histogram(0.5, Comparison::Above);
    assert_readable(&page);
    assert!(texts(&page).contains(&"activated, M > 0.5: 20.0 %, complexity κ = 80.0 %"));
    assert!((heights(&page, style.pale())[1] / share - 5.0).abs() < 0.01, "a bar of both shades");
    assert_readable(&histogram(0.98, Comparison::AtLeast));
    let empty = MapValues { cells: &[], threshold: 0.5, comparison: Comparison::AtLeast, note: String::new() };
    assert!(matches!(map_histogram(&empty), Err(ReportError::Nothing)));
}
