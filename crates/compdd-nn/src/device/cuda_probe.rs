//! Looks for the pieces of CUDA without linking to any of them: the driver, the run-time compiler, the headers, the cards.

use std::{ffi::CStr, path::PathBuf};

use super::Missing;

/// The libraries and headers that the CUDA backend opens at run time and that are not here.
pub fn missing_libraries() -> Vec<Missing> {
    let mut missing = Vec::new();
    if Library::open(DRIVER).is_none() {
        missing.push(no_driver());
    }
    if Library::open(NVRTC).is_none() {
        missing.push(Missing::new(
            "the run-time compiler (libnvrtc) was not found",
            "install the CUDA toolkit's nvrtc package and put it on the loader's path (LD_LIBRARY_PATH)",
        ));
    }
    if !header_folders().iter().any(|folder| folder.join("cuda_runtime.h").is_file()) {
        missing.push(Missing::new(
            "the CUDA headers were not found",
            "set CUDA_PATH to a toolkit that has include/cuda_runtime.h",
        ));
    }
    missing
}

/// The names of the GPUs that the driver lists.
pub fn cards() -> Result<Vec<String>, Missing> {
    let driver = Library::open(DRIVER).ok_or_else(no_driver)?;
    driver.cards().ok_or_else(|| Missing::new("the NVIDIA driver does not answer", "check it with `nvidia-smi`"))
}

const DRIVER: &[&CStr] = &[c"libcuda.so.1", c"libcuda.so"];
const NVRTC: &[&CStr] = &[c"libnvrtc.so", c"libnvrtc.so.13", c"libnvrtc.so.12"];

fn no_driver() -> Missing {
    Missing::new("the NVIDIA driver (libcuda) was not found", "install the driver of the card")
}

fn header_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("CUDA_PATH").map(|root| PathBuf::from(root).join("include"));
    named.into_iter().chain(["/usr/local/cuda/include", "/opt/cuda/include"].map(PathBuf::from)).collect()
}

/// A dynamic library, opened for a look.
#[cfg(unix)]
struct Library(*mut libc::c_void);

#[cfg(unix)]
impl Library {
    fn open(names: &[&CStr]) -> Option<Self> {
        names.iter().find_map(|name| {
            // SAFETY: a valid C string; loading the vendor's library runs its constructors, as any CUDA program does.
            let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
            (!handle.is_null()).then(|| Self(handle))
        })
    }

    fn symbol(&self, name: &CStr) -> Option<*mut libc::c_void> {
        // SAFETY: the handle is open for the life of `self`.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!address.is_null()).then_some(address)
    }

    /// `cuInit`, `cuDeviceGetCount`, `cuDeviceGetName` of the driver API; `None` when one fails.
    fn cards(&self) -> Option<Vec<String>> {
        type Init = unsafe extern "C" fn(u32) -> i32;
        type Count = unsafe extern "C" fn(*mut i32) -> i32;
        type Name = unsafe extern "C" fn(*mut libc::c_char, i32, i32) -> i32;
        // SAFETY: the signatures are those of the CUDA driver API; every pointer handed over outlives its call, and the
        // name buffer is zero-terminated because its last byte is never given away.
        unsafe {
            let init: Init = std::mem::transmute(self.symbol(c"cuInit")?);
            let count: Count = std::mem::transmute(self.symbol(c"cuDeviceGetCount")?);
            let name: Name = std::mem::transmute(self.symbol(c"cuDeviceGetName")?);
            let mut cards = 0;
            if init(0) != 0 || count(&raw mut cards) != 0 {
                return None;
            }
            (0..cards)
                .map(|card| {
                    let mut text = [0; 256];
                    (name(text.as_mut_ptr(), 255, card) == 0)
                        .then(|| CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned())
                })
                .collect()
        }
    }
}

#[cfg(unix)]
impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, closed once.
        unsafe { libc::dlclose(self.0) };
    }
}

#[cfg(not(unix))]
struct Library;

#[cfg(not(unix))]
impl Library {
    fn open(_names: &[&CStr]) -> Option<Self> {
        None
    }

    fn cards(&self) -> Option<Vec<String>> {
        None
    }
}
