//! The loop that drives a method: steps, checkpoints by time, stop requests, finite losses.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    RunError, Trace, WorkFolder, curve,
    stopwatch::{Spent, Stopwatch},
};
use crate::methods::{Distiller, MethodError, State, StepContext, StepReport};
use compdd_core::{
    progress::{Interrupted, Progress, Stop},
    record::{Bundle, Distilled},
};

/// What the loop needs besides the method.
pub(super) struct Loop<'a> {
    pub method: &'a str,
    /// Name of this distillation inside the run, and of its checkpoint file.
    pub stage: &'a str,
    pub work: &'a WorkFolder,
    pub trace: &'a Trace,
    pub progress: &'a dyn Progress,
    pub stop: &'a Stop,
    pub checkpoint_every: Duration,
    /// Iterations before which the images are pictured, and the folder of the pictures.
    pub pictures: (&'a [usize], PathBuf),
    /// Iterations before which the images are kept, to be scored.
    pub curve: &'a [usize],
}

impl Loop<'_> {
    /// Runs the method to its end, from its checkpoint if there is one. Returns the set and the time that it took, that of earlier sessions
    /// included.
    pub fn drive(&self, distiller: &mut dyn Distiller) -> Result<(Distilled, Spent), RunError> {
        let steps = distiller.steps();
        let (mut step, before) = self.restore(distiller)?;
        self.progress.begin(self.stage, steps);
        let watch = Stopwatch::after(before);
        let spent = || watch.spent();
        let mut saved = Instant::now();
        while step < steps {
            if self.stop.is_requested() {
                return self.interrupt(distiller, step, spent());
            }
            if self.pictures.0.contains(&step) {
                self.picture(distiller, step)?;
            }
            if self.curve.contains(&step) {
                Bundle::write(&curve::bundle(self.work, step), &distiller.snapshot()?, true)?;
            }
            let report = match distiller.step(&StepContext { step, stop: self.stop }) {
                Err(error) if Interrupted::is(&error) => return self.interrupt(distiller, step, spent()),
                Err(error) if error.is_divergence() => return Err(self.diverged(distiller, step, spent(), error)),
                other => other?,
            };
            if let Some(loss) = report.loss.filter(|loss| !loss.is_finite()) {
                let method = self.method.to_owned();
                return Err(self.diverged(distiller, step, spent(), MethodError::Diverged { method, step, loss }));
            }
            step += 1;
            self.report(step, &report);
            if saved.elapsed() >= self.checkpoint_every {
                self.save(distiller, step, spent())?;
                saved = Instant::now();
            }
        }
        let distilled = distiller.snapshot()?;
        self.progress.end(self.stage, "");
        Ok((distilled, spent()))
    }

    /// The step to go on with, and the time that was spent before.
    fn restore(&self, distiller: &mut dyn Distiller) -> Result<(usize, Spent), RunError> {
        let Some(state) = self.work.load(self.stage)? else { return Ok((0, Spent::default())) };
        let step = state.number("engine.step").map_err(MethodError::from)? as usize;
        distiller.load(&state)?;
        self.progress.note(&format!("{} continues at step {step}", self.stage));
        self.trace.write("resume", &[("stage", json!(self.stage)), ("step", json!(step))]);
        Ok((step, Spent::of(&state)))
    }

    fn save(&self, distiller: &dyn Distiller, step: usize, spent: Spent) -> Result<(), RunError> {
        let mut state = State::default();
        distiller.save(&mut state)?;
        state.put_number("engine.step", step as u64);
        spent.put(&mut state);
        self.work.save(self.stage, &state)?;
        Ok(())
    }

    fn interrupt<T>(&self, distiller: &dyn Distiller, step: usize, spent: Spent) -> Result<T, RunError> {
        self.save(distiller, step, spent)?;
        Err(Interrupted.into())
    }

    /// Keeps what the method had learned before the step that went wrong.
    fn diverged(&self, distiller: &dyn Distiller, step: usize, spent: Spent, error: MethodError) -> RunError {
        self.trace.write("diverged", &[("stage", json!(self.stage)), ("step", json!(step))]);
        let kept = self.work.file(&format!("{}-last-good.{}", self.stage, Bundle::EXTENSION));
        let keep = || -> Result<(), RunError> {
            self.save(distiller, step, spent)?;
            Bundle::write(&kept, &distiller.snapshot()?, true)?;
            Ok(())
        };
        match keep() {
            Ok(()) => RunError::Diverged { source: Box::new(error), kept },
            Err(worse) => worse,
        }
    }

    /// Writes a picture of the images as they are before an iteration.
    fn picture(&self, distiller: &dyn Distiller, step: usize) -> Result<(), RunError> {
        let path = self.pictures.1.join(format!("{}-{step:06}.png", self.stage));
        Bundle::picture(&path, &distiller.snapshot()?)?;
        Ok(())
    }

    fn report(&self, done: usize, report: &StepReport) {
        let mut fields: Vec<(&str, Value)> = vec![("stage", json!(self.stage)), ("step", json!(done - 1))];
        fields.extend(report.loss.map(|loss| ("loss", json!(loss))));
        fields.extend(report.values.iter().map(|(name, value)| (*name, json!(value))));
        fields.extend(report.by_class.iter().map(|(name, values)| (*name, json!(values))));
        self.trace.write("step", &fields);
        let latest = report.loss.map(|loss| format!("loss {loss:.4}")).unwrap_or_default();
        self.progress.advance(self.stage, done, &latest);
    }
}
