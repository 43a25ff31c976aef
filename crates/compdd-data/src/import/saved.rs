//! What one file of arrays holds: it is told by its first bytes, never by its name, because the same bytes are called `.pt`, `.pth`,
//! `.pth.tar`, `.ckpt` and `.bin`.

use std::{collections::BTreeMap, io::Cursor, path::Path};

use safetensors::{Dtype, SafeTensors};

use super::ImportError;
use crate::data::parse::{
    array::{Array, Kind},
    npy,
    npz::Npz,
    safe,
    torch::{Element, TorchFile, Value, View},
};

/// An array in memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HostArray {
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// The elements, exactly as many as the shape says.
    pub values: Vec<f32>,
}

/// Arrays by name.
pub(super) type Arrays = BTreeMap<String, HostArray>;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Saved {
    /// One array.
    Array(HostArray),
    /// One number.
    Number(f64),
    /// Images and labels, as IDC saves them.
    Pair(HostArray, HostArray),
    /// DC's results: `{"data": [[images, labels], ...], ...}`, one pair per experiment, never empty.
    Experiments(Vec<(HostArray, HostArray)>),
    /// Arrays by name.
    Named(Arrays),
}

/// Reads the bytes of the file at `path`.
///
/// # Errors
/// [`ImportError::Unreadable`] for damage and for formats that are not read, [`ImportError::Content`] for files that hold something else.
pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Saved, ImportError> {
    let unreadable = |reason: String| ImportError::Unreadable { path: path.to_owned(), reason };
    if safe::recognises(&bytes) {
        return safetensors(&bytes).map(Saved::Named).map_err(unreadable);
    }
    if bytes.starts_with(npy::START) {
        let array = npy::read(&bytes).map_err(|error| unreadable(error.to_string()))?;
        return from_numpy(&array).map(Saved::Array).map_err(unreadable);
    }
    if let Ok(mut archive) = Npz::open(Cursor::new(&bytes))
        && !archive.names().is_empty()
    {
        return numpy_archive(&mut archive).map(Saved::Named).map_err(unreadable);
    }
    let file = TorchFile::open(bytes).map_err(|error| unreadable(error.to_string()))?;
    let description = file.description().map_err(|error| unreadable(error.to_string()))?;
    let root = description.root();
    let found = torch(&file, root).map_err(|error| unreadable(error.to_string()))?;
    found.ok_or_else(|| ImportError::Content { path: path.to_owned(), found: describe(root) })
}

type Parsed<T> = Result<T, crate::data::parse::ParseError>;

fn torch(file: &TorchFile, root: Value<'_>) -> Parsed<Option<Saved>> {
    let take = |view: &View| file.tensor(view).map(|tensor| HostArray { values: tensor.floats(), shape: tensor.shape });
    let number = |value: Value<'_>| value.as_float().or_else(|| value.as_int().map(|number| number as f64));
    if let Some(view) = root.as_tensor() {
        return Ok(Some(Saved::Array(take(view)?)));
    }
    if let Some(value) = number(root) {
        return Ok(Some(Saved::Number(value)));
    }
    if let Some([images, labels]) = pair(root) {
        return Ok(Some(Saved::Pair(take(images)?, take(labels)?)));
    }
    let experiments: Vec<_> = root.get("data").and_then(Value::items).into_iter().flatten().map_while(pair).collect();
    if !experiments.is_empty() {
        let experiments = experiments.into_iter().map(|[images, labels]| Ok((take(images)?, take(labels)?)));
        return Ok(Some(Saved::Experiments(experiments.collect::<Parsed<_>>()?)));
    }
    if root.entries().all(|(_, value)| value.as_tensor().is_none()) {
        return Ok(None);
    }
    let mut named = Arrays::new();
    for (name, value) in root.entries() {
        let array = match (value.as_tensor(), number(value)) {
            (Some(view), _) => take(view)?,
            (None, Some(value)) => HostArray { shape: Vec::new(), values: vec![value as f32] },
            (None, None) => continue,
        };
        named.insert(name.to_owned(), array);
    }
    Ok(Some(Saved::Named(named)))
}

/// Two tensors in a list or a tuple.
fn pair(value: Value<'_>) -> Option<[&View; 2]> {
    let tensors: Option<Vec<&View>> = value.items()?.map(Value::as_tensor).collect();
    tensors?.try_into().ok()
}

/// What a value is, in words for those who expected a set.
fn describe(value: Value<'_>) -> String {
    const SHOWN: usize = 4;
    let inside: Vec<&str> = match value.items() {
        Some(items) => items.map(Value::kind).take(SHOWN).collect(),
        None => value.entries().map(|(name, _)| name).take(SHOWN).collect(),
    };
    if inside.is_empty() { value.kind().to_owned() } else { format!("{} of {}", value.kind(), inside.join(", ")) }
}

fn safetensors(bytes: &[u8]) -> Result<Arrays, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    file.iter()
        .map(|(name, view)| {
            let element = match view.dtype() {
                Dtype::F32 => Element::F32,
                Dtype::F64 => Element::F64,
                Dtype::F16 => Element::F16,
                Dtype::I64 => Element::I64,
                Dtype::I32 => Element::I32,
                Dtype::U8 => Element::U8,
                other => return Err(format!("`{name}` has elements of type {other:?}")),
            };
            Ok((name.to_owned(), HostArray { shape: view.shape().to_vec(), values: element.floats(view.data()) }))
        })
        .collect()
}

/// The arrays of numbers of an archive; text is passed over.
fn numpy_archive(archive: &mut Npz<Cursor<&Vec<u8>>>) -> Result<Arrays, String> {
    let mut arrays = Arrays::new();
    for name in archive.names() {
        let array = archive.read(&name).map_err(|error| error.to_string())?;
        if !matches!(array.dtype.kind, Kind::Bytes | Kind::Unicode) {
            let array = from_numpy(&array).map_err(|why| format!("array `{name}`: {why}"))?;
            arrays.insert(name, array);
        }
    }
    Ok(arrays)
}

fn from_numpy(array: &Array<'_>) -> Result<HostArray, String> {
    if array.fortran && array.shape.len() > 1 {
        return Err("its elements are in Fortran order: save numpy.ascontiguousarray of it".to_owned());
    }
    let values = array.floats().map_err(|error| error.to_string())?;
    Ok(HostArray { shape: array.shape.clone(), values })
}
