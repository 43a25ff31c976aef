//! Contexts, of which there is one, and the texts of errors.

use std::ffi::{c_char, c_int, c_void};

use crate::{NOT_FOUND, SUCCESS, Status, tally};

/// The one context: an address that nobody may follow.
const CONTEXT: *mut c_void = std::ptr::without_provenance_mut(0x1000);

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDevicePrimaryCtxRetain(out: *mut *mut c_void, _device: c_int) -> Status {
    unsafe { *out = CONTEXT };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuDevicePrimaryCtxRelease_v2(_device: c_int) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxSetCurrent(_context: *mut c_void) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuCtxGetCurrent(out: *mut *mut c_void) -> Status {
    unsafe { *out = CONTEXT };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuCtxGetStreamPriorityRange(least: *mut c_int, greatest: *mut c_int) -> Status {
    unsafe { (*least, *greatest) = (0, -5) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuCtxSynchronize() -> Status {
    tally::lock().waits += 1;
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorName(_error: Status, out: *mut *const c_char) -> Status {
    unsafe { *out = c"REFUSED_BY_THE_STAND_IN".as_ptr() };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorString(_error: Status, out: *mut *const c_char) -> Status {
    unsafe { *out = c"the stand-in for the driver refused the call; its report says why".as_ptr() };
    SUCCESS
}

/// NVRTC asks for a private table before its first compilation: it goes without when there is none, and ends the process
/// when the function is missing.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetExportTable(out: *mut *const c_void, _id: *const c_void) -> Status {
    unsafe { *out = std::ptr::null() };
    NOT_FOUND
}
