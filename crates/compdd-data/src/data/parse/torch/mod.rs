//! Files written by `torch.save`: a pickle that describes tensors, and the storages of their numbers beside it.
//!
//! What may enter: the containers (an archive since `PyTorch` 1.6, a run of pickles before) and tensors copied out of them. What a file is
//! for, a distilled set, experts, weights, is for those to know who open it. Nothing is executed.

mod archive;
mod legacy;

use std::{collections::HashMap, ops::Range};

pub use super::pickle::{Element, Value, View};
use super::{ParseError, pickle::Pickle};

/// What is wrong with a folder where a file was expected: unpackers take the archive for one.
pub const UNPACKED: &str = "it is a folder: where a program unpacked the file, pack it again without compression, such as with `zip -0 -r NEW.pt FOLDER`";

/// A file in memory.
#[derive(Debug)]
pub struct TorchFile {
    bytes: Vec<u8>,
    program: Range<usize>,
    /// By their keys.
    storages: HashMap<String, Range<usize>>,
}

impl TorchFile {
    /// Whether bytes begin like a file of `torch.save`.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(archive::START) || bytes.starts_with(legacy::START)
    }

    /// Finds the description and the storages of a file.
    ///
    /// # Errors
    /// Bytes that `torch.save` did not write, damage, compression, and numbers of machines of the other byte order.
    pub fn open(bytes: Vec<u8>) -> Result<Self, ParseError> {
        let (program, storages) = if bytes.starts_with(archive::START) {
            archive::places(&bytes)?
        } else if bytes.starts_with(legacy::START) {
            legacy::places(&bytes)?
        } else {
            return Err(ParseError::new("its beginning is not that of a file of torch.save"));
        };
        Ok(Self { bytes, program, storages })
    }

    /// The description. Its tensors are copied by [`tensor`](Self::tensor).
    pub fn description(&self) -> Result<Pickle<'_>, ParseError> {
        Pickle::read_torch(&self.bytes[self.program.clone()])
    }

    /// Copies a tensor out of its storage, following its strides.
    pub fn tensor(&self, view: &View) -> Result<Tensor, ParseError> {
        let wrong = |why: String| Err(ParseError::new(why));
        let Some(storage) = self.storages.get(&*view.storage) else {
            return wrong(format!("it has no storage `{}`", view.storage));
        };
        let storage = &self.bytes[storage.clone()];
        let (size, shape) = (view.element.size(), &view.shape);
        let available = storage.len() / size;
        let Some(count) = shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side)) else {
            return wrong(format!("a tensor has the shape {shape:?}"));
        };
        let last = shape
            .iter()
            .zip(&view.stride)
            .try_fold(view.offset, |at, (side, stride)| at.checked_add(side.saturating_sub(1).checked_mul(*stride)?));
        if shape.len() != view.stride.len() || (count > 0 && last.is_none_or(|last| last >= available)) {
            return wrong(format!("a tensor of shape {shape:?} does not fit its storage of {available} values"));
        }
        // Strides of 0 repeat values, so the shape alone does not bound the memory.
        if count > available {
            return wrong(format!("a tensor of shape {shape:?} repeats values of its storage"));
        }
        let mut bytes = Vec::with_capacity(count * size);
        let mut index = vec![0_usize; shape.len()];
        for _ in 0..count {
            let at = view.offset + index.iter().zip(&view.stride).map(|(i, stride)| i * stride).sum::<usize>();
            bytes.extend_from_slice(&storage[at * size..(at + 1) * size]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(Tensor { shape: shape.clone(), element: view.element, bytes })
    }
}

/// A tensor in memory, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Numbers along each axis.
    pub shape: Vec<usize>,
    /// What the numbers are.
    pub element: Element,
    /// The numbers, least significant byte first.
    pub bytes: Vec<u8>,
}

impl Tensor {
    /// The numbers in single precision, whatever they are stored as.
    pub fn floats(&self) -> Vec<f32> {
        self.element.floats(&self.bytes)
    }
}

/// Where the description lies, and the storages by their keys.
type Places = (Range<usize>, HashMap<String, Range<usize>>);

#[cfg(test)]
mod tests;
