//! The functions of NVRTC's interface that a program calls.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    time::Instant,
};

use crate::{
    journal::{self, Outcome},
    real::{self, call},
};

/// `NVRTC_SUCCESS`.
const SUCCESS: c_int = 0;

/// A program and what it became.
struct Program {
    /// The real library's.
    handle: *mut c_void,
    source: String,
    ptx: Vec<u8>,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcVersion(major: *mut c_int, minor: *mut c_int) -> c_int {
    unsafe { call!(c"nvrtcVersion", (*mut c_int, *mut c_int), major, minor) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcGetErrorString(code: c_int) -> *const c_char {
    let function = real::symbol(c"nvrtcGetErrorString");
    unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> *const c_char>(function)(code) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcCreateProgram(
    out: *mut *mut Program,
    source: *const c_char,
    name: *const c_char,
    headers: c_int,
    texts: *const *const c_char,
    names: *const *const c_char,
) -> c_int {
    type Texts = *const *const c_char;
    let mut handle = std::ptr::null_mut();
    let code = unsafe {
        call!(
            c"nvrtcCreateProgram",
            (*mut *mut c_void, *const c_char, *const c_char, c_int, Texts, Texts),
            &raw mut handle,
            source,
            name,
            headers,
            texts,
            names
        )
    };
    let source = unsafe { CStr::from_ptr(source) }.to_string_lossy().into_owned();
    unsafe { *out = Box::into_raw(Box::new(Program { handle, source, ptx: Vec::new() })) };
    code
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcDestroyProgram(program: *mut *mut Program) -> c_int {
    let mut owned = unsafe { Box::from_raw(*program) };
    unsafe { *program = std::ptr::null_mut() };
    unsafe { call!(c"nvrtcDestroyProgram", (*mut *mut c_void), &raw mut owned.handle) }
}

impl Program {
    /// Compiles with the real library; the code is NVRTC's.
    unsafe fn compile(&mut self, count: c_int, options: *const *const c_char) -> c_int {
        let code = unsafe {
            call!(c"nvrtcCompileProgram", (*mut c_void, c_int, *const *const c_char), self.handle, count, options)
        };
        if code == SUCCESS {
            self.ptx = unsafe { self.bytes(c"nvrtcGetPTXSize", c"nvrtcGetPTX") };
        }
        code
    }

    /// What a pair of functions says of the program: its size, then its bytes.
    unsafe fn bytes(&self, size: &CStr, bytes: &CStr) -> Vec<u8> {
        let mut length = 0_usize;
        unsafe { call!(size, (*mut c_void, *mut usize), self.handle, &raw mut length) };
        let mut out = vec![0; length];
        unsafe { call!(bytes, (*mut c_void, *mut u8), self.handle, out.as_mut_ptr()) };
        out
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcCompileProgram(program: *mut Program, count: c_int, options: *const *const c_char) -> c_int {
    let program = unsafe { &mut *program };
    let kernel = journal::kernel(&program.source);
    let given = (0..count as usize).map(|index| unsafe { CStr::from_ptr(*options.add(index)) }.to_string_lossy());
    let (mut major, mut minor) = (0, 0);
    unsafe { nvrtcVersion(&raw mut major, &raw mut minor) };
    let made_by = format!("{major}.{minor} {}", given.collect::<Vec<_>>().join(" "));
    if let Some((ptx, time)) = journal::take(&kernel, &made_by) {
        program.ptx = ptx;
        journal::write(&kernel, Outcome::Kept, time);
        return SUCCESS;
    }
    let start = Instant::now();
    let code = unsafe { program.compile(count, options) };
    let time = start.elapsed();
    if code == SUCCESS {
        journal::write(&kernel, Outcome::Compiled, time);
        journal::keep(&kernel, &made_by, &program.ptx, time);
    } else {
        journal::write(&kernel, Outcome::Failed, time);
        let log = unsafe { program.bytes(c"nvrtcGetProgramLogSize", c"nvrtcGetProgramLog") };
        journal::write_failure(&kernel, &program.source, &log);
    }
    code
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcGetProgramLogSize(program: *const Program, out: *mut usize) -> c_int {
    unsafe { call!(c"nvrtcGetProgramLogSize", (*mut c_void, *mut usize), (*program).handle, out) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcGetProgramLog(program: *const Program, out: *mut c_char) -> c_int {
    unsafe { call!(c"nvrtcGetProgramLog", (*mut c_void, *mut c_char), (*program).handle, out) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcGetPTXSize(program: *const Program, out: *mut usize) -> c_int {
    unsafe { *out = (*program).ptx.len() };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvrtcGetPTX(program: *const Program, out: *mut u8) -> c_int {
    let ptx = unsafe { &(*program).ptx };
    unsafe { std::ptr::copy_nonoverlapping(ptx.as_ptr(), out, ptx.len()) };
    SUCCESS
}
