//! A look at what Thrift's compact protocol says in a shard before the Parquet crate reads it: the directory, and the header of every page.
//!
//! Readers of the protocol pass over what they do not know. The crate passes over lists of truth values without reading a byte, and in a
//! header over anything behind the end of the file, so that five bytes keep it busy for thousands of millions of steps. No directory
//! and no header has such lists, and all of them end. The crate also takes a field for what it should be, whatever type it says it
//! has; fields of other types are refused, so that both readings are the same.

use std::{
    io::{self, Read},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::Result as Parquet,
    file::reader::{ChunkReader, Length},
};

use super::schema::{DIRECTORY, Fields, PAGE_HEADER};

/// How deep the structures may be nested; the crate has the same limit.
const DEEPEST: u32 = 64;
/// Bytes that are looked at for the header of a page; headers with long statistics need the second.
const WINDOWS: [u64; 2] = [1 << 12, 1 << 24];

/// Refuses a directory that breaks the protocol or has lists that take no room. A file that has no directory is left for the crate
/// to name.
pub(super) fn check_directory(file: &impl ChunkReader) -> Result<(), String> {
    let footer = || -> Option<Bytes> {
        let end = file.len().checked_sub(8)?;
        let length = u32::from_le_bytes(*file.get_bytes(end, 4).ok()?.first_chunk()?);
        file.get_bytes(end.checked_sub(length.into())?, length as usize).ok()
    };
    let Some(footer) = footer() else { return Ok(()) };
    let walked = Walk { rest: &footer }.structure(DIRECTORY, DEEPEST);
    walked.map_err(|stop| format!("the directory {}", stop.why()))
}

/// A file whose page headers are looked at before they are read.
pub(super) struct Guarded<R>(pub Arc<R>);

impl<R: ChunkReader> Length for Guarded<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Guarded<R> {
    type T = Header<R>;

    fn get_read(&self, start: u64) -> Parquet<Self::T> {
        Ok(Header { file: Arc::clone(&self.0), start, checked: None })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Parquet<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Reads the header of a page; the crate reads nothing else this way.
pub(super) struct Header<R: ChunkReader> {
    file: Arc<R>,
    start: u64,
    /// The file from there on, once the header was looked at.
    checked: Option<R::T>,
}

impl<R: ChunkReader> Header<R> {
    fn check(&self) -> Result<(), io::Error> {
        let mut walked = Err(Stop::Broken);
        for window in WINDOWS {
            let length = self.file.len().saturating_sub(self.start).min(window);
            let bytes = self.file.get_bytes(self.start, length as usize).map_err(io::Error::other)?;
            walked = Walk { rest: &bytes }.structure(PAGE_HEADER, DEEPEST);
            if !matches!(walked, Err(Stop::Broken)) {
                break;
            }
        }
        walked.map_err(|stop| io::Error::other(format!("the header of a page {}", stop.why())))
    }
}

impl<R: ChunkReader> Read for Header<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let file = if let Some(file) = &mut self.checked {
            file
        } else {
            self.check()?;
            self.checked.insert(self.file.get_read(self.start).map_err(io::Error::other)?)
        };
        // The end of the file is an error, not an empty read, which the crate takes for success when it passes over bytes.
        match file.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// What a field should be.
#[derive(Debug)]
pub(super) enum Type {
    Bool,
    Byte,
    /// Of any size: all are stored alike.
    Int,
    Double,
    Bytes,
    Struct(&'static Fields),
    List(&'static Type),
}

impl Type {
    /// Whether a kind of value is this type.
    fn is(&self, kind: u8) -> bool {
        match self {
            Self::Bool => matches!(kind, TRUE | FALSE),
            Self::Byte => kind == BYTE,
            Self::Int => INTEGERS.contains(&kind),
            Self::Double => kind == DOUBLE,
            Self::Bytes => kind == BINARY,
            Self::Struct(_) => kind == STRUCT,
            Self::List(_) => kind == LIST,
        }
    }
}

/// Kinds of values in the protocol.
const STOP: u8 = 0;
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

/// The two numbers of four bits that a byte holds.
fn halves(byte: u8) -> (u8, u8) {
    (byte >> 4, byte & 15)
}

impl Stop {
    fn why(&self) -> &'static str {
        match self {
            Self::Empty => "has a list of truth values",
            Self::Broken => "is damaged or cut short",
        }
    }
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    /// Passes over a structure whose known fields have the types that they should have.
    fn structure(&mut self, fields: &Fields, depth: u32) -> Result<(), Stop> {
        let depth = depth.checked_sub(1).ok_or(Stop::Broken)?;
        let mut last = 0;
        loop {
            let (step, kind) = halves(self.byte()?);
            if kind == STOP {
                return Ok(());
            }
            // A number of its own is stored zigzag, as all integers are.
            let field = if step == 0 { self.number()? / 2 } else { last + u64::from(step) };
            match fields.iter().find(|(number, _)| *number == field) {
                Some((_, wanted)) if !wanted.is(kind) => return Err(Stop::Broken),
                Some((_, wanted)) => self.known(wanted, kind, depth)?,
                None => self.over(kind, depth)?,
            }
            last = field;
        }
    }

    /// Passes over a value of a known type.
    fn known(&mut self, wanted: &Type, kind: u8, depth: u32) -> Result<(), Stop> {
        match wanted {
            Type::Struct(fields) => self.structure(fields, depth),
            Type::List(of) => {
                let (size, kind) = self.list()?;
                if size > 0 && !of.is(kind) {
                    return Err(Stop::Broken);
                }
                (0..size).try_for_each(|_| self.known(of, kind, depth))
            }
            _ => self.over(kind, depth),
        }
    }

    /// Passes over a value of any type.
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
                let (size, kind) = self.list()?;
                self.elements(size, &[kind], depth)
            }
            MAP => {
                let size = self.number()?;
                let (key, value) = halves(if size > 0 { self.byte()? } else { 0 });
                self.elements(size, &[key, value], depth)
            }
            STRUCT => self.structure(&[], depth),
            kind if INTEGERS.contains(&kind) => self.number().map(|_| ()),
            _ => Err(Stop::Broken),
        }
    }

    /// Elements of a list, and their kind.
    fn list(&mut self) -> Result<(u64, u8), Stop> {
        let (size, kind) = halves(self.byte()?);
        Ok((if size == 15 { self.number()? } else { size.into() }, kind))
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
        check_directory(&Bytes::from([footer, length.as_slice(), b"PAR1"].concat()))
    }

    #[test]
    fn lists_that_take_no_room_are_refused() {
        // Field 15 is a list of two thousand million truth values; the same within a list of structures; a map of them.
        let long = [0xF9, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0];
        assert_eq!(with(&long).unwrap_err(), "the directory has a list of truth values");
        assert!(with(&[&[0xF9, 0x1C], long.as_slice(), &[0]].concat()).unwrap_err().contains("truth values"));
        assert!(with(&[0xFB, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x12, 0]).unwrap_err().contains("truth values"));
        let odd = [0xFB, 0x00, 0x19, 0x35, 1, 2, 3, 0x18, 2, b'a', b'b', 0x11, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(with(&odd), Ok(()));
        for broken in
            [&[][..], &[0xF9], &[0xFF], &[0xF8, 0xFF, 0xFF, 0xFF], &[0xF9, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]]
        {
            assert_eq!(with(broken).unwrap_err(), "the directory is damaged or cut short", "{broken:?}");
        }
        assert!(with(&[0xFC; 500]).is_err());
        assert_eq!(check_directory(&Bytes::from_static(b"PAR1")), Ok(()));
    }

    #[test]
    fn known_fields_have_the_types_that_they_should_have() {
        assert_eq!(with(&[0x15, 2, 0x19, 0x1C, 0x48, 1, b'x', 0, 0]), Ok(()));
        assert!(with(&[0x18, 0, 0]).is_err());
        assert!(with(&[0x15, 2, 0x19, 0x15, 2, 0]).is_err());
        assert!(with(&[0x15, 2, 0x19, 0x1C, 0x45, 1, 0, 0]).is_err());
        assert!(with(&[0x05, 2, 2, 0]).is_ok() && with(&[0x08, 2, 0, 0]).is_err());
    }

    #[test]
    fn page_headers_are_looked_at_when_they_are_read() {
        let read = |bytes: &'static [u8]| {
            let guarded = Guarded(Arc::new(Bytes::from_static(bytes)));
            let mut header = guarded.get_read(1).unwrap();
            let mut read = [0; 4];
            header.read_exact(&mut read).map(|()| read)
        };
        assert_eq!(read(&[9, 0x15, 2, 0, 7]).unwrap(), [0x15, 2, 0, 7]);
        assert_eq!(read(&[9, 0x15, 2, 0]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let cut = read(&[9, 0xF9, 0xF7, 0xFF, 0x07, 0]).unwrap_err().to_string();
        assert_eq!(cut, "the header of a page is damaged or cut short");
        assert_eq!(
            read(&[9, 0xF9, 0xF1, 0xFF, 0x07, 0]).unwrap_err().to_string(),
            "the header of a page has a list of truth values"
        );
    }
}
