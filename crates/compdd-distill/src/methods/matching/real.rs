//! Batches of real images, class by class; [`Prefetcher`](compdd_data::data::Prefetcher) makes them ready while the device computes.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::siamese::Siamese;
use compdd_core::rng::Stream;
use compdd_data::data::{ImageSet, PixelSpace, Task};
use compdd_nn::feed::PixelTensors as _;

/// The training images of every class, and how batches are drawn from them.
#[derive(Clone)]
pub(super) struct RealClasses {
    set: ImageSet,
    space: PixelSpace,
    /// The labels that images carry, and the positions of their images.
    classes: Arc<Vec<(u32, Vec<usize>)>>,
    seed: u64,
    /// Most images of a class in a batch.
    batch: usize,
    siamese: Siamese,
    /// Steps for which a batch is used, augmented anew in each.
    hold: u64,
}

/// The real images of one step in network input space, augmented, class by class.
pub(super) struct RealBatch {
    values: Vec<f32>,
    /// Where they lie in the training set.
    places: Vec<usize>,
    /// Images of every class.
    pub counts: Vec<usize>,
    shape: [usize; 3],
}

impl RealClasses {
    pub fn new(task: &Task, seed: u64, batch: usize, siamese: Siamese) -> Self {
        let classes = Arc::new(task.training_classes());
        Self { set: task.train.clone(), space: task.space.clone(), classes, seed, batch, siamese, hold: 1 }
    }

    /// Uses every batch for the steps from a multiple of `hold` up to the next one.
    pub fn holding(self, hold: usize) -> Self {
        Self { hold: hold.max(1) as u64, ..self }
    }

    /// The batch of a step: of every class the first `min(batch, images)` of a fresh shuffle, augmented as one.
    pub fn batch(&self, step: u64) -> RealBatch {
        let (shape, size) = (self.set.shape(), self.set.image_size());
        let mut drawn = Vec::new();
        let mut counts = Vec::with_capacity(self.classes.len());
        for (class, (_, members)) in self.classes.iter().enumerate() {
            let place = (step - step % self.hold) * self.classes.len() as u64 + class as u64;
            let count = self.batch.min(members.len());
            let mut stream = Stream::new(self.seed, "real batch", place);
            drawn.extend(partial_shuffle(&mut stream, members, count));
            counts.push(count);
        }
        let mut values = self.space.values(&self.set, &drawn);
        let mut rest = values.as_mut_slice();
        for (class, &count) in counts.iter().enumerate() {
            let (own, others) = rest.split_at_mut(count * size);
            self.siamese.draw(step, class, count, shape).apply_host(own, shape);
            rest = others;
        }
        RealBatch { values, places: drawn, counts, shape }
    }
}

/// `count` of `members`, uniformly without replacement: the head of a Fisher-Yates shuffle.
pub(super) fn partial_shuffle(stream: &mut Stream, members: &[usize], count: usize) -> Vec<usize> {
    stream.sample(members.len(), count).into_iter().map(|place| members[place]).collect()
}

impl RealBatch {
    /// Rows `from..to` `[to - from, channels, height, width]` on a device.
    pub fn rows(&self, from: usize, to: usize, device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        let size = channels * height * width;
        let values = self.values[from * size..to * size].to_vec();
        Tensor::from_data(TensorData::new(values, [to - from, channels, height, width]), device)
    }

    /// Where the images of a class lie in the training set.
    pub fn places(&self, class: usize) -> &[usize] {
        let from = self.counts[..class].iter().sum();
        &self.places[from..from + self.counts[class]]
    }

    /// First row of every class, and the number of all rows.
    pub fn offsets(&self) -> Vec<usize> {
        let mut offsets = vec![0];
        offsets.extend(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }));
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_takes_everything_once() {
        let members: Vec<usize> = (10..30).collect();
        let mut all = partial_shuffle(&mut Stream::new(1, "t", 0), &members, 20);
        assert_ne!(all, members);
        assert_eq!(all[..5], partial_shuffle(&mut Stream::new(1, "t", 0), &members, 5)[..]);
        all.sort_unstable();
        assert_eq!(all, members);
    }
}
