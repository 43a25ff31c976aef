#![no_main]

use compdd_data::data::parse::synset_ids;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = synset_ids(bytes);
});
