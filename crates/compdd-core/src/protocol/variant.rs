//! Protocols with other settings, as ablations need them: `kd-edc+batch:50+ema:0.999` is `kd-edc` with another minibatch and another moving
//! average, whatever the set and the network. The name says everything, so that a record can be scored again from its name alone; the changes
//! stand in it in the order of their settings. No built-in protocol is ever changed: results of a variant are compared with those of the same
//! one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use toml::{Table, Value};

use super::{Protocol, ProtocolError, fit::Adjustment};
use crate::record::is_identifier;

/// Begins a change.
pub(super) const SIGN: char = '+';

/// Variants that were asked for, by their ids. Protocols are handed out for good, as built-in ones are.
static KNOWN: Mutex<BTreeMap<String, &'static Protocol>> = Mutex::new(BTreeMap::new());

/// The variant of `base` by `changes`, `setting:value` between `+`; `name` is for messages.
pub(super) fn of(base: &Protocol, changes: &str, name: &str) -> Result<&'static Protocol, ProtocolError> {
    let wrong = |reason: String| ProtocolError::Change { name: name.to_owned(), reason };
    let version = base.id.strip_prefix(base.slug()).unwrap_or_default();
    let changes = changes.strip_suffix(version).unwrap_or(changes);
    let mut settings = Table::new();
    for change in changes.split(SIGN) {
        let (key, text) = change.split_once(':').ok_or_else(|| wrong(format!("`{change}` is no `setting:value`")))?;
        if settings.insert(key.to_owned(), value(text)).is_some() {
            return Err(wrong(format!("`{key}` is changed twice")));
        }
    }
    let words: Vec<String> = settings.iter().map(|(key, value)| format!("{key}:{}", word(value))).collect();
    let id = format!("{}{SIGN}{}{version}", base.slug(), words.join("+"));
    if !is_identifier(&id) {
        return Err(wrong("the name is too long, or has a sign that no name of a file can have".to_owned()));
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(variant) = known.get(&id) {
        return Ok(variant);
    }
    let adjustment = Adjustment::always(settings).map_err(|reason| wrong(reason.replace('\n', " ")))?;
    let mut variant = base.clone();
    variant.id.clone_from(&id);
    variant.summary = format!("{}, changed: {}", base.id, words.join(", "));
    adjustment.apply(&mut variant.scoring);
    variant.scoring.validate()?;
    variant.when.push(adjustment);
    let variant: &'static Protocol = Box::leak(Box::new(variant));
    known.insert(id, variant);
    Ok(variant)
}

/// A whole number, a number, or a word.
fn value(text: &str) -> Value {
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Float);
    text.parse::<i64>().ok().map(Value::Integer).or_else(number).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// One way of writing a value.
fn word(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}
