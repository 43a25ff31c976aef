//! One cell of a plan, computed by this process: all that a scheduler has to start.

use super::{Class, Contents, Entry, Folder, Plan, Row, SuiteError, entry::Teacher};
use crate::{
    data::Task,
    eval::Stages,
    experts::ExpertError,
    files::{Lock, LockError},
    nn::NetworkSpec,
    progress::{Hooks, Interrupted},
    prune::PruneError,
    record::Store,
    run::{Content, Places, RunError, WorkError},
    subset::Subset,
    teachers::{self, TeacherContext, TeacherError},
};

/// A process that carries out cells of a plan.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its state.
    pub folder: &'a Folder,
    /// Images, device and results.
    pub places: &'a Places,
    /// Whether to wait for what others work on, or to end with [`SuiteError::NotNow`].
    pub patient: bool,
    /// Who follows and stops it.
    pub hooks: Hooks<'a>,
}

/// How a cell ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was computed.
    Computed,
    /// Its records existed already.
    WasThere,
}

impl Worker<'_> {
    /// Computes a cell, and before it the references that it is compared with, unless somebody else did. What it shares with others (images, a
    /// teacher, experts) is prepared under a lock by whoever comes first.
    ///
    /// # Errors
    /// [`SuiteError::NotNow`] as said above; [`SuiteError::Failed`] for a cell that waits for `retry`; otherwise what the run ended with, which
    /// the row of the cell says as well.
    pub fn run(&self, index: usize) -> Result<Ended, SuiteError> {
        let entry = self.plan.entry(index)?;
        for &reference in &entry.after {
            match self.run(reference) {
                Err(error) if error.is_not_now() || Interrupted::is(&error) => return Err(error),
                Err(error) => self.hooks.progress.note(&format!("goes on without its reference: {error}")),
                Ok(_) => {}
            }
        }
        let _claim = self.lock(&entry.claim(self.plan.shared()), &entry.label())?;
        let (before, done) = (self.folder.row(index)?, self.is_done(&entry)?);
        if done && before.is_none() {
            return Ok(Ended::WasThere);
        }
        // A cell that is done and has a row was killed before it had tidied up, which the run does when it finds the records.
        if let Some(row) = before.as_ref().filter(|row| !done && row.has_failed()) {
            return Err(SuiteError::Failed { index, reason: row.reason.clone() });
        }
        let row = Row::begin(before.as_ref());
        self.folder.keep(index, &row)?;
        match self.compute(index, &entry, &row).map_err(not_now) {
            Ok(()) => {
                self.folder.forget(index)?;
                Ok(Ended::Computed)
            }
            Err(error) => {
                match &before {
                    Some(before) if error.is_not_now() => self.folder.keep(index, before)?,
                    None if error.is_not_now() => self.folder.forget(index)?,
                    _ => self.folder.keep(index, &after(&row, &error))?,
                }
                Err(error)
            }
        }
    }

    /// A lock of the plan's folder, waited for or not as the task was told.
    fn lock(&self, name: &str, what: &str) -> Result<Lock, SuiteError> {
        self.folder.lock(name, what, self.patient, self.hooks)
    }

    fn is_done(&self, entry: &Entry) -> Result<bool, SuiteError> {
        let shared = self.plan.shared();
        let cells = entry.cells(shared, &Contents::pinned(self.folder, shared)?)?;
        Ok(cells.is_some_and(|cells| cells.iter().all(|cell| self.folder.store().exists(cell))))
    }

    fn compute(&self, index: usize, entry: &Entry, row: &Row) -> Result<(), SuiteError> {
        let Hooks { progress, stop } = self.hooks;
        if let Some(teachers) = entry.teacher.map(|teachers| &self.plan.shared().teachers[teachers]) {
            teachers.members.iter().try_for_each(|teacher| self.teacher(teacher, teachers.images))?;
        }
        let mut options = entry.options(self.plan.shared(), self.places.clone());
        options.engine.chunk = row.chunk;
        let run = options.check()?;
        let found = &run.cells(&Content::default())[0];
        if *found != entry.cell {
            return Err(SuiteError::OtherCell { index, planned: entry.cell.id(), found: found.id() });
        }
        let experts = entry.experts.map(|experts| &self.plan.shared().experts[experts]);
        let lock = experts.map(|experts| {
            let name = format!("experts-{}", &experts.key[..16]);
            self.lock(&name, &format!("experts of {}", experts.network))
        });
        let lock = lock.transpose()?;
        let lists = self.lists(entry)?;
        let ready = run.open(progress, stop)?;
        drop(lists);
        Contents::pin(self.folder, self.plan.shared(), entry, ready.content())?;
        if lock.is_some() {
            ready.prepare(progress, stop)?;
        }
        drop(lock);
        ready.execute(progress, stop)?;
        Ok(())
    }

    /// Locks the lists of teachers that a cell asks: whoever opens it first trains what is missing of them.
    fn lists(&self, entry: &Entry) -> Result<Vec<Lock>, SuiteError> {
        let Some(teachers) = entry.teacher.map(|teachers| &self.plan.shared().teachers[teachers]) else {
            return Ok(Vec::new());
        };
        let lock = |list: &Teacher| {
            let name = format!("teachers-{}-{}", list.name, teachers.images);
            self.lock(&name, &format!("the teachers of {}", list.name))
        };
        teachers.members.iter().filter(|teacher| teacher.list().is_some()).map(lock).collect()
    }

    /// Trains a teacher of a cell, if the suite says how and it is not there.
    fn teacher(&self, teacher: &Teacher, images: usize) -> Result<(), SuiteError> {
        let root = Store::new(&self.places.results).root().join("teachers");
        let Some(spec) = teacher.spec.as_ref().filter(|_| !root.join(&teacher.name).is_dir()) else { return Ok(()) };
        let what = format!("teacher {}", teacher.name);
        let _lock = self.lock(&format!("teacher-{}", teacher.name), &what)?;
        let images = &self.plan.shared().images[images];
        let subset = Subset::find(&images.subset).map_err(RunError::from)?;
        let network = spec.network.as_deref().unwrap_or_else(|| Subset::network_at(images.resolution));
        let network =
            NetworkSpec::parse(network).and_then(|spec| spec.build(3, images.resolution, subset.classes_len()));
        let network = network.map_err(RunError::from)?;
        let recipe = spec.training().recipe();
        let task = Task::load(&subset, &self.places.data, &images.options()).map_err(RunError::from)?;
        let device = self.places.device.open().map_err(RunError::from)?.device;
        let progress = Stages { progress: self.hooks.progress, name: |_| "teacher".to_owned(), of_what: "" };
        let context = TeacherContext { progress: &progress, ..TeacherContext::new(device, self.hooks.stop) };
        teachers::train(&task, &network, &recipe, Some(&teacher.name), &root, &context)?;
        Ok(())
    }
}

/// The row of a cell after an error.
fn after(row: &Row, error: &SuiteError) -> Row {
    if Interrupted::is(error) {
        return row.ended(Class::Time, "stopped; the state is saved");
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = source.source();
    }
    row.ended(Class::of_text(&text), &text)
}

/// A lock that somebody outside of the plan holds, such as a `compdd run` of the same cell, is no failure.
fn not_now(error: SuiteError) -> SuiteError {
    match error {
        SuiteError::Run(
            RunError::Work(WorkError::Lock(LockError::Busy { folder }))
            | RunError::Experts(ExpertError::Lock(LockError::Busy { folder }))
            | RunError::Prune(PruneError::Lock(LockError::Busy { folder }))
            | RunError::Teacher(TeacherError::Lock(LockError::Busy { folder })),
        )
        | SuiteError::Teacher(TeacherError::Lock(LockError::Busy { folder })) => {
            SuiteError::NotNow { what: folder.display().to_string() }
        }
        other => other,
    }
}
