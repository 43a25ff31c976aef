//! Copies between host and device, each inside of the allocation that it names.

use std::{
    ffi::{c_int, c_void},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    INVALID_VALUE, SUCCESS, Status, memory,
    tally::{self, Copies, Tally},
};

/// Device addresses as pointers: the device's memory is the host's.
fn pointer(address: u64) -> *mut u8 {
    std::ptr::with_exposed_provenance_mut(address as usize)
}

/// Which counter a copy belongs to.
type Counter = fn(&mut Tally) -> &mut Copies;

/// Copies `bytes` when every device range that takes part is allocated.
unsafe fn copy(to: *mut u8, from: *const u8, bytes: usize, device: &[u64], counter: Counter, what: &str) -> Status {
    let mut tally = tally::lock();
    if !device.iter().all(|start| memory::holds(*start, bytes)) {
        tally.fault(format!("{what}: {bytes} bytes leave the allocation"));
        return INVALID_VALUE;
    }
    counter(&mut tally).add(bytes);
    unsafe { std::ptr::copy(from, to, bytes) };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyHtoD_v2(to: u64, from: *const c_void, bytes: usize) -> Status {
    unsafe { copy(pointer(to), from.cast(), bytes, &[to], |tally| &mut tally.uploads, "upload") }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyHtoDAsync_v2(to: u64, from: *const c_void, bytes: usize, _stream: *mut c_void) -> Status {
    unsafe { cuMemcpyHtoD_v2(to, from, bytes) }
}

/// Zeros, whatever lies there, which no kernel has computed: left-overs of uploads, taken for numbers, would end a run. The first four bytes that are
/// read answer 64, the product that compdd opens a device with.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize) -> Status {
    static ANSWERED: AtomicBool = AtomicBool::new(false);
    let status = unsafe { copy(to.cast(), pointer(from), bytes, &[from], |tally| &mut tally.reads, "read") };
    if status == SUCCESS {
        unsafe { std::ptr::write_bytes(to.cast::<u8>(), 0, bytes) };
        if bytes == 4 && !ANSWERED.swap(true, Ordering::Relaxed) {
            unsafe { to.cast::<f32>().write_unaligned(64.0) };
        }
    }
    status
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoHAsync_v2(to: *mut c_void, from: u64, bytes: usize, _stream: *mut c_void) -> Status {
    unsafe { cuMemcpyDtoH_v2(to, from, bytes) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, bytes: usize, _stream: *mut c_void) -> Status {
    let (target, source) = (pointer(to), pointer(from));
    unsafe { copy(target, source, bytes, &[to, from], |tally| &mut tally.device_copies, "copy on the device") }
}

/// `CUDA_MEMCPY2D`: rows of `width` bytes.
#[repr(C)]
struct Rows {
    source: Side,
    target: Side,
    width: usize,
    height: usize,
}

/// One end of a copy of rows.
#[repr(C)]
struct Side {
    x: usize,
    y: usize,
    /// `CUmemorytype`: 1 is the host, 2 the device.
    kind: c_int,
    host: *mut u8,
    device: u64,
    array: *mut c_void,
    pitch: usize,
}

impl Side {
    fn start(&self) -> *mut u8 {
        if self.kind == 1 { self.host } else { pointer(self.device) }
    }

    /// Whether every row lies in one allocation, where the side is the device's.
    fn is_allocated(&self, width: usize, height: usize) -> bool {
        let bytes = if height == 0 { 0 } else { self.pitch * (height - 1) + width };
        self.pitch >= width && (self.kind == 1 || memory::holds(self.device, bytes))
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpy2DAsync_v2(rows: *const Rows, _stream: *mut c_void) -> Status {
    let Rows { source, target, width, height } = unsafe { &*rows };
    let mut tally = tally::lock();
    if !(source.is_allocated(*width, *height) && target.is_allocated(*width, *height)) {
        tally.fault(format!("copy of {height} rows of {width} bytes leaves the allocation"));
        return INVALID_VALUE;
    }
    let copies = match (source.kind, target.kind) {
        (1, _) => &mut tally.uploads,
        (_, 1) => &mut tally.reads,
        _ => &mut tally.device_copies,
    };
    copies.add(width * height);
    for row in 0..*height {
        unsafe {
            let (from, to) = (source.start().add(row * source.pitch), target.start().add(row * target.pitch));
            match target.kind {
                1 => std::ptr::write_bytes(to, 0, *width),
                _ => std::ptr::copy(from, to, *width),
            }
        }
    }
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemsetD8Async(to: u64, value: u8, bytes: usize, _stream: *mut c_void) -> Status {
    if !memory::holds(to, bytes) {
        tally::lock().fault(format!("memory is set: {bytes} bytes leave the allocation"));
        return INVALID_VALUE;
    }
    unsafe { std::ptr::write_bytes(pointer(to), value, bytes) };
    SUCCESS
}
