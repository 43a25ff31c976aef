//! How safetensors files are told from others; the crate of that name reads them.

/// Longest header that the format allows, in bytes.
const LONGEST_HEADER: u64 = 100_000_000;

/// Whether bytes begin like a safetensors file: the length of a header, and an object of JSON.
pub fn recognises(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
    length.is_some_and(|length| length <= LONGEST_HEADER) && bytes.get(8) == Some(&b'{')
}
