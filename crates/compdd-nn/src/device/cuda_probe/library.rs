//! Dynamic libraries, opened for a look, and the few functions of CUDA's that are asked for what there is.

use std::ffi::{CStr, c_char, c_void};

use super::Version;

/// A dynamic library.
#[cfg(unix)]
pub struct Library(*mut c_void);

#[cfg(unix)]
impl Library {
    /// The first of these names or paths that the loader can open.
    pub fn open(names: &[&CStr]) -> Option<Self> {
        names.iter().find_map(|name| {
            // SAFETY: a valid C string; loading the vendor's library runs its constructors, as any CUDA program does.
            let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
            (!handle.is_null()).then(|| Self(handle))
        })
    }

    fn symbol(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the handle is open for the life of `self`.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!address.is_null()).then_some(address)
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
pub struct Library;

#[cfg(not(unix))]
impl Library {
    pub fn open(_names: &[&CStr]) -> Option<Self> {
        None
    }

    fn symbol(&self, _name: &CStr) -> Option<*mut c_void> {
        None
    }
}

impl Library {
    /// `cuInit`, `cuDeviceGetCount`, `cuDeviceGetName` of the driver API; `None` when one fails.
    pub fn cards(&self) -> Option<Vec<String>> {
        type Init = unsafe extern "C" fn(u32) -> i32;
        type Count = unsafe extern "C" fn(*mut i32) -> i32;
        type Name = unsafe extern "C" fn(*mut c_char, i32, i32) -> i32;
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

    /// The CUDA version that a driver serves (`cuDriverGetVersion`).
    pub fn driver_version(&self) -> Option<Version> {
        type Get = unsafe extern "C" fn(*mut i32) -> i32;
        let mut number = 0;
        // SAFETY: the signature is that of the CUDA driver API; the number outlives the call.
        let code =
            unsafe { std::mem::transmute::<*mut c_void, Get>(self.symbol(c"cuDriverGetVersion")?)(&raw mut number) };
        (code == 0).then(|| Version::of_driver(number))
    }

    /// The CUDA version of a run-time compiler (`nvrtcVersion`).
    pub fn compiler_version(&self) -> Option<Version> {
        type Get = unsafe extern "C" fn(*mut i32, *mut i32) -> i32;
        let (mut major, mut minor) = (0, 0);
        // SAFETY: the signature is that of NVRTC; both numbers outlive the call.
        let code = unsafe {
            std::mem::transmute::<*mut c_void, Get>(self.symbol(c"nvrtcVersion")?)(&raw mut major, &raw mut minor)
        };
        (code == 0).then_some(Version { major, minor })
    }
}
