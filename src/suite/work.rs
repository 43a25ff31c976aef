//! What an executor has still to do, as far as it knows.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{Contents, Entry, Filter, Folder, Plan, State, Status, SuiteError};

/// A cell that somebody else works on is asked for again after this long.
const LATER: Duration = Duration::from_millis(1000);

/// The cells of a plan that an executor was asked for, in their order.
pub(super) struct Work<'a> {
    plan: &'a Plan,
    folder: &'a Folder,
    pub entries: Vec<Entry>,
    claims: Vec<Option<String>>,
    contents: Contents,
    /// What is left, each with the moment before which it is not tried.
    open: Vec<(usize, Instant)>,
    /// All that it was asked for.
    asked: HashSet<usize>,
    /// Done or failed: nobody waits for them.
    settled: HashSet<usize>,
    pub total: usize,
    pub failed: Vec<usize>,
}

impl<'a> Work<'a> {
    pub fn new(plan: &'a Plan, folder: &'a Folder, wanted: &Filter) -> Result<Self, SuiteError> {
        let entries = plan.entries()?;
        let status = Status::of(plan, &entries, folder)?;
        let chosen: Vec<usize> = (0..entries.len()).filter(|index| wanted.accepts(*index, &entries[*index])).collect();
        let state = |index: &usize| status.states[*index];
        // A cell that is done and has a row was killed before it had tidied up: a process must do so.
        let settled = |index: &usize| match state(index) {
            State::Done => !status.rows.contains_key(index),
            state => matches!(state, State::Failed(_)),
        };
        let (now, total) = (Instant::now(), chosen.len());
        Ok(Self {
            contents: Contents::pinned(folder, plan.shared())?,
            claims: vec![None; entries.len()],
            open: chosen.iter().filter(|index| !settled(index)).map(|index| (*index, now)).collect(),
            settled: (0..entries.len()).filter(settled).collect(),
            failed: chosen.iter().copied().filter(|index| matches!(state(index), State::Failed(_))).collect(),
            asked: chosen.into_iter().collect(),
            plan,
            folder,
            entries,
            total,
        })
    }

    pub fn left(&self) -> usize {
        self.open.len()
    }

    /// The first cell that can be begun now; it is no longer open. Those that others have finished meanwhile are settled on the way.
    pub fn next(&mut self, running: &[usize]) -> Result<Option<usize>, SuiteError> {
        let (now, mut place) = (Instant::now(), 0);
        while place < self.open.len() {
            let (index, from) = self.open[place];
            if from > now || !self.is_free(index, running) {
                place += 1;
            } else if self.folder.row(index)?.is_none() && self.is_done(index)? {
                self.open.remove(place);
                self.settled.insert(index);
            } else if self.has_failed(index)? {
                self.open.remove(place);
                self.fails(index);
            } else if self.folder.is_held(&self.claim(index))? {
                self.open[place].1 = now + LATER;
                place += 1;
            } else {
                self.open.remove(place);
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Whether its references are settled, as far as they were asked for, and nothing that runs here makes the same set.
    fn is_free(&mut self, index: usize, running: &[usize]) -> bool {
        let waits = |reference: &usize| self.asked.contains(reference) && !self.settled.contains(reference);
        if self.entries[index].after.iter().any(waits) {
            return false;
        }
        let claim = self.claim(index);
        !running.iter().any(|other| self.claims[*other].as_ref() == Some(&claim))
    }

    fn claim(&mut self, index: usize) -> String {
        let (entry, shared) = (&self.entries[index], self.plan.shared());
        self.claims[index].get_or_insert_with(|| entry.claim(shared)).clone()
    }

    /// Whether the records of a cell exist.
    pub fn is_done(&mut self, index: usize) -> Result<bool, SuiteError> {
        let shared = self.plan.shared();
        let mut cells = self.entries[index].cells(shared, &self.contents)?;
        if cells.is_none() {
            self.contents = Contents::pinned(self.folder, shared)?;
            cells = self.entries[index].cells(shared, &self.contents)?;
        }
        Ok(cells.is_some_and(|cells| cells.iter().all(|cell| self.folder.store().exists(cell))))
    }

    fn has_failed(&self, index: usize) -> Result<bool, SuiteError> {
        Ok(self.folder.row(index)?.is_some_and(|row| row.has_failed()))
    }

    /// A cell is done.
    pub fn settles(&mut self, index: usize) {
        self.settled.insert(index);
    }

    /// A cell waits for the user.
    pub fn fails(&mut self, index: usize) {
        self.settled.insert(index);
        self.failed.push(index);
    }

    /// A cell is open again, at its old place, but not at once.
    pub fn puts_off(&mut self, index: usize) {
        let place = self.open.partition_point(|(open, _)| *open < index);
        self.open.insert(place, (index, Instant::now() + LATER));
    }

    /// A cell is open again, after all others.
    pub fn puts_last(&mut self, index: usize) {
        self.open.push((index, Instant::now()));
    }
}
