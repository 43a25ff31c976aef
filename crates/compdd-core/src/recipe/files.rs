//! Files that a recipe names: read by path, addressed by content.

use std::path::{Path, PathBuf};

use super::{Recipe, RecipeError};

/// What a file is called where its content counts.
const PREFIX: &str = "blake3:";

impl Recipe {
    /// The recipe with the files under `keys` addressed by content: their values become `blake3:` and the hash of the bytes, so that the recipe, its
    /// hash, bundles and records are the same wherever the files lie. [`Recipe::file`] still finds them. Empty values name no file.
    ///
    /// # Errors
    /// [`RecipeError::File`] when a file cannot be read, [`RecipeError::NoPath`] for a value that is a hash already.
    pub fn with_files(mut self, keys: &[&'static str]) -> Result<Self, RecipeError> {
        for &key in keys {
            let Some(name) = self.values.get(key).and_then(toml::Value::as_str).filter(|name| !name.is_empty()) else {
                continue;
            };
            if name.starts_with(PREFIX) {
                return Err(RecipeError::NoPath { key, value: name.to_owned() });
            }
            let path = PathBuf::from(name);
            let hash = hash(&path).map_err(|source| RecipeError::File { key, path: path.clone(), source })?;
            self.values.insert(key.to_owned(), format!("{PREFIX}{hash}").into());
            self.files.insert(key, path);
        }
        Ok(self)
    }

    /// The key of the teacher that a method asks; empty in every recipe file.
    pub const OBSERVER: &str = "observer";

    /// The recipe with the teacher that the method asks, by its content.
    #[must_use]
    pub fn with_observer(mut self, hash: &str) -> Self {
        self.values.insert(Self::OBSERVER.to_owned(), format!("{PREFIX}{hash}").into());
        self
    }

    /// The file that a key names; none where it names none.
    pub fn file(&self, key: &str) -> Option<&Path> {
        self.files.get(key).map(PathBuf::as_path)
    }

    /// Whether a recorded value stands for the content of a file.
    pub fn is_content(value: &serde_json::Value) -> bool {
        value.as_str().is_some_and(|text| text.starts_with(PREFIX))
    }
}

/// BLAKE3 of a file's bytes, in hex, without holding them all.
fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{RecipeRequest, method};

    fn recipe(value: &str) -> Recipe {
        let request = RecipeRequest { subset: "cifar10", ipc: 1, budget: "paper", fidelity: "paper", resolution: 32 };
        let set = [("cam_weights".to_owned(), value.to_owned())];
        Recipe::shipped(method("edf").unwrap(), &set, &request).unwrap()
    }

    #[test]
    fn files_count_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            recipe(&path.display().to_string()).with_files(&["cam_weights"]).unwrap()
        };
        let (one, copy, other) = (file("one", "weights"), file("copy", "weights"), file("other", "other weights"));
        assert_eq!((one.hash(), one.to_json()), (copy.hash(), copy.to_json()));
        assert_ne!(one.hash(), other.hash());
        assert!(!one.to_json().to_string().contains(folder.path().to_str().unwrap()));
        assert!(Recipe::is_content(&one.to_json()["cam_weights"]));
        assert_eq!(one.file("cam_weights"), Some(folder.path().join("one").as_path()));
        let none = recipe("");
        assert_eq!(none.clone().with_files(&["cam_weights"]).unwrap(), none, "no file, the address of before");
        assert_eq!(none.file("cam_weights"), None);
    }

    #[test]
    fn files_that_are_not_there_are_named() {
        let missing = recipe("no/such/file.pth").with_files(&["cam_weights"]).unwrap_err().to_string();
        assert!(missing.contains("no/such/file.pth") && missing.contains("cam_weights"), "{missing}");
        let recorded = recipe("blake3:00").with_files(&["cam_weights"]).unwrap_err().to_string();
        assert!(recorded.contains("blake3:00"), "{recorded}");
    }
}
