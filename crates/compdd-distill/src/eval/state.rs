//! A student on disk: everything that makes it go on exactly where it stood.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EvalError, Optimizer, Student};
use compdd_core::files::{IoError, atomic};
use compdd_nn::nn::{Params, Slot};

/// Version of the file format.
const FORMAT: &str = "compdd student 1";

/// The part of the state that is not a tensor.
#[derive(Serialize, Deserialize)]
struct Counters {
    epoch: usize,
    batch: usize,
    steps: u32,
    averages: usize,
    /// Bits of the running loss sum, if an epoch is under way.
    running: Option<u32>,
    /// Bits of the mean loss of the last epoch.
    last_loss: u64,
    /// Bits of what the learning rate is multiplied with, where it follows the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slowed: Option<u32>,
}

/// The same file with the entries of its header in order, which their map has none of: equal states are equal bytes.
fn in_order(file: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let mut entries: BTreeMap<String, Value> = serde_json::from_slice(header).ok()?;
    let notes: BTreeMap<String, Value> = serde_json::from_value(entries.remove("__metadata__")?).ok()?;
    entries.insert("__metadata__".to_owned(), serde_json::to_value(notes).ok()?);
    let mut header = serde_json::to_vec(&entries).ok()?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat())
}

impl Student<'_> {
    /// What a saved student must share with this one to be continued: network, sizes, plan, seed and `tag`.
    fn fingerprint(&self, tag: &str) -> String {
        let network = (self.network.spec().to_string(), self.network.input(), self.network.classes());
        let mut parts = serde_json::json!([network, self.plan, self.seed, tag]);
        if let Some(parts) = parts.as_array_mut() {
            parts.extend(self.twice.then(|| "statistics twice".into()));
            parts.extend(self.slowing.as_ref().map(|slowing| format!("slowed by {}", slowing.factor()).into()));
            parts.extend(self.average.as_ref().map(|(decay, _)| format!("averaged with {decay}").into()));
        }
        if let (Some(steps), Some(parts)) = (self.epoch_steps, parts.as_array_mut()) {
            parts.push(format!("{steps} minibatches an epoch").into());
        }
        let text = parts.to_string();
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }

    /// The whole state as a safetensors file. `tag` names the training data.
    ///
    /// # Errors
    /// [`EvalError::Diverged`] where the loss left the finite numbers since it was last looked at: what is worth nothing is not kept.
    pub fn to_bytes(&self, tag: &str) -> Result<Vec<u8>, EvalError> {
        let averages = self.optimizer.averages();
        let counters = Counters {
            epoch: self.epoch,
            batch: self.batch,
            steps: self.optimizer.steps(),
            averages: averages.len(),
            running: self.running.clone().map(|sum| sum.into_scalar::<f32>().to_bits()),
            last_loss: self.losses.last(self.seed)?.to_bits(),
            slowed: self.slowing.as_ref().map(|slowing| slowing.share().to_bits()),
        };
        let mut parts: Vec<(String, &Slot, Tensor<1>)> = Vec::new();
        let mut add = |name: String, slot, value: &Tensor<1>| parts.push((name, slot, value.clone().inner()));
        let slots = &self.params.layout().parameters;
        for (slot, value) in self.params.entries() {
            add(format!("value.{}", slot.name), slot, value);
        }
        for (k, list) in averages.iter().enumerate() {
            for (slot, value) in slots.iter().zip(list) {
                add(format!("average{k}.{}", slot.name), slot, value);
            }
        }
        if let Some((_, list)) = &self.average {
            for (slot, value) in slots.iter().zip(list) {
                add(format!("moving.{}", slot.name), slot, value);
            }
        }
        // One read for all.
        let read = Tensor::cat(parts.iter().map(|(.., value)| value.clone()).collect(), 0).into_data();
        let bytes: Vec<u8> = read.iter::<f32>().flat_map(f32::to_le_bytes).collect();
        let mut rest = bytes.as_slice();
        let blobs = parts.iter().map(|(name, slot, _)| {
            let (own, others) = rest.split_at(4 * slot.len());
            rest = others;
            (name, slot.shape.clone(), own)
        });
        let failed = |reason: String| EvalError::State { what: "memory".into(), reason };
        let views = blobs
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape, bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| failed(error.to_string()))?;
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("fingerprint".to_owned(), self.fingerprint(tag)),
            ("counters".to_owned(), serde_json::to_string(&counters).map_err(|error| failed(error.to_string()))?),
        ]);
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| failed(error.to_string()))?;
        in_order(&bytes).ok_or_else(|| failed("its header cannot be written".into()))
    }

    /// Takes over the state in `bytes`; `false` when it belongs to another network, plan, seed or data set.
    pub fn restore(&mut self, bytes: &[u8], tag: &str) -> Result<bool, EvalError> {
        self.try_restore(bytes, tag).map_err(|reason| EvalError::State { what: "the checkpoint".into(), reason })
    }

    fn try_restore(&mut self, bytes: &[u8], tag: &str) -> Result<bool, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let field = |name: &str| metadata.get(name).ok_or_else(|| format!("`{name}` is missing from its header"));
        if field("format")? != FORMAT {
            return Err(format!("its format is `{}`, this program reads `{FORMAT}`", field("format")?));
        }
        if *field("fingerprint")? != self.fingerprint(tag) {
            return Ok(false);
        }
        let counters: Counters = serde_json::from_str(field("counters")?).map_err(|error| error.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let read = |prefix: &str, slots: &[Slot]| -> Result<Vec<Tensor<1>>, String> {
            let load = |slot: &Slot| {
                let view = file.tensor(&format!("{prefix}.{}", slot.name)).map_err(|error| error.to_string())?;
                if view.dtype() != Dtype::F32 || view.shape() != slot.shape {
                    return Err(format!("`{}` has another shape", slot.name));
                }
                let (words, _) = view.data().as_chunks::<4>();
                let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
                Ok(Tensor::from_data(TensorData::new(values, [slot.len()]), &self.device))
            };
            slots.iter().map(load).collect()
        };
        let layout = self.network.layout();
        let params = Params::new(layout, read("value", &layout.parameters)?, read("value", &layout.buffers)?);
        let averages = (0..counters.averages).map(|k| read(&format!("average{k}"), &layout.parameters));
        let averages = averages.collect::<Result<Vec<_>, _>>()?;
        if let Some((_, average)) = &mut self.average {
            *average = read("moving", &layout.parameters)?;
        }
        let running = counters.running.map(f32::from_bits);
        self.running = running.map(|sum| Tensor::from_data(TensorData::new(vec![sum], [1]), &self.device));
        self.optimizer = Optimizer::restored(self.plan.rule, averages, counters.steps);
        self.params = params;
        (self.epoch, self.batch) = (counters.epoch, counters.batch);
        self.losses = self.losses.restored(f64::from_bits(counters.last_loss));
        if let (Some(slowing), Some(bits)) = (&mut self.slowing, counters.slowed) {
            slowing.resume(f32::from_bits(bits));
        }
        Ok(true)
    }

    /// Writes the state to `path`, by rename.
    pub fn save(&self, path: &Path, tag: &str) -> Result<(), EvalError> {
        let bytes = self.to_bytes(tag)?;
        atomic::write(path, &bytes)
            .map_err(|source| EvalError::from(IoError { action: "write", path: path.to_owned(), source }))
    }

    /// Goes on from the file at `path`, if there is one and it belongs to this training.
    pub fn resume(&mut self, path: &Path, tag: &str) -> Result<bool, EvalError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(EvalError::from(IoError { action: "read", path: path.to_owned(), source })),
        };
        let what = || path.display().to_string();
        let known = self.try_restore(&bytes, tag).map_err(|reason| EvalError::State { what: what(), reason })?;
        if known {
            tracing::info!(seed = self.seed, epoch = self.epoch, "student resumed");
        } else {
            tracing::warn!(path = %what(), "checkpoint belongs to another training: starting from the first epoch");
        }
        Ok(known)
    }
}
