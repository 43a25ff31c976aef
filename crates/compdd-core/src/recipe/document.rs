//! The recipe file as written: defaults and conditional tables, every key with its place in the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::{Check, MethodInfo, Recipe, RecipeError, RecipeFile, RecipeRequest, unknown_key};

type Values = BTreeMap<Spanned<String>, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    method: Option<String>,
    #[serde(default)]
    recipe: Values,
    #[serde(default)]
    when: Vec<Condition>,
}

/// A table that applies to the cells it names; what it does not name, it does not ask about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    subset: Option<Vec<String>>,
    ipc: Option<Vec<usize>>,
    budget: Option<Vec<String>>,
    fidelity: Option<Vec<String>>,
    resolution: Option<Vec<usize>>,
    set: Values,
}

impl Condition {
    fn holds(&self, cell: &RecipeRequest<'_>) -> bool {
        fn names<T: PartialEq<U>, U: ?Sized>(list: Option<&Vec<T>>, value: &U) -> bool {
            list.is_none_or(|list| list.iter().any(|item| item == value))
        }
        names(self.subset.as_ref(), cell.subset)
            && names(self.ipc.as_ref(), &cell.ipc)
            && names(self.budget.as_ref(), cell.budget)
            && names(self.fidelity.as_ref(), cell.fidelity)
            && names(self.resolution.as_ref(), &cell.resolution)
    }
}

/// A parsed recipe file.
pub(super) struct Document<'a> {
    file: &'a RecipeFile,
    content: Content,
}

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a RecipeFile, method: &MethodInfo) -> Result<Self, RecipeError> {
        let content: Content = toml::from_str(&file.text).map_err(|error| RecipeError::Syntax {
            file: file.name.clone(),
            line: line_of(&file.text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        match &content.method {
            Some(found) if found != method.slug => Err(RecipeError::OtherMethod {
                file: file.name.clone(),
                found: found.clone(),
                expected: method.slug.to_owned(),
            }),
            _ => Ok(Self { file, content }),
        }
    }

    /// The recipe of a complete file: its defaults define which keys exist.
    pub(super) fn complete(self, request: &RecipeRequest<'_>) -> Result<Recipe, RecipeError> {
        let mut values = Table::new();
        for (key, value) in &self.content.recipe {
            values.insert(key.get_ref().clone(), value.clone());
        }
        for (key, value) in self.conditional(request) {
            if values.insert(key.get_ref().clone(), value.clone()).is_none() {
                return Err(self.key_error(key, unknown_key(key.get_ref(), values.keys().map(String::as_str))));
            }
        }
        Ok(Recipe { values, files: BTreeMap::new() })
    }

    /// Writes this file's values over a recipe. Tables for other cells are checked as well: a typo is a typo everywhere.
    pub(super) fn apply(
        self,
        recipe: &mut Recipe,
        request: &RecipeRequest<'_>,
        method: &dyn Check,
    ) -> Result<(), RecipeError> {
        for (key, value) in self.content.when.iter().flat_map(|condition| &condition.set) {
            let mut trial = recipe.clone();
            trial.set(key.get_ref(), value.clone(), method).map_err(|reason| self.key_error(key, reason))?;
        }
        for (key, value) in self.content.recipe.iter().chain(self.conditional(request)) {
            recipe.set(key.get_ref(), value.clone(), method).map_err(|reason| self.key_error(key, reason))?;
        }
        Ok(())
    }

    fn conditional(&self, request: &RecipeRequest<'_>) -> impl Iterator<Item = (&Spanned<String>, &Value)> {
        self.content.when.iter().filter(|condition| condition.holds(request)).flat_map(|condition| &condition.set)
    }

    fn key_error(&self, key: &Spanned<String>, reason: String) -> RecipeError {
        let reason =
            if reason.contains(key.get_ref().as_str()) { reason } else { format!("`{}`: {reason}", key.get_ref()) };
        RecipeError::Key { file: self.file.name.clone(), line: line_of(&self.file.text, key.span().start), reason }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
