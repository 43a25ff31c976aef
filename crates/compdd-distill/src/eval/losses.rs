//! The mean losses of a student's epochs: left on the device until somebody looks, and then read at once.

use burn::tensor::{Device, Tensor};

use super::EvalError;

/// Epochs between two looks where a look is a wait. On the CPU it is none, and every epoch is looked at.
const EVERY: usize = 20;

/// Losses of a student's epochs.
#[derive(Clone, Debug)]
pub(super) struct EpochLosses {
    /// Epochs from one look to the next.
    every: usize,
    /// What was read last; NaN before.
    last: f64,
    /// Epochs since.
    unread: Vec<Epoch>,
}

/// A finished epoch.
#[derive(Clone, Debug)]
pub(super) struct Epoch {
    /// Its number.
    pub number: usize,
    /// Its learning rate.
    pub rate: f32,
    /// Losses of its minibatches, each times its images.
    pub sum: Tensor<1>,
    /// Images seen.
    pub images: usize,
}

impl EpochLosses {
    /// Of a student that has trained for no epoch on `device`.
    pub fn new(device: &Device) -> Self {
        Self { every: if *device == Device::flex() { 1 } else { EVERY }, last: f64::NAN, unread: Vec::new() }
    }

    /// With a look every so many epochs, at least one.
    #[cfg(test)]
    pub fn looked_at_every(self, every: usize) -> Self {
        Self { every, ..self }
    }

    /// Where a saved student stood.
    pub fn restored(&self, last: f64) -> Self {
        Self { every: self.every, last, unread: Vec::new() }
    }

    /// Takes a finished epoch.
    pub fn add(&mut self, epoch: Epoch) {
        self.unread.push(epoch);
    }

    /// Whether it is time to look after `done` of `of` epochs: the first, the last, and every so many.
    pub fn due(&self, done: usize, of: usize) -> bool {
        done == 1 || done == of || done.is_multiple_of(self.every)
    }

    /// Reads every epoch that is not read yet, and tells its number and mean loss, in order.
    ///
    /// # Errors
    /// [`EvalError::Diverged`], with the first epoch whose loss is not finite.
    pub fn look(&mut self, seed: u64, tell: impl FnMut(usize, f64)) -> Result<(), EvalError> {
        self.last = self.read(seed, tell)?;
        self.unread.clear();
        Ok(())
    }

    /// The mean loss of the last epoch, read if it is not yet; NaN before the first.
    ///
    /// # Errors
    /// As [`EpochLosses::look`].
    pub fn last(&self, seed: u64) -> Result<f64, EvalError> {
        self.read(seed, |_, _| ())
    }

    fn read(&self, seed: u64, mut tell: impl FnMut(usize, f64)) -> Result<f64, EvalError> {
        let mut last = self.last;
        if self.unread.is_empty() {
            return Ok(last);
        }
        let read = Tensor::cat(self.unread.iter().map(|epoch| epoch.sum.clone()).collect(), 0).into_data();
        for (epoch, sum) in self.unread.iter().zip(read.iter::<f32>()) {
            if !sum.is_finite() {
                return Err(EvalError::Diverged { seed, epoch: epoch.number, learning_rate: epoch.rate });
            }
            last = f64::from(sum) / epoch.images as f64;
            tell(epoch.number, last);
        }
        Ok(last)
    }
}
