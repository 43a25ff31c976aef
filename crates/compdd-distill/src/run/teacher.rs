//! The teachers that a protocol or a method asks.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{RunError, listed::Listed};
use crate::{
    eval::{InferenceOptions, LogitSource, View},
    teachers::{Teacher, TeacherError, TeacherList, TeacherLogits},
};
use compdd_core::{
    progress::Hooks,
    protocol::Protocol,
    record::{Budget, Record, TeacherRef, hash},
};
use compdd_data::data::Task;
use compdd_nn::device::OpenDevice;

/// Checks that teachers are named where the protocol or the method asks one, and only there. `training` are the flags with which one is made.
pub(super) fn check(
    protocol: &Protocol,
    method: Option<&str>,
    teachers: &[PathBuf],
    training: &str,
) -> Result<(), RunError> {
    let of_protocol = asks(protocol).then(|| protocol.slug());
    match (method.or(of_protocol), teachers.first()) {
        (Some(asking), None) => Err(RunError::flag(
            "--teacher",
            &"(not given)",
            format!("`{asking}` asks a teacher"),
            format!(
                "name one; `compdd teacher list` shows those there are, `compdd teacher lists` those that are trained when they are asked, and \
                 `compdd teacher train {training} --name NAME` makes one"
            ),
        )),
        (None, Some(path)) => Err(RunError::flag(
            "--teacher",
            &path.display(),
            format!("`{}` asks no teacher", protocol.slug()),
            "leave --teacher out, or score with `--protocol kd-online`",
        )),
        _ => Ok(()),
    }
}

/// Whether students of a protocol ask a teacher.
pub(super) fn asks(protocol: &Protocol) -> bool {
    protocol.scoring(Budget::Paper).supervision.needs_teacher()
}

/// Images of one forward pass while an imported teacher is checked.
const BATCH: usize = 64;

/// What opening teachers needs from the run.
#[derive(Clone, Copy)]
pub(super) struct Room<'a> {
    pub task: &'a Task,
    pub results: &'a Path,
    pub device: &'a OpenDevice,
    pub hooks: Hooks<'a>,
}

impl Room<'_> {
    /// The teachers, in their order; those of a list are trained where they are missing. One that others trained is checked against its card on
    /// the task's test images, once for every pair of them.
    pub fn open(self, asked: &[PathBuf]) -> Result<Vec<TeacherLogits>, RunError> {
        let mut all = Vec::new();
        for path in asked {
            match list(path)? {
                Some(list) => all.extend(Listed { list: &list, room: self }.ready()?),
                None => all.push(Teacher::open(path, &self.device.device)?),
            }
        }
        all.into_iter().map(|teacher| self.checked(teacher)).collect()
    }

    fn checked(self, teacher: Teacher) -> Result<TeacherLogits, RunError> {
        static CHECKED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());
        let Self { task, device: OpenDevice { device, .. }, hooks, .. } = self;
        let logits = TeacherLogits::new(teacher, task, device)?;
        let pair = (logits.hash().to_owned(), View::test(task).hash());
        if !CHECKED.lock().unwrap_or_else(PoisonError::into_inner).contains(&pair) {
            logits.teacher().check_card(task, InferenceOptions { device, batch: BATCH, stop: hooks.stop })?;
            CHECKED.lock().unwrap_or_else(PoisonError::into_inner).insert(pair);
        }
        Ok(logits)
    }
}

/// The list that is meant by a path: a file of one, or the name of one that ships with compdd where no folder has it.
fn list(path: &Path) -> Result<Option<Cow<'static, TeacherList>>, TeacherError> {
    if path.is_dir() {
        return Ok(None);
    }
    if path.extension().is_some_and(|extension| extension == "toml") {
        return TeacherList::read(path).map(|list| Some(Cow::Owned(list)));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(TeacherList::named(&name).map(Cow::Borrowed))
}

/// The content address of teachers, for a cell; their order counts.
pub(super) fn address(teachers: &[TeacherLogits]) -> Option<String> {
    match teachers {
        [] => None,
        [one] => Some(one.hash().to_owned()),
        several => Some(hash::of(&several.iter().map(LogitSource::hash).collect::<Vec<_>>())),
    }
}

/// Enters protocol and teachers into a record.
pub(super) fn enter(record: &mut Record, protocol: &Protocol, teachers: &[TeacherLogits]) {
    record.protocol_hash = Some(protocol.hash());
    record.teachers = teachers.iter().map(|logits| reference(logits.teacher())).collect();
}

/// A teacher as records name it.
pub(super) fn reference(teacher: &Teacher) -> TeacherRef {
    let (card, path) = (teacher.card(), teacher.path());
    TeacherRef {
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        network: card.network.clone(),
        parameters: card.blake3.clone(),
        subset: card.subset.clone(),
        accuracy: card.test.as_ref().map(|score| score.accuracy.fraction()),
    }
}
