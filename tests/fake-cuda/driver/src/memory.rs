//! Device memory (zeroed, taken from the host) and pinned memory of the host.

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    collections::BTreeMap,
    ffi::c_void,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use crate::{INVALID_VALUE, OUT_OF_MEMORY, SUCCESS, Status, card, tally};

/// What the driver aligns allocations to, in bytes.
const ALIGNMENT: usize = 512;

/// The live allocations of one kind: where each begins and its size in bytes.
#[derive(Default)]
struct Live(BTreeMap<u64, usize>);

impl Live {
    fn take(&mut self, bytes: usize) -> Option<u64> {
        let layout = Layout::from_size_align(bytes, ALIGNMENT).ok().filter(|_| bytes > 0)?;
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        (!start.is_null()).then(|| {
            self.0.insert(start.addr() as u64, bytes);
            start.expose_provenance() as u64
        })
    }

    fn free(&mut self, start: u64) -> Option<usize> {
        let bytes = self.0.remove(&start)?;
        let layout = Layout::from_size_align(bytes, ALIGNMENT).ok()?;
        // SAFETY: allocated by `take` with this layout, and forgotten above.
        unsafe { dealloc(std::ptr::with_exposed_provenance_mut(start as usize), layout) };
        Some(bytes)
    }

    fn holds(&self, from: u64, bytes: usize) -> bool {
        let before = self.0.range(..=from).next_back();
        bytes == 0 || before.is_some_and(|(start, size)| from + bytes as u64 <= start + *size as u64)
    }
}

static DEVICE: LazyLock<Mutex<Live>> = LazyLock::new(Mutex::default);
static PINNED: LazyLock<Mutex<Live>> = LazyLock::new(Mutex::default);

fn lock(kind: &'static Mutex<Live>) -> MutexGuard<'static, Live> {
    kind.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether `bytes` from an address on lie in one live allocation of the device.
pub fn holds(from: u64, bytes: usize) -> bool {
    lock(&DEVICE).holds(from, bytes)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAlloc_v2(out: *mut u64, bytes: usize) -> Status {
    let mut tally = tally::lock();
    if bytes == 0 {
        tally.fault("an allocation of no bytes".to_owned());
        return INVALID_VALUE;
    }
    if tally.live_bytes + bytes > card::total_memory() {
        return OUT_OF_MEMORY;
    }
    let Some(start) = lock(&DEVICE).take(bytes) else { return OUT_OF_MEMORY };
    tally.allocations += 1;
    tally.live_bytes += bytes;
    tally.peak_bytes = tally.peak_bytes.max(tally.live_bytes);
    unsafe { *out = start };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAllocAsync(out: *mut u64, bytes: usize, _stream: *mut c_void) -> Status {
    unsafe { cuMemAlloc_v2(out, bytes) }
}

#[unsafe(no_mangle)]
extern "C" fn cuMemFree_v2(start: u64) -> Status {
    let mut tally = tally::lock();
    let Some(bytes) = lock(&DEVICE).free(start) else {
        tally.fault("memory is freed that is not allocated".to_owned());
        return INVALID_VALUE;
    };
    tally.live_bytes -= bytes;
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuMemFreeAsync(start: u64, _stream: *mut c_void) -> Status {
    cuMemFree_v2(start)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Status {
    let live = tally::lock().live_bytes;
    unsafe { (*free, *total) = (card::total_memory().saturating_sub(live), card::total_memory()) };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAllocHost_v2(out: *mut *mut c_void, bytes: usize) -> Status {
    let Some(start) = lock(&PINNED).take(bytes.max(1)) else { return OUT_OF_MEMORY };
    unsafe { *out = std::ptr::with_exposed_provenance_mut(start as usize) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuMemFreeHost(start: *mut c_void) -> Status {
    match lock(&PINNED).free(start.addr() as u64) {
        Some(_) => SUCCESS,
        None => INVALID_VALUE,
    }
}
