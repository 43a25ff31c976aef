//! What a distillation costs against what it gives, with the front of those that nothing beats in both.

use super::{
    Axis, DASH, Frame, LegendEntry, MUTED, Mark, Measured, Origin, Page, Plan, ReportError, SIZE, Sample, Style, THIN,
};

/// Most powers of ten that are written.
const POWERS: i32 = 8;
/// Below so many powers of ten there are marks between them.
const FINE: f64 = 2.5;
const FINEST: f64 = 1.2;
/// Room beside the outermost points, in powers of ten.
const ROOM: f64 = 0.15;

/// Cost and accuracy of methods.
#[derive(Clone, Debug, PartialEq)]
pub struct CostValues {
    /// The methods.
    pub points: Vec<CostPoint>,
    /// What computed.
    pub device: String,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A method.
#[derive(Clone, Debug, PartialEq)]
pub struct CostPoint {
    /// What the key says.
    pub name: String,
    /// Wall time of the distillation in hours.
    pub hours: f64,
    /// What it gives.
    pub measured: Measured,
}

/// The chart, cheap on the left and good at the top; a line through what nothing beats in both.
///
/// # Errors
/// When there is no point.
pub fn cost_chart(values: &CostValues) -> Result<Page, ReportError> {
    let logs = values.points.iter().map(|point| point.hours.log10());
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if !low.is_finite() || !high.is_finite() {
        return Err(ReportError::Nothing);
    }
    let range = [low - ROOM, high + ROOM];
    let key = |(place, point): (usize, &CostPoint)| LegendEntry(point.name.clone(), Style::nth(place), Sample::Marker);
    let legend = values.points.iter().enumerate().map(key);
    let line = Style { colour: MUTED, dash: DASH, ..Style::nth(0) };
    let front_key = LegendEntry("nothing is cheaper and better".into(), line, Sample::Line);
    let whiskers = values.points.iter().any(|point| point.measured.interval.is_some());
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Accuracy against the cost of the distillation"),
        note: values.origin.note(if whiskers { "Whiskers: 95 % intervals" } else { "" }),
        across: Axis::logarithmic(
            format!("hours of distillation on {} (logarithmic)", values.device),
            range.map(|power| 10_f64.powf(power)),
            marks(range),
        ),
        up: Axis::up("accuracy (%)", values.points.iter().flat_map(|point| point.measured.drawn())),
        legend: legend.chain([front_key]).collect(),
        size: SIZE,
    });
    let at = |point: &CostPoint| (point.hours, point.measured.mean * 100.0);
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (x, y) in front(&values.points).into_iter().map(at) {
        corners.extend(corners.last().map(|(_, before)| (x, *before)));
        corners.push((x, y));
    }
    corners.extend(corners.last().map(|(_, y)| (f64::INFINITY, *y)));
    frame.draw([Mark::line(MUTED, 1.5 * THIN, DASH, corners)]);
    let points = || values.points.iter().enumerate();
    frame.draw(points().filter_map(|(place, point)| {
        Some(Mark::whisker(Style::nth(place).colour, point.measured.upright(point.hours)?))
    }));
    frame.draw(points().map(|(place, point)| Mark::solid(Style::nth(place), at(point))));
    Ok(frame.finish())
}

/// The points that no other beats in both, by rising cost.
fn front(points: &[CostPoint]) -> Vec<&CostPoint> {
    let mut sorted: Vec<&CostPoint> = points.iter().collect();
    sorted.sort_by(|a, b| a.hours.total_cmp(&b.hours).then(b.measured.mean.total_cmp(&a.measured.mean)));
    let mut best = f64::NEG_INFINITY;
    sorted.retain(|point| {
        let better = point.measured.mean > best;
        best = best.max(point.measured.mean);
        better
    });
    sorted
}

/// Powers of ten inside a range of exponents, written at even steps; where they are few, 2 and 5 times them too.
fn marks([low, high]: [f64; 2]) -> Vec<(f64, String)> {
    let step = ((high - low) as i32).div_euclid(POWERS) + 1;
    let factors: &[i32] = match high - low {
        span if span < FINEST => &[1, 2, 3, 4, 5, 7],
        span if span < FINE => &[1, 2, 5],
        _ => &[1],
    };
    let exponents = (low.floor() as i32..=high.ceil() as i32).filter(|power| power.rem_euclid(step) == 0);
    let all = exponents.flat_map(|power| factors.iter().map(move |factor| (power, *factor)));
    let mark = |(power, factor): (i32, i32)| (f64::from(factor) * 10_f64.powi(power), number(factor, power));
    all.map(mark).filter(|(at, _)| (low..=high).contains(&at.log10())).collect()
}

/// `factor * 10^power`: 0.001 to 1000 in digits, others with an exponent.
fn number(factor: i32, power: i32) -> String {
    if (-3..=3).contains(&power) {
        let digits = usize::try_from(-power).unwrap_or(0);
        return format!("{:.digits$}", f64::from(factor) * 10_f64.powi(power));
    }
    let times = if factor == 1 { String::new() } else { format!("{factor}·") };
    format!("{times}{}", power_of_ten(power))
}

fn power_of_ten(power: i32) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    format!("10{}", power.to_string().chars().map(raised).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_holds_what_nothing_beats_in_both() {
        let point = |name: &str, hours: f64, mean: f64| CostPoint {
            name: name.into(),
            hours,
            measured: Measured { mean, interval: None },
        };
        let points = [
            point("dear", 3.0, 0.5),
            point("cheap", 0.1, 0.2),
            point("beaten", 2.0, 0.2),
            point("as good, dearer", 4.0, 0.5),
            point("middle", 1.0, 0.4),
        ];
        assert_eq!(
            front(&points).iter().map(|point| point.name.as_str()).collect::<Vec<_>>(),
            ["cheap", "middle", "dear"]
        );
    }

    #[test]
    fn hours_are_written_as_people_write_them() {
        let words = |range| marks(range).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert_eq!(words([-1.2, 0.35]), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(words([-6.1, -2.9]), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001"]);
        assert_eq!(words([-4.1, -3.6]), ["10⁻⁴", "2·10⁻⁴"]);
        assert!(words([-30.0, 4.0]).len() <= POWERS as usize + 1);
    }
}
