//! The ranges that recipes share; every sentence names the key.

/// Counts of at least one.
pub fn positive(counts: &[(&str, usize)]) -> Result<(), String> {
    match counts.iter().find(|(_, value)| *value == 0) {
        Some((name, value)) => Err(format!("`{name}` is {value}, but must be 1 or more")),
        None => Ok(()),
    }
}

/// Numbers between two others, both included: `(name, value, low, high)`.
pub fn within(numbers: &[(&str, f64, f64, f64)]) -> Result<(), String> {
    match numbers.iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
        Some((name, value, low, high)) => Err(format!("`{name}` is {value}, but must lie between {low} and {high}")),
        None => Ok(()),
    }
}

/// Numbers from 0 up to, not including, 1: momenta, decays, shares left out.
pub fn below_one(numbers: &[(&str, f64)]) -> Result<(), String> {
    match numbers.iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
        Some((name, value)) => Err(format!("`{name}` is {value}, but must be 0 or more and below 1")),
        None => Ok(()),
    }
}
