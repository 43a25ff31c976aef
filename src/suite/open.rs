//! How a plan is named.

use std::path::Path;

use super::{Folder, Plan, SuiteError, find};

/// The plan of a name: of a file that is a plan, of an id below `results`, or of a suite, which is planned now and not kept.
///
/// # Errors
/// What [`Plan::read`], [`find`] and [`Plan::of`] have against it.
pub fn open(name: &str, results: &Path) -> Result<(Plan, Folder), SuiteError> {
    let below = Folder::new(results, name).plan();
    let plan = if Path::new(name).extension().is_some_and(|extension| extension == "jsonl") {
        Plan::read(Path::new(name))?
    } else if super::plan::is_id(name) && below.is_file() {
        Plan::read(&below)?
    } else {
        Plan::of(&find(name)?)?
    };
    let folder = Folder::new(results, &plan.id());
    Ok((plan, folder))
}

/// As [`open`], and kept below `results`.
///
/// # Errors
/// As [`open`], and [`SuiteError::Io`].
pub fn planned(name: &str, results: &Path) -> Result<(Plan, Folder), SuiteError> {
    let (plan, _) = open(name, results)?;
    let folder = plan.keep(results)?;
    Ok((plan, folder))
}
