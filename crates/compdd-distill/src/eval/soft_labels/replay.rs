//! Learning from stored soft labels.

use burn::tensor::{Device, Tensor, TensorData};

use super::{SoftLabels, epoch::EpochLabels};
use crate::eval::{EvalError, Minibatch, Script, Supervision, supervision::Comparison};

/// The logits that were stored for the views of each epoch.
pub(in crate::eval) struct StoredLogits<'a> {
    labels: &'a SoftLabels,
    comparison: Comparison,
    device: Device,
    /// The epoch under way.
    epoch: EpochLabels,
}

impl<'a> StoredLogits<'a> {
    pub fn new(labels: &'a SoftLabels, comparison: Comparison, device: &Device) -> Self {
        Self { labels, comparison, device: device.clone(), epoch: EpochLabels::default() }
    }
}

impl Supervision for StoredLogits<'_> {
    fn identity(&self) -> Option<String> {
        Some(self.comparison.identity(&format!("soft labels {}", self.labels.address())))
    }

    fn begin(&mut self, epoch: usize) -> Result<Option<Script>, EvalError> {
        self.epoch = self.labels.read(epoch)?;
        Ok(Some(self.epoch.script(self.labels.card())))
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        let [images, classes] = logits.dims();
        let start = minibatch.number * self.labels.card().batch * classes;
        let rows = &self.epoch.logits[start..start + images * classes];
        let values: Vec<f32> = rows.iter().map(|logit| logit.to_f32()).collect();
        let teacher = Tensor::from_data(TensorData::new(values, [images, classes]), &self.device);
        self.comparison.loss(minibatch, logits, teacher)
    }
}
