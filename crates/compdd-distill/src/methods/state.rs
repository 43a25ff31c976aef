//! A method's state on disk: named byte blocks in one safetensors file, so that a killed run continues where it stood.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// A saved state that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[diagnostic(help("delete the checkpoint and give the command again: the stage then starts afresh"))]
pub enum StateError {
    /// The file is no checkpoint.
    #[error("the checkpoint cannot be read")]
    Unreadable(#[source] safetensors::SafeTensorError),
    /// A block is missing.
    #[error("the checkpoint has no entry `{0}`")]
    Missing(String),
    /// A block does not fit.
    #[error("entry `{name}` of the checkpoint does not fit: {reason}")]
    Unfit {
        /// Name of the entry.
        name: String,
        /// What does not fit.
        reason: String,
    },
}

/// Named byte blocks, in alphabetical order: the same state gives the same bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    blocks: BTreeMap<String, Vec<u8>>,
}

impl State {
    /// Stores a block under a name.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.blocks.insert(name.to_owned(), bytes);
    }

    /// Stores a whole number.
    pub fn put_number(&mut self, name: &str, value: u64) {
        self.put(name, value.to_le_bytes().to_vec());
    }

    /// The block of that name.
    ///
    /// # Errors
    /// [`StateError::Missing`].
    pub fn get(&self, name: &str) -> Result<&[u8], StateError> {
        self.blocks.get(name).map(Vec::as_slice).ok_or_else(|| StateError::Missing(name.to_owned()))
    }

    /// The whole number of that name.
    ///
    /// # Errors
    /// [`StateError::Missing`], or [`StateError::Unfit`] when the block is not eight bytes long.
    pub fn number(&self, name: &str) -> Result<u64, StateError> {
        let bytes = self.get(name)?;
        bytes.try_into().map(u64::from_le_bytes).map_err(|_| StateError::Unfit {
            name: name.to_owned(),
            reason: format!("{} bytes where 8 were expected", bytes.len()),
        })
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] when a block cannot be described (never for blocks that fit into memory).
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        let views = self
            .blocks
            .iter()
            .map(|(name, bytes)| Ok((name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(StateError::Unreadable)?;
        safetensors::serialize(views, None).map_err(StateError::Unreadable)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] for anything but a whole checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let file = SafeTensors::deserialize(bytes).map_err(StateError::Unreadable)?;
        let blocks = file.tensors().into_iter().map(|(name, view)| (name, view.data().to_vec())).collect();
        Ok(Self { blocks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_the_disk() {
        let mut state = State::default();
        state.put_number("step", 17);
        state.put("network", vec![1, 2, 3]);
        let back = State::from_bytes(&state.to_bytes().unwrap()).unwrap();
        assert_eq!(back, state);
        assert_eq!(back.number("step").unwrap(), 17);
        assert!(matches!(back.number("network"), Err(StateError::Unfit { .. })));
        assert!(matches!(back.get("none"), Err(StateError::Missing(_))));
    }

    #[test]
    fn a_truncated_state_is_refused() {
        let mut state = State::default();
        state.put("network", vec![7; 100]);
        let bytes = state.to_bytes().unwrap();
        assert!(State::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
