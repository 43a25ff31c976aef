//! The class lists: CSV files compiled in, read once, and the CIFAR names.

use serde::Deserialize;
use std::sync::LazyLock;

/// One line of a list: the class and the remark of the list's source about it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    /// The slug of the list; absent in files that hold one list.
    #[serde(default)]
    pub subset: String,
    /// The class's synset.
    pub synset: String,
    /// Index among the sorted ImageNet-1K synsets.
    pub index: Option<u32>,
    /// The class's human name.
    pub label: String,
    /// Its `ILSVRC2012_ID`, by which the devkit calls it; only among the thousand.
    #[serde(default)]
    pub devkit: Option<u32>,
    /// Remark of the list.
    #[serde(default)]
    pub note: String,
}

fn read(text: &str) -> Vec<Row> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the embedded lists are well-formed: a test reads them all")
}

macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $file:literal) => {
        $(#[$doc])*
        pub(super) static $name: LazyLock<Vec<Row>> =
            LazyLock::new(|| read(include_str!(concat!("../../../../subsets/", $file))));
    };
}

list!(
    /// The 16 Comp-DD subsets, in printed order.
    COMP_DD, "comp_dd.csv"
);
list!(
    /// The ten-class subsets of the trajectory line, and EDC's ImageNet-10, in label order.
    IMAGENET_TEN, "imagenet_subsets.csv"
);
list!(
    /// The 1000 `ImageNet` classes, in index order.
    IMAGENET_1K, "imagenet1k_classes.csv"
);

/// The synsets of the 1000 `ImageNet` classes by their `ILSVRC2012_ID`, the first being that of 1: the numbers by which the devkit (`meta.mat`) calls
/// them, which are not the order of the synsets.
pub fn devkit_synsets() -> Vec<&'static str> {
    let mut rows: Vec<&Row> = IMAGENET_1K.iter().collect();
    rows.sort_by_key(|row| row.devkit);
    rows.into_iter().map(|row| row.synset.as_str()).collect()
}

list!(
    /// The 200 Tiny-ImageNet classes, in the order of their sorted synsets (the label order of an image folder).
    TINY_IMAGENET, "tiny_imagenet.csv"
);

/// CIFAR-10, label = position (the order of its `batches.meta`).
pub(super) const CIFAR_10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// CIFAR-100 fine labels, label = position (alphabetical).
#[rustfmt::skip]
pub(super) const CIFAR_100: [&str; 100] = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_reads_and_has_its_length() {
        assert_eq!(COMP_DD.len(), 160);
        assert_eq!(IMAGENET_TEN.len(), 70);
        assert_eq!(IMAGENET_1K.len(), 1000);
        assert_eq!(TINY_IMAGENET.len(), 200);
    }

    #[test]
    fn synsets_and_indices_agree_with_the_thousand() {
        for row in COMP_DD.iter().chain(IMAGENET_TEN.iter()).chain(TINY_IMAGENET.iter()) {
            let index = row.index.unwrap() as usize;
            assert_eq!(IMAGENET_1K[index].synset, row.synset, "{row:?}");
        }
    }

    #[test]
    fn the_devkit_has_an_order_of_its_own() {
        let mut ids: Vec<u32> = IMAGENET_1K.iter().filter_map(|row| row.devkit).collect();
        ids.sort_unstable();
        assert!(ids.into_iter().eq(1..=1000));
        let synsets = devkit_synsets();
        for (id, synset) in
            [(1, "n02119789"), (2, "n02100735"), (449, "n01440764"), (490, "n01751748"), (1000, "n03255030")]
        {
            assert_eq!(synsets[id - 1], synset);
        }
    }

    #[test]
    fn lists_in_sorted_order_are_sorted() {
        assert!(IMAGENET_1K.is_sorted_by(|a, b| a.synset < b.synset));
        assert!(TINY_IMAGENET.is_sorted_by(|a, b| a.synset < b.synset));
        assert!(CIFAR_100.is_sorted());
    }
}
