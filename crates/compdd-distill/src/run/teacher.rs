//! The teacher that a protocol or a method asks.

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

/// Checks that a teacher is named where the protocol or the method asks one, and only there. `training` are the flags with which one is made.
pub(super) fn check(
    protocol: &Protocol,
    method: Option<&str>,
    teacher: Option<&Path>,
    training: &str,
) -> Result<(), RunError> {
    let of_protocol = asks(protocol).then(|| protocol.slug());
    match (method.or(of_protocol), teacher) {
        (Some(asking), None) => Err(RunError::flag(
            "--teacher",
            &"(not given)",
            format!("`{asking}` asks a teacher"),
            format!(
                "name one; `compdd teacher list` shows those there are, `compdd teacher train {training} --name NAME` makes one"
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
