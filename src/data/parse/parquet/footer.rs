//! A look at the directory of a shard before the Parquet crate reads it.
//!
//! The directory is in Thrift's compact protocol, whose readers pass over what they do not know. The crate passes over lists of truth
//! values without reading a byte, so that five bytes keep it busy for thousands of millions of steps. No directory has such lists.

use bytes::Bytes;
use parquet::file::reader::ChunkReader;

/// How deep a directory may be nested; the crate has the same limit.
const DEEPEST: u32 = 64;

/// Refuses a directory with lists that take no room. Whatever else is wrong with it is left for the crate to say.
pub(super) fn check(file: &impl ChunkReader) -> Result<(), String> {
    let footer = || -> Option<Bytes> {
        let end = file.len().checked_sub(8)?;
        let length = u32::from_le_bytes(*file.get_bytes(end, 4).ok()?.first_chunk()?);
        file.get_bytes(end.checked_sub(length.into())?, length as usize).ok()
    };
    let Some(footer) = footer() else { return Ok(()) };
    match (Walk { rest: &footer }).over(STRUCT, DEEPEST) {
        Err(Stop::Empty) => Err("the directory has a list of truth values".into()),
        _ => Ok(()),
    }
}

/// Kinds of values in the protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const INTEGERS: std::ops::RangeInclusive<u8> = 4..=6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Why a walk ended early.
enum Stop {
    /// Elements that take no room.
    Empty,
    /// The protocol is not kept.
    Broken,
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    fn over(&mut self, kind: u8, depth: u32) -> Result<(), Stop> {
        let depth = depth.checked_sub(1).ok_or(Stop::Broken)?;
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.bytes(1),
            DOUBLE => self.bytes(8),
            UUID => self.bytes(16),
            BINARY => {
                let length = self.number()?;
                self.bytes(length)
            }
            LIST | SET => {
                let header = self.byte()?;
                let size = if header >> 4 == 15 { self.number()? } else { u64::from(header >> 4) };
                self.elements(size, &[header & 15], depth)
            }
            MAP => {
                let size = self.number()?;
                let kinds = if size > 0 { self.byte()? } else { 0 };
                self.elements(size, &[kinds >> 4, kinds & 15], depth)
            }
            STRUCT => loop {
                let header = self.byte()?;
                if header & 15 == 0 {
                    return Ok(());
                }
                if header >> 4 == 0 {
                    self.number()?;
                }
                self.over(header & 15, depth)?;
            },
            kind if INTEGERS.contains(&kind) => self.number().map(|_| ()),
            _ => Err(Stop::Broken),
        }
    }

    fn elements(&mut self, size: u64, kinds: &[u8], depth: u32) -> Result<(), Stop> {
        if size > 0 && kinds.iter().all(|kind| matches!(*kind, TRUE | FALSE)) {
            return Err(Stop::Empty);
        }
        (0..size).try_for_each(|_| kinds.iter().try_for_each(|&kind| self.over(kind, depth)))
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let (&byte, rest) = self.rest.split_first().ok_or(Stop::Broken)?;
        self.rest = rest;
        Ok(byte)
    }

    fn bytes(&mut self, length: u64) -> Result<(), Stop> {
        let length = usize::try_from(length).map_err(|_| Stop::Broken)?;
        self.rest = self.rest.get(length..).ok_or(Stop::Broken)?;
        Ok(())
    }

    /// An integer of seven bits a byte, least significant first.
    fn number(&mut self) -> Result<u64, Stop> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Stop::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(footer: &[u8]) -> Result<(), String> {
        let length = (footer.len() as u32).to_le_bytes();
        check(&Bytes::from([footer, length.as_slice(), b"PAR1"].concat()))
    }

    #[test]
    fn lists_that_take_no_room_are_refused() {
        // Field 1 is a list of two thousand million truth values; the same within a list of structures; a map of them.
        let long = [0x19, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0];
        assert!(with(&long).unwrap_err().contains("a list of truth values"));
        assert!(with(&[&[0x19, 0x1C], long.as_slice(), &[0]].concat()).is_err());
        assert!(with(&[0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x12, 0]).is_err());
        assert_eq!(
            with(&[0x1B, 0x00, 0x19, 0x35, 1, 2, 3, 0x18, 2, b'a', b'b', 0x11, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Ok(())
        );
        for broken in
            [&[][..], &[0x19], &[0x1F], &[0x18, 0xFF, 0xFF, 0xFF], &[0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]]
        {
            assert_eq!(with(broken), Ok(()), "{broken:?}");
        }
        assert_eq!(with(&[0x1C; 500]), Ok(()));
        assert_eq!(check(&Bytes::from_static(b"PAR1")), Ok(()));
    }
}
