//! The teacher that a protocol asks.

use std::path::Path;

use super::RunError;
use crate::{
    eval::LogitSource as _,
    teachers::{Teacher, TeacherLogits},
};
use compdd_core::{
    protocol::Protocol,
    record::{Budget, Record, TeacherRef},
};
use compdd_data::data::Task;
use compdd_nn::device::OpenDevice;

/// Checks that a teacher is named where the protocol asks one, and only there.
pub(super) fn check(protocol: &Protocol, teacher: Option<&Path>) -> Result<(), RunError> {
    match (protocol.scoring(Budget::Paper).supervision.needs_teacher(), teacher) {
        (true, None) => Err(RunError::flag(
            "--teacher",
            &"(not given)",
            format!("`{}` asks a teacher", protocol.slug()),
            "name one; `compdd teacher list` shows those there are, `compdd teacher train` makes one",
        )),
        (false, Some(path)) => Err(RunError::flag(
            "--teacher",
            &path.display(),
            format!("`{}` asks no teacher", protocol.slug()),
            "leave --teacher out, or score with `--protocol kd-online`",
        )),
        _ => Ok(()),
    }
}

/// Opens the teacher for a task.
pub(super) fn open(path: Option<&Path>, task: &Task, device: &OpenDevice) -> Result<Option<TeacherLogits>, RunError> {
    let Some(path) = path else { return Ok(None) };
    Ok(Some(TeacherLogits::new(Teacher::open(path, &device.device)?, task, &device.device)?))
}

/// The content address of a teacher, for a cell.
pub(super) fn address(teacher: Option<&TeacherLogits>) -> Option<String> {
    teacher.map(|teacher| teacher.hash().to_owned())
}

/// Enters protocol and teacher into a record.
pub(super) fn enter(record: &mut Record, protocol: &Protocol, teacher: Option<&TeacherLogits>) {
    record.protocol_hash = Some(protocol.hash());
    record.teacher = teacher.map(|logits| {
        let (card, path) = (logits.teacher().card(), logits.teacher().path());
        TeacherRef {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            network: card.network.clone(),
            parameters: card.blake3.clone(),
            subset: card.subset.clone(),
            accuracy: card.test.as_ref().map(|score| score.accuracy.fraction()),
        }
    });
}
