//! The loop that drives a method: steps, checkpoints by time, stop requests, finite losses.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Observer, RunError, Trace, WorkFolder};
use crate::{
    methods::{Distiller, MethodError, State, StepContext, StepReport},
    record::Distilled,
};

/// What the loop needs besides the method.
pub(super) struct Loop<'a> {
    pub method: &'a str,
    /// Name of this distillation inside the run, and of its checkpoint file.
    pub stage: &'a str,
    pub work: &'a WorkFolder,
    pub trace: &'a Trace,
    pub observer: &'a dyn Observer,
    pub stop: &'a AtomicBool,
    pub checkpoint_every: Duration,
}

impl Loop<'_> {
    /// Runs the method to its end, from its checkpoint if there is one.
    pub fn drive(&self, distiller: &mut dyn Distiller) -> Result<Distilled, RunError> {
        let steps = distiller.steps();
        let mut step = self.restore(distiller)?;
        self.observer.begin(self.stage, steps);
        let mut saved = Instant::now();
        while step < steps {
            if self.stop.load(Ordering::Relaxed) {
                return self.interrupt(distiller, step);
            }
            let report = match distiller.step(&StepContext { step, stop: self.stop }) {
                Err(MethodError::Eval(error)) if error.is_interruption() => return self.interrupt(distiller, step),
                other => other?,
            };
            self.check(step, &report)?;
            step += 1;
            self.report(step, &report);
            if saved.elapsed() >= self.checkpoint_every {
                self.save(distiller, step)?;
                saved = Instant::now();
            }
        }
        let distilled = distiller.snapshot()?;
        self.observer.end(self.stage, "");
        Ok(distilled)
    }

    fn restore(&self, distiller: &mut dyn Distiller) -> Result<usize, RunError> {
        let Some(state) = self.work.load(self.stage)? else { return Ok(0) };
        let step = state.number("engine.step").map_err(MethodError::from)? as usize;
        distiller.load(&state)?;
        self.observer.note(&format!("{} continues at step {step}", self.stage));
        self.trace.write("resume", &[("stage", json!(self.stage)), ("step", json!(step))]);
        Ok(step)
    }

    fn save(&self, distiller: &dyn Distiller, step: usize) -> Result<(), RunError> {
        let mut state = State::default();
        distiller.save(&mut state)?;
        state.put_number("engine.step", step as u64);
        self.work.save(self.stage, &state)?;
        Ok(())
    }

    fn interrupt(&self, distiller: &dyn Distiller, step: usize) -> Result<Distilled, RunError> {
        self.save(distiller, step)?;
        Err(RunError::Interrupted)
    }

    fn check(&self, step: usize, report: &StepReport) -> Result<(), RunError> {
        match report.loss {
            Some(loss) if !loss.is_finite() => {
                self.trace.write("diverged", &[("stage", json!(self.stage)), ("step", json!(step))]);
                Err(MethodError::Diverged { method: self.method.to_owned(), step, loss }.into())
            }
            _ => Ok(()),
        }
    }

    fn report(&self, done: usize, report: &StepReport) {
        let mut fields: Vec<(&str, Value)> = vec![("stage", json!(self.stage)), ("step", json!(done - 1))];
        fields.extend(report.loss.map(|loss| ("loss", json!(loss))));
        fields.extend(report.values.iter().map(|(name, value)| (*name, json!(value))));
        self.trace.write("step", &fields);
        let latest = report.loss.map(|loss| format!("loss {loss:.4}")).unwrap_or_default();
        self.observer.advance(self.stage, done, &latest);
    }
}
