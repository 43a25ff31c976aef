//! Shipped recipes as records store them, each resolved once: reading its text takes longer than reading a record.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use serde_json::Value;

use super::{MethodInfo, Recipe, RecipeRequest};

/// Those that were asked for, by all that decides them; none for those that cannot be.
static KNOWN: LazyLock<Mutex<HashMap<String, Option<Arc<Value>>>>> = LazyLock::new(Mutex::default);

impl Recipe {
    /// What [`Recipe::to_json`] says of [`Recipe::shipped`]; none where a key does not exist.
    pub fn stored(
        method: &'static MethodInfo,
        overrides: &[(String, String)],
        request: &RecipeRequest<'_>,
    ) -> Option<Arc<Value>> {
        let asked = format!("{} {request:?} {overrides:?}", method.slug);
        if let Some(known) = KNOWN.lock().ok()?.get(&asked) {
            return known.clone();
        }
        let recipe = Self::shipped(method, overrides, request).ok().map(|recipe| Arc::new(recipe.to_json()));
        KNOWN.lock().ok()?.insert(asked, recipe.clone());
        recipe
    }
}
