//! A network that is asked where it looks.

use std::{ops::Range, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::{
    CamError, CamMethod, Evidence,
    evidence::Smooth,
    head::{Head, indices},
    map::normalise,
};
use compdd_core::rng::Stream;
use compdd_nn::nn::{Mode, Network, NetworkSpec, Params, Split, kernels};

/// A trained network and the map in it that is looked at. It computes in eval mode and is never changed.
#[derive(Clone, Debug)]
pub struct CamModel {
    network: Network,
    params: Params,
    tap: String,
    chunk: usize,
    closed: bool,
}

/// Where the noise of Smooth Grad-CAM++ comes from. The other methods take none.
#[derive(Clone, Copy, Debug)]
pub enum Noise<'a> {
    /// One seed per image: noisy input `m` draws from the stream `(seed, "cam-noise", m)`. See [`seeds`].
    Seeds(&'a [u64]),
    /// Unit normal values, one block `[N, C, H, W]` per noisy input.
    Given(&'a [Tensor<4>]),
}

/// The last map of the network that has more than one pixel; for `vgg11` the last one before a pooling.
///
/// `resnet18`: `layer4`; `convnet`: `feat{depth-1}`; `vgg11`: `relu4`.
pub fn default_tap(network: &Network) -> Result<&str, CamError> {
    let vgg = matches!(network.spec(), NetworkSpec::Vgg11(_));
    let usable = |tap: &&str| !vgg || tap.starts_with("relu");
    let none = || CamError::NoMap { network: network.spec().slug(), resolution: network.input()[2] };
    wide_taps(network).into_iter().rev().find(usable).ok_or_else(none)
}

/// A seed for the noise of each image of a range, at one iteration of a run: the same whatever the images are batched with.
pub fn seeds(run: u64, iteration: u64, images: Range<usize>) -> Vec<u64> {
    let family = Stream::child_seed(run, "cam", iteration);
    images.map(|image| Stream::child_seed(family, "image", image as u64)).collect()
}

impl CamModel {
    /// Images that are looked at at once, unless [`CamModel::with_chunk`] says otherwise.
    pub const CHUNK: usize = 32;

    /// A model from a network and its parameters, on their device. Without a `tap`, [`default_tap`].
    ///
    /// # Errors
    /// When the tap does not exist or its map has one pixel only.
    pub fn new(network: Network, params: Params, tap: Option<&str>) -> Result<Self, CamError> {
        let tap = match tap {
            None => default_tap(&network)?.to_owned(),
            Some(tap) if has_pixels(&network.split(tap)?) => tap.to_owned(),
            Some(tap) => {
                let usable = default_tap(&network)?.to_owned();
                return Err(CamError::OnePixel { network: network.spec().slug(), tap: tap.into(), usable });
            }
        };
        Ok(Self { network, params: params.untracked(), tap, chunk: Self::CHUNK, closed: true })
    }

    /// A model from a file of weights, of safetensors or of `PyTorch`. torchvision's `ResNet18` is
    /// `resnet18-imagenet-bn` with 1000 classes; its names are understood.
    ///
    /// # Errors
    /// When the file does not hold exactly the tensors of the network; the error lists what is missing.
    pub fn from_file(
        spec: &NetworkSpec,
        resolution: usize,
        classes: usize,
        path: &Path,
        tap: Option<&str>,
        device: &Device,
    ) -> Result<Self, CamError> {
        let network = spec.build(3, resolution, classes)?;
        let params = Params::open(network.layout(), path, device)?;
        Self::new(network, params, tap)
    }

    /// At most `images` images at once: bounds the memory, never changes a map. Zero counts as one.
    #[must_use]
    pub fn with_chunk(self, images: usize) -> Self {
        Self { chunk: images.max(1), ..self }
    }

    /// Differentiates even where the gradient could be read off the last layer: the reference for the closed form.
    #[must_use]
    pub fn by_differentiation(self) -> Self {
        Self { closed: false, ..self }
    }

    /// Images that are looked at at once.
    pub fn chunk(&self) -> usize {
        self.chunk
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Name of the map that is looked at.
    pub fn tap(&self) -> &str {
        &self.tap
    }

    /// Names of the maps of the network with more than one pixel, from the first layer on.
    pub fn taps(&self) -> Vec<&str> {
        wide_taps(&self.network)
    }

    /// Number of classes that can be asked for.
    pub fn classes(&self) -> usize {
        self.network.classes()
    }

    /// One map per image, for its target class, at the resolution of the tap.
    ///
    /// `seeds` are the images' seeds of the noise, see [`seeds`]; methods without noise ignore them. Each map depends on
    /// its own image, target and seed only, whatever the batch. Nothing is tracked.
    ///
    /// # Shapes
    /// `x [N, C, H, W]` in the pixel space the model was trained in, on the model's device -> `[N, h, w]` in `[0, 1]`.
    ///
    /// # Errors
    /// When images, targets or seeds do not fit the model or each other.
    pub fn maps(
        &self,
        method: CamMethod,
        x: Tensor<4>,
        targets: &[usize],
        seeds: &[u64],
    ) -> Result<Tensor<3>, CamError> {
        self.raw(method, x, targets, Noise::Seeds(seeds)).map(normalise)
    }

    /// The maps before `ReLU` and min-max, with noise of the caller's if need be.
    ///
    /// # Shapes
    /// As [`CamModel::maps`].
    ///
    /// # Errors
    /// As [`CamModel::maps`].
    pub fn raw(
        &self,
        method: CamMethod,
        x: Tensor<4>,
        targets: &[usize],
        noise: Noise<'_>,
    ) -> Result<Tensor<3>, CamError> {
        let (x, samples) = (x.inner(), method.check()?.samples());
        let split = self.prepare(&x, targets)?;
        noise.check(samples, x.dims())?;
        let chunks = self.each_part(targets.len(), |range| {
            let part = x.clone().narrow(0, range.start, range.len());
            let clean = self.activation(&split, part.clone());
            let targets = &targets[range.clone()];
            match method {
                CamMethod::SmoothGradCamPlusPlus { samples, sigma } => {
                    let noisy = |sample: usize| part.clone() + noise.block(sample, &range, &part) * sigma;
                    self.smooth(&split, clean, targets, samples, noisy).raw()
                }
                _ => self.evidence_at(&split, clean, targets).raw(method),
            }
        });
        Ok(Tensor::cat(chunks, 0))
    }

    /// Activations and gradients at the tap, for whoever wants to look at them or to combine them in another way.
    ///
    /// # Shapes
    /// `x [N, C, H, W]` -> two tensors `[N, K, h, w]`.
    ///
    /// # Errors
    /// As [`CamModel::maps`].
    pub fn evidence(&self, x: Tensor<4>, targets: &[usize]) -> Result<Evidence, CamError> {
        let x = x.inner();
        let split = self.prepare(&x, targets)?;
        let parts = self.each_part(targets.len(), |range| {
            let x = x.clone().narrow(0, range.start, range.len());
            self.evidence_at(&split, self.activation(&split, x), &targets[range])
        });
        let (activations, gradients) = parts.into_iter().map(|part| (part.activation, part.gradient)).unzip();
        Ok(Evidence { activation: Tensor::cat(activations, 0), gradient: Tensor::cat(gradients, 0) })
    }

    /// The network cut at the tap, once everything about the request has been checked.
    pub(super) fn prepare(&self, x: &Tensor<4>, targets: &[usize]) -> Result<Split<'_>, CamError> {
        let [images, c, h, w] = x.dims();
        if images == 0 {
            return Err(CamError::Empty);
        }
        if [c, h, w] != self.network.input() {
            return Err(CamError::Shape { found: [c, h, w], expected: self.network.input() });
        }
        if targets.len() != images {
            return Err(CamError::Count { what: "targets", found: targets.len(), images });
        }
        let classes = self.classes();
        if let Some((image, &class)) = targets.iter().enumerate().find(|(_, class)| **class >= classes) {
            return Err(CamError::Target { image, class, classes });
        }
        Ok(self.network.split(&self.tap)?)
    }

    /// Looks at the images a chunk at a time. On the CPU two halves of a chunk are looked at side by side: what one thread has to
    /// do alone in one of them is made up for by the other.
    pub(super) fn each_part<T: Send>(&self, images: usize, look: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
        let (size, halves) = (self.chunk, kernels::usable(&self.params.device()));
        let mut parts = Vec::new();
        for first in (0..images).step_by(size) {
            let chunk = first..(first + size).min(images);
            let middle = first + chunk.len().div_ceil(2);
            if halves && middle < chunk.end {
                let (one, other) = rayon::join(|| look(first..middle), || look(middle..chunk.end));
                parts.extend([one, other]);
            } else {
                parts.push(look(chunk));
            }
        }
        parts
    }

    /// The averages of Smooth Grad-CAM++. Where the gradient is the same for every input, only the last noisy input
    /// matters: two forward passes, no differentiation.
    pub(super) fn smooth(
        &self,
        split: &Split<'_>,
        clean: Tensor<4>,
        targets: &[usize],
        samples: usize,
        noisy: impl Fn(usize) -> Tensor<4>,
    ) -> Smooth {
        let evidence = |sample: usize| self.evidence_at(split, self.activation(split, noisy(sample)), targets);
        let first = if self.head(split).is_some() { samples - 1 } else { 0 };
        let mut last = evidence(first);
        let powers = |gradient: &Tensor<4>| {
            let second = gradient.clone().square();
            (second.clone(), second * gradient.clone())
        };
        let (mut second, mut third) = powers(&last.gradient);
        for sample in first + 1..samples {
            last = evidence(sample);
            let (more_second, more_third) = powers(&last.gradient);
            (second, third) = (second + more_second, third + more_third);
        }
        let count = (samples - first) as f32;
        Smooth { clean, last, second: second / count, third: third / count }
    }

    fn evidence_at(&self, split: &Split<'_>, activation: Tensor<4>, targets: &[usize]) -> Evidence {
        let [_, k, h, w] = activation.dims();
        let gradient = match self.head(split) {
            Some(head) => head.gradient(split, &self.params, targets, [k, h, w]),
            None => self.differentiate(split, &activation, |_| targets.to_vec()),
        };
        Evidence { activation, gradient }
    }

    /// The map at the tap.
    pub(super) fn activation(&self, split: &Split<'_>, x: Tensor<4>) -> Tensor<4> {
        split.map(&self.params, x, Mode::Eval)
    }

    pub(super) fn head(&self, split: &Split<'_>) -> Option<Head> {
        if self.closed { Head::of(split) } else { None }
    }

    /// Gradient of the sum of the target scores with respect to the map. Images do not mix in eval mode. The targets may
    /// be chosen once the scores are known.
    pub(super) fn differentiate(
        &self,
        split: &Split<'_>,
        activation: &Tensor<4>,
        choose: impl FnOnce(&Tensor<2>) -> Vec<usize>,
    ) -> Tensor<4> {
        let leaf = activation.clone().autodiff().require_grad();
        let params = self.params.clone().map(Tensor::autodiff);
        let logits = split.scores(&params, leaf.clone(), Mode::Eval).logits;
        let targets = choose(&logits.clone().inner());
        let chosen = indices(&targets, &logits.device()).reshape([targets.len(), 1]);
        let mut gradients = logits.gather(1, chosen).sum().backward();
        leaf.grad_remove(&mut gradients).unwrap_or_else(|| activation.zeros_like())
    }
}

impl Noise<'_> {
    /// Checks that there is noise for every image and sample; a method without samples takes none.
    pub(super) fn check(self, samples: usize, shape: [usize; 4]) -> Result<(), CamError> {
        match self {
            _ if samples == 0 => Ok(()),
            Noise::Given(blocks) if blocks.len() != samples || blocks.iter().any(|block| block.dims() != shape) => {
                Err(CamError::NoiseShape { found: blocks.len(), samples, shape })
            }
            Noise::Seeds(seeds) if seeds.len() != shape[0] => {
                Err(CamError::Count { what: "seeds", found: seeds.len(), images: shape[0] })
            }
            Noise::Given(_) | Noise::Seeds(_) => Ok(()),
        }
    }

    /// The unit noise of one sample for a range of the images, which are `images`.
    pub(super) fn block(self, sample: usize, range: &Range<usize>, images: &Tensor<4>) -> Tensor<4> {
        let [_, c, h, w] = images.dims();
        match self {
            Noise::Seeds(seeds) => drawn(&seeds[range.clone()], sample, [c, h, w], &images.device()),
            Noise::Given(blocks) => blocks[sample].clone().narrow(0, range.start, range.len()).inner(),
        }
    }
}

/// Names of the maps with more than one pixel, from the first layer on.
fn wide_taps(network: &Network) -> Vec<&str> {
    let wide = |tap: &&str| network.split(tap).is_ok_and(|split| has_pixels(&split));
    network.tap_names().into_iter().filter(wide).collect()
}

/// Whether the map at the cut has more than one pixel.
fn has_pixels(split: &Split<'_>) -> bool {
    let [_, h, w] = split.shape();
    h * w > 1
}

/// Unit normal noise of one sample, a stream per image: `[N, C, H, W]`.
fn drawn(seeds: &[u64], sample: usize, [c, h, w]: [usize; 3], device: &Device) -> Tensor<4> {
    let mut values = vec![0.0_f32; seeds.len() * c * h * w];
    values.par_chunks_exact_mut((c * h * w).max(1)).zip(seeds).for_each(|(image, &seed)| {
        let mut stream = Stream::new(seed, "cam-noise", sample as u64);
        image.fill_with(|| stream.normal());
    });
    Tensor::from_data(TensorData::new(values, [seeds.len(), c, h, w]), device)
}
