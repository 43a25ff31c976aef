//! The experts a method asks for: announced, trained where they are missing, handed to the method.

use std::{path::Path, sync::atomic::AtomicBool, time::Duration};

use serde_json::json;

use super::{Observer, RunError, Trace};
use crate::{
    eval::Progress,
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
    pub observer: &'a dyn Observer,
    pub stop: &'a AtomicBool,
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
        self.observer.note(&format!(
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

    fn stage(expert: usize) -> String {
        format!("expert {expert}")
    }
}

impl Progress for Experts<'_> {
    fn begins(&self, expert: usize, of: usize) {
        self.observer.begin(&Self::stage(expert), of);
    }

    fn epoch(&self, expert: usize, epoch: usize, _: usize, loss: f64) {
        self.observer.advance(&Self::stage(expert), epoch, &format!("loss {loss:.4}"));
        let fields = [("expert", json!(expert)), ("epoch", json!(epoch)), ("loss", json!(loss))];
        self.trace.write("expert", &fields);
    }

    fn scored(&self, expert: usize, accuracy: f64) {
        let shown = if accuracy.is_finite() { format!("{:.2} % held out", 100.0 * accuracy) } else { String::new() };
        self.observer.end(&Self::stage(expert), &shown);
    }
}
