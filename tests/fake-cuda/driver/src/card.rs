//! Which card it is: its name, its limits, the version of its driver.

use std::{
    ffi::{c_char, c_int, c_uint},
    sync::LazyLock,
};

use crate::{INVALID_DEVICE, SUCCESS, Status, tally};

/// Most shared memory of a block, in bytes (compute capability 9.0: 227 KiB).
pub const MAX_SHARED: u32 = 227 * 1024;
/// Most threads of a block.
pub const MAX_THREADS: u64 = 1024;
/// Most threads of a block along x, y and z.
pub const MAX_BLOCK: [c_uint; 3] = [1024, 1024, 64];
/// Most blocks of a grid along x, y and z.
pub const MAX_GRID: [c_uint; 3] = [i32::MAX as c_uint, 65535, 65535];
/// Device memory, in bytes: what `FAKE_CUDA_MEMORY` says, or 141 GiB.
pub fn total_memory() -> usize {
    static BYTES: LazyLock<usize> = LazyLock::new(|| {
        std::env::var("FAKE_CUDA_MEMORY").ok().and_then(|text| text.parse().ok()).unwrap_or(141 << 30)
    });
    *BYTES
}

/// The version of the driver: 1000 times the major one and ten times the minor one.
pub fn version() -> c_int {
    std::env::var("FAKE_CUDA_VERSION").ok().and_then(|text| text.parse().ok()).unwrap_or(13000)
}

fn capability() -> (c_int, c_int) {
    let named = std::env::var("FAKE_CUDA_CAPABILITY").ok();
    named
        .as_deref()
        .and_then(|text| text.split_once('.'))
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .unwrap_or((9, 0))
}

#[unsafe(no_mangle)]
extern "C" fn cuInit(_flags: c_uint) -> Status {
    tally::report_at_exit();
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDriverGetVersion(out: *mut c_int) -> Status {
    unsafe { *out = version() };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetCount(out: *mut c_int) -> Status {
    unsafe { *out = 1 };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGet(out: *mut c_int, ordinal: c_int) -> Status {
    if ordinal != 0 {
        return INVALID_DEVICE;
    }
    unsafe { *out = 0 };
    SUCCESS
}

/// Writes a text with its final zero, as much of it as fits.
unsafe fn write_text(text: &str, out: *mut c_char, room: c_int) -> Status {
    let kept = text.len().min(usize::try_from(room).unwrap_or(0).saturating_sub(1));
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, kept);
        *out.add(kept) = 0;
    }
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetName(out: *mut c_char, room: c_int, _device: c_int) -> Status {
    unsafe { write_text("stand-in for a card", out, room) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetPCIBusId(out: *mut c_char, room: c_int, _device: c_int) -> Status {
    unsafe { write_text("0000:01:00.0", out, room) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetUuid_v2(out: *mut [u8; 16], _device: c_int) -> Status {
    unsafe { *out = *b"stand-in-of-card" };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceTotalMem_v2(out: *mut usize, _device: c_int) -> Status {
    unsafe { *out = total_memory() };
    SUCCESS
}

/// `CUdevice_attribute` by number. What is not listed is a capability that the card has.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetAttribute(out: *mut c_int, attribute: c_int, _device: c_int) -> Status {
    let value = match attribute {
        1 => MAX_THREADS as c_int,
        2..=4 => MAX_BLOCK[attribute as usize - 2] as c_int,
        5..=7 => MAX_GRID[attribute as usize - 5] as c_int,
        8 => 48 * 1024,      // shared memory of a block without asking for more
        10 => 32,            // threads of a warp
        9 | 12 => 64 * 1024, // bytes of constant memory, registers of a block
        13 => 1_980_000,     // clock, kHz
        16 => 132,           // multiprocessors
        36 => 3_201_000,     // clock of the memory, kHz
        37 => 6144,          // width of the memory bus, bits
        38 => 60 << 20,      // second-level cache
        39 => 2048,          // threads of a multiprocessor
        75 => capability().0,
        76 => capability().1,
        81 => 228 * 1024, // shared memory of a multiprocessor
        97 => MAX_SHARED as c_int,
        _ => 1,
    };
    unsafe { *out = value };
    SUCCESS
}
