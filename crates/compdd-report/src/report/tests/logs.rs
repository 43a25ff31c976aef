//! The discriminative area in logs of runs.

use std::fmt::Write as _;

use super::{
    super::{AreaCurve, ReportError, area_chart, area_curves},
    assert_readable, drawn_curves,
};
use compdd_core::subset::Subset;

/// A log of 30 iterations with a refresh at every tenth; the run was killed at 15 and went on from 8.
fn log() -> String {
    let mut text = String::from(
        "{\"event\":\"start\",\"id\":\"edf_scenes-hard@1_ipc1_no-kd@1_convnet-d3_r32_quick_s0_0\"}\n{\"event\":\"epoch\",\"loss\":1}\n",
    );
    for step in (0..15).chain(8..30) {
        let share = 0.4 + 0.05 * f64::from(step / 10);
        let classes = if step % 10 == 0 {
            format!(",\"discriminative_share_by_class\":[{},{}]", share - 0.1, share + 0.1)
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{{\"event\":\"step\",\"stage\":\"distil\",\"step\":{step},\"discriminative_share\":{share}{classes}}}"
        );
    }
    text
}

fn curves(text: &str, by_class: bool) -> Result<Vec<AreaCurve>, ReportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edf-run.jsonl");
    std::fs::write(&path, text).unwrap();
    area_curves(&path, by_class)
}

#[test]
fn the_area_of_a_log_changes_at_every_refresh() {
    let found = curves(&log(), false).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "edf-run");
    assert_eq!(found[0].points, [(0, 0.4), (10, 0.45), (20, 0.5), (29, 0.5)]);
    let classes = curves(&log(), true).unwrap();
    assert_eq!(classes.len(), 2);
    assert_eq!(classes[0].name, Subset::find("scenes-hard").unwrap().classes[0].label);
    assert!(classes.iter().all(|class| class.points.len() == 3));
    assert!((classes[1].points[2].1 - 0.6).abs() < 1e-12);
}

#[test]
fn a_refresh_that_changes_nothing_is_a_point() {
    let same = log().replace("\"discriminative_share\":0.45", "\"discriminative_share\":0.4");
    assert_eq!(curves(&same, false).unwrap()[0].points, [(0, 0.4), (10, 0.4), (20, 0.5), (29, 0.5)]);
}

#[test]
fn a_line_cut_by_a_kill_does_not_count_but_damage_does() {
    let whole = curves(&log(), false).unwrap();
    assert_eq!(curves(&(log() + "{\"event\":\"st"), false).unwrap(), whole);
    let Err(error) = curves(&("no json\n".to_owned() + &log()), false) else { panic!("the first line is damaged") };
    assert!(matches!(error, ReportError::Log { line: 1, .. }), "{error}");
}

#[test]
fn logs_without_the_area_are_refused() {
    let other = "{\"event\":\"step\",\"stage\":\"distil\",\"step\":0,\"loss\":1.5}\n";
    assert!(matches!(curves(other, false), Err(ReportError::Empty { .. })));
    let old = "{\"event\":\"step\",\"stage\":\"distil\",\"step\":0,\"discriminative_share\":0.5}\n";
    let Err(error) = curves(old, true) else { panic!("it says nothing about classes") };
    assert!(error.to_string().contains("discriminative area by class"), "{error}");
    assert_eq!(curves(old, false).unwrap()[0].points, [(0, 0.5)]);
    let line = |step: usize, share: f64| old.replace(":0,", &format!(":{step},")).replace("0.5", &share.to_string());
    let changing: String =
        [0.5, 0.5, 0.6, 0.6, 0.6].iter().enumerate().map(|(step, share)| line(step, *share)).collect();
    assert_eq!(curves(&changing, false).unwrap()[0].points, [(0, 0.5), (2, 0.6), (4, 0.6)]);
    assert!(matches!(area_curves("none.jsonl".as_ref(), false), Err(ReportError::Io(_))));
}

#[test]
fn the_curve_rises_with_the_area() {
    let curve = |name: &str, values: &[f64]| AreaCurve {
        name: name.into(),
        points: values.iter().enumerate().map(|(i, value)| (i * 500, *value)).collect(),
    };
    let page = area_chart(&[curve("a", &[0.4, 0.5, 0.6]), curve("a much longer name of a run", &[0.5, 0.5])]).unwrap();
    assert_readable(&page);
    let lines = drawn_curves(&page);
    let [_, _, rising, level] = lines[..] else { panic!("two samples and two curves: {lines:?}") };
    assert_eq!(level[1], level[3]);
    assert!((level[1] - f64::midpoint(rising[1], rising[3])).abs() < 0.02);
    assert!((level[2] - f64::midpoint(rising[0], rising[2])).abs() < 0.02);
    assert!(matches!(area_chart(&[]), Err(ReportError::Nothing)));
    assert_readable(&area_chart(&curves(&log(), true).unwrap()).unwrap());
}
