//! Streams and events. Work is done when it is asked for, so that nothing is ever waited for; that the host would have
//! waited is counted.

use std::{
    ffi::{c_int, c_uint, c_void},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use crate::{NOT_SUPPORTED, SUCCESS, Status, tally};

/// The card's time, in nanoseconds: what tuning compares.
static CLOCK: AtomicU64 = AtomicU64::new(0);

/// Lets the card's time pass.
pub fn pass(nanoseconds: u64) {
    CLOCK.fetch_add(nanoseconds, Ordering::Relaxed);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamCreate(out: *mut *mut c_void, _flags: c_uint) -> Status {
    static NEXT: AtomicUsize = AtomicUsize::new(0x2000);
    unsafe { *out = std::ptr::without_provenance_mut(NEXT.fetch_add(16, Ordering::Relaxed)) };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamCreateWithPriority(out: *mut *mut c_void, flags: c_uint, _priority: c_int) -> Status {
    unsafe { cuStreamCreate(out, flags) }
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamDestroy_v2(_stream: *mut c_void) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamQuery(_stream: *mut c_void) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamSynchronize(_stream: *mut c_void) -> Status {
    tally::lock().waits += 1;
    SUCCESS
}

/// The device waits here, not the host.
#[unsafe(no_mangle)]
extern "C" fn cuStreamWaitEvent(_stream: *mut c_void, _event: *mut c_void, _flags: c_uint) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamBeginCapture_v2(_stream: *mut c_void, _mode: c_int) -> Status {
    NOT_SUPPORTED
}

#[unsafe(no_mangle)]
extern "C" fn cuStreamEndCapture(_stream: *mut c_void, _graph: *mut *mut c_void) -> Status {
    NOT_SUPPORTED
}

/// An event is the card's time when it was recorded.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventCreate(out: *mut *mut u64, _flags: c_uint) -> Status {
    unsafe { *out = Box::into_raw(Box::new(0)) };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventDestroy_v2(event: *mut u64) -> Status {
    drop(unsafe { Box::from_raw(event) });
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventRecord(event: *mut u64, _stream: *mut c_void) -> Status {
    unsafe { *event = CLOCK.load(Ordering::Relaxed) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuEventQuery(_event: *mut u64) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuEventSynchronize(_event: *mut u64) -> Status {
    tally::lock().waits += 1;
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventElapsedTime(out: *mut f32, start: *const u64, end: *const u64) -> Status {
    let nanoseconds = unsafe { (*end).saturating_sub(*start) };
    unsafe { *out = (nanoseconds as f64 * 1e-6) as f32 };
    SUCCESS
}

#[cfg(feature = "since-12-8")]
#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventElapsedTime_v2(out: *mut f32, start: *const u64, end: *const u64) -> Status {
    unsafe { cuEventElapsedTime(out, start, end) }
}
