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
//!
//! The [`catalogue`] lists the methods and their files. What may enter: the reading of recipes and what can be said of a method without
//! running it. What may not: what a key means, which the methods know ([`Check`]).

mod adaptive;
pub mod catalogue;
mod document;
mod error;
mod files;
mod method;
pub mod ranges;
mod stored;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use adaptive::{Adaptive, Evaluator, ScoreTransform};
pub use catalogue::{method, methods};
pub use error::RecipeError;
pub use method::{Check, Kind, MethodInfo};

use document::Document;
use method::Unchecked;

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
    /// The files that values stand for, by key.
    files: BTreeMap<&'static str, PathBuf>,
}

impl Recipe {
    /// Built-in file, then the user's file, then `--set`, in that order, each value checked by the method.
    ///
    /// # Errors
    /// Syntax errors and unknown keys with file and line; wrong types with the key.
    pub fn resolve(
        method: &dyn Check,
        file: Option<&RecipeFile>,
        overrides: &[(String, String)],
        request: &RecipeRequest<'_>,
    ) -> Result<Self, RecipeError> {
        let info = method.info();
        let builtin = RecipeFile { name: format!("built-in recipe of {}", info.slug), text: info.recipe.to_owned() };
        let mut recipe = Document::parse(&builtin, info)?.complete(request)?;
        if let Some(file) = file {
            Document::parse(file, info)?.apply(&mut recipe, request, method)?;
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

    /// The recipe that ships with a method, with some values replaced. Whether the method can use those is not asked.
    ///
    /// # Errors
    /// When a key does not exist.
    pub fn shipped(
        method: &'static MethodInfo,
        overrides: &[(String, String)],
        request: &RecipeRequest<'_>,
    ) -> Result<Self, RecipeError> {
        Self::resolve(&Unchecked(method), None, overrides, request)
    }

    /// The typed recipe of a method.
    ///
    /// # Errors
    /// The deserialiser's sentence: which key has which wrong type.
    pub fn typed<R: DeserializeOwned>(&self) -> Result<R, String> {
        let mut values = self.values.clone();
        values.remove(Self::ADAPTIVE);
        Value::Table(values).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
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
    fn set(&mut self, key: &str, value: Value, method: &dyn Check) -> Result<(), String> {
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

/// How many pictures an image of a method shows along each side: `tiles` of its recipe, 1 where the recipe does not name it.
pub fn tiles(recipe: &serde_json::Value) -> usize {
    recipe.get("tiles").and_then(serde_json::Value::as_u64).map_or(1, |tiles| tiles.clamp(1, 255) as usize)
}

fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("unknown key `{key}`; the recipe has: {}", known.collect::<Vec<_>>().join(", "))
}

/// `3` is a number, `true` a switch, `[1, 2]` a list; anything that is no TOML value is text.
fn parse_value(text: &str) -> Value {
    format!("v = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("v")).unwrap_or_else(|| text.into())
}
