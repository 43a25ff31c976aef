//! Parameters in files: safetensors in both directions, `PyTorch` checkpoints in one.

use std::{borrow::Cow, collections::BTreeMap, fs, path::Path, sync::Arc};

use burn::tensor::{Device, Tensor};
use compdd_data::data::parse::{
    safe,
    torch::{self, Element, TorchFile, Value},
};
use safetensors::{Dtype, SafeTensors, View};

use super::{
    NetworkError,
    params::{Layout, Params, to_host, upload},
};
use compdd_core::{
    files::{IoError, atomic, plain},
    limits,
};

impl Params {
    /// Parameters and running statistics as a safetensors file, under `PyTorch`'s names and shapes. Equal parameters give
    /// equal bytes.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, NetworkError> {
        let entries = self.entries().map(|(slot, value)| {
            let bytes = to_host(value).into_iter().flat_map(f32::to_le_bytes).collect();
            (slot.name.clone(), Blob { shape: slot.shape.clone(), bytes })
        });
        safetensors::serialize(entries, None)
            .map_err(|source| NetworkError::Safetensors { origin: "the parameters".into(), source })
    }

    /// Writes [`to_safetensors`](Self::to_safetensors) to `path`.
    pub fn save(&self, path: &Path) -> Result<(), NetworkError> {
        let bytes = self.to_safetensors()?;
        atomic::write(path, &bytes)
            .map_err(|source| NetworkError::from(IoError { action: "write", path: path.into(), source }))
    }

    /// Reads a safetensors file; names and shapes are checked as in [`from_named`](Self::from_named).
    pub fn load(layout: &Arc<Layout>, path: &Path, device: &Device) -> Result<Self, NetworkError> {
        let bytes = fs::read(path).map_err(IoError::at("read", path))?;
        Self::from_safetensors(layout, &bytes, &path.display().to_string(), device)
    }

    /// Parameters from the bytes of a safetensors file; `origin` names them in errors.
    pub fn from_safetensors(
        layout: &Arc<Layout>,
        bytes: &[u8],
        origin: &str,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|source| NetworkError::Safetensors { origin: origin.into(), source })?;
        let mut named = BTreeMap::new();
        for (name, view) in file.tensors() {
            let kind = match view.dtype() {
                Dtype::F32 => Some(Element::F32),
                Dtype::F64 => Some(Element::F64),
                Dtype::F16 => Some(Element::F16),
                Dtype::BF16 => Some(Element::Bf16),
                _ => None,
            };
            if ignored(&name) {
                continue;
            }
            let kind = kind.ok_or_else(|| number_kind(origin, &name, &view.dtype()))?;
            named.insert(name, (view.shape().to_vec(), kind.floats(view.data())));
        }
        Self::from_named(layout, named, origin, device)
    }

    /// Reads a safetensors file or a `PyTorch` checkpoint, which its first bytes tell apart.
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`from_torch`](Self::from_torch); [`NetworkError::Checkpoint`] for any other file.
    pub fn open(layout: &Arc<Layout>, path: &Path, device: &Device) -> Result<Self, NetworkError> {
        let refused = |reason: &str| NetworkError::Checkpoint { path: path.into(), reason: reason.into() };
        if path.is_dir() {
            return Err(refused(torch::UNPACKED));
        }
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        if safe::recognises(&bytes) {
            Self::from_safetensors(layout, &bytes, &path.display().to_string(), device)
        } else if TorchFile::recognises(&bytes) {
            Self::from_torch(layout, bytes, path, device)
        } else {
            Err(refused("its beginning is that of no such file"))
        }
    }

    /// Imports a `PyTorch` checkpoint, the bytes of the file at `path`: a state dict, or a dictionary that holds one under one of the usual keys.
    /// What wrappers put before all names (`module.`, `_orig_mod.`, ...) is removed; names and shapes are checked as in
    /// [`from_named`](Self::from_named).
    pub fn from_torch(
        layout: &Arc<Layout>,
        bytes: Vec<u8>,
        path: &Path,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let origin = path.display().to_string();
        let refused = |reason: String| NetworkError::Checkpoint { path: path.into(), reason };
        let file = TorchFile::open(bytes).map_err(|error| refused(error.to_string()))?;
        let description = file.description().map_err(|error| refused(error.to_string()))?;
        let state = state_dict(description.root());
        let mut tensors: Vec<_> =
            state.entries().filter_map(|(name, value)| Some((name, value.as_tensor()?))).collect();
        if tensors.is_empty() {
            return Err(refused(format!("it holds {} without tensors", state.kind())));
        }
        let common = |tensors: &[(&str, _)]| {
            PREFIXES.into_iter().find(|prefix| tensors.iter().all(|(name, _)| name.starts_with(prefix)))
        };
        while let Some(prefix) = common(&tensors) {
            for (name, _) in &mut tensors {
                *name = &name[prefix.len()..];
            }
        }
        let mut named = BTreeMap::new();
        for (name, view) in tensors {
            if ignored(name) {
                continue;
            }
            if !matches!(view.element, Element::F64 | Element::F32 | Element::F16 | Element::Bf16) {
                return Err(number_kind(&origin, name, &view.element));
            }
            let tensor = file.tensor(view).map_err(|error| refused(format!("tensor `{name}`: {error}")))?;
            let values = tensor.floats();
            named.insert(name.to_owned(), (tensor.shape, values));
        }
        Self::from_named(layout, named, &origin, device)
    }

    /// Parameters from named tensors; shapes must be exactly those of `layout`, and so must names, but for those that torchvision
    /// spells otherwise. The error lists every tensor that is missing, unexpected or of another shape.
    pub fn from_named(
        layout: &Arc<Layout>,
        named: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
        origin: &str,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let named = named.into_iter().filter(|(name, _)| !ignored(name));
        let mut named: BTreeMap<_, _> = named.map(|(name, tensor)| (translate(layout, &name), tensor)).collect();
        let (mut missing, mut wrong) = (Vec::new(), Vec::new());
        let mut found = Vec::new();
        for slot in layout.parameters.iter().chain(&layout.buffers) {
            match named.remove(&slot.name) {
                Some((shape, values)) if shape == slot.shape && values.len() == slot.len() => found.push(values),
                Some((shape, _)) => wrong.push(format!("`{}` {shape:?} instead of {:?}", slot.name, slot.shape)),
                None => missing.push(slot),
            }
        }
        if !(missing.is_empty() && wrong.is_empty() && named.is_empty()) {
            let unexpected: Vec<String> = named.into_keys().collect();
            return Err(NetworkError::mismatch(origin, &missing, &unexpected, &wrong));
        }
        let mut values: Vec<Tensor<1>> = found.into_iter().map(|values| upload(values, device)).collect();
        let buffers = values.split_off(layout.parameters.len());
        Ok(Self::new(layout, values, buffers))
    }
}

/// Keys under which checkpoints hold the state dict.
const WRAPPERS: [&str; 5] = ["state_dict", "model_state_dict", "model", "net", "network"];
/// What `DataParallel`, `torch.compile` and trainers put before every name.
const PREFIXES: [&str; 5] = ["module.", "_orig_mod.", "model.", "net.", "network."];

/// The dictionary of parameters of a checkpoint, which may lie in a dictionary of other things, and that in another one.
fn state_dict(root: Value<'_>) -> Value<'_> {
    fn inner<'a>(value: Value<'a>) -> Option<Value<'a>> {
        let held = |key| value.get(key).filter(|inner: &Value<'a>| inner.entries().next().is_some());
        WRAPPERS.into_iter().find_map(held)
    }
    // A dictionary may hold itself.
    (0..WRAPPERS.len()).fold(root, |value, _| inner(value).unwrap_or(value))
}

/// Whether a tensor is nothing that is learned or measured: counts of batches, Swin's relative positions.
fn ignored(name: &str) -> bool {
    [".num_batches_tracked", ".relative_position_index", ".relative_coords_table"].iter().any(|end| name.ends_with(end))
}

/// What published files write for what the networks here call otherwise. The names of torchvision's `ResNet`s, of `DenseNet`s and
/// transformers saved by its older versions, and of the parameters that `PyTorch`'s attention holds without layers.
const SPELLINGS: [(&str, &str); 8] = [
    (".downsample.", ".shortcut."),
    (".in_proj_", ".in_proj."),
    (".mlp.linear_1.", ".mlp.0."),
    (".mlp.linear_2.", ".mlp.3."),
    (".norm.1.", ".norm1."),
    (".conv.1.", ".conv1."),
    (".norm.2.", ".norm2."),
    (".conv.2.", ".conv2."),
];

/// A name of a published file as it is spelled here, if that is a name of `layout`.
fn translate(layout: &Layout, name: &str) -> String {
    let known = |name: &str| layout.parameters.iter().chain(&layout.buffers).any(|slot| slot.name == name);
    if known(name) {
        return name.into();
    }
    let spelled = SPELLINGS.iter().fold(name.to_owned(), |name, (there, here)| name.replace(there, here));
    let spelled = spelled.strip_prefix("fc.").map_or(spelled.clone(), |rest| format!("classifier.{rest}"));
    if known(&spelled) { spelled } else { name.into() }
}

fn number_kind(origin: &str, name: &str, found: &dyn std::fmt::Debug) -> NetworkError {
    NetworkError::NumberKind { origin: origin.into(), name: name.into(), found: format!("{found:?}") }
}

/// One tensor on its way into a file.
struct Blob {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Blob {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
