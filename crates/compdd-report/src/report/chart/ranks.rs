//! How ranks change from one condition to the next: a slope chart.

use super::{Axis, Frame, LegendEntry, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style};

/// Ranks under several conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct RankValues {
    /// The conditions, from left to right.
    pub conditions: Vec<String>,
    /// What is ranked.
    pub rows: Vec<RankedRow>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// What is ranked, a line of the chart.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedRow {
    /// What the key says.
    pub name: String,
    /// Mean accuracy under every condition, fraction; none where nobody measured it.
    pub means: Vec<Option<f64>>,
}

/// The chart, the best at the top. Equal means share a rank.
///
/// # Errors
/// When there is no row.
pub fn rank_chart(values: &RankValues) -> Result<Page, ReportError> {
    let last = values.rows.len();
    if last == 0 {
        return Err(ReportError::Nothing);
    }
    let rank = |mean: f64, condition: usize| {
        1 + values.rows.iter().filter(|row| row.means[condition].is_some_and(|other| other > mean)).count()
    };
    let ranks = (1..=last).map(|rank| (rank as f64, rank.to_string())).collect();
    let up = Axis::ranks("rank by mean accuracy", [last as f64 + 0.5, 0.5], ranks);
    let key = |(place, row): (usize, &RankedRow)| LegendEntry(row.name.clone(), Style::nth(place), Sample::Curve);
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Ranks in three label regimes"),
        note: values.origin.note(""),
        legend: values.rows.iter().enumerate().map(key).collect(),
        across: Axis::names("what students learn from", values.conditions.iter().cloned()),
        up,
        size: SIZE,
    });
    for (place, row) in values.rows.iter().enumerate() {
        let means = row.means.iter().enumerate();
        let points: Vec<(f64, f64)> =
            means.filter_map(|(condition, mean)| Some((condition as f64, rank((*mean)?, condition) as f64))).collect();
        frame.draw([Mark::curve(Style::nth(place), points.iter().copied())]);
        frame.draw(points.into_iter().map(|at| Mark::solid(Style::nth(place), at)));
    }
    Ok(frame.finish())
}
