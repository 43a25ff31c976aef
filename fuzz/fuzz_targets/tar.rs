#![no_main]

use std::io::Cursor;

use compdd_data::data::parse::members;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = members(Cursor::new(bytes), &mut |member, _| {
        assert!(member.start.checked_add(member.length).is_some_and(|end| end <= bytes.len() as u64));
        let _ = (member.base(), member.is_hidden());
        Ok(())
    });
});
