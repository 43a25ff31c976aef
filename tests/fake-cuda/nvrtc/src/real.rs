//! The real library, opened at the first call.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    os::unix::ffi::OsStringExt as _,
    sync::LazyLock,
};

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

const RTLD_NOW: c_int = 2;

static LIBRARY: LazyLock<usize> = LazyLock::new(|| {
    let path = std::env::var_os("NVRTC_REAL").expect("NVRTC_REAL names the real library");
    let path = CString::new(path.into_vec()).expect("a path has no zero");
    // SAFETY: a valid C string; the vendor's library is meant to be opened.
    let library = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    assert!(!library.is_null(), "the real compiler {} cannot be opened", path.to_string_lossy());
    library.expose_provenance()
});

/// The address of a function of the real library.
pub fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: the library stays open.
    let address = unsafe { dlsym(std::ptr::with_exposed_provenance_mut(*LIBRARY), name.as_ptr()) };
    assert!(!address.is_null(), "the real compiler has no {}", name.to_string_lossy());
    address
}

/// Calls a function of the real library: its name, the types of its arguments, the arguments.
macro_rules! call {
    ($name:expr, ($($type:ty),*), $($argument:expr),*) => {
        std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> c_int>($crate::real::symbol($name))(
            $($argument),*
        )
    };
}
pub(crate) use call;
