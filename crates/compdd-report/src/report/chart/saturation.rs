//! How far random images reach: their accuracy over images per class beside that of the whole training set, by label regime.

use super::{Axis, DASH, Frame, LegendEntry, Mark, Measured, Origin, Page, Plan, ReportError, SIZE, Sample, Style};

/// Room beside the first and the last number of images, in powers of ten.
const ROOM: f64 = 0.2;

/// Random images under several conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct SaturationValues {
    /// A curve a condition.
    pub curves: Vec<SaturationCurve>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// Random images under one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct SaturationCurve {
    /// What the key says.
    pub name: String,
    /// Images per class and accuracy, by rising number.
    pub points: Vec<(usize, Measured)>,
    /// The whole training set on its own schedule.
    pub full: Option<Measured>,
}

/// The chart; a dashed line of a curve's colour is the whole training set.
///
/// # Errors
/// When there is no point.
pub fn saturation_chart(values: &SaturationValues) -> Result<Page, ReportError> {
    let points = || values.curves.iter().flat_map(|curve| &curve.points);
    let mut ipcs: Vec<usize> = points().map(|(ipc, _)| *ipc).collect();
    ipcs.sort_unstable();
    ipcs.dedup();
    let (Some(first), Some(last)) = (ipcs.first(), ipcs.last()) else { return Err(ReportError::Nothing) };
    let range = [(*first as f64).log10() - ROOM, (*last as f64).log10() + ROOM].map(|power| 10_f64.powf(power));
    let full = values.curves.iter().filter_map(|curve| curve.full);
    let heights = points().map(|(_, measured)| *measured).chain(full).flat_map(Measured::drawn);
    let key =
        |(place, curve): (usize, &SaturationCurve)| LegendEntry(curve.name.clone(), Style::nth(place), Sample::Curve);
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Random images and the full data, by label regime"),
        note: values.origin.note("Dashed: full data on its own schedule. Whiskers: 95 % intervals"),
        legend: values.curves.iter().enumerate().map(key).collect(),
        across: Axis::logarithmic(
            "images per class (logarithmic)",
            range,
            ipcs.iter().map(|ipc| (*ipc as f64, ipc.to_string())).collect(),
        ),
        up: Axis::up("accuracy (%)", heights),
        size: SIZE,
    });
    for (place, curve) in values.curves.iter().enumerate() {
        let style = Style::nth(place);
        let at = |(ipc, measured): &(usize, Measured)| (*ipc as f64, measured.mean * 100.0);
        if let Some(full) = curve.full {
            let height = full.mean * 100.0;
            frame.draw([Mark::line(style.colour, 1.5, DASH, range.map(|x| (x, height)))]);
        }
        let whiskers = curve.points.iter().filter_map(|(ipc, measured)| measured.upright(*ipc as f64));
        frame.draw(whiskers.map(|ends| Mark::whisker(style.colour, ends)));
        frame.draw([Mark::curve(style, curve.points.iter().map(at))]);
        frame.draw(curve.points.iter().map(|point| Mark::solid(style, at(point))));
    }
    Ok(frame.finish())
}
