//! Memory for the kernels: reusable per-thread work space, and outputs that are written once and never zeroed first.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

/// One cache line, so that work space starts on a line boundary.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Work space of `len` floats with unspecified contents, kept by the thread for the next user when dropped.
pub struct Scratch {
    lines: Vec<Line>,
    len: usize,
}

impl Scratch {
    /// Takes work space of `len` floats from this thread.
    pub fn take(len: usize) -> Self {
        let mut lines = FREE.with(|free| free.borrow_mut().pop()).unwrap_or_default();
        let needed = len.div_ceil(16);
        if lines.len() < needed {
            lines.resize(needed, Line([0.0; 16]));
        }
        Self { lines, len }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        FREE.with(|free| free.borrow_mut().push(lines));
    }
}

impl Deref for Scratch {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is sixteen floats without padding, and `take` made enough of them for `len` floats.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// An output being filled by several threads, each writing its own elements.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    start: *mut f32,
    len: usize,
    life: PhantomData<&'a mut [MaybeUninit<f32>]>,
}

// SAFETY: the pointer is only used through `part`, whose contract forbids overlapping use.
unsafe impl Send for Output<'_> {}
// SAFETY: as above.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// Elements `start .. start + len`, not yet written.
    ///
    /// # Safety
    ///
    /// No two parts alive at the same time may overlap.
    pub unsafe fn part(self, start: usize, len: usize) -> &'a mut [MaybeUninit<f32>] {
        assert!(start <= self.len && len <= self.len - start, "an output part lies outside the output");
        // SAFETY: in bounds by the assertion, exclusive by the contract; `MaybeUninit` needs no initial value.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start).cast(), len) }
    }

    /// The first element, for kernels that write strided blocks.
    pub fn as_ptr(self) -> *mut f32 {
        self.start
    }
}

/// A vector of `len` floats filled by `fill`.
///
/// # Safety
///
/// `fill` must write every element.
pub unsafe fn filled(len: usize, fill: impl FnOnce(Output<'_>)) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    fill(Output { start: values.as_mut_ptr(), len, life: PhantomData });
    // SAFETY: the capacity is `len` and the caller promises that all of it was written.
    unsafe { values.set_len(len) };
    values
}
