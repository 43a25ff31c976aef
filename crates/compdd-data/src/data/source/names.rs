//! Which of a source's class names means a class of a subset.

use std::{collections::HashMap, sync::OnceLock};

use compdd_core::subset::{ClassEntry, Subset};

/// A class name reduced to what file systems and lists agree on: lower case, with one hyphen for every run of other signs.
pub(super) fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// What the names of a source say of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Named<'a> {
    /// This name means it.
    As(&'a String),
    /// This name may mean it, and may mean another class of `ImageNet` that has the same label.
    Ambiguous(&'a String),
    /// None does.
    Not,
}

/// What the names of a source say of a class: its synset comes first, then its label as it is written, then either of them up to case, spaces,
/// hyphens and underscores. A label that `ImageNet` gives to two classes (crane, maillot; cardigan but for its case) is not guessed.
pub(in crate::data) fn named<'a>(class: &ClassEntry, names: &'a [String]) -> Named<'a> {
    let find = |means: &dyn Fn(&str) -> bool| names.iter().find(|name| means(name));
    let by_label = |label: &str, kind: Kind, name: &'a String| {
        if is_shared(label, kind, class) { Named::Ambiguous(name) } else { Named::As(name) }
    };
    let (synset, label) = (plain(&class.synset), plain(&class.label));
    if let Some(name) = find(&|name| name == class.synset) {
        return Named::As(name);
    }
    if let Some(name) = find(&|name| name == class.label) {
        return by_label(&class.label, Kind::Written, name);
    }
    if let Some(name) = find(&|name| plain(name) == synset) {
        return Named::As(name);
    }
    find(&|name| plain(name) == label).map_or(Named::Not, |name| by_label(&label, Kind::Plain, name))
}

/// The name under which a source has a class, where there is no doubt.
pub(in crate::data) fn name_of<'a>(class: &ClassEntry, names: &'a [String]) -> Option<&'a String> {
    if let Named::As(name) = named(class, names) { Some(name) } else { None }
}

/// How labels are compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Written,
    Plain,
}

/// Whether `ImageNet` gives a label to this class and to another one.
fn is_shared(label: &str, kind: Kind, class: &ClassEntry) -> bool {
    static SYNSETS: OnceLock<HashMap<(Kind, String), Vec<String>>> = OnceLock::new();
    let synsets = SYNSETS.get_or_init(|| {
        let mut synsets: HashMap<_, Vec<String>> = HashMap::new();
        for class in Subset::find("imagenet-1k").map(|subset| subset.classes).unwrap_or_default() {
            for key in [(Kind::Plain, plain(&class.label)), (Kind::Written, class.label)] {
                synsets.entry(key).or_default().push(class.synset.clone());
            }
        }
        synsets
    });
    let known = synsets.get(&(kind, label.to_owned()));
    known.is_some_and(|known| known.len() > 1 && known.contains(&class.synset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(synset: &str, label: &str) -> ClassEntry {
        ClassEntry { synset: synset.into(), label: label.into(), index: None }
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_synset_wins_over_the_label() {
        let class = class("n02102040", "English springer");
        assert_eq!(name_of(&class, &list(&["english_springer", "n02102040"])), Some(&"n02102040".to_owned()));
        assert_eq!(name_of(&class, &list(&["English-Springer", "x"])), Some(&"English-Springer".to_owned()));
        assert_eq!(name_of(&class, &list(&["springer"])), None);
    }

    #[test]
    fn a_label_of_two_classes_is_not_guessed() {
        let (bird, machine) = (class("n02012849", "crane"), class("n03126707", "crane"));
        let names = list(&["crane", "n03126707"]);
        assert_eq!(named(&bird, &names), Named::Ambiguous(&names[0]));
        assert_eq!(name_of(&machine, &names), Some(&names[1]));
        let (garment, dog) = (class("n02963159", "cardigan"), class("n02113186", "Cardigan"));
        let names = list(&["Cardigan", "cardigan"]);
        assert_eq!([&garment, &dog].map(|class| name_of(class, &names)), [Some(&names[1]), Some(&names[0])]);
        assert_eq!(named(&dog, &names[1..]), Named::Ambiguous(&names[1]));
        // The same word of a list that is not ImageNet's means what that list says.
        assert_eq!(name_of(&class("crane", "crane"), &list(&["crane"])), Some(&"crane".to_owned()));
    }
}
