//! What can go wrong between scores and lists.

use std::{fmt::Write as _, path::PathBuf};

use compdd_core::{files::IoError, subset::SubsetError};

/// Classes that a message names before it only counts.
const SHOWN: usize = 10;

/// Errors of score files.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ScoresError {
    /// A subset that a category names.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Subset(#[from] SubsetError),
    /// A word that means nothing here.
    #[error("there is no {what} called `{word}`")]
    #[diagnostic(help("use {}", known.join(" or ")))]
    Word {
        /// `class` or `grid`.
        what: &'static str,
        /// What was given.
        word: String,
        /// What there is.
        known: &'static [&'static str],
    },
    /// Thresholds that cannot be used.
    #[error("thresholds {thresholds:?}")]
    #[diagnostic(help("give one or more different numbers from 0 to 1, such as 0.1,0.5,0.9"))]
    Thresholds {
        /// What was given, sorted.
        thresholds: Vec<f32>,
    },
    /// The output is there already.
    #[error("{} exists already", path.display())]
    #[diagnostic(help("name another file, or remove it"))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// A file is not what it should be.
    #[error("{} is no file of {what}: {why}", path.display())]
    #[diagnostic(help("{}", help_for(what)))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// `scores`, `scores of images`, `categories`, `hypernyms` or `lists`.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The threshold was not scored.
    #[error("the scores have no threshold {threshold}")]
    #[diagnostic(help("thresholds in the file: {known:?}; score again with --threshold {threshold} for another one"))]
    NoThreshold {
        /// What was asked for.
        threshold: f32,
        /// What there is.
        known: Vec<f32>,
    },
    /// Classes of a category were not scored.
    #[error("category `{category}`: no scores for {}", shown(classes))]
    #[diagnostic(help("score these classes, or leave them out of the category"))]
    Unscored {
        /// The category.
        category: String,
        /// Its classes without scores.
        classes: Vec<String>,
    },
    /// A category is too small for the lists.
    #[error("category `{category}` has {classes} classes, but an easy and a hard list of {per} need {}", 2 * per)]
    #[diagnostic(help("use a smaller --per, or add classes to the category"))]
    TooFew {
        /// The category.
        category: String,
        /// Its classes.
        classes: usize,
        /// Classes of a list.
        per: usize,
    },
    /// A category without classes.
    #[error("category `{category}` has no classes")]
    #[diagnostic(help(
        "give it `classes = [\"n01440764\", ...]`, `subsets = [\"bird-easy\", ...]`, or `ancestors = [...]` with --hypernyms FILE"
    ))]
    EmptyCategory {
        /// The category.
        category: String,
    },
    /// Ancestors, but nothing that says what descends from them.
    #[error("category `{category}` names ancestors, but no hypernyms were given")]
    #[diagnostic(help("give --hypernyms FILE with lines of a synset and its parent, such as `n01440764 n01439121`"))]
    NoHypernyms {
        /// The category.
        category: String,
    },
    /// The lists have nothing in common.
    #[error("{a} and {b} have no category in common")]
    #[diagnostic(help(
        "categories are compared by name; `published` has bird, car, dog, fish, insect, music, round and snake"
    ))]
    NothingInCommon {
        /// One side.
        a: String,
        /// The other.
        b: String,
    },
    /// Nothing to compare two files of scores by.
    #[error("{a} and {b} have no image in common")]
    #[diagnostic(help("images are the same where class and file name are: compare scores of the same data set"))]
    NoImagesInCommon {
        /// One file.
        a: String,
        /// The other.
        b: String,
    },
    /// A file of scores has no column for a criterion.
    #[error("there are no scores by `{criterion}`, only by {known}")]
    #[diagnostic(help("score the images by it: compdd prune score --criterion {criterion}"))]
    NoCriterion {
        /// What was asked for.
        criterion: &'static str,
        /// What there is.
        known: String,
    },
    /// Scores that belong to other images.
    #[error("{} does not score these images: {why}", path.display())]
    #[diagnostic(help("score them with the same --subset, --res and --data, or leave the file out"))]
    OtherImages {
        /// The file.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// The proposal for music-hard cannot be made.
    #[error("music-hard@fixed cannot be proposed: {why}")]
    #[diagnostic(help("the categories need one called `music` with scores for the published classes and one more"))]
    NotFixable {
        /// What is missing.
        why: String,
    },
}

/// Classes as messages name them: the first ones, and how many more there are.
pub fn shown(classes: &[String]) -> String {
    let mut text = classes[..classes.len().min(SHOWN)].join(", ");
    if classes.len() > SHOWN {
        let _ = write!(text, " and {} more", classes.len() - SHOWN);
    }
    text
}

fn help_for(what: &str) -> &'static str {
    match what {
        "scores" => "files of scores are written by `compdd complexity score`",
        "scores of images" => "files of scores of images are written by `compdd prune score`",
        "categories" => "a category is a table: [bird] with classes = [...], subsets = [...] or ancestors = [...]",
        "hypernyms" => "one synset and its parent on each line, such as `n01440764 n01439121`",
        _ => "files of lists are written by `compdd subset build`",
    }
}
