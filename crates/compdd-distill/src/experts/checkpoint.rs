//! An expert in the middle of an epoch, on disk.

use std::{collections::HashMap, io::ErrorKind, path::Path};

use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::{ExpertError, expert::Expert};
use compdd_core::files::{IoError, atomic};

/// Version of the file format.
const FORMAT: &str = "compdd expert checkpoint 1";

#[derive(Serialize, Deserialize)]
struct Counters {
    epoch: usize,
    batch: usize,
    /// Bits of the running loss sum, if an epoch is under way.
    running: Option<u32>,
}

/// Writes the state to `path`, whole or not at all. `tag` names the training.
pub(super) fn save(expert: &Expert<'_>, path: &Path, tag: &str) -> Result<(), ExpertError> {
    let values = expert.params.to_host();
    let running = expert.running.clone().map(|sum| sum.into_scalar::<f32>().to_bits());
    let counters = Counters { epoch: expert.epoch, batch: expert.batch, running };
    let wrong = |reason: String| ExpertError::Checkpoint { path: path.to_owned(), reason };
    let notes = HashMap::from([
        ("format".to_owned(), FORMAT.to_owned()),
        ("tag".to_owned(), tag.to_owned()),
        ("counters".to_owned(), serde_json::to_string(&counters).map_err(|error| wrong(error.to_string()))?),
    ]);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, vec![values.len()], &bytes).map_err(|error| wrong(error.to_string()))?;
    let file = safetensors::serialize([("parameters", view)], Some(notes)).map_err(|error| wrong(error.to_string()))?;
    Ok(atomic::write(path, &file).map_err(IoError::at("write", path))?)
}

/// Puts `expert` where the file at `path` says. False when there is no file or it belongs to another training.
pub(super) fn load(expert: &mut Expert<'_>, path: &Path, tag: &str) -> Result<bool, ExpertError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(IoError::at("read", path)(source).into()),
    };
    restore(expert, &bytes, tag).map_err(|reason| ExpertError::Checkpoint { path: path.to_owned(), reason })
}

fn restore(expert: &mut Expert<'_>, bytes: &[u8], tag: &str) -> Result<bool, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let notes = header.metadata().clone().unwrap_or_default();
    let note = |name: &str| notes.get(name).ok_or_else(|| format!("`{name}` is missing from its header"));
    if note("format")? != FORMAT {
        return Err(format!("its format is `{}`, this program reads `{FORMAT}`", note("format")?));
    }
    if note("tag")? != tag {
        return Ok(false);
    }
    let counters: Counters = serde_json::from_str(note("counters")?).map_err(|error| error.to_string())?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let view = file.tensor("parameters").map_err(|error| error.to_string())?;
    if view.dtype() != Dtype::F32 || view.shape() != [expert.params.len()] {
        return Err("it holds another number of parameters".to_owned());
    }
    let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let device = expert.params.device();
    let flat = Tensor::from_data(TensorData::new(values, [expert.params.len()]), &device);
    expert.params = expert.params.unflatten(&flat);
    (expert.epoch, expert.batch) = (counters.epoch, counters.batch);
    expert.running =
        counters.running.map(|bits| Tensor::from_data(TensorData::new(vec![f32::from_bits(bits)], [1]), &device));
    Ok(true)
}
