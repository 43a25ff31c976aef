//! A stand-in for NVIDIA's driver library (`libcuda.so.1`) on a machine without a card.
//!
//! Device memory is host memory, copies are copies, and a kernel that is launched does nothing. Before that, everything the
//! driver of a card would refuse is refused and written down as a fault: an image newer than the driver, an entry that the
//! image lacks, a launch out of the card's limits, a pointer outside of every allocation. What was asked is counted.
//!
//! A function goes into the file of the thing it is about; what it counts goes through [`tally`]. The signatures are those
//! of the CUDA driver API reference. Only what `CubeCL` calls is here: a program that asks for more finds a missing symbol.
//!
//! | variable | says |
//! |---|---|
//! | `FAKE_CUDA_REPORT` | the file that gets the counts, as JSON, when the process ends |
//! | `FAKE_CUDA_VERSION` | the version of the driver, as `cuDriverGetVersion` writes it (default 13000) |
//! | `FAKE_CUDA_CAPABILITY` | the compute capability of the card (default 9.0) |

mod card;
mod context;
mod copies;
mod kernels;
mod launch;
mod memory;
mod ptx;
mod streams;
mod tally;
mod tensor_maps;

use std::ffi::c_int;

/// `CUresult`.
type Status = c_int;

const SUCCESS: Status = 0;
const INVALID_VALUE: Status = 1;
const OUT_OF_MEMORY: Status = 2;
const INVALID_DEVICE: Status = 101;
const INVALID_IMAGE: Status = 200;
const UNSUPPORTED_PTX_VERSION: Status = 222;
const NOT_FOUND: Status = 500;
const ILLEGAL_ADDRESS: Status = 700;
const NOT_SUPPORTED: Status = 801;
