//! Records that differ in named settings.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{
        ReportError,
        chart::{AblationBar, AblationValues},
    },
    compare::{Aspect, alone, distilled, measured, origin, same},
};
use compdd_core::record::Record;

/// Where a setting is found.
enum Key<'a> {
    Aspect(Aspect),
    Recipe(&'a str),
}

impl<'a> Key<'a> {
    fn new(word: &'a str, records: &[&Record]) -> Result<Self, ReportError> {
        if let Some(aspect) = Aspect::ALL.into_iter().find(|aspect| aspect.word() == word) {
            return Ok(Self::Aspect(aspect));
        }
        if records.iter().any(|record| record.recipe.get(word).is_some()) {
            return Ok(Self::Recipe(word));
        }
        let keys =
            records.iter().filter_map(|record| record.recipe.as_object()).flat_map(|recipe| recipe.keys().cloned());
        let known: BTreeSet<String> = Aspect::ALL.iter().map(|aspect| aspect.word().to_owned()).chain(keys).collect();
        Err(ReportError::NoKey { key: word.to_owned(), known: known.into_iter().collect() })
    }

    /// The setting of a record in a word.
    fn of(&self, record: &Record) -> String {
        match self {
            Self::Aspect(aspect) => aspect.of(record),
            Self::Recipe(key) => match &record.recipe[*key] {
                Value::Null => "–".to_owned(),
                Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
                other => other.to_string(),
            },
        }
    }
}

/// Reads a bar for each record, named after its values of the keys `by`: keys of the recipe, or `method`, `subset`, `ipc`, `network`, ... Where the
/// method is not among them, recipes may differ in these keys and in those of `besides` only.
///
/// # Errors
/// When a key does not exist, when records differ in something else, and when two of them have the same values.
pub fn ablation(
    records: &[impl Borrow<Record>],
    by: &[String],
    besides: &[String],
) -> Result<AblationValues, ReportError> {
    let shown = distilled(records)?;
    let keys = by.iter().map(|word| Key::new(word, &shown)).collect::<Result<Vec<_>, _>>()?;
    let named = |aspect: &Aspect| keys.iter().any(|key| matches!(key, Key::Aspect(own) if own == aspect));
    let fixed: Vec<Aspect> = Aspect::ALL.into_iter().filter(|aspect| !named(aspect)).collect();
    same(&shown, &fixed)?;
    if ![Aspect::Method, Aspect::Subset, Aspect::Ipc].iter().any(named) {
        same_recipe(&shown, &[by, besides].concat())?;
    }
    let mut bars: BTreeMap<Vec<Sorted>, Vec<&Record>> = BTreeMap::new();
    for record in &shown {
        let values = keys.iter().map(|key| Sorted::new(key.of(record))).collect();
        bars.entry(values).or_default().push(record);
    }
    let mut read = Vec::new();
    for (values, records) in bars {
        let name = values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(", ");
        alone(&format!("{} = {name}", by.join(", ")), &records)?;
        read.extend(records.into_iter().map(|record| AblationBar {
            name: name.clone(),
            measured: measured(record),
            students: record.students.iter().map(|student| student.accuracy.fraction()).collect(),
        }));
    }
    let mut origin = origin(&shown);
    if !besides.is_empty() {
        origin.remarks.push(format!("also differing: {}", besides.join(", ")));
    }
    Ok(AblationValues { by: by.join(", "), bars: read, origin })
}

/// Refuses recipes that differ in other keys than those that were named.
fn same_recipe(records: &[&Record], by: &[String]) -> Result<(), ReportError> {
    let keys: BTreeSet<&String> =
        records.iter().filter_map(|record| record.recipe.as_object()).flat_map(|r| r.keys()).collect();
    let differs = |key: &&&String| {
        !by.contains(key)
            && records.iter().any(|record| record.recipe.get(key.as_str()) != records[0].recipe.get(key.as_str()))
    };
    let others: Vec<String> = keys.iter().filter(differs).map(|key| (*key).clone()).collect();
    if others.is_empty() { Ok(()) } else { Err(ReportError::Differ { keys: others }) }
}

/// A word that is ordered as a number where it begins with one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sorted {
    number: Option<i64>,
    text: String,
}

impl Sorted {
    fn new(text: String) -> Self {
        let number = text.split_whitespace().find_map(|word| word.parse::<f64>().ok());
        Self { number: number.map(|value| (value * 1e6).round() as i64), text }
    }
}
