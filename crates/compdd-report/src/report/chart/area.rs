//! The discriminative area over the iterations of a distillation (EDF supplement, Figure 7a).

use super::{Axis, Frame, LegendEntry, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style};

/// The discriminative area of a run, or of one class of it.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaCurve {
    /// What the key says.
    pub name: String,
    /// Iteration and share of the pixels that are enhanced, 0 to 1: a point for every refresh of the maps; that of all classes also has one for the
    /// last iteration.
    pub points: Vec<(usize, f64)>,
}

/// The chart of some curves.
///
/// # Errors
/// When there is none.
pub fn area_chart(curves: &[AreaCurve]) -> Result<Page, ReportError> {
    let last = curves.iter().flat_map(|curve| &curve.points).map(|(step, _)| *step).max();
    let last = last.ok_or(ReportError::Nothing)?;
    let shares = curves.iter().flat_map(|curve| &curve.points).map(|(_, share)| share * 100.0);
    let key = |(place, curve): (usize, &AreaCurve)| LegendEntry(curve.name.clone(), Style::nth(place), Sample::Line);
    let mut frame = Frame::new(Plan {
        page: Origin::default().page("Discriminative area over the iterations of a distillation"),
        note: String::new(),
        across: Axis::counted("iteration", [0.0, last.max(1) as f64]),
        up: Axis::up("discriminative area (% of pixels)", shares),
        legend: curves.iter().enumerate().map(key).collect(),
        size: SIZE,
    });
    frame.draw(curves.iter().enumerate().map(|(place, curve)| {
        Mark::curve(Style::nth(place), curve.points.iter().map(|(step, share)| (*step as f64, share * 100.0)))
    }));
    Ok(frame.finish())
}
