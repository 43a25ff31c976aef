//! Words in recipes that other rooms must know; every sentence names the key.

use compdd_nn::{augment::DsaConfig, nn::NetworkSpec};

/// A strategy of augmentation.
pub fn strategy(name: &str, text: &str) -> Result<(), String> {
    DsaConfig::parse(text).map(drop).map_err(|error| format!("`{name}`: {error}"))
}

/// The slug of a network, or the word that stands for another choice.
pub fn network_or(name: &str, text: &str, word: &str) -> Result<(), String> {
    if text == word {
        return Ok(());
    }
    NetworkSpec::parse(text).map(drop).map_err(|error| format!("`{name}`: {error}"))
}
