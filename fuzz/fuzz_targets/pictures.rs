#![no_main]

use compdd_data::data::{Decode, ResizeMode};
use libfuzzer_sys::fuzz_target;

/// Pixels of the largest picture that is decoded: larger ones take longer and reach nothing else.
const MOST: u32 = 64 * 64;

/// Whether a header claims more pixels: that of a PNG, or anything that looks like a frame's of a JPEG.
fn large(bytes: &[u8]) -> bool {
    let more = |width: u32, height: u32| width.saturating_mul(height) > MOST;
    let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let frame = |window: &[u8]| {
        let [0xFF, 0xC0..=0xC3, _, _, _, h1, h0, w1, w0] = *window else { return false };
        more(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into())
    };
    match bytes.first() {
        Some(0x89) => side(16).zip(side(20)).is_some_and(|(width, height)| more(width, height)),
        _ => bytes.windows(9).any(frame),
    }
}

// A picture as a run decodes and resizes it. Panics of the decoders are caught there: the hook that ends the process at the first of them is
// taken off, and those that nobody catches still end it.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let decode = Decode { resolution: 8, resize: ResizeMode::Squash, antialias: true };
    if large(bytes) {
        return;
    }
    if let Ok(pixels) = decode.bytes(bytes) {
        assert_eq!(pixels.len(), 3 * 8 * 8);
    }
});
