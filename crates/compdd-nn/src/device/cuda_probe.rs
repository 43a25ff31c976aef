//! Looks for the pieces of CUDA without linking to any of them, and points the backend at what it would not find itself: the
//! driver, the run-time compiler (NVRTC), its headers, the cards, the folder of compiled kernels.

#[cfg(feature = "cuda")]
mod kernels;
mod library;
mod toolkit;
mod version;

use std::ffi::CStr;

use library::Library;
use version::Version;

use super::Missing;

const DRIVER: &[&CStr] = &[c"libcuda.so.1", c"libcuda.so"];

/// What the backend needs and is not here, or does not fit together.
pub fn missing_libraries() -> Vec<Missing> {
    let (found, driver) = (toolkit::find(), driver_version());
    let mut missing = Vec::new();
    match driver {
        None => missing.push(no_driver()),
        Some(version) if version < version::OLDEST_DRIVER => missing.push(Missing::new(
            format!("the driver is one of CUDA {version}; this build needs {} or newer", version::OLDEST_DRIVER),
            "update the NVIDIA driver to version 525 or newer",
        )),
        Some(_) => {}
    }
    if let Some(what) = found.lacks() {
        missing.push(Missing::new(what, toolkit::command(driver)));
    }
    if let (Some(compiler), Some(driver)) = (found.version(), driver)
        && compiler > driver
    {
        missing.push(Missing::new(
            format!("the run-time compiler is one of CUDA {compiler}: a driver of CUDA {driver} refuses what it makes"),
            found.remedy_of_version(driver),
        ));
    }
    missing
}

/// The names of the GPUs that the driver lists.
pub fn cards() -> Result<Vec<String>, Missing> {
    let driver = Library::open(DRIVER).ok_or_else(no_driver)?;
    driver.cards().ok_or_else(|| Missing::new("the NVIDIA driver does not answer", "check it with `nvidia-smi`"))
}

/// The versions of CUDA that driver and run-time compiler are of, where both are there.
pub fn versions() -> Option<String> {
    Some(format!("driver of CUDA {}, run-time compiler of CUDA {}", driver_version()?, toolkit::find().version()?))
}

/// Says what is missing, or points the backend at a toolkit that it would not find and at the folder of compiled kernels. To
/// be called before the first device of a process opens.
#[cfg(feature = "cuda")]
pub fn prepare(index: usize) -> Result<(), Missing> {
    if let Some(missing) = missing_libraries().into_iter().next() {
        return Err(missing);
    }
    let (found, driver) = (toolkit::find(), driver_version());
    if let (Some(driver), Some(compiler), Some(card)) = (driver, found.version(), cards()?.get(index)) {
        kernels::keep(card, driver, compiler);
    }
    found.put_in_place()
}

fn driver_version() -> Option<Version> {
    Library::open(DRIVER)?.driver_version()
}

fn no_driver() -> Missing {
    Missing::new("the NVIDIA driver (libcuda) was not found", "install the driver of the card")
}
