//! A student between two trainings, without the network that it borrows: what stays on the device instead of becoming bytes.

use burn::tensor::Tensor;

use super::{Optimizer, Slowing, Student, losses::EpochLosses};
use compdd_nn::nn::Params;

/// Where a student stands: all of its state, to be taken up by one of the same network, plan and seed.
#[derive(Clone, Debug)]
pub struct Standing {
    params: Params,
    optimizer: Optimizer,
    average: Option<(f32, Vec<Tensor<1>>)>,
    slowing: Option<Slowing>,
    epoch: usize,
    batch: usize,
    running: Option<Tensor<1>>,
    losses: EpochLosses,
}

impl Standing {
    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }
}

impl Student<'_> {
    /// Where this student stands.
    pub fn standing(&self) -> Standing {
        Standing {
            params: self.params.clone(),
            optimizer: self.optimizer.clone(),
            average: self.average.clone(),
            slowing: self.slowing.clone(),
            epoch: self.epoch,
            batch: self.batch,
            running: self.running.clone(),
            losses: self.losses.clone(),
        }
    }

    /// This student where another one of the same network, plan and seed stood.
    #[must_use]
    pub fn standing_at(mut self, place: Standing) -> Self {
        let Standing { params, optimizer, average, slowing, epoch, batch, running, losses } = place;
        (self.params, self.optimizer, self.average, self.slowing) = (params, optimizer, average, slowing);
        (self.epoch, self.batch, self.running, self.losses) = (epoch, batch, running, losses);
        self
    }
}
