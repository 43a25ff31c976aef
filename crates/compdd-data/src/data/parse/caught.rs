//! Work of a dependency on foreign bytes, on some of which it panics: they are damaged, and no reason to end the program.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives; none where it panicked. Whatever it was given is not used afterwards.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(before);
    outcome.ok()
}

/// Whether a panic of this thread is caught, so that a panic hook has nothing to say of it.
pub fn is_caught() -> bool {
    CAUGHT.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_value_and_nothing_is_caught_afterwards() {
        assert_eq!((caught(is_caught), is_caught()), (Some(true), false));
        assert_eq!(caught(|| [1][std::hint::black_box(7)]), None);
        assert!(!is_caught());
    }
}
