//! Where the numbers of a chart come from, in words.

use super::{Page, WIDTH};
use compdd_core::record::hash;

/// Up to so many records are named in a note; of more the number and the digest.
const NAMED: usize = 4;

/// What a chart says about its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What all of them share: subset, protocol, network.
    pub setting: Vec<String>,
    /// What a reader must know.
    pub remarks: Vec<String>,
    /// What its sources are: `record`, `file`, `bundle`.
    pub noun: &'static str,
    /// Ids of the records, or names and hashes of files, sorted.
    pub sources: Vec<String>,
    /// Eight digits over all sources.
    pub digest: String,
}

impl Origin {
    /// The origin of numbers that have these sources.
    pub fn of(noun: &'static str, setting: Vec<String>, remarks: Vec<String>, mut sources: Vec<String>) -> Self {
        sources.sort();
        sources.dedup();
        let digest = hash::short(&hash::of(&sources)).to_owned();
        Self { setting, remarks, noun, sources, digest }
    }

    /// The same with more sources.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = String>) -> Self {
        let sources = self.sources.into_iter().chain(more).collect();
        Self::of(self.noun, self.setting, self.remarks, sources)
    }

    /// An empty page that keeps the sources, onto which charts go.
    pub(super) fn page(&self, title: impl Into<String>) -> Page {
        Page { sources: self.sources.clone(), ..Page::new([WIDTH, 0.0], title) }
    }

    /// The note above a chart; `extra` says what its marks mean.
    pub(in crate::report) fn note(&self, extra: &str) -> String {
        let end = |id: &String| id.rsplit(['_', ' ']).next().unwrap_or(id).to_owned();
        let sources = match self.sources.as_slice() {
            [] => String::new(),
            [one] => format!("{} {}", self.noun, end(one)),
            some if some.len() <= NAMED => {
                format!("{}s {}", self.noun, some.iter().map(end).collect::<Vec<_>>().join(", "))
            }
            many => format!("{}, digest {}", counted(many.len(), self.noun), self.digest),
        };
        let remarks: Vec<String> = self.remarks.iter().map(|remark| sentence(remark)).collect();
        let parts = [self.setting.join(", "), remarks.join(". "), extra.to_owned(), sentence(&sources)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ")
    }
}

/// A mean with its 95 % interval, fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The mean.
    pub mean: f64,
    /// Lower and upper end; none for a single student.
    pub interval: Option<[f64; 2]>,
}

impl Measured {
    /// The ends of its interval in per cent, at a place across.
    pub(super) fn upright(self, x: f64) -> Option<[(f64, f64); 2]> {
        self.interval.map(|ends| ends.map(|end| (x, end * 100.0)))
    }

    /// All that is drawn of it, in per cent.
    pub(super) fn drawn(self) -> impl Iterator<Item = f64> {
        self.interval.into_iter().flatten().chain([self.mean]).map(|value| value * 100.0)
    }
}

/// A number of things: `1 record`, `2 records`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The words with a capital at the beginning.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
