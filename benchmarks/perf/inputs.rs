//! What the programs of this folder share: the inputs that a driver writes for both sides, and a step of gradient descent.

use std::{collections::HashMap, error::Error, fs};

use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::place;

/// The value, or what went wrong.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The inputs of a case, as the drivers write them.
pub struct Inputs {
    tensors: HashMap<String, (Vec<f32>, Vec<usize>)>,
    notes: HashMap<String, String>,
}

impl Inputs {
    /// From a safetensors file.
    pub fn read(path: &str) -> Outcome<Self> {
        let bytes = fs::read(path)?;
        let notes = SafeTensors::read_metadata(&bytes)?.1.metadata().clone().ok_or("no metadata")?;
        let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let named = SafeTensors::deserialize(&bytes)?.tensors().into_iter();
        let tensors = named.map(|(name, view)| (name, (values(view.data()), view.shape().to_vec()))).collect();
        Ok(Self { tensors, notes })
    }

    /// Values, row-major.
    pub fn values(&self, name: &str) -> Outcome<&[f32]> {
        Ok(&self.tensors.get(name).ok_or(format!("no `{name}`"))?.0)
    }

    /// Shape of a tensor.
    pub fn shape(&self, name: &str) -> Outcome<&[usize]> {
        Ok(&self.tensors.get(name).ok_or(format!("no `{name}`"))?.1)
    }

    /// A tensor on the device.
    pub fn tensor<const D: usize>(&self, name: &str) -> Outcome<Tensor<D>> {
        let (values, shape) = self.tensors.get(name).ok_or(format!("no `{name}`"))?;
        let shape: [usize; D] = shape.clone().try_into().map_err(|shape| format!("`{name}` is {shape:?}"))?;
        Ok(Tensor::from_data(TensorData::new(values.clone(), shape), &place::device()))
    }

    /// A word of the file's metadata.
    pub fn note(&self, name: &str) -> Outcome<&str> {
        Ok(self.notes.get(name).ok_or(format!("no `{name}`"))?)
    }

    /// A number of the file's metadata.
    pub fn number(&self, name: &str) -> Outcome<f64> {
        Ok(self.note(name)?.parse()?)
    }
}

/// Gradient descent with momentum: the buffer of one learned tensor.
pub struct Descent<const D: usize> {
    rate: f64,
    momentum: f64,
    buffer: Option<Tensor<D>>,
}

impl<const D: usize> Descent<D> {
    /// With the learning rate `lr_WHAT` and the momentum `momentum_WHAT` of a case.
    pub fn new(inputs: &Inputs, what: &str) -> Outcome<Self> {
        let (rate, momentum) = (inputs.number(&format!("lr_{what}"))?, inputs.number(&format!("momentum_{what}"))?);
        Ok(Self { rate, momentum, buffer: None })
    }

    /// The value after a step.
    pub fn step(&mut self, value: Tensor<D>, gradient: Tensor<D>) -> Tensor<D> {
        let buffer = match self.buffer.take() {
            Some(buffer) => buffer * self.momentum + gradient,
            None => gradient,
        };
        self.buffer = Some(buffer.clone());
        value - buffer * self.rate
    }
}

/// Writes gradients under their names.
pub fn write<const N: usize>(path: &str, parts: [(&str, TensorData); N]) -> Outcome<()> {
    let mut written = Vec::new();
    for (name, data) in parts {
        let shape = data.shape().to_vec();
        let bytes: Vec<u8> = data.try_to_vec::<f32>()?.into_iter().flat_map(f32::to_le_bytes).collect();
        written.push((name, shape, bytes));
    }
    let views: Result<Vec<_>, _> = written
        .iter()
        .map(|(name, shape, bytes)| TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (*name, view)))
        .collect();
    fs::write(path, safetensors::serialize(views?, None)?)?;
    Ok(())
}
