//! The file of one expert: safetensors with one tensor, `snapshots` `[epochs, parameters]`.
//!
//! The header is built here, so that rows can be written one after the other and the size is known before training.

use std::{fs::File, io, path::Path};

use burn::tensor::bf16;
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use super::{ExpertEntry, Precision};
use crate::experts::{Epochs, ExpertError};
use compdd_core::files::{IoError, atomic};

/// The format named in the header.
const FORMAT: &str = "compdd-expert";

/// The bytes before the first row: their number (8 bytes), then JSON padded to a multiple of 8.
fn header(epochs: &Epochs, parameters: usize, precision: Precision) -> Vec<u8> {
    let rows = epochs.len();
    let end = rows * parameters * precision.size();
    let dtype = match precision {
        Precision::F32 => "F32",
        Precision::Bf16 => "BF16",
    };
    let mut text = format!(
        r#"{{"__metadata__":{{"epochs":"{epochs}","format":"{FORMAT}"}},"snapshots":{{"dtype":"{dtype}","shape":[{rows},{parameters}],"data_offsets":[0,{end}]}}}}"#
    );
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Length of the file that holds these epochs of a network with `parameters` parameters.
pub fn file_bytes(epochs: &Epochs, parameters: usize, precision: Precision) -> u64 {
    let header = header(epochs, parameters, precision).len();
    header as u64 + epochs.len() as u64 * parameters as u64 * precision.size() as u64
}

/// A snapshot as it is stored.
pub fn encode(values: &[f32], precision: Precision) -> Vec<u8> {
    match precision {
        Precision::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Precision::Bf16 => values.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()).collect(),
    }
}

fn decode(bytes: &[u8], precision: Precision) -> Vec<f32> {
    match precision {
        Precision::F32 => bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
        Precision::Bf16 => bytes.as_chunks::<2>().0.iter().map(|half| bf16::from_le_bytes(*half).to_f32()).collect(),
    }
}

/// Writes a file, row by row, whole or not at all. `row(epoch)` gives the stored form of a snapshot.
pub fn write(
    path: &Path,
    expert: usize,
    epochs: &Epochs,
    parameters: usize,
    precision: Precision,
    mut row: impl FnMut(usize) -> io::Result<Vec<u8>>,
) -> Result<ExpertEntry, ExpertError> {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    atomic::write_pieces(path, |out| {
        let mut put = |piece: &[u8]| {
            hasher.update(piece);
            bytes += piece.len() as u64;
            out.write_all(piece)
        };
        put(&header(epochs, parameters, precision))?;
        for &epoch in epochs.as_slice() {
            let piece = row(epoch)?;
            if piece.len() != parameters * precision.size() {
                return Err(io::Error::other(format!("the snapshot of epoch {epoch} has {} bytes", piece.len())));
            }
            put(&piece)?;
        }
        Ok(())
    })
    .map_err(IoError::at("write", path))?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let blake3 = hasher.finalize().to_hex().to_string();
    Ok(ExpertEntry { expert, file, bytes, blake3, epochs: epochs.clone(), heldout_accuracy: None })
}

/// The mapped file of one expert.
#[derive(Debug)]
pub struct Snapshots {
    map: Mmap,
    start: usize,
    epochs: Epochs,
    parameters: usize,
    precision: Precision,
}

impl Snapshots {
    /// Maps a file and checks its length and header against its entry in the manifest.
    pub fn open(
        path: &Path,
        entry: &ExpertEntry,
        parameters: usize,
        precision: Precision,
    ) -> Result<Self, ExpertError> {
        let file = File::open(path).map_err(IoError::at("read", path))?;
        let found = file.metadata().map_err(IoError::at("read", path))?.len();
        let expected = entry.bytes;
        if found != expected || found == 0 {
            return Err(ExpertError::Length { path: path.to_owned(), expected, found });
        }
        // SAFETY: expert files are written under another name and renamed, never changed in place, so the mapped file keeps
        // its content and its length for as long as the map lives.
        let map = unsafe { Mmap::map(&file) }.map_err(IoError::at("map", path))?;
        let wrong = |reason: String| ExpertError::Format { path: path.to_owned(), reason };
        let (length, header) = SafeTensors::read_metadata(&map).map_err(|error| wrong(error.to_string()))?;
        let notes = header.metadata().clone().unwrap_or_default();
        if notes.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(wrong(format!("its header does not name the format `{FORMAT}`")));
        }
        let dtype = match precision {
            Precision::F32 => Dtype::F32,
            Precision::Bf16 => Dtype::BF16,
        };
        let shape = [entry.epochs.len(), parameters];
        let info = header.info("snapshots").ok_or_else(|| wrong("it has no tensor `snapshots`".to_owned()))?;
        if info.dtype != dtype || info.shape != shape {
            return Err(wrong(format!(
                "`snapshots` is {:?} {:?}, the manifest says {dtype:?} {shape:?}",
                info.dtype, info.shape
            )));
        }
        if notes.get("epochs").map(String::as_str) != Some(entry.epochs.to_string().as_str()) {
            return Err(wrong(format!("its epochs are not {}", entry.epochs)));
        }
        let start = 8 + length + info.data_offsets.0;
        let data = entry.epochs.len() * parameters * precision.size();
        if map.len() < start + data {
            return Err(ExpertError::Length { path: path.to_owned(), expected: (start + data) as u64, found });
        }
        Ok(Self { map, start, epochs: entry.epochs.clone(), parameters, precision })
    }

    /// The epochs in the file.
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// The stored form of the snapshot of an epoch.
    pub fn bytes(&self, epoch: usize) -> Option<&[u8]> {
        let size = self.parameters * self.precision.size();
        let start = self.start + self.epochs.position(epoch)? * size;
        self.map.get(start..start + size)
    }

    /// The snapshot of an epoch.
    pub fn row(&self, epoch: usize) -> Option<Vec<f32>> {
        Some(decode(self.bytes(epoch)?, self.precision))
    }

    /// Content hash of the file.
    pub fn hash(&self) -> String {
        blake3::hash(&self.map).to_hex().to_string()
    }
}
