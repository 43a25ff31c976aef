//! The teachers that a protocol or a method asks.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::RunError;
use crate::{
    eval::{InferenceOptions, LogitSource, View},
    teachers::{Teacher, TeacherLogits},
};
use compdd_core::{
    progress::Stop,
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

/// Images of one forward pass while an imported teacher is checked.
const BATCH: usize = 64;

/// Opens the teachers for a task, in their order. One that others trained is checked against its card on the task's test images, once for every
/// pair of them.
pub(super) fn open(
    paths: &[PathBuf],
    task: &Task,
    device: &OpenDevice,
    stop: &Stop,
) -> Result<Vec<TeacherLogits>, RunError> {
    static CHECKED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());
    let open = |path: &PathBuf| {
        let logits = TeacherLogits::new(Teacher::open(path, &device.device)?, task, &device.device)?;
        let pair = (logits.hash().to_owned(), View::test(task).hash());
        if !CHECKED.lock().unwrap_or_else(PoisonError::into_inner).contains(&pair) {
            logits.teacher().check_card(task, InferenceOptions { device: &device.device, batch: BATCH, stop })?;
            CHECKED.lock().unwrap_or_else(PoisonError::into_inner).insert(pair);
        }
        Ok(logits)
    };
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
