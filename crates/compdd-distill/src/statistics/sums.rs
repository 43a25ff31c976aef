//! Statistics while they are gathered: sums in double precision, and their file.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::StatisticsError;
use compdd_core::{
    files::{IoError, atomic, plain},
    limits,
};

/// Key of the counter in the header of the file.
const BATCHES: &str = "batches";

/// Sums by name, and how many batches are in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub batches: usize,
    pub arrays: BTreeMap<String, Vec<f64>>,
}

impl Sums {
    /// Adds `weight` times some values to row `row` of an array of `rows` rows.
    pub fn add(&mut self, name: &str, [row, rows]: [usize; 2], values: &[f32], weight: f64) {
        let array = match self.arrays.get_mut(name) {
            Some(array) => array,
            None => self.arrays.entry(name.to_owned()).or_insert_with(|| vec![0.0; rows * values.len()]),
        };
        for (sum, value) in array[row * values.len()..].iter_mut().zip(values) {
            *sum += weight * f64::from(*value);
        }
    }

    /// Writes the sums, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), StatisticsError> {
        let damaged = |error: safetensors::SafeTensorError| super::error::damaged(path, &error);
        let views = self.arrays.iter().map(|(name, array)| {
            let view = TensorView::new(Dtype::F64, vec![array.len()], bytemuck::cast_slice(array));
            Ok((name.as_str(), view.map_err(damaged)?))
        });
        let views = views.collect::<Result<Vec<_>, StatisticsError>>()?;
        let notes = HashMap::from([(BATCHES.to_owned(), self.batches.to_string())]);
        let bytes = safetensors::serialize(views, Some(notes)).map_err(damaged)?;
        Ok(atomic::write(path, &bytes).map_err(IoError::at("write", path))?)
    }

    /// What was saved; nothing where there is no file.
    pub fn load(path: &Path) -> Result<Self, StatisticsError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        let damaged = |error: safetensors::SafeTensorError| super::error::damaged(path, &error);
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let notes = header.metadata().clone().unwrap_or_default();
        let batches = notes.get(BATCHES).and_then(|batches| batches.parse().ok());
        let batches = batches.ok_or_else(|| super::error::damaged(path, &"it does not say how far it is"))?;
        let file = SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let arrays = file.tensors().into_iter();
        let arrays = arrays.map(|(name, view)| (name, bytemuck::pod_collect_to_vec(view.data())));
        Ok(Self { batches, arrays: arrays.collect() })
    }
}
