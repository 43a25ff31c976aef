//! Accuracy and loss over the iterations of a distillation.

use super::{Axis, Frame, LegendEntry, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style};

/// Room beside the first and the last iteration, as a share of all.
const ROOM: f64 = 0.02;
/// Points of a curve of the loss; of more, means of equal stretches are drawn.
const POINTS: usize = 200;
const STD: &str = "Whiskers: standard deviation over students, where there are several";

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
    let scored = values.runs.iter().any(|run| !run.accuracy.is_empty());
    let what = if scored { "Accuracy" } else { "Loss" };
    let mut page = values.origin.page(format!("{what} over the iterations of a distillation"));
    if scored {
        page = accuracy_panel(page, values, range);
    }
    if values.runs.iter().any(|run| !run.loss.is_empty()) {
        page = loss_panel(page, values, range, if scored { String::new() } else { values.origin.note("") });
    }
    Ok(page)
}

fn legend(values: &IterationValues, sample: Sample, drawn: impl Fn(&RunCurve) -> bool) -> Vec<LegendEntry> {
    let runs = values.runs.iter().enumerate().filter(|(_, run)| drawn(run));
    runs.map(|(place, run)| LegendEntry(run.name.clone(), Style::nth(place), sample)).collect()
}

fn accuracy_panel(page: Page, values: &IterationValues, range: [f64; 2]) -> Page {
    let points = || values.runs.iter().flat_map(|run| &run.accuracy);
    let ends = |point: &Checkpoint| {
        let std = point.std.unwrap_or(0.0);
        [point.mean - std, point.mean + std].map(|value| value * 100.0)
    };
    let several = points().any(|point| point.std.is_some());
    let mut frame = Frame::new(Plan {
        page,
        note: values.origin.note(if several { STD } else { "" }),
        across: Axis::counted("iteration", range),
        up: Axis::up("accuracy (%)", points().flat_map(ends)),
        legend: legend(values, Sample::Curve, |run| !run.accuracy.is_empty()),
        size: SIZE,
    });
    for (place, run) in values.runs.iter().enumerate() {
        let style = Style::nth(place);
        let at = |point: &Checkpoint| (point.iteration as f64, point.mean * 100.0);
        let whiskers = run.accuracy.iter().filter(|point| point.std.is_some());
        let whisker = |point| ends(point).map(|end| (point.iteration as f64, end));
        frame.draw(whiskers.map(|point| Mark::whisker(style.colour, whisker(point))));
        frame.draw([Mark::curve(style, run.accuracy.iter().map(at))]);
        frame.draw(run.accuracy.iter().map(|point| Mark::solid(style, at(point))));
    }
    frame.finish()
}

fn loss_panel(page: Page, values: &IterationValues, range: [f64; 2], note: String) -> Page {
    let curves: Vec<Vec<(f64, f64)>> = values.runs.iter().map(|run| thinned(&run.loss)).collect();
    let stretches = values.runs.iter().any(|run| run.loss.len() > POINTS);
    let mut frame = Frame::new(Plan {
        page,
        note,
        across: Axis::counted(if stretches { "iteration (means of stretches)" } else { "iteration" }, range),
        up: Axis::up("loss", curves.iter().flatten().map(|(_, loss)| *loss)),
        legend: legend(values, Sample::Line, |run| !run.loss.is_empty()),
        size: [SIZE[0], SIZE[1] * 0.75],
    });
    frame.draw(curves.into_iter().enumerate().map(|(place, curve)| Mark::curve(Style::nth(place), curve)));
    frame.finish()
}

/// Iteration and loss of every step, or the means of at most [`POINTS`] equal stretches.
fn thinned(loss: &[(usize, f64)]) -> Vec<(f64, f64)> {
    let stretch = |steps: &[(usize, f64)]| {
        let count = steps.len() as f64;
        let sum = steps.iter().fold((0.0, 0.0), |(i, l), (iteration, loss)| (i + *iteration as f64, l + loss));
        (sum.0 / count, sum.1 / count)
    };
    loss.chunks(loss.len().div_ceil(POINTS).max(1)).map(stretch).collect()
}
