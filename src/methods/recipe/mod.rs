//! Recipes: every hyper-parameter of a method for a cell, read from TOML, overridable, hashed.
//!
//! A recipe file has defaults and, below them, tables that apply to some cells only; later tables win:
//!
//! ```toml
//! method = "herding"
//!
//! [recipe]
//! learning_rate = 0.01
//!
//! [[when]]
//! subset = ["imagenette"]   # also: ipc, budget, fidelity, resolution
//! set = { learning_rate = 0.02 }
//! ```
//!
//! The file that ships with a method is complete; a user's file (`--recipe`) and `--set key=value` name only what differs.

mod document;
mod error;
pub(super) mod ranges;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use error::RecipeError;

use super::Method;
use document::Document;

/// The cell that a recipe is resolved for.
#[derive(Clone, Copy, Debug)]
pub struct RecipeRequest<'a> {
    /// Slug of the subset, without version.
    pub subset: &'a str,
    /// Images per class.
    pub ipc: usize,
    /// `paper`, `quick` or `smoke`.
    pub budget: &'a str,
    /// `paper` or `released`.
    pub fidelity: &'a str,
    /// Side of the images in pixels.
    pub resolution: usize,
}

#[cfg(test)]
impl RecipeRequest<'_> {
    pub(in crate::methods) fn for_tests() -> RecipeRequest<'static> {
        RecipeRequest { subset: "cifar10", ipc: 1, budget: "paper", fidelity: "paper", resolution: 32 }
    }
}

/// A user's recipe file: where it came from and what it says.
#[derive(Clone, Debug)]
pub struct RecipeFile {
    /// Shown in errors.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// The hyper-parameters of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    values: Table,
}

impl Recipe {
    /// Built-in file, then the user's file, then `--set`, in that order.
    ///
    /// # Errors
    /// Syntax errors and unknown keys with file and line; wrong types with the key.
    pub fn resolve(
        method: &dyn Method,
        file: Option<&RecipeFile>,
        overrides: &[(String, String)],
        request: &RecipeRequest<'_>,
    ) -> Result<Self, RecipeError> {
        let builtin = RecipeFile {
            name: format!("built-in recipe of {}", method.slug()),
            text: method.builtin_recipe().to_owned(),
        };
        let mut recipe = Document::parse(&builtin, method)?.complete(request)?;
        if let Some(file) = file {
            Document::parse(file, method)?.apply(&mut recipe, request, method)?;
        }
        for (key, text) in overrides {
            recipe.set(key, parse_value(text), method).map_err(|reason| RecipeError::Override {
                key: key.clone(),
                value: text.clone(),
                reason,
            })?;
        }
        method.check(&recipe).and_then(|()| method.consistent(&recipe)).map_err(RecipeError::OutOfRange)?;
        Ok(recipe)
    }

    /// The typed recipe of a method.
    ///
    /// # Errors
    /// The deserialiser's sentence: which key has which wrong type.
    pub fn typed<R: DeserializeOwned>(&self) -> Result<R, String> {
        Value::Table(self.values.clone()).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
    }

    /// The names of all keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The values, for records and bundles.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.values).unwrap_or_default()
    }

    /// The recipe as a TOML file that `--recipe` accepts.
    pub fn to_toml(&self, method: &str) -> String {
        format!("method = \"{method}\"\n\n[recipe]\n{}", self.values)
    }

    /// Content address: the first 16 hex digits of BLAKE3 over the sorted JSON of all values.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_json().to_string().as_bytes()).to_hex()[..16].to_owned()
    }

    /// Replaces one value if the key exists and the method can read the result.
    fn set(&mut self, key: &str, value: Value, method: &dyn Method) -> Result<(), String> {
        if !self.values.contains_key(key) {
            return Err(unknown_key(key, self.keys()));
        }
        let mut changed = self.clone();
        changed.values.insert(key.to_owned(), value);
        method.check(&changed)?;
        *self = changed;
        Ok(())
    }
}

fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("unknown key `{key}`; the recipe has: {}", known.collect::<Vec<_>>().join(", "))
}

/// `3` is a number, `true` a switch, `[1, 2]` a list; anything that is no TOML value is text.
fn parse_value(text: &str) -> Value {
    format!("v = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("v")).unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn resolve(file: Option<&str>, sets: &[(&str, &str)]) -> Result<Recipe, RecipeError> {
        let file = file.map(|text| RecipeFile { name: "my.toml".into(), text: text.into() });
        let sets: Vec<_> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Recipe::resolve(find("herding").unwrap(), file.as_ref(), &sets, &RecipeRequest::for_tests())
    }

    #[test]
    fn later_sources_win_and_change_the_hash() {
        let base = resolve(None, &[]).unwrap();
        let file = "[recipe]\nfeature_epochs = 3\n[[when]]\nipc = [1]\nset = { feature_epochs = 4 }\n[[when]]\nipc = [50]\nset = { feature_epochs = 9 }\n";
        let changed = resolve(Some(file), &[]).unwrap();
        assert_eq!(changed.to_json()["feature_epochs"], 4);
        assert_eq!(resolve(Some(file), &[("feature_epochs", "5")]).unwrap().to_json()["feature_epochs"], 5);
        assert_ne!(base.hash(), changed.hash());
        assert_eq!(base.hash(), resolve(None, &[]).unwrap().hash());
    }

    #[test]
    fn a_printed_recipe_reads_back() {
        let base = resolve(None, &[]).unwrap();
        assert_eq!(resolve(Some(&base.to_toml("herding")), &[]).unwrap(), base);
    }

    #[test]
    fn mistakes_name_file_line_and_key() {
        let cases = [
            ("[recipe]\n\nfeature_epoch = 3\n", "my.toml:3", "feature_epoch"),
            ("[recipe]\nfeature_epochs = \"many\"\n", "my.toml:2", "feature_epochs"),
            ("method = \"herding\"\n[recipes]\nx = 1\n", "my.toml:2", "recipes"),
            ("method = \"random\"\n", "my.toml", "random"),
            ("[recipe\n", "my.toml:1", ""),
            ("[[when]]\nipcs = [1]\nset = {}\n", "my.toml:2", "ipcs"),
        ];
        for (text, place, word) in cases {
            let message = resolve(Some(text), &[]).unwrap_err().to_string();
            assert!(message.contains(place) && message.contains(word), "{text:?} gave {message}");
        }
        let message = resolve(None, &[("lr", "1")]).unwrap_err().to_string();
        assert!(message.contains("lr") && message.contains("learning_rate"), "{message}");
    }
}
