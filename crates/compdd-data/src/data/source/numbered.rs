//! What the numbers of classes mean, in layouts that keep only numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    annotation::{malformed, text},
    names::plain,
};
use crate::data::{
    error::DataError,
    parse::{self, ParseError},
};
use compdd_core::subset::Subset;

/// Lists of classes, class 0 first: one a line, or a JSON list, or a JSON object from number to name.
const LISTS: [&str; 3] = ["classes.txt", "synsets.txt", "classes.json"];

/// The first list of classes in some folders.
pub(super) fn list(folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().flat_map(|folder| LISTS.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// The classes of a list, as [`meaning`] has them.
pub(super) fn read_list(path: &Path) -> Result<Vec<String>, DataError> {
    let is_json = path.extension().is_some_and(|ending| ending == "json");
    text(path, if is_json { json } else { parse::classes }).and_then(|names| {
        let named = meaning(names);
        named.map_err(|error| malformed(path, &error))
    })
}

fn json(text: &str) -> Result<Vec<String>, ParseError> {
    if let Ok(names) = serde_json::from_str::<Vec<String>>(text) {
        return Ok(names);
    }
    let by_number: BTreeMap<usize, String> = serde_json::from_str(text).map_err(|error| {
        ParseError::new(format!("neither a list of names nor an object from number to name: {error}"))
    })?;
    match by_number.keys().zip(0..).find(|(number, place)| *number != place) {
        Some((_, place)) => Err(ParseError::new(format!("class {place} has no name"))),
        None => Ok(by_number.into_values().collect()),
    }
}

/// The classes of `ImageNet` in the order of their numbers: its synsets, sorted.
pub(super) fn imagenet_1k() -> Vec<String> {
    let classes = Subset::find("imagenet-1k").map(|subset| subset.classes).unwrap_or_default();
    classes.into_iter().map(|class| class.synset).collect()
}

/// Names of classes as a source calls them: synsets where the names are those of `ImageNet` in its own order, else the names.
///
/// `ImageNet`'s names are not unique, so that a list of them says something only by its order; a list in another order, and any
/// name that is there twice, is an error.
pub(super) fn meaning(names: Vec<String>) -> Result<Vec<String>, ParseError> {
    let imagenet = Subset::find("imagenet-1k").map(|subset| subset.classes).unwrap_or_default();
    if names.len() == imagenet.len() {
        let first = |name: &str| plain(name.split(',').next().unwrap_or_default());
        let same = |(name, class): &(&String, &compdd_core::subset::ClassEntry)| {
            name.split(',').any(|name| plain(name) == plain(&class.label)) || **name == class.synset
        };
        let in_order = names.iter().zip(&imagenet).filter(same).count();
        let labels: BTreeSet<String> = imagenet.iter().map(|class| plain(&class.label)).collect();
        let known = names.iter().filter(|name| labels.contains(&first(name))).count();
        if 2 * in_order > names.len() {
            return Ok(imagenet.into_iter().map(|class| class.synset).collect());
        }
        if 2 * known > names.len() {
            let other = names.iter().zip(&imagenet).position(|pair| !same(&pair)).unwrap_or_default();
            return Err(ParseError::new(format!(
                "the names are those of ImageNet in another order: class {other} is {:?}, not {:?}",
                names[other], imagenet[other].label
            )));
        }
    }
    let mut places = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(other) = places.insert(name, place) {
            return Err(ParseError::new(format!("classes {other} and {place} are both called {name:?}")));
        }
    }
    Ok(names)
}

/// Numbers that have no list: those of `ImageNet` where they are all of 0 to 999, else an error.
pub(super) fn without_list(numbers: &BTreeSet<i64>, path: &Path) -> Result<Vec<String>, DataError> {
    let imagenet = imagenet_1k();
    let all = numbers.first() == Some(&0) && numbers.len() == imagenet.len();
    if all && numbers.last() == Some(&(imagenet.len() as i64 - 1)) {
        return Ok(imagenet);
    }
    let last = numbers.last().and_then(|&last| u32::try_from(last).ok()).unwrap_or_default();
    Err(DataError::NumberedClasses { path: path.to_owned(), classes: numbers.len(), last })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn labels() -> Vec<String> {
        Subset::find("imagenet-1k").unwrap().classes.into_iter().map(|class| class.label).collect()
    }

    #[test]
    fn names_of_imagenet_become_synsets_in_its_order_only() {
        let synsets = imagenet_1k();
        assert!(synsets.is_sorted() && synsets.len() == 1000);
        // As Hugging Face writes them: all words of a synset.
        let long: Vec<String> = labels().iter().map(|name| format!("{name}, Another name")).collect();
        assert_eq!(meaning(long).unwrap(), synsets);
        let mut turned = labels();
        turned.reverse();
        let error = meaning(turned).unwrap_err().to_string();
        assert_eq!(
            error,
            "the names are those of ImageNet in another order: class 0 is \"toilet tissue\", not \"tench\""
        );
        let other: Vec<String> = (0..1000).map(|i| format!("thing {i}")).collect();
        assert_eq!(meaning(other.clone()).unwrap(), other);
        let twice = meaning(vec!["a".into(), "b".into(), "a".into()]).unwrap_err().to_string();
        assert_eq!(twice, "classes 0 and 2 are both called \"a\"");
    }

    #[test]
    fn numbers_without_a_list_mean_imagenet_or_nothing() {
        let folder = Path::new("folder");
        assert_eq!(without_list(&(0..1000).collect(), folder).unwrap(), imagenet_1k());
        for numbers in [0..10, 0..999, 1..1001, 0..1001] {
            let error = without_list(&numbers.clone().collect(), folder).unwrap_err();
            assert!(matches!(&error, DataError::NumberedClasses { .. }), "{numbers:?}: {error}");
        }
    }

    #[test]
    fn lists_are_lines_or_json() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(list(&folders), None);
        let path = folder.path().join("classes.json");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            read_list(&list(&folders).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"["cat", "dog"]"#).unwrap(), ["cat", "dog"]);
        assert_eq!(read(r#"{"1": "dog", "0": "cat"}"#).unwrap(), ["cat", "dog"]);
        assert!(read(r#"{"1": "dog", "2": "cat"}"#).unwrap_err().ends_with("classes.json: class 0 has no name"));
        assert!(read("3").unwrap_err().contains("neither a list of names nor an object"));
        fs::write(folder.path().join("classes.txt"), "cat\nn02102040 English springer\n").unwrap();
        assert_eq!(read_list(&list(&folders).unwrap()).unwrap(), ["cat", "n02102040"]);
    }
}
