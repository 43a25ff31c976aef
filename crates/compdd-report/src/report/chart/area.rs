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
    let styles: Vec<Style> = (0..curves.len()).map(Style::nth).collect();
    let key = |(curve, style): (&AreaCurve, &Style)| LegendEntry::new(&curve.name, *style, Sample::Line);
    let mut frame = Frame::new(Plan {
        page: Origin::default().page("Discriminative area over the iterations of a distillation"),
        note: String::new(),
        across: Axis::counted("iteration", [0.0, last.max(1) as f64]),
        up: Axis::up("discriminative area (% of pixels)", shares),
        legend: curves.iter().zip(&styles).map(key).collect(),
        size: SIZE,
    });
    let points =
        |curve: &AreaCurve| curve.points.iter().map(|(step, share)| (*step as f64, share * 100.0)).collect::<Vec<_>>();
    frame.draw(curves.iter().zip(styles).map(|(curve, style)| Mark::curve(style, points(curve))));
    Ok(frame.finish())
}
