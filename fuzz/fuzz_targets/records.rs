#![no_main]

use std::path::Path;

use compdd_core::record::Record;
use libfuzzer_sys::fuzz_target;

// A record that is read says of itself what a leaderboard asks, and is written as it was read.
fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("record.json");
    let Ok(record) = Record::parse(text, path) else { return };
    let _ = (record.implied_flags(), record.page(), record.own_list(), record.precedence());
    let again = record.to_json().expect("a record that was read can be written");
    assert_eq!(Record::parse(&again, path).expect("what was written can be read"), record);
});
