#![no_main]

use compdd_data::data::parse::npy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(array) = npy::read(bytes) {
        assert_eq!(array.dtype.bytes(&array.shape), Some(array.data.len() as u64));
        let _ = (array.integers(), array.texts());
    }
});
