#![no_main]

use compdd_data::data::parse::devkit::validation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = validation(bytes, &["n01440764"; 1000]);
});
