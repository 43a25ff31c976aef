//! The statistics of teachers a method asks for: announced, gathered where they are missing, handed to the method.

use std::time::Duration;

use compdd_core::progress::{Progress, Stop};

use super::RunError;
use crate::{
    statistics::{self, Demand, Statistics, StatisticsContext},
    teachers::TeacherLogits,
};
use compdd_data::data::Task;
use compdd_nn::device::OpenDevice;

/// What gathering statistics needs from the run.
pub(super) struct OfTeachers<'a> {
    pub teachers: &'a [TeacherLogits],
    pub task: &'a Task,
    pub device: &'a OpenDevice,
    pub progress: &'a dyn Progress,
    pub stop: &'a Stop,
    pub checkpoint_every: Duration,
}

impl OfTeachers<'_> {
    /// The statistics of every teacher, in their order.
    pub fn ready(&self, demand: &Demand) -> Result<Vec<Statistics>, RunError> {
        self.announce(demand)?;
        let device = &self.device.device;
        let context =
            StatisticsContext { device, stop: self.stop, progress: self.progress, every: self.checkpoint_every };
        let ready = |teacher| Ok(statistics::ensure(demand, teacher, self.task, context)?);
        self.teachers.iter().map(ready).collect()
    }

    /// Says what is about to be spent, before it is.
    fn announce(&self, demand: &Demand) -> Result<(), RunError> {
        let mut missing = Vec::new();
        for teacher in self.teachers {
            if statistics::find(demand, teacher, self.task)?.is_none() {
                missing.push(statistics::cost(demand, teacher, self.task, &self.device.device));
            }
        }
        if let [first, ..] = missing[..] {
            let (count, bytes) = (missing.len(), missing.iter().map(|cost| cost.bytes).sum::<usize>());
            let teachers = if count == 1 { "1 teacher".to_owned() } else { format!("{count} teachers") };
            self.progress.note(&format!(
                "gathering statistics of {teachers} from {} training images: {} images forward, {} MB on disk; they are kept for later runs",
                first.images,
                count * first.images,
                bytes.div_ceil(1_000_000),
            ));
        }
        Ok(())
    }
}
