//! Feeding the device: minibatches gathered in host memory, the next one on a thread while the device computes on this one.
//!
//! On the CPU a batch becomes values of its pixel space where it is gathered, through a table. Any other device that has bytes gets
//! them, a quarter of the traffic, and computes the same there: divide by 255, subtract the mean, divide by the deviation. [`PixelTensors`]
//! gives a pixel space its tensors, [`ZcaTensors`] a whitening.
//!
//! What may enter: what brings images of [`data`](compdd_data::data) to a device as network input. Files, networks and augmentation stay out.

use burn::tensor::{DType, Device, FloatDType, Int, Tensor, TensorData};

use compdd_data::data::{ImageSet, PixelSpace, Prefetcher};

mod space;
mod zca;

pub use space::PixelTensors;
pub use zca::ZcaTensors;

/// Where bytes become values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In host memory, while the batch is gathered.
    Host,
    /// On the device, from uploaded bytes.
    Device,
}

impl Form {
    /// What suits a device. Shaders in WGSL have no bytes.
    pub fn of(device: &Device) -> Self {
        if *device == Device::flex() || !device.supports_dtype(DType::U8) { Self::Host } else { Self::Device }
    }
}

/// Images gathered from a set, in host memory.
#[derive(Clone, Debug)]
pub struct HostBatch {
    pixels: Pixels,
    /// `[n, C, H, W]`.
    shape: [usize; 4],
    space: PixelSpace,
}

#[derive(Clone, Debug)]
enum Pixels {
    /// Normalised, not yet whitened.
    Values(Vec<f32>),
    Bytes(Vec<u8>),
}

impl HostBatch {
    /// The images of `set` at `indices`, in that order. Works on the calling thread alone, so that it takes no core from a pool.
    pub fn gather(space: &PixelSpace, set: &ImageSet, indices: &[usize], form: Form) -> Self {
        let [c, h, w] = set.shape();
        let pixels = match form {
            Form::Host => Pixels::Values(space.normalised_in_line(set, indices)),
            Form::Device => {
                let mut bytes = Vec::with_capacity(indices.len() * set.image_size());
                for &i in indices {
                    bytes.extend_from_slice(set.image(i));
                }
                Pixels::Bytes(bytes)
            }
        };
        Self { pixels, shape: [indices.len(), c, h, w], space: space.clone() }
    }

    /// The batch as network input: uploaded, normalised and whitened, not tracked for gradients.
    ///
    /// # Shapes
    /// `[n, C, H, W]`.
    pub fn tensor(self, device: &Device) -> Tensor<4> {
        let input = match self.pixels {
            Pixels::Values(values) => Tensor::from_data(TensorData::new(values, self.shape), device),
            Pixels::Bytes(bytes) => normalised(TensorData::new(bytes, self.shape), &self.space, device),
        };
        space::whitened(&self.space, input)
    }
}

/// Bytes `[n, C, H, W]` to normalised values, on the device. The arithmetic is in `f32` whatever the device's own float is.
fn normalised(bytes: TensorData, space: &PixelSpace, device: &Device) -> Tensor<4> {
    let channels = bytes.shape()[1];
    let (mean, std) = space.statistics();
    let row = |statistic: [f32; 3]| {
        let values: Vec<f32> = (0..channels).map(|channel| statistic[channel % 3]).collect();
        Tensor::<4>::from_data(TensorData::new(values, [1, channels, 1, 1]), (device, DType::F32))
    };
    let bytes = Tensor::<4, Int>::from_data(bytes, (device, DType::U8)).cast(FloatDType::F32);
    ((bytes / 255.0 - row(mean)) / row(std)).cast(device.settings().float_dtype)
}

/// The minibatches of an epoch, in order, each gathered while the one before it is used.
pub struct Feed {
    batches: usize,
    device: Device,
    ahead: Prefetcher<HostBatch>,
}

impl Feed {
    /// The images of `set` at `positions`, `batch` at a time, the last one possibly smaller.
    ///
    /// # Panics
    /// If `batch` is 0.
    pub fn new(set: &ImageSet, space: &PixelSpace, positions: Vec<usize>, batch: usize, device: &Device) -> Self {
        let (set, space, form) = (set.clone(), space.clone(), Form::of(device));
        let batches = positions.len().div_ceil(batch);
        let make = move |number: u64| {
            let rest = &positions[number as usize * batch..];
            HostBatch::gather(&space, &set, &rest[..batch.min(rest.len())], form)
        };
        Self { batches, device: device.clone(), ahead: Prefetcher::new(make) }
    }

    /// Number of minibatches.
    pub fn len(&self) -> usize {
        self.batches
    }

    /// Whether there is no minibatch.
    pub fn is_empty(&self) -> bool {
        self.batches == 0
    }

    /// Minibatch `number` as network input, `[n, C, H, W]`; the one after it is begun. Batches come in any order, in turn they come at once.
    pub fn take(&mut self, number: usize) -> Tensor<4> {
        self.ahead.take(number as u64, number + 1 < self.batches).tensor(&self.device)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use compdd_core::rng::Stream;
    use compdd_data::data::Zca;

    const CIFAR: PixelSpace = PixelSpace::Normalised { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.2010] };

    /// Images that hold every byte in every channel.
    fn set() -> ImageSet {
        let mut pixels: Vec<u8> = (0..=255).cycle().take(5 * 3 * 256).collect();
        Stream::new(4, "feed test", 0).shuffle(&mut pixels[3 * 256..]);
        ImageSet::new(pixels, vec![0; 5], [3, 16, 16], vec!["a".into()]).unwrap()
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().try_to_vec::<f32>().unwrap()
    }

    /// Both forms, and the formula, value by value: on the CPU they are the same bits.
    #[test]
    fn the_device_normalises_as_the_host_does() {
        let (set, device, indices) = (set(), Device::flex(), [3, 0, 3, 1]);
        let of = |form| values(HostBatch::gather(&CIFAR, &set, &indices, form).tensor(&device));
        let (host, there) = (of(Form::Host), of(Form::Device));
        assert_eq!(host, there);
        let tensor = CIFAR.tensor(&set, &indices, &device);
        assert_eq!(tensor.dims(), [4, 3, 16, 16]);
        assert_eq!(host, values(tensor));
        let (mean, std) = CIFAR.statistics();
        for (at, (value, i)) in host.iter().zip((0..).map(|at: usize| (at / 768, at % 768))).enumerate() {
            let byte = f32::from(set.image(indices[i.0])[i.1]);
            let channel = i.1 / 256;
            assert_eq!(*value, (byte / 255.0 - mean[channel]) / std[channel], "{at}");
        }
    }

    #[test]
    fn whitening_follows_either_form() {
        let (set, device) = (set().subset(&[0, 1, 2, 3, 4]), Device::flex());
        let plain = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
        let all: Vec<usize> = (0..5).collect();
        let zca = Zca::fit_matrix(&plain.normalised(&set, &all), 5, [3, 16, 16], 0.1).unwrap();
        let space = PixelSpace::Zca { mean: [0.0; 3], std: [1.0; 3], whitening: Arc::new(zca) };
        let of = |form| values(HostBatch::gather(&space, &set, &all, form).tensor(&device));
        assert_eq!(of(Form::Host), of(Form::Device));
        assert_eq!(of(Form::Host), values(space.tensor(&set, &all, &device)));
    }

    #[test]
    fn a_feed_holds_the_batches_whatever_is_asked_for() {
        let (set, device) = (set(), Device::flex());
        let positions = vec![4, 2, 0, 1, 3];
        let mut feed = Feed::new(&set, &CIFAR, positions.clone(), 2, &device);
        assert_eq!((feed.len(), feed.is_empty()), (3, false));
        for number in [0, 1, 2, 0, 2] {
            let indices = &positions[2 * number..(2 * number + 2).min(5)];
            assert_eq!(values(feed.take(number)), values(CIFAR.tensor(&set, indices, &device)));
        }
        assert!(Feed::new(&set, &CIFAR, Vec::new(), 2, &device).is_empty());
    }
}
