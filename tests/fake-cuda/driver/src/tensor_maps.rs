//! Tensor maps, which tell the card's copy engine how a tensor lies: what the driver refuses of them is refused.

use std::ffi::{c_int, c_uint, c_void};

use crate::{INVALID_VALUE, SUCCESS, Status, tally};

/// `CUtensorMap`.
type Map = [u8; 128];

/// Writes an empty map when `valid`; a fault says what was asked otherwise. Strides are multiples of 16 bytes.
unsafe fn encode(out: *mut Map, rank: c_uint, strides: *const u64, valid: bool, what: &str) -> Status {
    let strides = (0..rank.saturating_sub(1) as usize).map(|axis| unsafe { *strides.add(axis) }).collect::<Vec<_>>();
    if !valid || strides.iter().any(|stride| !stride.is_multiple_of(16)) {
        tally::lock().fault(format!("{what} tensor map of rank {rank} with strides {strides:?}"));
        return INVALID_VALUE;
    }
    unsafe { *out = [0; 128] };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuTensorMapEncodeTiled(
    out: *mut Map,
    _kind: c_int,
    rank: c_uint,
    start: *mut c_void,
    _sizes: *const u64,
    strides: *const u64,
    tile: *const c_uint,
    _element_strides: *const c_uint,
    _interleave: c_int,
    _swizzle: c_int,
    _promotion: c_int,
    _fill: c_int,
) -> Status {
    let tile_fits = (0..rank as usize).all(|axis| (1..=256).contains(unsafe { &*tile.add(axis) }));
    let valid = (1..=5).contains(&rank) && start.addr().is_multiple_of(16) && tile_fits;
    unsafe { encode(out, rank, strides, valid, "tiled") }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuTensorMapEncodeIm2col(
    out: *mut Map,
    _kind: c_int,
    rank: c_uint,
    start: *mut c_void,
    _sizes: *const u64,
    strides: *const u64,
    _lower: *const c_int,
    _upper: *const c_int,
    channels: c_uint,
    pixels: c_uint,
    _element_strides: *const c_uint,
    _interleave: c_int,
    _swizzle: c_int,
    _promotion: c_int,
    _fill: c_int,
) -> Status {
    let valid = (3..=5).contains(&rank) && start.addr().is_multiple_of(16) && channels <= 256 && pixels <= 1024;
    unsafe { encode(out, rank, strides, valid, "im2col") }
}
