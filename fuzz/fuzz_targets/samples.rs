#![no_main]

use std::io::Cursor;

use compdd_data::data::parse::samples;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = samples(Cursor::new(bytes), &mut |_| Ok(()));
});
