//! Parameters: named flat tensors in `PyTorch` order, with the running statistics beside them.

use std::sync::Arc;

use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// How a fresh parameter is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform within plus or minus this bound.
    Uniform(f32),
    /// Normal with this deviation.
    Normal(f32),
    /// Normal with this deviation; what lies beyond plus or minus two is drawn again.
    TruncatedNormal(f32),
    /// The same value everywhere: layer scale.
    Constant(f32),
    /// All ones.
    One,
    /// All zeros.
    Zero,
}

impl Init {
    /// Uniform within `1 / sqrt(fan_in)`.
    pub fn fan_in(fan_in: usize) -> Self {
        Self::Uniform((1.0 / (fan_in as f64).sqrt()) as f32)
    }
}

/// Name and shape of one parameter or running statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// `PyTorch`'s name: `features.0.weight`.
    pub name: String,
    /// `PyTorch`'s shape: `[out, in / groups, k, k]`, `[out, in]`, `[n]`, or that of a free parameter.
    pub shape: Vec<usize>,
    /// How a fresh one is drawn.
    pub init: Init,
}

impl Slot {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The parameters and running statistics of a network, by name and shape, in `PyTorch` order.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The trainable ones.
    pub parameters: Vec<Slot>,
    /// Running mean and variance of every batch norm.
    pub buffers: Vec<Slot>,
}

impl Layout {
    /// Number of trainable values.
    pub fn len(&self) -> usize {
        self.parameters.iter().map(Slot::len).sum()
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots of all layers.
    pub(super) fn slots(&self) -> Slots<'_> {
        Slots { parameters: &self.parameters, buffers: &self.buffers }
    }
}

/// The slots of some consecutive layers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots<'a> {
    /// The trainable ones.
    pub parameters: &'a [Slot],
    /// The running statistics.
    pub buffers: &'a [Slot],
}

/// The parameters of a network: one flat tensor each, in the order of the [`Layout`], and the running statistics.
///
/// Cloning is cheap: tensors are shared.
#[derive(Clone, Debug)]
pub struct Params {
    layout: Arc<Layout>,
    values: Vec<Tensor<1>>,
    buffers: Vec<Tensor<1>>,
}

impl Params {
    /// Parameters from tensors in the order of `layout`.
    ///
    /// # Panics
    /// When the number of tensors or their lengths do not match.
    pub fn new(layout: &Arc<Layout>, values: Vec<Tensor<1>>, buffers: Vec<Tensor<1>>) -> Self {
        check("parameters", &layout.parameters, &values);
        check("running statistics", &layout.buffers, &buffers);
        Self { layout: Arc::clone(layout), values, buffers }
    }

    /// Names and shapes.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The trainable tensors, flat, in `PyTorch` order.
    pub fn values(&self) -> &[Tensor<1>] {
        &self.values
    }

    /// Running mean and variance of every batch norm.
    pub fn buffers(&self) -> &[Tensor<1>] {
        &self.buffers
    }

    /// Names of the trainable tensors, in `PyTorch` order.
    pub fn names(&self) -> Vec<&str> {
        self.layout.parameters.iter().map(|slot| slot.name.as_str()).collect()
    }

    /// Number of trainable values.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    /// The device the tensors live on (the default CPU device for a network without parameters).
    pub fn device(&self) -> Device {
        self.values.first().map_or_else(Device::flex, |value| value.device().without_autodiff())
    }

    /// The same parameters with these running statistics.
    ///
    /// # Panics
    /// When the number of tensors or their lengths do not match.
    #[must_use]
    pub fn with_buffers(self, buffers: Vec<Tensor<1>>) -> Self {
        check("running statistics", &self.layout.buffers, &buffers);
        Self { buffers, ..self }
    }

    /// Copies that record gradients: the leaves of a graph.
    #[must_use]
    pub fn track(&self) -> Self {
        self.clone().map(|value| value.inner().autodiff().require_grad())
    }

    /// The gradients of tracked parameters, zeros where the loss does not depend on one. Running statistics are kept.
    #[must_use]
    pub fn gradients(&self, gradients: &mut Gradients) -> Self {
        self.clone().map(|value| value.grad_remove(gradients).unwrap_or_else(|| value.inner().zeros_like()))
    }

    /// The same values without their graph.
    #[must_use]
    pub fn untracked(self) -> Self {
        self.map(Tensor::inner)
    }

    /// `f` of every trainable tensor; running statistics are kept.
    #[must_use]
    pub fn map(self, f: impl FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        Self { values: self.values.into_iter().map(f).collect(), ..self }
    }

    /// `f` of every pair of trainable tensors; the running statistics of `self` are kept.
    ///
    /// # Panics
    /// When `other` belongs to another network.
    #[must_use]
    pub fn zip_map(self, other: &Self, mut f: impl FnMut(Tensor<1>, Tensor<1>) -> Tensor<1>) -> Self {
        check("parameters", &self.layout.parameters, &other.values);
        let pairs = self.values.into_iter().zip(&other.values);
        Self { values: pairs.map(|(a, b)| f(a, b.clone())).collect(), ..self }
    }

    /// `self + scale * other`: a step of gradient descent for a negative scale.
    ///
    /// # Panics
    /// When `other` belongs to another network.
    #[must_use]
    pub fn add_scaled(self, other: &Self, scale: f64) -> Self {
        self.zip_map(other, |a, b| a + b * scale)
    }

    /// `scale * self`.
    #[must_use]
    pub fn scale(self, scale: f64) -> Self {
        self.map(|value| value * scale)
    }

    /// Zeros of the same shapes (running statistics are kept): a fresh momentum buffer.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        self.clone().map(|value| value.zeros_like())
    }

    /// Inner product over all trainable values: [`dots`](Self::dots), read at once and added in `f64`.
    ///
    /// # Panics
    /// When `other` belongs to another network.
    pub fn dot(&self, other: &Self) -> f64 {
        if self.values.is_empty() { 0.0 } else { self.dots(other).into_data().iter::<f64>().sum() }
    }

    /// Inner products of the trainable tensors, one each, on their device.
    ///
    /// # Panics
    /// When `other` belongs to another network, or there is no tensor.
    pub(crate) fn dots(&self, other: &Self) -> Tensor<1> {
        check("parameters", &self.layout.parameters, &other.values);
        let pairs = self.values.iter().zip(&other.values);
        Tensor::cat(pairs.map(|(a, b)| (a.clone() * b.clone()).sum()).collect(), 0)
    }

    /// All trainable values as one vector, in `PyTorch` order, each tensor row-major.
    pub fn flatten(&self) -> Tensor<1> {
        Tensor::cat(self.values.clone(), 0)
    }

    /// The inverse of [`flatten`](Self::flatten); the running statistics of `self` are kept.
    ///
    /// # Panics
    /// When `flat` has another length.
    #[must_use]
    pub fn unflatten(&self, flat: &Tensor<1>) -> Self {
        assert_eq!(flat.dims(), [self.len()], "one value per parameter");
        Self { values: split(&self.layout.parameters, flat), ..self.clone() }
    }

    /// [`unflatten`](Self::unflatten) of values on the host, on the device of `self`.
    ///
    /// # Panics
    /// When the number of values is another.
    #[must_use]
    pub fn with_values(&self, values: Vec<f32>) -> Self {
        self.unflatten(&upload(values, &self.device()))
    }

    /// The values of the parameter or running statistic called `name`.
    pub fn get(&self, name: &str) -> Option<Vec<f32>> {
        self.entries().find(|(slot, _)| slot.name == name).map(|(_, value)| to_host(value))
    }

    /// Everything by name: parameters, then running statistics.
    pub fn entries(&self) -> impl Iterator<Item = (&Slot, &Tensor<1>)> {
        let parameters = self.layout.parameters.iter().zip(&self.values);
        parameters.chain(self.layout.buffers.iter().zip(&self.buffers))
    }

    /// All trainable values on the host, in `PyTorch` order, read at once.
    pub fn to_host(&self) -> Vec<f32> {
        if self.values.is_empty() { Vec::new() } else { to_host(&self.clone().untracked().flatten()) }
    }

    /// The parameters on another device.
    #[must_use]
    pub fn to_device(&self, device: &Device) -> Self {
        let there = |value: &Tensor<1>| value.clone().inner().to_device(device);
        Self {
            layout: Arc::clone(&self.layout),
            values: self.values.iter().map(there).collect(),
            buffers: self.buffers.iter().map(there).collect(),
        }
    }
}

/// The tensors of `slots` from their values, one after the other.
pub(super) fn split(slots: &[Slot], flat: &Tensor<1>) -> Vec<Tensor<1>> {
    let mut start = 0;
    let part = |slot: &Slot| {
        start += slot.len();
        flat.clone().narrow(0, start - slot.len(), slot.len())
    };
    slots.iter().map(part).collect()
}

/// A tensor from host values.
pub(crate) fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}

/// The values of a tensor, graph or not.
pub(crate) fn to_host(value: &Tensor<1>) -> Vec<f32> {
    value.clone().inner().try_into_vec_as::<f32>().expect("a float tensor can be read on the host")
}

fn check(what: &str, slots: &[Slot], values: &[Tensor<1>]) {
    assert_eq!(slots.len(), values.len(), "{what} of another network");
    for (slot, value) in slots.iter().zip(values) {
        assert_eq!(value.dims(), [slot.len()], "{what} of another network: `{}`", slot.name);
    }
}
