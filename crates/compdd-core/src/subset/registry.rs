//! The subsets themselves and how they are found.

use super::{
    Category, Difficulty, Family, Level, Normalisation, SubsetError,
    family::network_for,
    file,
    lists::{self, Row},
    names::{canonical, nearest},
    scenes::SCENE_CLASSES,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, sync::LazyLock};

/// One class of a subset; its label is its position in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassEntry {
    /// `ImageNet` synset (`n01537544`), or the plain class name where the data set has no synsets.
    pub synset: String,
    /// Human name. Not unique in `ImageNet`: join on the synset.
    pub label: String,
    /// Index among the sorted ImageNet-1K synsets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}

/// How many images a class has in the original data; `None` where this crate does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpectedCount {
    /// Training images.
    pub train: Option<usize>,
    /// Test (or validation) images.
    pub test: Option<usize>,
}

/// An ordered, versioned list of classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subset {
    /// Name without version, `bird-hard`.
    pub slug: String,
    /// `1`, or `paper` where the published list has a known mistake that is kept.
    pub version: String,
    /// The classes; label = position.
    pub classes: Vec<ClassEntry>,
    /// Where the list comes from.
    pub family: Family,
    /// Errata and remarks, to be shown wherever the subset is shown.
    pub notes: Vec<String>,
}

const TEN_CLASS: [(&str, &str); 7] = [
    ("imagenette", "nette"),
    ("imagewoof", "woof"),
    ("imagefruit", "fruit"),
    ("imagemeow", "meow"),
    ("imagesquawk", "squawk"),
    ("imageyellow", "yellow"),
    ("imagenet-10", "imagenet10"),
];

const ALIASES: [(&str, &str); 7] = [
    ("cifar-10", "cifar10"),
    ("cifar-100", "cifar100"),
    ("tiny", "tiny-imagenet"),
    ("tinyimagenet", "tiny-imagenet"),
    ("tiny-imagenet-200", "tiny-imagenet"),
    ("imagenet", "imagenet-1k"),
    ("imagenet1k", "imagenet-1k"),
];

/// Training images of each Comp-DD subset (EDF supplement, statistics figure), by category: easy, hard. No class has more
/// than 1300, so a total of 13 000 gives every class's count.
const COMP_DD_TOTALS: [(Category, [usize; 2]); 8] = [
    (Category::Bird, [13_000, 13_000]),
    (Category::Car, [13_000, 13_000]),
    (Category::Dog, [12_108, 12_958]),
    (Category::Fish, [12_384, 12_972]),
    (Category::Insect, [13_000, 13_000]),
    (Category::Music, [13_000, 11_700]),
    (Category::Round, [12_683, 12_981]),
    (Category::Snake, [12_771, 12_817]),
];

const IMAGENET_CLASS_MAX: usize = 1300;

/// Chain saw is the one class of `ImageNette` with fewer than 1300 training images.
const CHAIN_SAW: (&str, usize) = ("n03000684", 1194);

/// Put together once: a board asks for the subset of every record.
static ALL: LazyLock<Vec<Subset>> = LazyLock::new(Subset::made);

impl Subset {
    /// Finds a subset by slug (`bird-hard`), id (`bird-hard@1`) or alias (`birds_hard`, `nette`, `cifar-10`).
    ///
    /// `music-hard` without a version means `music-hard@paper`. A path that ends in `.toml` means a custom class list:
    /// `lists.toml#bird-hard`, or the file alone where it holds one list.
    pub fn find(text: &str) -> Result<Self, SubsetError> {
        match file::parts(text.trim()) {
            Some((path, name)) => file::find(path, name),
            None => Self::known(text),
        }
    }

    /// As [`Subset::find`] among those that ship with compdd: for names in files of others, which must not lead to a file.
    pub fn known(text: &str) -> Result<Self, SubsetError> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (canonical(name), Some(version.trim().to_lowercase())),
            None => (canonical(text), None),
        };
        let all = &*ALL;
        let named = |slug: &str| all.iter().find(|subset| subset.slug == slug);
        let slug = if named(&name).is_some() { name } else { resolve_alias(&name) };
        let Some(found) = named(&slug) else {
            let slugs = all.iter().map(|s| s.slug.as_str());
            let aliases = TEN_CLASS.iter().map(|(_, short)| *short);
            let mut near: Vec<String> = nearest(&slug, slugs.chain(aliases)).iter().map(|n| resolve_alias(n)).collect();
            let mut seen = HashSet::new();
            near.retain(|n| seen.insert(n.clone()));
            return Err(SubsetError::Unknown { name: text.to_owned(), near });
        };
        match version {
            Some(version) if version != found.version => {
                Err(SubsetError::UnknownVersion { slug, version, available: vec![found.id()] })
            }
            _ => Ok(found.clone()),
        }
    }

    /// The custom class list that a record names by its id and its classes: its file need not be at hand. None for the id of another subset, and
    /// for a further version of one whose classes nobody chooses, such as CIFAR-10.
    pub fn of_record(id: &str, classes: &[String], notes: &[String]) -> Option<Self> {
        let fixed = id.split_once('@').and_then(|(slug, _)| Self::known(slug).ok());
        let free = fixed.is_none_or(|known| matches!(known.family, Family::CompDd { .. } | Family::ImagenetTen));
        file::of_record(id, classes, notes).filter(|_| free && Self::known(id).is_err())
    }

    /// Every subset, in the order in which lists are shown.
    pub fn all() -> Vec<Self> {
        ALL.clone()
    }

    fn made() -> Vec<Self> {
        let mut all = Vec::with_capacity(30);
        for category in Category::ALL {
            for difficulty in Difficulty::ALL {
                all.push(comp_dd(category, difficulty));
            }
        }
        for (slug, _) in TEN_CLASS {
            all.push(from_rows(slug, Family::ImagenetTen, &select(&lists::IMAGENET_TEN, slug)));
        }
        all.push(from_names("cifar10", Family::Cifar10, &lists::CIFAR_10));
        let mut cifar100 = from_names("cifar100", Family::Cifar100, &lists::CIFAR_100);
        cifar100.notes.push("normalised with CIFAR-10's mean and std, as the MTT..EDF code does".to_owned());
        all.push(cifar100);
        all.push(from_rows("tiny-imagenet", Family::TinyImagenet, &lists::TINY_IMAGENET));
        all.push(from_rows("imagenet-1k", Family::Imagenet1k, &lists::IMAGENET_1K));
        all.extend(Level::ALL.map(|level| from_names(level.subset(), Family::Scenes { level }, &SCENE_CLASSES)));
        all
    }

    /// Slug and version, the name under which results are stored: `bird-hard@1`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.slug, self.version)
    }

    /// Number of labels, the width of a classifier's output. A class that is listed twice counts twice.
    pub fn classes_len(&self) -> usize {
        self.classes.len()
    }

    /// Number of distinct classes.
    pub fn distinct_classes(&self) -> usize {
        self.classes.iter().map(|c| &c.synset).collect::<HashSet<_>>().len()
    }

    /// The label of a class. Where a class is listed twice the later position wins, as in the released loader, so the
    /// earlier output never receives a sample.
    pub fn label_of(&self, synset: &str) -> Option<u32> {
        self.classes.iter().rposition(|c| c.synset == synset).map(|p| p as u32)
    }

    /// The labels that no image can have, because their class is listed again later.
    pub fn unused_labels(&self) -> Vec<u32> {
        (0..self.classes.len() as u32)
            .filter(|&label| self.label_of(&self.classes[label as usize].synset) != Some(label))
            .collect()
    }

    /// Other names under which [`Subset::find`] knows this subset.
    pub fn aliases(&self) -> Vec<String> {
        if let Family::CompDd { category, difficulty } = self.family {
            let (c, d) = (category.slug(), difficulty.slug());
            return vec![format!("{c}_{d}"), format!("{c}s-{d}"), format!("{c}s_{d}")];
        }
        let short = TEN_CLASS.iter().map(|&(slug, short)| (short, slug));
        ALIASES.into_iter().chain(short).filter(|(_, slug)| *slug == self.slug).map(|(a, _)| a.to_owned()).collect()
    }

    /// Side of the square images, in pixels, that the literature uses for this subset.
    pub fn default_resolution(&self) -> usize {
        self.family.default_resolution()
    }

    /// The lineage's network at the default resolution.
    pub fn default_network(&self) -> &'static str {
        network_for(self.default_resolution())
    }

    /// The lineage's network at some other resolution: depth 3 at 32 px, 4 at 64, 5 at 128, 6 at 256.
    pub fn network_at(resolution: usize) -> &'static str {
        network_for(resolution)
    }

    /// Channel mean and std, see [`Family::normalisation`].
    pub fn normalisation(&self) -> ([f32; 3], [f32; 3]) {
        let Normalisation { mean, std } = self.family.normalisation();
        (mean, std)
    }

    /// Images per class in the original data, one entry per label.
    ///
    /// `ImageNet` has 732 to 1300 training images a class; the count is given where it follows from what is published
    /// (see [`Subset::expected_train_total`]) and `None` elsewhere. Its 50 validation images a class are always known. A
    /// label whose class is listed again later expects none. The scenes are generated; these are their defaults.
    pub fn expected_counts(&self) -> Vec<ExpectedCount> {
        let unused = self.unused_labels();
        (0..self.classes.len() as u32)
            .map(|label| {
                if unused.contains(&label) {
                    return ExpectedCount { train: Some(0), test: Some(0) };
                }
                if self.family == Family::OwnList {
                    let of_imagenet = self.classes[label as usize].index.is_some();
                    return ExpectedCount { train: None, test: of_imagenet.then_some(50) };
                }
                let (train, test) = match self.family {
                    Family::CompDd { .. } | Family::ImagenetTen | Family::Imagenet1k => {
                        (self.imagenet_train_count(&self.classes[label as usize].synset), 50)
                    }
                    Family::Cifar10 => (Some(5000), 1000),
                    Family::Cifar100 => (Some(500), 100),
                    Family::TinyImagenet => (Some(500), 50),
                    Family::OwnList | Family::Scenes { .. } => (Some(1000), 200),
                };
                ExpectedCount { train, test: Some(test) }
            })
            .collect()
    }

    /// Training images of the whole subset in the original data, where known.
    ///
    /// # Source
    /// Comp-DD: the statistics figure of the EDF supplement. The others: the data sets' own pages.
    pub fn expected_train_total(&self) -> Option<usize> {
        match self.family {
            Family::CompDd { category, difficulty } => {
                COMP_DD_TOTALS.iter().find(|(c, _)| *c == category).map(|(_, totals)| totals[difficulty as usize])
            }
            Family::Imagenet1k => Some(1_281_167),
            _ => self.expected_counts().iter().map(|c| c.train).sum(),
        }
    }

    fn imagenet_train_count(&self, synset: &str) -> Option<usize> {
        let all_full = match self.family {
            Family::CompDd { .. } => self.expected_train_total() == Some(self.distinct_classes() * IMAGENET_CLASS_MAX),
            _ => self.slug == "imagenette",
        };
        if synset == CHAIN_SAW.0 { Some(CHAIN_SAW.1) } else { all_full.then_some(IMAGENET_CLASS_MAX) }
    }
}

/// The slug behind an alias; anything else comes back as it is.
fn resolve_alias(name: &str) -> String {
    if let Some((_, slug)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        return (*slug).to_owned();
    }
    if let Some((slug, _)) = TEN_CLASS.iter().find(|(_, short)| *short == name) {
        return (*slug).to_owned();
    }
    for category in Category::ALL {
        for difficulty in Difficulty::ALL {
            if name == format!("{}s-{}", category.slug(), difficulty.slug()) {
                return format!("{}-{}", category.slug(), difficulty.slug());
            }
        }
    }
    name.to_owned()
}

fn select(rows: &[Row], slug: &str) -> Vec<Row> {
    rows.iter().filter(|row| row.subset == slug).cloned().collect()
}

fn comp_dd(category: Category, difficulty: Difficulty) -> Subset {
    let slug = format!("{}-{}", category.slug(), difficulty.slug());
    let mut subset = from_rows(&slug, Family::CompDd { category, difficulty }, &select(&lists::COMP_DD, &slug));
    let unused = subset.unused_labels();
    if !unused.is_empty() {
        "paper".clone_into(&mut subset.version);
        let doubled = &subset.classes[unused[0] as usize];
        let note = format!(
            "published list, kept as printed: {} ({}) stands at ranks {} and {}, so there are {} distinct classes under {} \
             outputs; the later position wins and output {} never receives a sample",
            doubled.label,
            doubled.synset,
            unused[0] + 1,
            subset.label_of(&doubled.synset).map_or(0, |label| label + 1),
            subset.distinct_classes(),
            subset.classes_len(),
            unused[0],
        );
        subset.notes = vec![note];
    }
    subset
}

fn from_rows(slug: &str, family: Family, rows: &[Row]) -> Subset {
    let classes = rows
        .iter()
        .map(|row| ClassEntry { synset: row.synset.clone(), label: row.label.clone(), index: row.index })
        .collect();
    let notes = rows
        .iter()
        .filter(|row| !row.note.is_empty())
        .map(|row| format!("{} ({}): {}", row.label, row.synset, row.note))
        .collect();
    Subset { slug: slug.to_owned(), version: "1".to_owned(), classes, family, notes }
}

fn from_names(slug: &str, family: Family, names: &[&str]) -> Subset {
    let classes = names
        .iter()
        .map(|name| ClassEntry { synset: (*name).to_owned(), label: name.replace(['_', '-'], " "), index: None })
        .collect();
    Subset { slug: slug.to_owned(), version: "1".to_owned(), classes, family, notes: Vec::new() }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
