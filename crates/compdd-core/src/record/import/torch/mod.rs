//! Files written by `torch.save`.
//!
//! The reader of `pytorch-reader` wants a dictionary at the root, as model checkpoints have. Distilled sets are bare tensors, so
//! those are read here: an archive of stored entries, and just enough of the pickle language to rebuild one tensor.
//! Nothing is executed, and nothing but tensors and numbers is understood.

mod archive;
mod pickle;
mod trajectories;
mod views;

use super::ImportError;
use archive::Archive;
use half::{bf16, f16};
use pickle::{Described, Root};
use pytorch_reader::{DType, PytorchReader};
use std::path::Path;
pub use trajectories::Trajectories;
pub use views::StoredViews;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Saved {
    /// A bare tensor.
    Tensor(HostTensor),
    /// A bare number.
    Number(f64),
    /// DC's result file: `{"data": [[images, labels], ...], ...}`, one pair per experiment, never empty.
    Experiments(Vec<(HostTensor, HostTensor)>),
}

/// A tensor in memory, row-major.
#[derive(Debug)]
pub(super) struct HostTensor {
    pub shape: Vec<usize>,
    dtype: DType,
    bytes: Vec<u8>,
}

impl HostTensor {
    /// The values as `f32`, whatever they are stored as. Label integers are far below the 24 bits this keeps.
    pub fn floats(&self) -> Vec<f32> {
        match self.dtype {
            DType::F64 => self.map(|b: [u8; 8]| f64::from_le_bytes(b) as f32),
            DType::F32 => self.map(f32::from_le_bytes),
            DType::F16 => self.map(|b: [u8; 2]| f16::from_le_bytes(b).to_f32()),
            DType::BF16 => self.map(|b: [u8; 2]| bf16::from_le_bytes(b).to_f32()),
            DType::I64 => self.map(|b: [u8; 8]| i64::from_le_bytes(b) as f32),
            DType::I32 => self.map(|b: [u8; 4]| i32::from_le_bytes(b) as f32),
            DType::I16 => self.map(|b: [u8; 2]| f32::from(i16::from_le_bytes(b))),
            DType::I8 => self.map(|b: [u8; 1]| f32::from(i8::from_le_bytes(b))),
            DType::U64 => self.map(|b: [u8; 8]| u64::from_le_bytes(b) as f32),
            DType::U32 => self.map(|b: [u8; 4]| u32::from_le_bytes(b) as f32),
            DType::U16 => self.map(|b: [u8; 2]| f32::from(u16::from_le_bytes(b))),
            DType::U8 | DType::Bool => self.map(|b: [u8; 1]| f32::from(b[0])),
        }
    }

    fn map<const N: usize>(&self, value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        self.bytes.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
    }
}

/// Reads the bytes of the file at `path`.
pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Saved, ImportError> {
    let wrong = |reason: String| ImportError::Torch { path: path.to_owned(), reason };
    if !Archive::recognises(&bytes) {
        return experiments(path)
            .map_err(|reason| wrong(format!("{reason} (bare tensors are read from PyTorch 1.6 and later)")));
    }
    let archive = Archive::open(bytes).map_err(wrong)?;
    if archive.entry("byteorder").is_ok_and(|order| order != b"little") {
        return Err(wrong("it was written on a big-endian machine".to_owned()));
    }
    let program = archive.entry("data.pkl").map_err(wrong)?;
    match pickle::run(program).map_err(wrong)? {
        Root::Number(value) => Ok(Saved::Number(value)),
        Root::Tensor(described) => gather(&archive, &described).map(Saved::Tensor).map_err(wrong),
        Root::Other => experiments(path).map_err(wrong),
    }
}

/// Copies a tensor out of its storage, following its strides.
fn gather(archive: &Archive, t: &Described) -> Result<HostTensor, String> {
    let storage = archive.entry(&format!("data/{}", t.storage))?;
    let size = t.dtype.size();
    let count = t.shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d)).ok_or("its shape overflows")?;
    let last = t
        .shape
        .iter()
        .zip(&t.stride)
        .try_fold(t.offset, |at, (d, s)| at.checked_add(d.saturating_sub(1).checked_mul(*s)?));
    let available = storage.len() / size;
    if t.shape.len() != t.stride.len() || (count > 0 && last.is_none_or(|last| last >= available)) {
        return Err(format!("a tensor of shape {:?} does not fit its storage of {available} values", t.shape));
    }
    // Strides of 0 repeat values, so the shape alone does not bound the memory.
    if count > available {
        return Err(format!("a tensor of shape {:?} repeats values of its storage", t.shape));
    }
    let mut bytes = Vec::with_capacity(count * size);
    let mut index = vec![0_usize; t.shape.len()];
    for _ in 0..count {
        let at = t.offset + index.iter().zip(&t.stride).map(|(i, s)| i * s).sum::<usize>();
        bytes.extend_from_slice(&storage[at * size..(at + 1) * size]);
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            if index[axis] < t.shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Ok(HostTensor { shape: t.shape.clone(), dtype: t.dtype, bytes })
}

/// Dictionaries go through `pytorch-reader`, which names nested tensors `data.0.0`, `data.0.1`, ...
fn experiments(path: &Path) -> Result<Saved, String> {
    let reader = PytorchReader::new(path).map_err(|e| e.to_string())?;
    let take = |run: usize, part: usize| -> Result<Option<HostTensor>, String> {
        let Some(tensor) = reader.get(&format!("data.{run}.{part}")) else { return Ok(None) };
        let bytes = tensor.read().map_err(|e| e.to_string())?;
        Ok(Some(HostTensor { shape: tensor.shape().to_vec(), dtype: tensor.dtype(), bytes }))
    };
    let mut runs = Vec::new();
    while let (Some(images), Some(labels)) = (take(runs.len(), 0)?, take(runs.len(), 1)?) {
        runs.push((images, labels));
    }
    if runs.is_empty() {
        let mut keys = reader.keys();
        keys.sort();
        keys.truncate(4);
        return Err(format!("its dictionary has no `data` list of images and labels (found: {})", keys.join(", ")));
    }
    Ok(Saved::Experiments(runs))
}
