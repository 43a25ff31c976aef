#![no_main]

use std::io::Cursor;

use compdd_data::data::parse::npz::Npz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut npz) = Npz::open(Cursor::new(bytes)) else { return };
    for name in npz.names() {
        if let Ok(member) = npz.member(&name) {
            assert!(member.stored_at.is_none_or(|at| at <= bytes.len() as u64));
        }
        let _ = npz.read(&name);
    }
});
