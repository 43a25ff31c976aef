//! Accuracy and loss over the iterations of a distillation.

use super::{
    super::{
        ReportError,
        draw::{
            page::Page,
            path::Path,
            style::{CURVE, PLOT_HEIGHT, Style},
        },
    },
    frame::{Frame, LegendEntry, Plan, Sample, UP, XAxis},
    marks::{solid, whisker},
    origin::Origin,
    scale::range_of,
};

/// Room beside the first and the last iteration, as a share of all.
const ROOM: f64 = 0.02;
/// Points of a curve of the loss; of more, means of equal stretches are drawn.
const POINTS: usize = 200;

/// Runs beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct IterationValues {
    /// The runs.
    pub runs: Vec<RunCurve>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A distillation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCurve {
    /// What the key says.
    pub name: String,
    /// Accuracy of students on the images of some iterations; may be empty.
    pub accuracy: Vec<Checkpoint>,
    /// Iteration and loss of every step; may be empty.
    pub loss: Vec<(usize, f64)>,
}

/// Images that were scored on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checkpoint {
    /// Iterations made before.
    pub iteration: usize,
    /// Mean accuracy, fraction.
    pub mean: f64,
    /// Sample standard deviation over students, fraction; none for a single one.
    pub std: Option<f64>,
}

/// The chart: accuracy, and below it the loss, each where there is any.
///
/// # Errors
/// When there is neither.
pub fn iteration_chart(values: &IterationValues) -> Result<Page, ReportError> {
    let last = |run: &RunCurve| {
        run.accuracy.last().map(|point| point.iteration).max(run.loss.last().map(|(iteration, _)| *iteration))
    };
    let last = values.runs.iter().filter_map(last).max().ok_or(ReportError::Nothing)?;
    let last = last.max(1) as f64;
    let range = [-ROOM * last, (1.0 + ROOM) * last];
    let (mut accuracy, mut loss) = (None, None);
    if values.runs.iter().any(|run| !run.accuracy.is_empty()) {
        accuracy = Some(accuracy_panel(values, range));
    }
    if values.runs.iter().any(|run| !run.loss.is_empty()) {
        let note = if accuracy.is_none() { values.origin.note("") } else { String::new() };
        loss = Some(loss_panel(values, range, note));
    }
    match (accuracy, loss) {
        (Some(accuracy), Some(loss)) => Ok(accuracy.above(loss)),
        (one, other) => one.or(other).ok_or(ReportError::Nothing),
    }
}

fn legend(values: &IterationValues, sample: Sample, drawn: impl Fn(&RunCurve) -> bool) -> Vec<LegendEntry> {
    let runs = values.runs.iter().enumerate().filter(|(_, run)| drawn(run));
    runs.map(|(place, run)| LegendEntry { text: run.name.clone(), style: Style::nth(place), sample }).collect()
}

fn accuracy_panel(values: &IterationValues, range: [f64; 2]) -> Page {
    let points = || values.runs.iter().flat_map(|run| &run.accuracy);
    let ends = |point: &Checkpoint| {
        let std = point.std.unwrap_or(0.0);
        [point.mean - std, point.mean + std].map(|value| value * 100.0)
    };
    let several = points().any(|point| point.std.is_some());
    let mut frame = Frame::new(Plan {
        title: "Accuracy over the iterations of a distillation".into(),
        note: values.origin.note(if several {
            "Whiskers: standard deviation over students, where there are several"
        } else {
            ""
        }),
        across: XAxis::Numbers { range, whole: true },
        across_title: "iteration".into(),
        up: range_of(points().flat_map(ends), UP),
        up_title: "accuracy (%)".into(),
        legend: legend(values, Sample::Curve, |run| !run.accuracy.is_empty()),
        height: PLOT_HEIGHT,
    });
    for (place, run) in values.runs.iter().enumerate() {
        let style = Style::nth(place);
        let at = |frame: &Frame, point: &Checkpoint| frame.at(point.iteration as f64, point.mean * 100.0);
        for point in run.accuracy.iter().filter(|point| point.std.is_some()) {
            let x = frame.x.at(point.iteration as f64);
            let whole = ends(point).map(|end| frame.y.at(end));
            whisker(&mut frame.page, x, whole, style.colour);
        }
        let path = Path::through(run.accuracy.iter().map(|point| at(&frame, point)));
        frame.page.line(path, style.colour, CURVE, style.dash);
        for point in &run.accuracy {
            let at = at(&frame, point);
            solid(&mut frame.page, style, at);
        }
    }
    frame.sourced(&values.origin)
}

fn loss_panel(values: &IterationValues, range: [f64; 2], note: String) -> Page {
    let curves: Vec<Vec<[f64; 2]>> = values.runs.iter().map(|run| thinned(&run.loss)).collect();
    let stretches = values.runs.iter().any(|run| run.loss.len() > POINTS);
    let mut frame = Frame::new(Plan {
        title: "Loss over the iterations of a distillation".into(),
        note,
        across: XAxis::Numbers { range, whole: true },
        across_title: if stretches { "iteration (means of stretches)" } else { "iteration" }.into(),
        up: range_of(curves.iter().flatten().map(|[_, loss]| *loss), UP),
        up_title: "loss".into(),
        legend: legend(values, Sample::Line, |run| !run.loss.is_empty()),
        height: PLOT_HEIGHT * 0.75,
    });
    for (place, curve) in curves.iter().enumerate() {
        let style = Style::nth(place);
        let path = Path::through(curve.iter().map(|[iteration, loss]| frame.at(*iteration, *loss)));
        frame.page.line(path, style.colour, CURVE, style.dash);
    }
    frame.sourced(&values.origin)
}

/// Iteration and loss of every step, or the means of at most [`POINTS`] equal stretches.
fn thinned(loss: &[(usize, f64)]) -> Vec<[f64; 2]> {
    let stretch = |steps: &[(usize, f64)]| {
        let count = steps.len() as f64;
        let sum = steps.iter().fold([0.0; 2], |[i, l], (iteration, loss)| [i + *iteration as f64, l + loss]);
        sum.map(|value| value / count)
    };
    loss.chunks(loss.len().div_ceil(POINTS).max(1)).map(stretch).collect()
}
