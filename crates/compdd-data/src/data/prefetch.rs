//! [`Prefetcher`]: values by step, the next one made on a thread.

use std::{sync::Arc, thread::JoinHandle};

/// Makes the next step's value on a thread while this one's is used: one value ahead, never more. What a step gets does not depend on
/// who made it.
pub struct Prefetcher<T> {
    make: Arc<dyn Fn(u64) -> T + Send + Sync>,
    next: Option<(u64, JoinHandle<T>)>,
}

impl<T: Send + 'static> Prefetcher<T> {
    /// Values by step, from a function of the step alone.
    pub fn new(make: impl Fn(u64) -> T + Send + Sync + 'static) -> Self {
        Self { make: Arc::new(make), next: None }
    }

    /// The value of `step`; if there is `more`, the one after it is begun.
    pub fn take(&mut self, step: u64, more: bool) -> T {
        let ready = self.next.take().filter(|(at, _)| *at == step).and_then(|(_, thread)| thread.join().ok());
        if more {
            let make = Arc::clone(&self.make);
            self.next = Some((step + 1, std::thread::spawn(move || make(step + 1))));
        }
        ready.unwrap_or_else(|| (self.make)(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_belong_to_their_steps_whatever_is_asked_for() {
        let mut prefetcher = Prefetcher::new(|step| step * step);
        let asked = [0, 1, 2, 7, 8, 3];
        assert_eq!(asked.map(|step| prefetcher.take(step, true)), asked.map(|step| step * step));
    }
}
