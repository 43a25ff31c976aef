//! A list of cells that nobody changes any more, as a file.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    path::Path,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Entry, Folder, Prerequisites, Suite, SuiteError, demand::Builder, expand::combinations};
use crate::{
    files::{IoError, atomic, plain},
    limits::Limit,
    record::{Cell, hash},
};

/// Cells with their addresses and everything that several of them need.
///
/// The file is JSON lines: a header with the hash of all that follows, the prerequisites, then one line a cell in the order in which they are
/// counted. References of recovery ratios come first; otherwise the order is that of the suite.
#[derive(Clone, Debug)]
pub struct Plan {
    header: Header,
    shared: Prerequisites,
    text: String,
    lines: Vec<Range<usize>>,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u64,
    suite: String,
    summary: String,
    cells: usize,
    hash: String,
}

const FORMAT: &str = "compdd-plan";
const VERSION: u64 = 1;

/// Bytes of a plan: two million cells.
const PLAN_BYTES: Limit = Limit { name: "PLAN_BYTES", most: 1 << 30 };

impl Plan {
    /// The cells of a suite, each checked as `compdd run` checks its flags. Combinations that occur several times are one cell.
    ///
    /// # Errors
    /// [`SuiteError::Combination`] for the first one that no run can be made of, [`SuiteError::Empty`].
    pub fn of(suite: &Suite) -> Result<Self, SuiteError> {
        let (mut builder, mut entries, mut known) = (Builder::new(suite), Vec::new(), HashSet::new());
        combinations(suite, |group, combination, seeds| {
            for entry in builder.entries(group, &combination, &seeds)? {
                if known.insert(hash_of(&entry)) {
                    entries.push(entry);
                }
            }
            Ok::<(), SuiteError>(())
        })?;
        if entries.is_empty() {
            return Err(SuiteError::Empty { name: suite.name.clone() });
        }
        in_order(&mut entries);
        Ok(Self::made(suite, &builder.into_shared(), &entries))
    }

    fn made(suite: &Suite, shared: &Prerequisites, entries: &[Entry]) -> Self {
        let mut body = line(shared);
        let lines: Vec<String> = entries.par_iter().map(line).collect();
        body.push('\n');
        body.extend(lines.iter().flat_map(|line| [line.as_str(), "\n"]));
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            suite: suite.name.clone(),
            summary: suite.summary.clone(),
            cells: entries.len(),
            hash: hash::bytes(body.as_bytes()),
        };
        let text = line(&header) + "\n" + &body;
        Self { header, shared: shared.clone(), lines: lines_of(&text).skip(2).collect(), text }
    }

    /// Reads a plan and compares it with its hash.
    ///
    /// # Errors
    /// [`SuiteError::NotAPlan`], [`SuiteError::Io`].
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let text = plain::text(path, PLAN_BYTES)?;
        let wrong = |reason: String| SuiteError::not_a_plan(path, reason);
        let mut lines = lines_of(&text);
        let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
            return Err(wrong("it has less than two lines".to_owned()));
        };
        let header: Header = serde_json::from_str(&text[first]).map_err(|error| wrong(error.to_string()))?;
        if header.format != FORMAT || header.version != VERSION {
            let found =
                format!("it is `{}` version {}, and this build reads version {VERSION}", header.format, header.version);
            return Err(wrong(found));
        }
        if hash::bytes(&text.as_bytes()[second.start..]) != header.hash {
            return Err(wrong("its lines do not have the hash that its header gives".to_owned()));
        }
        let shared = serde_json::from_str(&text[second]).map_err(|error| wrong(error.to_string()))?;
        let lines: Vec<_> = lines.collect();
        if lines.len() != header.cells {
            return Err(wrong(format!("it has {} cells instead of {}", lines.len(), header.cells)));
        }
        Ok(Self { header, shared, text, lines })
    }

    /// Writes it where it belongs below a results folder; one that is there already is the same.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub fn keep(&self, results: &Path) -> Result<Folder, SuiteError> {
        let folder = Folder::new(results, &self.id());
        let path = folder.plan();
        if !path.exists() {
            atomic::write_shared(&path, self.text.as_bytes()).map_err(IoError::at("write", &path))?;
        }
        Ok(folder)
    }

    /// Name and hash: `scenes-1f3a90cc`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.header.suite, hash::short(&self.header.hash))
    }

    /// What its suite is for.
    pub fn summary(&self) -> &str {
        &self.header.summary
    }

    /// How many cells there are.
    #[expect(clippy::len_without_is_empty, reason = "a plan has at least one cell")]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// What several cells need.
    pub fn shared(&self) -> &Prerequisites {
        &self.shared
    }

    /// The file as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A cell.
    ///
    /// # Errors
    /// [`SuiteError::Index`].
    pub fn entry(&self, index: usize) -> Result<Entry, SuiteError> {
        let range = self.lines.get(index).ok_or(SuiteError::Index { index, cells: self.len() })?;
        self.parsed(range)
    }

    /// All cells, in their order.
    ///
    /// # Errors
    /// [`SuiteError::NotAPlan`] for a line that this build cannot read.
    pub fn entries(&self) -> Result<Vec<Entry>, SuiteError> {
        self.lines.par_iter().map(|range| self.parsed(range)).collect()
    }

    fn parsed(&self, range: &Range<usize>) -> Result<Entry, SuiteError> {
        let wrong = |error: serde_json::Error| SuiteError::not_a_plan(Path::new("plan.jsonl"), error.to_string());
        serde_json::from_str(&self.text[range.clone()]).map_err(wrong)
    }
}

/// References first, each list in its order; then every cell learns its references.
fn in_order(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| !entry.cell.is_reference());
    let mut references: HashMap<Conditions, Vec<usize>> = HashMap::new();
    for (index, entry) in entries.iter_mut().enumerate() {
        let conditions: Vec<Conditions> = conditions(entry).collect();
        if entry.cell.is_reference() {
            for known in conditions {
                references.entry(known).or_default().push(index);
            }
        } else {
            let mut after: Vec<usize> =
                conditions.iter().filter_map(|wanted| references.get(wanted)).flatten().copied().collect();
            after.sort_unstable();
            after.dedup();
            entry.after = after;
        }
    }
}

/// Under which conditions scores may be compared, as far as a plan knows them: see [`Cell::conditions`].
type Conditions = (String, String, Option<usize>, String, usize, usize);

fn conditions(entry: &Entry) -> impl Iterator<Item = Conditions> {
    let Cell { protocol, network, resolution, budget, .. } = &entry.cell;
    let of = move |network: &String| {
        let scale = budget.to_string();
        (protocol.clone(), scale, entry.teacher, network.clone(), *resolution, entry.images)
    };
    std::iter::once(network).chain(&entry.also).map(of)
}

/// A short hash of what an entry computes, whatever its group.
fn hash_of(entry: &Entry) -> [u8; 16] {
    let address = (&entry.cell, &entry.also, entry.images, entry.teacher, entry.pruned());
    let address = serde_json::to_vec(&address).unwrap_or_default();
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(&address).as_bytes()[..16]);
    short
}

/// A value of ours as a line.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structures with text keys are JSON")
}

/// Where the lines of a text lie.
fn lines_of(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.trim_end_matches('\n').len();
        start += line.len();
        range
    })
}

/// Whether a name can be the id of a plan, and so leads nowhere else: letters, digits and hyphens.
pub(super) fn is_id(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
