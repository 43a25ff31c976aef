//! Losses that stay on the device between two looks.

use std::sync::Mutex;

use burn::tensor::Device;

use super::tests::{bits, network, protocol, training_set};
use super::*;
use compdd_core::progress::Stop;
use compdd_nn::nn::Network;

/// Nine epochs.
fn student(network: &Network, rate: f32, every: usize) -> Student<'_> {
    let mut student = Student::new(network, Plan::of(&protocol(), rate), 7, &Device::flex());
    student.losses = student.losses.looked_at_every(every);
    student
}

/// Keeps what it hears.
struct Heard<'a>(&'a Mutex<Vec<(usize, f64)>>);
impl TrainingProgress for Heard<'_> {
    fn epoch(&self, _: usize, epoch: usize, _: usize, loss: f64) {
        self.0.lock().unwrap().push((epoch, loss));
    }
}

#[test]
fn looking_less_often_changes_nothing_but_when_a_loss_is_told() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    let train = |every| {
        let heard = Mutex::new(Vec::new());
        let mut student = student(&network, 0.05, every);
        let counts: Vec<_> = (0..9)
            .map(|_| {
                student.train_epoch(&data, &mut TrainingHooks::new(0, &go, &Heard(&heard))).unwrap();
                heard.lock().unwrap().len()
            })
            .collect();
        (counts, heard.into_inner().unwrap(), bits(&student), student.to_bytes("set").unwrap())
    };
    let (often, seldom) = (train(1), train(4));
    assert_eq!(often.0, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Looks after the first epoch, the fourth, the eighth and the last.
    assert_eq!(seldom.0, [1, 1, 1, 4, 4, 4, 4, 8, 9]);
    assert_eq!((often.1, often.2, often.3), (seldom.1, seldom.2, seldom.3));
}

/// Whoever asks, asks the device; and what is saved is what a student that looks every epoch saves.
#[test]
fn an_unread_loss_is_read_when_it_is_asked_for() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    let train = |every| {
        let mut student = student(&network, 0.05, every);
        for _ in 0..3 {
            student.train_epoch(&data, &mut TrainingHooks::new(0, &go, &())).unwrap();
        }
        (student.last_loss(), student.to_bytes("set").unwrap())
    };
    assert_eq!(train(1), train(20));
}

/// An interruption tells what was not told yet, so that nothing is missing in front of what a resumed student tells.
#[test]
fn an_interruption_tells_every_loss() {
    let (network, data, folder) = (network(), training_set(0.05), tempfile::tempdir().unwrap());
    let (path, stop, heard) = (folder.path().join("student.safetensors"), Stop::never(), Mutex::new(Vec::new()));
    let mut first = student(&network, 0.05, 20);
    let hours = std::time::Duration::from_secs(7200);
    let heard = Heard(&heard);
    let mut hooks = TrainingHooks::new(0, &stop, &heard).saving_to(&path, "set", hours);
    for _ in 0..3 {
        first.train_epoch(&data, &mut hooks).unwrap();
    }
    assert_eq!(heard.0.lock().unwrap().len(), 1);
    stop.request();
    first.train_epoch(&data, &mut hooks).unwrap_err();
    assert_eq!(heard.0.lock().unwrap().iter().map(|told| told.0).collect::<Vec<_>>(), [1, 2, 3]);
    let mut second = student(&network, 0.05, 20);
    assert!(second.resume(&path, "set").unwrap());
    let go = Stop::never();
    second.train(&data, &mut TrainingHooks::new(0, &go, &heard)).unwrap();
    assert_eq!(heard.0.lock().unwrap().iter().map(|told| told.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_student_that_diverges_ends_at_the_next_look_and_is_not_saved() {
    let (network, data, go) = (network(), training_set(0.05), Stop::never());
    let epoch = |student: &mut Student<'_>| student.train_epoch(&data, &mut TrainingHooks::new(0, &go, &()));
    // After its first epoch, which is always looked at.
    let wild = |every| {
        let mut student = student(&network, 1e30, every);
        student.epoch = 1;
        student
    };
    let mut often = wild(1);
    let first = epoch(&mut often).unwrap_err();
    assert!(matches!(first, EvalError::Diverged { epoch: 1, .. }), "{first}");
    let mut seldom = wild(4);
    for _ in 1..3 {
        epoch(&mut seldom).unwrap();
    }
    assert!(seldom.last_loss().is_nan());
    assert_eq!(seldom.to_bytes("set").unwrap_err().to_string(), first.to_string());
    assert_eq!(epoch(&mut seldom).unwrap_err().to_string(), first.to_string());
}
