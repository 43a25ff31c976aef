//! Tensors and numbers of a run as blocks of its checkpoint.

use burn::tensor::{Device, Tensor, TensorData};

use crate::methods::{State, StateError};

/// Stores the values of a tensor.
pub(super) fn put<const D: usize>(state: &mut State, name: &str, tensor: &Tensor<D>) {
    let values: Vec<f32> = tensor.clone().into_data().iter::<f32>().collect();
    state.put(name, bytemuck::cast_slice(&values).to_vec());
}

/// Stores a tensor that may not exist yet: no values then.
pub(super) fn put_optional<const D: usize>(state: &mut State, name: &str, tensor: Option<&Tensor<D>>) {
    match tensor {
        Some(tensor) => put(state, name, tensor),
        None => state.put(name, Vec::new()),
    }
}

/// The tensor of that name and shape.
pub(super) fn get<const D: usize>(
    state: &State,
    name: &str,
    shape: [usize; D],
    device: &Device,
) -> Result<Tensor<D>, StateError> {
    get_optional(state, name, shape, device)?.ok_or_else(|| StateError::Missing(name.to_owned()))
}

/// The tensor of that name and shape, if it existed when the state was saved.
pub(super) fn get_optional<const D: usize>(
    state: &State,
    name: &str,
    shape: [usize; D],
    device: &Device,
) -> Result<Option<Tensor<D>>, StateError> {
    let bytes = state.get(name)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let values: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
    if bytes.len() != 4 * values.len() || values.len() != shape.iter().product::<usize>() {
        let reason = format!("{} bytes where shape {shape:?} was expected", bytes.len());
        return Err(StateError::Unfit { name: name.to_owned(), reason });
    }
    Ok(Some(Tensor::from_data(TensorData::new(values, shape), device)))
}
