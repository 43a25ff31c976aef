//! Opening failed cells again, and forgetting a plan.

use super::{Filter, Folder, Plan, State, Status, SuiteError};

/// Removes the rows of failed cells that a filter accepts; how many there were.
///
/// # Errors
/// [`SuiteError::Io`].
pub fn retry(plan: &Plan, folder: &Folder, wanted: &Filter) -> Result<usize, SuiteError> {
    let mut opened = 0;
    for (index, row) in folder.rows()? {
        if row.has_failed() && wanted.accepts(index, &plan.entry(index)?) {
            folder.forget(index)?;
            opened += 1;
        }
    }
    Ok(opened)
}

/// Removes plan, rows, logs and locks. What was computed stays.
///
/// # Errors
/// [`SuiteError::NotNow`] while a process works on one of its cells.
pub fn clean(plan: &Plan, folder: &Folder) -> Result<(), SuiteError> {
    let entries = plan.entries()?;
    let status = Status::of(plan, &entries, folder)?;
    if let Some(index) = status.states.iter().position(|state| *state == State::Running) {
        return Err(SuiteError::NotNow { what: format!("cell {index} ({})", entries[index].label()) });
    }
    folder.clear(entries.iter().map(|entry| entry.claim(plan.shared())))
}
