//! Reading a golden case and comparing with it.

pub mod attacks;
pub mod augment;
pub mod cam;
pub mod data;
pub mod effects;
pub mod eval;
pub mod experts;
pub mod kinds;
pub mod matching;
pub mod metrics;
pub mod nn;
pub mod recover;
pub mod select;
pub mod trajectory;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;
use serde_json::Value;

/// One golden file: inputs `in.*`, expected values `out.*`, settings and tolerances.
pub struct Case {
    /// What is computed; decides the runner. The kind of the file, for `selection` with its method: `selection/herding`.
    pub kind: String,
    /// Scalar settings of the case.
    pub settings: Value,
    tensors: BTreeMap<String, (Vec<f32>, Vec<usize>)>,
    tolerance: Value,
    exact: Vec<String>,
    checked: RefCell<BTreeSet<String>>,
    device: Device,
}

impl Case {
    /// Reads a file; its tensors are those of `device`.
    pub fn read(path: &Path, device: &Device) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
        let notes = header.metadata().clone().ok_or("no metadata")?;
        let note = |key: &str| notes.get(key).ok_or(format!("no `{key}` in the metadata"));
        let json = |key: &str| serde_json::from_str(note(key)?).map_err(|error| format!("`{key}`: {error}"));
        let file = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != safetensors::Dtype::F32 {
                return Err(format!("`{name}` is not float32"));
            }
            let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            tensors.insert(name, (values, view.shape().to_vec()));
        }
        let exact: Value = json("exact")?;
        let exact = exact.as_array().ok_or("`exact` is no list")?.iter().filter_map(Value::as_str).map(Into::into);
        let settings: Value = json("settings")?;
        let kind = match (note("kind")?.as_str(), settings["method"].as_str()) {
            ("selection", Some(method)) => format!("selection/{method}"),
            (kind, _) => kind.to_owned(),
        };
        Ok(Self {
            kind,
            settings,
            tensors,
            tolerance: json("tolerance")?,
            exact: exact.collect(),
            checked: RefCell::default(),
            device: device.clone(),
        })
    }

    /// Where the case is computed.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Values and shape of the tensor `name` (with its `in.` or `out.`).
    pub fn f32(&self, name: &str) -> Result<(Vec<f32>, Vec<usize>), String> {
        self.tensors.get(name).cloned().ok_or(format!("the case has no `{name}`"))
    }

    /// The tensor `name` in rank `D`.
    pub fn tensor<const D: usize>(&self, name: &str) -> Result<Tensor<D>, String> {
        let (values, shape) = self.f32(name)?;
        let shape: [usize; D] = shape.try_into().map_err(|shape| format!("`{name}` has shape {shape:?}"))?;
        Ok(Tensor::from_data(TensorData::new(values, shape), &self.device))
    }

    /// The whole numbers stored in `name`.
    pub fn integers(&self, name: &str) -> Result<Tensor<1, Int>, String> {
        let whole: Vec<i64> = self.f32(name)?.0.into_iter().map(|value| value as i64).collect();
        let length = whole.len();
        Ok(Tensor::from_data(TensorData::new(whole, [length]), &self.device))
    }

    /// Everything whose name starts with `prefix`, by the rest of the name: shape and values.
    pub fn below(&self, prefix: &str) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let named = self.tensors.iter().filter_map(|(name, (values, shape))| {
            Some((name.strip_prefix(prefix)?.to_owned(), (shape.clone(), values.clone())))
        });
        named.collect()
    }

    /// A whole number among the settings.
    pub fn number(&self, key: &str) -> Result<usize, String> {
        let number = self.settings[key].as_u64().ok_or(format!("setting `{key}` is no whole number"))?;
        usize::try_from(number).map_err(|error| error.to_string())
    }

    /// A real number among the settings.
    pub fn real(&self, key: &str) -> Result<f32, String> {
        self.settings[key].as_f64().map(|value| value as f32).ok_or(format!("setting `{key}` is no number"))
    }

    /// A word among the settings.
    pub fn word(&self, key: &str) -> Result<&str, String> {
        self.settings[key].as_str().ok_or(format!("setting `{key}` is no text"))
    }

    /// The names in a list among the settings.
    pub fn names(&self, key: &str) -> Result<Vec<&str>, String> {
        let list = self.settings[key].as_array().ok_or(format!("setting `{key}` is no list"))?;
        list.iter().map(|item| item.as_str().ok_or(format!("setting `{key}` is no list of names"))).collect()
    }

    /// Compares `actual` with `out.NAME`: `max|a-b| <= atol + rtol*max|b|`, or equal where the case says so.
    pub fn check(&self, name: &str, actual: &[f32]) -> Result<(), String> {
        let name = format!("out.{name}");
        let (expected, _) = self.f32(&name)?;
        if actual.len() != expected.len() {
            return Err(format!("`{name}` has {} values instead of {}", actual.len(), expected.len()));
        }
        let limit = if self.exact.contains(&name) {
            0.0
        } else {
            let default = self.tolerance["rtol"].as_f64().ok_or("no rtol")?;
            let relative = self.tolerance["per_tensor"][&name].as_f64().unwrap_or(default);
            let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
            self.tolerance["atol"].as_f64().ok_or("no atol")? + relative * largest
        };
        let pairs = actual.iter().zip(&expected);
        let errors = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        // A NaN must not pass: `max` would drop it.
        let error = errors.fold(0.0, |worst: f64, error| if error.is_nan() { f64::NAN } else { worst.max(error) });
        if error.is_nan() || error > limit {
            return Err(format!("`{name}` is off by {error:.3e}, allowed {limit:.3e}"));
        }
        self.checked.borrow_mut().insert(name);
        Ok(())
    }

    /// Outputs of a kind that has other parts in the library already, but not these.
    pub fn later(&self, names: &[&str]) {
        self.checked.borrow_mut().extend(names.iter().map(|name| format!("out.{name}")));
    }

    /// [`check`](Self::check) of a tensor of any rank.
    pub fn check_tensor<const D: usize>(&self, name: &str, actual: &Tensor<D>) -> Result<(), String> {
        let values = actual.clone().inner().try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
        self.check(name, &values)
    }

    /// Notes that `out.NAME` was compared in a way of its own.
    pub fn mark(&self, name: &str) {
        self.checked.borrow_mut().insert(format!("out.{name}"));
    }

    /// Whether every expected value has been compared; forgets what has been, for the next run.
    pub fn all_checked(&self) -> Result<(), String> {
        let checked = self.checked.take();
        let expected = self.tensors.keys().filter(|name| name.starts_with("out."));
        let missed: Vec<&str> = expected.filter(|name| !checked.contains(*name)).map(String::as_str).collect();
        if missed.is_empty() { Ok(()) } else { Err(format!("never compared: {}", missed.join(", "))) }
    }
}
