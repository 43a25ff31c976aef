//! Room: agreement. What a device computes beside the CPU: a list of cases, each with the tolerance that it must keep. [`layers`] has every operation of
//! [`TensorOps`](compdd_nn::nn::TensorOps) with its derivatives, as values and as duals, [`tensors`] what is composed besides, [`views`] augmentation,
//! [`training`] a step of every family of networks, [`iterations`] one iteration of DM, DC and EDF. `compdd device test` shows the list, and the tests of a
//! device hold it to its tolerances.
//!
//! What may enter: cases that are a function of a device alone, small enough for a driver that computes on the processor. What may not: files, real images,
//! whole runs.

mod inputs;
mod iterations;
mod layers;
mod tensors;
mod training;
mod views;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use burn::tensor::Device;
use compdd_nn::nn::kernels;
use serde::Serialize;

/// The values of a case: every tensor that is compared by itself, on the host.
type Values = Vec<Vec<f32>>;

/// Something that is computed on the CPU and on another device.
pub struct Case {
    /// What it is: `matmul`, `dual matmul`, `step resnet18-bn-w2`, ...
    pub name: String,
    /// The largest difference that is allowed in a tensor, over the largest value there.
    pub tolerance: f64,
    compute: Box<dyn Fn(&Device) -> Values>,
}

/// A case on a device, beside the CPU.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The name of the case.
    pub name: String,
    /// How many values were compared.
    pub values: usize,
    /// The largest difference in a tensor over the largest value there, of all tensors the largest; none where the device gave up or something is not a number.
    pub difference: Option<f64>,
    /// What it may be.
    pub tolerance: f64,
    /// Whether the device gave the same bits twice.
    pub repeatable: bool,
    /// Seconds on the CPU.
    pub cpu_seconds: f64,
    /// Seconds on the device the first time, its kernels compiled.
    pub first_seconds: f64,
    /// Seconds on the device the second time.
    pub seconds: f64,
    /// Why there is no difference.
    pub failure: Option<String>,
}

impl Case {
    fn new(name: impl Into<String>, tolerance: f64, compute: impl Fn(&Device) -> Values + 'static) -> Self {
        Self { name: name.into(), tolerance, compute: Box::new(compute) }
    }

    /// Computes the case once on the CPU and twice on `device`. A panic of its back end is a failure of the case.
    pub fn compare(&self, device: &Device) -> Comparison {
        let (expected, cpu_seconds) = timed(|| (self.compute)(&Device::flex()));
        let on_device = || timed(|| catch_unwind(AssertUnwindSafe(|| (self.compute)(device))));
        let (first, first_seconds) = on_device();
        let (second, seconds) = on_device();
        let found = first.and_then(|first| second.map(|second| (first == second, first)));
        let (difference, repeatable, failure) = match found {
            Ok((repeatable, found)) => match difference(&expected, &found) {
                Ok(difference) => (Some(difference), repeatable, None),
                Err(reason) => (None, repeatable, Some(reason)),
            },
            Err(panic) => (None, false, Some(message(&*panic))),
        };
        Comparison {
            name: self.name.clone(),
            values: expected.iter().map(Vec::len).sum(),
            difference,
            tolerance: self.tolerance,
            repeatable,
            cpu_seconds,
            first_seconds,
            seconds,
            failure,
        }
    }

    /// The largest difference between what `device` computes with kernels of our own and in their composed form, in a tensor over the largest value
    /// there; zero where the case has no kernel of our own there. Switches the kernels of the whole process off meanwhile.
    ///
    /// # Errors
    /// What is wrong with the values, if they cannot be compared.
    pub fn between_forms(&self, device: &Device) -> Result<f64, String> {
        let fused = (self.compute)(device);
        kernels::set_enabled(false);
        let composed = (self.compute)(device);
        kernels::set_enabled(true);
        difference(&composed, &fused)
    }
}

impl Comparison {
    /// Whether the device keeps the tolerance.
    pub fn agrees(&self) -> bool {
        self.difference.is_some_and(|difference| difference <= self.tolerance)
    }
}

/// Every case: operations first, then steps of training, then iterations.
pub fn cases() -> Vec<Case> {
    let rooms = [layers::cases(), tensors::cases(), views::cases(), training::cases(), iterations::cases()];
    rooms.into_iter().flatten().collect()
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = f();
    (value, start.elapsed().as_secs_f64())
}

/// The largest difference in a tensor over the largest expected value there, of all tensors the largest.
fn difference(expected: &Values, found: &Values) -> Result<f64, String> {
    let lengths = |values: &Values| values.iter().map(Vec::len).collect::<Vec<_>>();
    if lengths(expected) != lengths(found) {
        return Err(format!("tensors of {:?} values instead of {:?}", lengths(found), lengths(expected)));
    }
    if expected.iter().chain(found).flatten().any(|value| !value.is_finite()) {
        return Err("values that are not finite".to_owned());
    }
    let of_tensor = |(expected, found): (&Vec<f32>, &Vec<f32>)| {
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let size = largest(&mut expected.iter().map(|value| f64::from(value.abs())));
        let off = largest(&mut expected.iter().zip(found).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()));
        if off == 0.0 { 0.0 } else { off / size.max(f64::MIN_POSITIVE) }
    };
    Ok(expected.iter().zip(found).map(of_tensor).fold(0.0, f64::max))
}

/// The first line of what a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("the back end panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_difference_is_that_of_the_worst_tensor() {
        let expected = vec![vec![100.0, 1.0], vec![0.5]];
        assert_eq!(difference(&expected, &expected).unwrap(), 0.0);
        assert_eq!(difference(&expected, &vec![vec![100.0, 2.0], vec![0.25]]).unwrap(), 0.5);
        assert!(difference(&expected, &vec![vec![100.0, f32::NAN], vec![0.5]]).is_err());
        assert!(difference(&expected, &vec![vec![100.0], vec![0.5]]).is_err());
        assert_eq!(difference(&vec![vec![0.0]], &vec![vec![0.0]]).unwrap(), 0.0);
        assert!(difference(&vec![vec![0.0]], &vec![vec![1e-9]]).unwrap() > 1.0);
    }

    #[test]
    fn what_differs_or_gives_up_does_not_agree() {
        let drifting = Case::new("drifting", 1e-6, |_| {
            static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            vec![vec![1.0 + CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) as f32]]
        });
        let found = drifting.compare(&Device::flex());
        assert!(!found.agrees() && !found.repeatable && found.difference == Some(1.0), "{found:?}");
        let absent = Case::new("absent", 1.0, |device| {
            assert!(!device.is_autodiff(), "no such operation");
            vec![vec![1.0]]
        });
        let found = absent.compare(&Device::flex().autodiff());
        assert!(!found.agrees() && found.failure.as_deref() == Some("no such operation"), "{found:?}");
        let flat = Case::new("flat", 0.0, |_| vec![vec![1.0]]);
        assert!(flat.compare(&Device::flex()).agrees());
    }

    /// The CPU agrees with itself, to the bit, and computes something in every case.
    #[test]
    fn every_case_is_a_function() {
        let (all, mut names) = (cases(), BTreeSet::new());
        for case in &all {
            let found = case.compare(&Device::flex());
            assert!(found.repeatable && found.difference == Some(0.0), "{found:?}");
            assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
            assert!((case.compute)(&Device::flex()).iter().flatten().any(|value| *value != 0.0), "{}", case.name);
        }
        assert!(all.len() > 100, "{} cases", all.len());
    }
}
