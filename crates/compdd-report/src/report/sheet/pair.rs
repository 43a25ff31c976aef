//! The two lists of a category: where a gallery gets its classes.

use std::{collections::BTreeMap, path::Path};

use super::super::ReportError;
use compdd_core::subset::{Category, Difficulty, Subset};
use compdd_data::scores::ListFile;

/// The easy and the hard list of a category.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Easy, then hard.
    pub lists: [Subset; 2],
    /// Complexity of the classes, 0 to 1, by synset; empty where it was never published.
    pub complexity: BTreeMap<String, f64>,
    /// Where the lists come from, in a line.
    pub origin: String,
}

impl Pair {
    /// Finds the lists in a file that `compdd subset build` wrote, or among those of Comp-DD with `published`.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such category.
    pub fn find(lists: &str, category: &str) -> Result<Self, ReportError> {
        if lists == "published" { Self::published(category) } else { Self::of_file(lists, category) }
    }

    fn published(category: &str) -> Result<Self, ReportError> {
        let known = || Category::ALL.map(|category| category.slug().to_owned()).into();
        let list = |difficulty: Difficulty| {
            Subset::find(&format!("{category}-{}", difficulty.slug())).map_err(|_| ReportError::NoCategory {
                lists: "published".into(),
                category: category.into(),
                known: known(),
            })
        };
        let lists = [list(Difficulty::Easy)?, list(Difficulty::Hard)?];
        let origin = "the lists of Comp-DD as published, in label order".into();
        Ok(Self { lists, complexity: BTreeMap::new(), origin })
    }

    fn of_file(lists: &str, category: &str) -> Result<Self, ReportError> {
        let file = ListFile::read(Path::new(lists))?;
        let none = || ReportError::NoCategory {
            lists: lists.into(),
            category: category.into(),
            known: file.rankings.iter().map(|ranking| ranking.category.clone()).collect(),
        };
        let list = |difficulty: Difficulty| -> Result<Subset, ReportError> {
            let own = file
                .lists
                .iter()
                .find(|list| list.category == category && list.difficulty == difficulty && list.version != "fixed");
            let own = own.ok_or_else(none)?;
            Subset::find(&format!("{lists}#{}@{}", own.slug, own.version))
                .map_err(|error| ReportError::Scores(error.into()))
        };
        let lists_found = [list(Difficulty::Easy)?, list(Difficulty::Hard)?];
        let ranking = file.rankings.iter().filter(|ranking| ranking.category == category);
        let classes = ranking.flat_map(|ranking| &ranking.classes);
        let source = &file.provenance;
        Ok(Self {
            lists: lists_found,
            complexity: classes.map(|class| (class.synset.clone(), class.complexity)).collect(),
            origin: format!(
                "complexity κ by {} at {}, {}, class {}, threshold {}",
                source.network, source.tap, source.method, source.class, source.threshold
            ),
        })
    }
}
