//! The teachers that a protocol or a method asks.

use std::path::PathBuf;

use super::RunError;
use crate::{
    eval::LogitSource,
    teachers::{Teacher, TeacherLogits},
};
use compdd_core::{
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

/// Opens the teachers for a task, in their order.
pub(super) fn open(paths: &[PathBuf], task: &Task, device: &OpenDevice) -> Result<Vec<TeacherLogits>, RunError> {
    let open = |path: &PathBuf| Ok(TeacherLogits::new(Teacher::open(path, &device.device)?, task, &device.device)?);
    paths.iter().map(open).collect()
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
    let reference = |logits: &TeacherLogits| {
        let (card, path) = (logits.teacher().card(), logits.teacher().path());
        TeacherRef {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            network: card.network.clone(),
            parameters: card.blake3.clone(),
            subset: card.subset.clone(),
            accuracy: card.test.as_ref().map(|score| score.accuracy.fraction()),
        }
    };
    record.teachers = teachers.iter().map(reference).collect();
}
