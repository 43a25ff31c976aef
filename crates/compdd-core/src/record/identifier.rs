//! Names that become parts of paths: of methods, subsets, protocols and networks. They are checked where they are read, so that no foreign
//! file can name a place outside of the folder it lies in.

use serde::{Deserialize as _, Deserializer, de::Error as _};

/// The longest identifier; file names have 255 bytes, and several go into one.
const LONGEST: usize = 100;

/// Whether a text can be the name of a folder: letters, digits and these marks, beginning with a letter or a digit.
pub fn is_name(text: &str, marks: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits)
}

/// Whether a text is an identifier: at most 100 letters, digits, `-`, `_`, `.`, `+`, `@` and `:`, beginning with a letter or a digit.
pub fn is_identifier(text: &str) -> bool {
    text.len() <= LONGEST && is_name(text, "-_.+@:")
}

/// Reads an identifier.
pub(super) fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_identifier(&text) {
        return Ok(text);
    }
    let shown: String = text.chars().take(LONGEST).collect();
    Err(D::Error::custom(format!("{shown:?} is no identifier: use letters, digits, `-`, `_`, `.`, `+`, `@` and `:`")))
}

#[cfg(test)]
mod tests {
    use super::is_identifier;

    #[test]
    fn no_identifier_is_a_path() {
        for good in
            ["edf", "bird-hard@paper", "no-kd@1", "resnet18-cifar-bn", "bundle:ab12", "idc-i", "2024_method.v1+x"]
        {
            assert!(is_identifier(good), "{good}");
        }
        for bad in
            ["", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "-flag", "a b", "a\u{1b}[31m", "é", &"x".repeat(101)]
        {
            assert!(!is_identifier(bad), "{bad:?}");
        }
    }
}
