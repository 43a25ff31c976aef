//! Scoring a submission again.

use std::path::{Path, PathBuf};

use crate::progress::{Progress, Stop};

use super::{Comparison, SubmitError, leak, workplace};
use crate::{
    board,
    data::Library,
    device::DeviceChoice,
    nn::NetworkSpec,
    protocol::Protocol,
    record::{BundleRef, Depth, KnownSubsets, Record, Store, StudentRecord, Summary, hash, value_of, with_causes},
    rng::Stream,
    run::{Places, RescoreOptions, Rescoring, RunError, ScoringOptions},
};

/// The flags of `compdd submit verify`.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The submission.
    pub folder: PathBuf,
    /// Students of every record; as many as it has when absent.
    pub students: Option<usize>,
    /// Root of the fresh seeds; drawn where nobody can foresee it, and kept with the new records, when absent.
    pub seed: Option<u64>,
    /// Root of the images.
    pub data: Library,
    /// Folders of the teachers of the records that were scored with any, in the order of the records.
    pub teachers: Vec<PathBuf>,
    /// Leave damaged images out instead of stopping.
    pub skip_bad: bool,
    /// Built-in scenes only: training images a class.
    pub train_per_class: Option<usize>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Where the new records go; `verify-HASH` in the working folder when absent, by the submission's records. What is there already is not
    /// scored again.
    pub results: Option<PathBuf>,
}

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Id of the claimed record, or the file that cannot be read as one.
    pub record: String,
    /// What is claimed.
    pub claimed: Option<Summary>,
    /// What was found.
    pub found: Result<Found, String>,
}

/// What scoring again gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The new students.
    pub again: Summary,
    /// The two means.
    pub comparison: Comparison,
    /// Whether the images are the claim's, test images and decoding included.
    pub same_images: bool,
}

impl Verdict {
    /// Whether the claim holds: it could be scored again, and the means agree.
    pub fn holds(&self) -> bool {
        self.found.as_ref().is_ok_and(|found| found.comparison.agrees())
    }
}

/// Scores every bundle of a submission under its record's protocol and network, with seeds that its author has not seen, and compares.
///
/// The new records are kept, so that the same call continues where an earlier one was interrupted. What is wrong with one claim (a record that
/// does not follow from its own content, a bundle that is missing or another one, a set that diverges or holds test images) is its
/// verdict, and no error. A reference `full` has no
/// bundle, and no effect on the board of somebody else: it is left out.
///
/// # Errors
/// When the new records would go into the submission, which is never written to; when there is nothing to score, the images are not there,
/// or the run was interrupted.
pub fn verify(options: &VerifyOptions, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Verdict>, SubmitError> {
    if !options.folder.is_dir() {
        return Err(SubmitError::NoFolder { path: options.folder.clone() });
    }
    if let Some(seeds) = options.students.filter(|seeds| *seeds < 2) {
        return Err(SubmitError::FewSeeds { seeds });
    }
    let store = Store::new(&options.folder);
    let files = store.record_files()?;
    let records: Vec<Result<Record, String>> =
        files.iter().map(|file| Record::read(file).map_err(|error| with_causes(&error))).collect();
    let hashes = records.iter().flatten().map(|record| hash::value(&value_of(record))).collect::<Vec<_>>();
    let content = hash::of(&hashes);
    let results = options.results.clone().unwrap_or_else(|| PathBuf::from(format!("verify-{}", hash::short(&content))));
    if workplace::is_inside(&results, &options.folder) {
        return Err(SubmitError::Inside { results, folder: options.folder.clone() });
    }
    let root = options.seed.map_or_else(|| workplace::secret(&results), Ok)?;
    let seed = Stream::child_seed(root, &format!("submit verify {content}"), 0);
    let subsets = KnownSubsets::default();
    let session = Session { options, store: &store, results: &results, seed, progress, stop };
    let mut verdicts = Vec::with_capacity(records.len());
    for (file, record) in files.iter().zip(records) {
        let record = match record {
            Ok(record) if record.cell.is_reference() => continue,
            Ok(record) => record,
            Err(reason) => {
                verdicts.push(Verdict { record: store.relative(file), claimed: None, found: Err(reason) });
                continue;
            }
        };
        let found = match store.problems_of(file, &record, &subsets).into_iter().next() {
            Some(problem) => Err(problem),
            None => match session.again(&record) {
                Ok(found) => Ok(found),
                Err(Failure::Claim(reason)) => Err(reason),
                Err(Failure::Run(error)) => return Err(error.into()),
            },
        };
        verdicts.push(Verdict { record: record.id, claimed: Some(record.summary), found });
    }
    if verdicts.is_empty() {
        return Err(SubmitError::NoRecord { path: options.folder.clone() });
    }
    Ok(verdicts)
}

/// What ends the re-scoring of one record: a fault of the claim, or of this run.
enum Failure {
    Claim(String),
    Run(RunError),
}

/// A student that cannot be trained on the set is the set's fault.
impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Eval(error) => Self::Claim(with_causes(&error)),
            RunError::Subset(error) => Self::Claim(with_causes(&error)),
            error => Self::Run(error),
        }
    }
}

/// While a bundle is opened, the records and sets that cannot be read are the submission's.
fn unreadable(error: RunError) -> Failure {
    match error {
        RunError::Record(error) => Failure::Claim(with_causes(&error)),
        error => error.into(),
    }
}

struct Session<'a> {
    options: &'a VerifyOptions,
    store: &'a Store,
    results: &'a Path,
    seed: u64,
    progress: &'a dyn Progress,
    stop: &'a Stop,
}

impl Session<'_> {
    /// The students of all sets of a record together.
    fn again(&self, record: &Record) -> Result<Found, Failure> {
        if record.bundles.is_empty() {
            return Err(Failure::Claim("the record names no bundle".into()));
        }
        let cell = &record.cell;
        if Protocol::find(&cell.protocol).is_none() {
            return Err(Failure::Claim(format!("`{}` is no built-in protocol", cell.protocol)));
        }
        if let Err(error) = NetworkSpec::parse(&cell.network) {
            return Err(Failure::Claim(with_causes(&error)));
        }
        let wanted = self.options.students.unwrap_or(record.students.len()).max(2);
        let each = wanted.div_ceil(record.bundles.len());
        let (mut students, mut same_images) = (Vec::<StudentRecord>::new(), true);
        for bundle in &record.bundles {
            let path = self.bundle(record, bundle)?;
            let options = self.rescoring(record, path, each);
            let rescoring = Rescoring::open(&options, self.progress).map_err(unreadable)?;
            if let Some(reason) = leak::of(&rescoring.set, &rescoring.task.test) {
                return Err(Failure::Claim(reason));
            }
            let outcomes = rescoring.score(self.progress, self.stop)?;
            board::refresh(&Store::new(self.results), &|text| self.progress.note(text));
            for outcome in outcomes {
                if outcome.record.cell.teacher != record.cell.teacher {
                    return Err(Failure::Claim("the teacher is another one than the record's".into()));
                }
                same_images &= outcome.record.cell.data_hash == record.cell.data_hash;
                students.extend(outcome.record.students);
            }
        }
        let again = Summary::of_students(&students).ok_or_else(|| Failure::Claim("no student was scored".into()))?;
        let comparison = Comparison::of(&record.summary, &again);
        Ok(Found { again, comparison, same_images })
    }

    /// Where a record's set lies: a plain folder inside the submission whose manifest is the record's. Its data are read, and held against the
    /// manifest, when it is opened to be scored.
    fn bundle(&self, record: &Record, bundle: &BundleRef) -> Result<PathBuf, Failure> {
        let missing = || Failure::Claim(format!("the bundle `{}` is missing", bundle.path));
        let look = |path: &Path| self.store.manifest_of(path, Depth::Size);
        let manifest = bundle.kept(self.store, look).map_err(Failure::Claim)?.ok_or_else(missing)?;
        if let Some(what) = manifest.disagreements(record).into_iter().next() {
            return Err(Failure::Claim(format!("the bundle `{}` {what}", bundle.path)));
        }
        bundle.inside(self.store).ok_or_else(missing)
    }

    fn rescoring(&self, record: &Record, bundle: PathBuf, students: usize) -> RescoreOptions {
        let (options, cell) = (self.options, &record.cell);
        RescoreOptions {
            bundle,
            networks: vec![cell.network.clone()],
            scoring: ScoringOptions {
                protocol: cell.protocol.clone(),
                teachers: if cell.teacher.is_some() { options.teachers.clone() } else { Vec::new() },
                budget: cell.budget,
                students: Some(students),
                seed: Stream::child_seed(self.seed, "record", cell.seed) >> 32,
                ..ScoringOptions::default()
            },
            labels: None,
            skip_bad: options.skip_bad,
            train_per_class: options.train_per_class,
            force: false,
            places: Places { data: options.data.clone(), device: options.device, results: self.results.to_owned() },
        }
    }
}
