//! Students of stored sets that learn classes in steps, each from scratch on the images of the classes known so far.

use super::{RunError, StudentsOptions, WorkFolder, score::TrainOn, students::Ground};
use crate::eval::{EvalError, InferenceOptions, View, each_output};
use compdd_core::{
    progress::{Progress, Stop},
    record::{Accuracy, Incremental},
    rng::Stream,
};
use compdd_nn::nn::{Network, Params};

/// The flags of `compdd incremental`.
#[derive(Clone, Debug)]
pub struct IncrementalOptions {
    /// Who learns.
    pub students: StudentsOptions,
    /// In how many steps the classes come.
    pub steps: Vec<usize>,
}

/// Trains the students of every set, network and number of steps. Every accuracy is kept in the store's report, and is not measured again.
///
/// # Errors
/// As [`rescore`](super::rescore), when there are more steps than classes, and when a report cannot be read or written.
pub fn incremental(
    options: &IncrementalOptions,
    progress: &dyn Progress,
    stop: &Stop,
) -> Result<Vec<Incremental>, RunError> {
    let all = options.students.each(progress, stop, |ground| {
        options.steps.iter().map(|&steps| in_steps(ground, steps, progress, stop)).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(all.into_iter().flatten().collect())
}

fn in_steps(ground: &Ground<'_>, steps: usize, progress: &dyn Progress, stop: &Stop) -> Result<Incremental, RunError> {
    let (set, task, cell) = (&ground.rescoring.set, ground.task, &ground.cell);
    let images = set.labels.classes_of_images();
    let mut classes = images.clone();
    classes.sort_unstable();
    classes.dedup();
    if steps == 0 || steps > classes.len() {
        let reason = format!("{} has images of {} classes", set.subset, classes.len());
        return Err(RunError::flag("--steps", &steps, reason, "name numbers from 1 to that"));
    }
    let order = |student: usize| {
        let mut order = classes.clone();
        Stream::new(cell.seed, "order of classes", student as u64).shuffle(&mut order);
        order
    };
    let orders = (0..ground.seeds.len()).map(order).collect();
    let path = ground.store.incremental_path(cell, steps);
    let known = if path.is_file() { Incremental::read(&path)?.accuracies } else { Vec::new() };
    let fresh = Incremental::new(cell.clone(), steps, ground.seeds.clone(), orders);
    let mut report = Incremental { accuracies: known, ..fresh };
    let passes = InferenceOptions { device: ground.device, batch: ground.scoring.test_batch, stop };
    let unfinished = ground.store.root().join("unfinished").join(format!("{}-in-{steps}-steps", cell.id()));
    let work = WorkFolder::open(&unfinished, false)?;
    for (student, seed) in ground.seeds.iter().enumerate() {
        if report.accuracies.len() == student {
            report.accuracies.push(Vec::new());
        }
        for step in report.accuracies[student].len()..steps {
            let known = &report.orders[student][..report.known[step]];
            let rows: Vec<usize> = (0..images.len()).filter(|&row| known.contains(&images[row])).collect();
            let part = set.select(&rows);
            let called = format!(", order {}, step {} of {steps},", student + 1, step + 1);
            let scorer = ground.scorer(&called, work.file(&format!("order-{student}-step-{step}")), progress, stop);
            let (params, _) = scorer.each(&[TrainOn::Set(&part)], (&[*seed], cell.seed), |_, params| params)?;
            let tests: Vec<usize> =
                (0..task.test.len()).filter(|&image| known.contains(&task.test.labels()[image])).collect();
            let view = View::some(&task.test, &task.space, tests);
            let accuracy = among(&ground.network, &params[0], (&view, known), passes)?;
            report.accuracies[student].push(accuracy);
            report.write(&path)?;
        }
    }
    work.finish()?;
    Ok(report)
}

/// Top-1 accuracy where only some classes may be named, the smaller of equal ones.
fn among(
    network: &Network,
    params: &Params,
    (view, classes): (&View<'_>, &[u32]),
    passes: InferenceOptions<'_>,
) -> Result<Accuracy, EvalError> {
    let mut classes = classes.to_vec();
    classes.sort_unstable();
    let mut right = 0;
    each_output(network, params, view, passes, |output, places| {
        let width = output.logits.dims()[1];
        let values: Vec<f32> = output.logits.into_data().iter::<f32>().collect();
        for (row, &place) in values.chunks_exact(width).zip(places) {
            let better = |best: u32, class: u32| if row[class as usize] > row[best as usize] { class } else { best };
            let named = classes.iter().copied().reduce(better);
            right += usize::from(named == Some(view.label(place)));
        }
    })?;
    Ok(Accuracy::of_counts(right, view.len()))
}
