//! Images and the kernels in them.

use std::ffi::{CStr, c_char, c_int, c_void};

use crate::{INVALID_IMAGE, NOT_FOUND, SUCCESS, Status, UNSUPPORTED_PTX_VERSION, card, ptx, tally};

/// An image that was loaded: PTX.
struct Module {
    image: String,
}

/// A kernel of an image.
pub struct Kernel {
    pub name: String,
    /// Whether each parameter is an address.
    pub addresses: Vec<bool>,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleLoadData(out: *mut *mut c_void, image: *const c_void) -> Status {
    let image = unsafe { CStr::from_ptr(image.cast()) }.to_string_lossy().into_owned();
    let mut tally = tally::lock();
    let Some(version) = ptx::version(&image).filter(|_| image.contains(".entry")) else {
        tally.fault("an image that is not PTX with an entry".to_owned());
        return INVALID_IMAGE;
    };
    if version > ptx::newest(card::version()) {
        tally.fault(format!("PTX {}.{}, newer than the driver", version / 10, version % 10));
        return UNSUPPORTED_PTX_VERSION;
    }
    tally.modules += 1;
    unsafe { *out = Box::into_raw(Box::new(Module { image })).cast() };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleUnload(module: *mut c_void) -> Status {
    drop(unsafe { Box::from_raw(module.cast::<Module>()) });
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleGetFunction(out: *mut *mut Kernel, module: *const c_void, name: *const c_char) -> Status {
    let module = unsafe { &*module.cast::<Module>() };
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    let Some(addresses) = ptx::addresses(&module.image, &name) else {
        tally::lock().fault(format!("the image has no entry {name}"));
        return NOT_FOUND;
    };
    unsafe { *out = Box::into_raw(Box::new(Kernel { name, addresses })) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cuFuncSetAttribute(kernel: *const Kernel, attribute: c_int, value: c_int) -> Status {
    // 8: most dynamic shared memory of a block.
    if attribute == 8 && value > card::MAX_SHARED as c_int {
        let name = unsafe { &(*kernel).name };
        tally::lock().fault(format!("{name}: {value} bytes of shared memory are asked for"));
        return crate::INVALID_VALUE;
    }
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuFuncGetAttribute(out: *mut c_int, _attribute: c_int, _kernel: *const Kernel) -> Status {
    unsafe { *out = 0 };
    SUCCESS
}
