//! How many images a class of a well-known dataset has.

use std::{collections::HashMap, ops::RangeInclusive};

use compdd_core::subset::{Family, Subset};

/// Training images of the `ImageNet` classes: the smallest and the largest number.
const IMAGENET_TRAIN: RangeInclusive<usize> = 732..=1300;

/// What is known of the classes of one dataset.
#[derive(Debug)]
pub(super) struct Known {
    classes: HashMap<String, Class>,
}

/// What is known of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// Its human name.
    pub label: String,
    /// Training images.
    pub train: RangeInclusive<usize>,
    /// Test images.
    pub test: RangeInclusive<usize>,
}

impl Known {
    /// The dataset that most of these class names belong to: Tiny-ImageNet by its layout, else `ImageNet`, CIFAR-10, CIFAR-100.
    pub fn of(kind: &str, names: &[String]) -> Self {
        let slugs: &[&str] =
            if kind == "tiny-imagenet" { &["tiny-imagenet"] } else { &["imagenet-1k", "cifar10", "cifar100"] };
        let all = Subset::all();
        let listed = slugs.iter().filter_map(|slug| all.iter().find(|subset| subset.slug == *slug));
        let named = |subset: &Subset| names.iter().filter(|name| subset.label_of(name).is_some()).count();
        let best =
            listed.map(|subset| (named(subset), subset)).filter(|(shared, _)| *shared > 0).max_by_key(|(n, _)| *n);
        let Some((_, subset)) = best else { return Self { classes: HashMap::new() } };
        let mut known = Self::counts(subset);
        if subset.family == Family::Imagenet1k {
            // Some subsets have published totals from which the counts of their classes follow.
            let ten = all.iter().filter(|subset| matches!(subset.family, Family::CompDd { .. } | Family::ImagenetTen));
            for (name, class) in ten.flat_map(|subset| Self::counts(subset).classes) {
                if class.train.start() == class.train.end() && *class.train.start() > 0 {
                    known.classes.insert(name, class);
                }
            }
        }
        known
    }

    fn counts(subset: &Subset) -> Self {
        let expected = subset.expected_counts().into_iter().zip(&subset.classes);
        let classes = expected.map(|(count, class)| {
            let exactly = |count: usize| count..=count;
            let train = count.train.map_or(IMAGENET_TRAIN, exactly);
            let test = count.test.map_or(0..=usize::MAX, exactly);
            (class.synset.clone(), Class { label: class.label.clone(), train, test })
        });
        Self { classes: classes.collect() }
    }

    /// What is known of the class of this name.
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_as_exact_as_what_was_published() {
        let known = Known::of("image-folder", &["n01440764".into(), "n02787622".into()]);
        assert_eq!(known.class("n01440764").unwrap().train, 1300..=1300);
        assert_eq!(known.class("n03000684").unwrap().train, 1194..=1194);
        assert_eq!(known.class("n01440764").unwrap().test, 50..=50);
        assert!(Known::of("tiny-imagenet", &["n01443537".into()]).class("n01443537").unwrap().train.contains(&500));
        assert_eq!(Known::of("image-folder", &["ship".into()]).class("ship").unwrap().train, 5000..=5000);
        assert!(Known::of("image-folder", &["zebra-fish".into()]).class("zebra-fish").is_none());
    }
}
