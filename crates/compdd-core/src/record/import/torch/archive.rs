//! The container: a ZIP archive whose entries are stored, never compressed.

use std::collections::HashMap;

/// An archive in memory with its table of contents.
pub(super) struct Archive {
    bytes: Vec<u8>,
    /// By name below the root folder: `data.pkl`, `data/0`.
    entries: HashMap<String, Entry>,
}

struct Entry {
    start: usize,
    length: usize,
    crc: u32,
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LONGEST_COMMENT: usize = 65_535;
/// Stands for "see the 64-bit record", which only archives of 4 GiB and more have.
const SATURATED: usize = u32::MAX as usize;

impl Archive {
    /// Whether the bytes begin like an archive.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(LOCAL)
    }

    /// Reads the table of contents at the end.
    pub fn open(bytes: Vec<u8>) -> Result<Self, String> {
        let truncated = || "the archive is truncated".to_owned();
        let earliest = bytes.len().saturating_sub(END_LENGTH + LONGEST_COMMENT);
        let end = (earliest..=bytes.len().saturating_sub(END_LENGTH))
            .rev()
            .find(|&i| bytes[i..].starts_with(END))
            .ok_or_else(truncated)?;
        let count = word(&bytes, end + 10).ok_or_else(truncated)?;
        let mut at = long(&bytes, end + 16).ok_or_else(truncated)?;
        let mut entries = HashMap::new();
        for _ in 0..count {
            let header = bytes.get(at..).filter(|h| h.starts_with(CENTRAL)).ok_or_else(truncated)?;
            let field = |offset| long(header, offset).ok_or_else(truncated);
            let short = |offset| word(header, offset).ok_or_else(truncated);
            let (stored, length, local) = (field(20)?, field(24)?, field(42)?);
            let (name, extra, comment) = (short(28)?, short(30)?, short(32)?);
            if length == SATURATED || local == SATURATED {
                return Err("archives of 4 GiB and more are not read".to_owned());
            }
            if short(10)? != 0 || stored != length {
                return Err("its entries are compressed, which torch.save never does".to_owned());
            }
            let full = String::from_utf8_lossy(header.get(46..46 + name).ok_or_else(truncated)?);
            let start = data_start(&bytes, local).ok_or_else(truncated)?;
            bytes.get(start..start + length).ok_or_else(truncated)?;
            let name_below_root = full.split_once('/').map_or(full.as_ref(), |(_, rest)| rest).to_owned();
            entries.entry(name_below_root).or_insert(Entry { start, length, crc: field(16)? as u32 });
            at += 46 + name + extra + comment;
        }
        Ok(Self { bytes, entries })
    }

    /// The bytes of an entry, checked against their CRC-32.
    pub fn entry(&self, name: &str) -> Result<&[u8], String> {
        let entry = self.entries.get(name).ok_or_else(|| format!("it has no entry `{name}`"))?;
        let data = &self.bytes[entry.start..entry.start + entry.length];
        // Files saved without checksums have zeros there.
        if entry.crc != 0 && crc32(data) != entry.crc {
            return Err(format!("its entry `{name}` is damaged"));
        }
        Ok(data)
    }
}

/// The data follow the local header, whose name and extra field have their own lengths.
fn data_start(bytes: &[u8], local: usize) -> Option<usize> {
    let header = bytes.get(local..).filter(|h| h.starts_with(LOCAL))?;
    Some(local + 30 + word(header, 26)? + word(header, 28)?)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..)?.first_chunk::<2>()?;
    Some(usize::from(u16::from_le_bytes(*field)))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*field) as usize)
}

/// CRC-32 (IEEE 802.3), byte by byte.
fn crc32(data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !data.iter().fold(!0_u32, |crc, byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn rubbish_is_refused() {
        for bytes in [&b""[..], b"PK\x03\x04", b"PK\x05\x06", &[0; 100]] {
            assert!(Archive::open(bytes.to_vec()).is_err());
        }
        let mut end = vec![0_u8; END_LENGTH];
        end[..4].copy_from_slice(END);
        end[10] = 1;
        end[16] = 200;
        assert!(Archive::open(end).is_err());
    }
}
