//! The experts a method asks for: announced, trained where they are missing, handed to the method.

use std::{path::Path, time::Duration};

use compdd_core::progress::{Progress, Stop};

use serde_json::json;

use super::{RunError, Trace};
use crate::{
    eval::TrainingProgress,
    experts::{self, Buffer, Demand, ExpertContext},
};
use compdd_data::data::Task;
use compdd_nn::{device::OpenDevice, nn::Network};

/// What training experts needs from the run.
pub(super) struct Experts<'a> {
    pub root: &'a Path,
    pub network: &'a Network,
    pub task: &'a Task,
    pub device: &'a OpenDevice,
    pub trace: &'a Trace,
    pub progress: &'a dyn Progress,
    pub stop: &'a Stop,
    pub checkpoint_every: Duration,
}

impl Experts<'_> {
    /// A buffer that meets the demand: `given`, if it fits, else one of this root.
    pub fn ready(&self, demand: &Demand, given: Option<&Path>) -> Result<Buffer, RunError> {
        if let Some(path) = given {
            let buffer = Buffer::open(path)?;
            buffer.check_network(self.network)?;
            buffer.check_epochs(&demand.epochs)?;
            return Ok(buffer);
        }
        if let Some(buffer) = experts::find(demand, self.network, self.task, self.root)? {
            return Ok(buffer);
        }
        self.announce(demand);
        let context = ExpertContext {
            progress: self,
            every: self.checkpoint_every,
            ..ExpertContext::new(self.device.device.clone(), self.stop)
        };
        Ok(experts::ensure(demand, self.network, self.task, self.root, &context)?)
    }

    /// Says what is about to be spent, before it is.
    fn announce(&self, demand: &Demand) {
        let cost = experts::cost(demand, self.network, self.task.training().len());
        self.progress.note(&format!(
            "training up to {} experts of {} in {}: at most {} epochs, {} images forward and backward, {} MB on disk; \
             they are kept for later runs",
            demand.experts,
            self.network.spec().slug(),
            self.root.display(),
            cost.epochs,
            cost.images,
            cost.bytes.div_ceil(1_000_000),
        ));
    }

    fn stages(&self) -> impl TrainingProgress {
        experts::stages(self.progress)
    }
}

impl TrainingProgress for Experts<'_> {
    fn begins(&self, expert: usize, of: usize) {
        self.stages().begins(expert, of);
    }

    fn epoch(&self, expert: usize, epoch: usize, of: usize, loss: f64) {
        self.stages().epoch(expert, epoch, of, loss);
        let fields = [("expert", json!(expert)), ("epoch", json!(epoch)), ("loss", json!(loss))];
        self.trace.write("expert", &fields);
    }

    fn ends(&self, expert: usize, accuracy: Option<f64>) {
        self.stages().ends(expert, accuracy);
    }
}
