//! Which of a source's class names means a class of a subset.

use compdd_core::subset::ClassEntry;

/// A class name reduced to what file systems and lists agree on: lower case, with one hyphen for every run of other signs.
pub(super) fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Whether a name in a source means this class: its synset, or its label up to case, spaces, hyphens and underscores.
fn names_class(name: &str, class: &ClassEntry) -> bool {
    name == class.synset || plain(name) == plain(&class.synset) || plain(name) == plain(&class.label)
}

/// The name under which a source has a class: its synset, else the first name that means it.
pub(in crate::data) fn name_of<'a>(class: &ClassEntry, names: &'a [String]) -> Option<&'a String> {
    names.iter().find(|name| **name == class.synset).or_else(|| names.iter().find(|name| names_class(name, class)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synset_wins_over_the_label() {
        let class = ClassEntry { synset: "n02102040".into(), label: "English springer".into(), index: None };
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(name_of(&class, &names(&["english_springer", "n02102040"])), Some(&"n02102040".to_owned()));
        assert_eq!(name_of(&class, &names(&["English-Springer", "x"])), Some(&"English-Springer".to_owned()));
        assert_eq!(name_of(&class, &names(&["springer"])), None);
    }
}
