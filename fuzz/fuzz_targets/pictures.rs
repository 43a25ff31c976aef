#![no_main]

use compdd_data::data::{Decode, ResizeMode};
use libfuzzer_sys::fuzz_target;

// A picture as a run decodes and resizes it. Panics of the decoders are caught there: the hook that ends the process at the first of them is
// taken off, and those that nobody catches still end it.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let decode = Decode { resolution: 8, resize: ResizeMode::Squash, antialias: true };
    if let Ok(pixels) = decode.bytes(bytes) {
        assert_eq!(pixels.len(), 3 * 8 * 8);
    }
});
