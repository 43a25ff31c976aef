//! A run that begins with images chosen on the features of a network: the network's epochs come first, as steps of their own.

use burn::tensor::{Tensor, TensorData};

use super::{family::Engine, first::Init};
use crate::methods::{
    Distiller, MethodError, Start, State, StepContext, StepReport,
    coreset::{HERDING, K_CENTER, Selection},
};
use compdd_core::record::Distilled;

/// Selection first, the engine's run afterwards.
pub(super) struct Prepared<'a, E> {
    start: Start<'a>,
    engine: E,
    selection: Selection<'a>,
    /// None until the selection is made.
    run: Option<Box<dyn Distiller + 'a>>,
}

impl<'a, E: Engine> Prepared<'a, E> {
    pub fn new(start: Start<'a>, engine: E) -> Result<Self, MethodError> {
        let first = engine.first();
        let coreset = if first.init == Init::Herding { &HERDING } else { &K_CENTER };
        let selection = coreset.selection(start.clone(), first.feature_epochs)?;
        Ok(Self { start, engine, selection, run: None })
    }

    fn begun(&mut self, images: Tensor<4>) -> Result<&mut Box<dyn Distiller + 'a>, MethodError> {
        let run = match self.run.take() {
            Some(run) => run,
            None => self.engine.clone().begin(self.start.clone(), images)?,
        };
        Ok(self.run.insert(run))
    }
}

impl<E: Engine> Distiller for Prepared<'_, E> {
    fn steps(&self) -> usize {
        self.selection.steps() + self.engine.steps()
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let epochs = self.selection.steps();
        let Some(step) = ctx.step.checked_sub(epochs) else { return self.selection.step(ctx) };
        if self.run.is_none() {
            let chosen = self.selection.snapshot()?;
            let images = Tensor::from_data(TensorData::new(chosen.images, chosen.shape), self.start.device);
            self.begun(images)?;
        }
        match &mut self.run {
            Some(run) => run.step(&StepContext { step, stop: ctx.stop }),
            None => self.selection.step(ctx),
        }
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        self.run.as_ref().map_or_else(|| self.selection.snapshot(), |run| run.snapshot())
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        state.put_number("chosen", u64::from(self.run.is_some()));
        match &self.run {
            Some(run) => run.save(state),
            None => self.selection.save(state),
        }
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        if state.number("chosen")? == 0 {
            return self.selection.load(state);
        }
        let [channels, height, width] = self.start.task.train.shape();
        let count = self.start.task.training_classes().len() * self.start.ipc;
        let blank = Tensor::zeros([count, channels, height, width], self.start.device);
        self.begun(blank)?.load(state)
    }
}
