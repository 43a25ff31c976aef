//! Independent pieces of work side by side: students of an evaluation, experts of a buffer, teachers of a list.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use burn::tensor::Device;

/// How many trainings go on at once, if a step of each sees so many pixels: on a CPU, one of few pixels cannot keep several cores busy, and
/// each gets its own.
pub(crate) fn of_steps(pixels: usize, device: &Device, cores: usize) -> usize {
    const SMALL_STEP: usize = 64 * 32 * 32;
    if *device == Device::flex() && pixels <= SMALL_STEP { cores } else { 1 }
}

/// The results of pieces `0..count` in their order. Each of `lanes` threads takes the next piece until there is none, in a thread
/// pool with its share of the cores; no lane begins another piece after a failure.
///
/// # Errors
/// The failure of the first piece that failed.
pub(crate) fn side_by_side<T: Send, E: Send>(
    lanes: usize,
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let lanes = lanes.clamp(1, count.max(1));
    if lanes == 1 {
        return (0..count).map(work).collect();
    }
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let lane = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = work(number);
            if result.is_err() {
                next.store(count, Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(number, result);
        }
    };
    let cores = rayon::current_num_threads();
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| match rayon::ThreadPoolBuilder::new().num_threads((cores / lanes).max(1)).build() {
                Ok(pool) => pool.install(lane),
                Err(_) => lane(),
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_a_failure_ends_the_rest() {
        for lanes in [0, 1, 2, 5] {
            assert_eq!(side_by_side(lanes, 7, |i| Ok::<_, ()>(i * i)), Ok(vec![0, 1, 4, 9, 16, 25, 36]));
        }
        let begun = AtomicUsize::new(0);
        let failing = |i| {
            begun.fetch_add(1, Ordering::Relaxed);
            if i == 1 { Err(i) } else { Ok(()) }
        };
        assert_eq!(side_by_side(2, 10_000_000, failing), Err(1));
        assert!(begun.into_inner() < 10_000_000);
    }
}
