//! Launches: refused where a card would refuse them or a kernel would read outside of its memory, and otherwise counted.

use std::{
    ffi::{c_uint, c_void},
    time::Duration,
};

use crate::{ILLEGAL_ADDRESS, INVALID_VALUE, SUCCESS, Status, card, kernels::Kernel, memory, streams, tally};

/// What a launch takes on the card, in nanoseconds: any number that grows with the grid, so that tuning has something to
/// compare.
fn duration(blocks: u64) -> u64 {
    3000 + 20 * blocks
}

/// What a kernel that measures the card takes on the host's clock: `CubeCL` has it do more and more until a launch takes 20
/// milliseconds, without end where none takes any time.
const MEASUREMENT: Duration = Duration::from_millis(25);

/// What is wrong with the pointers of a launch, if anything is.
unsafe fn wrong_argument(kernel: &Kernel, arguments: *const *const u64) -> Option<String> {
    kernel.addresses.iter().enumerate().find_map(|(index, is_address)| {
        let argument = unsafe { *arguments.add(index) };
        if argument.is_null() {
            return Some(format!("argument {index} of {} is missing", kernel.addresses.len()));
        }
        let address = if *is_address { unsafe { *argument } } else { 0 };
        (address != 0 && !memory::holds(address, 1))
            .then(|| format!("argument {index} points outside of every allocation"))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuLaunchKernel(
    kernel: *const Kernel,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    shared_bytes: c_uint,
    _stream: *mut c_void,
    arguments: *const *const u64,
    _extra: *mut *mut c_void,
) -> Status {
    let kernel = unsafe { &*kernel };
    let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
    let volume = |sizes: [c_uint; 3]| sizes.iter().map(|size| u64::from(*size)).product::<u64>();
    let fits = |sizes: [c_uint; 3], most: [c_uint; 3]| (0..3).all(|axis| (1..=most[axis]).contains(&sizes[axis]));
    let mut tally = tally::lock();
    if !fits(grid, card::MAX_GRID)
        || !fits(block, card::MAX_BLOCK)
        || volume(block) > card::MAX_THREADS
        || shared_bytes > card::MAX_SHARED
    {
        tally.fault(format!("{}: grid {grid:?}, block {block:?}, {shared_bytes} bytes of shared memory", kernel.name));
        return INVALID_VALUE;
    }
    if let Some(wrong) = unsafe { wrong_argument(kernel, arguments) } {
        tally.fault(format!("{}: {wrong}", kernel.name));
        return ILLEGAL_ADDRESS;
    }
    tally.launches += 1;
    match tally.kernels.get_mut(&kernel.name) {
        Some(times) => *times += 1,
        None => drop(tally.kernels.insert(kernel.name.clone(), 1)),
    }
    drop(tally);
    streams::pass(duration(volume(grid)));
    if kernel.name.contains("throughput") {
        std::thread::sleep(MEASUREMENT);
    }
    SUCCESS
}
