//! What is read of the arrays: labels whole, images one by one.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use compdd_core::{
    files::{IoError, plain},
    limits,
};

use super::{find::Place, wrong};
use crate::data::{
    error::DataError,
    parse::{
        At, ParseError,
        array::{Array, Kind},
        npy::{self, Header},
        npz::Member,
    },
    planes::interleaved,
    source::{Picture, archive::read_exact_at},
};

/// Labels as an array has them.
#[derive(Debug)]
pub(super) enum Values {
    Numbers(Vec<i64>),
    Names(Vec<String>),
}

/// Reads labels or names.
pub(super) fn values(place: &Place) -> Result<Values, DataError> {
    let read = |array: Array| match array.dtype.kind {
        Kind::Bytes | Kind::Unicode => array.texts().map(Values::Names),
        Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float => array.integers().map(Values::Numbers),
    };
    let found = match place {
        Place::Npy(path) => {
            let bytes = plain::regular_bytes(path, limits::WHOLE_BYTES)?;
            npy::read(&bytes).and_then(read)
        }
        Place::Npz(path, name) => unpacked(path, name)?.and_then(read),
    };
    found.map_err(|error| wrong(place, &error))
}

/// An array of an archive, unless it grows beyond measure: images are hardly compressed at all.
fn unpacked(path: &Path, name: &str) -> Result<Result<Array<'static>, ParseError>, DataError> {
    let mut archive = Place::open(path)?;
    Ok(archive.member(name).and_then(|Member { header, packed, .. }| {
        if header.bytes > limits::EXPANDED_BYTES.most && header.bytes / packed.max(1) > limits::EXPANSION.most {
            let found = format!("{} bytes, packed into {packed}", header.bytes);
            return Err(ParseError::new(limits::EXPANSION.exceeded(found)));
        }
        archive.read(name)
    }))
}

impl Values {
    /// The names, where labels are names.
    pub fn names(&self) -> &[String] {
        if let Self::Names(names) = self { names } else { &[] }
    }

    /// The values as a list of names.
    pub fn into_names(self, place: &Place) -> Result<Vec<String>, DataError> {
        match self {
            Self::Names(names) => Ok(names),
            Self::Numbers(_) => Err(wrong(place, &ParseError::new("names of classes that are numbers"))),
        }
    }

    /// The position of every label in the list of classes.
    pub fn positions(self, names: &[String]) -> Result<Vec<u32>, ParseError> {
        let classes = names.len();
        match self {
            Self::Numbers(numbers) => {
                let label = |(row, number): (usize, &i64)| {
                    let label = u32::try_from(*number).ok().filter(|&label| (label as usize) < classes);
                    let why = || format!("row {row} has label {number}, but {classes} classes have names");
                    label.ok_or_else(|| ParseError::new(why()))
                };
                numbers.iter().enumerate().map(label).collect()
            }
            Self::Names(labels) => {
                let places: std::collections::BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
                let label = |(row, name): (usize, &String)| {
                    let why = || format!("row {row} has label {name:?}, which is not among the names of classes");
                    places.get(name.as_str()).copied().ok_or_else(|| ParseError::new(why()))
                };
                labels.iter().enumerate().map(label).collect()
            }
        }
    }
}

/// Images of one size, read by number.
#[derive(Debug)]
pub(super) struct Pictures {
    bytes: Bytes,
    count: usize,
    height: usize,
    width: usize,
    channels: usize,
    /// Channel after channel, not pixel after pixel.
    planar: bool,
}

#[derive(Debug)]
enum Bytes {
    InFile(File, u64),
    InMemory(Vec<u8>),
}

impl Pictures {
    /// Opens an array of images. It is read into memory only where it is compressed.
    pub fn open(place: &Place) -> Result<Self, DataError> {
        let refused = |error: &ParseError| wrong(place, error);
        let unreadable = |source| DataError::from(IoError { action: "read", path: place.file().to_owned(), source });
        let file = plain::open_regular(place.file()).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let (header, at) = match place {
            Place::Npy(_) => {
                let header = Header::read(&mut BufReader::new(&file)).map_err(|error| refused(&error))?;
                let at = header.data_at;
                (header, Some(at))
            }
            Place::Npz(path, name) => {
                let member = Place::open(path)?.member(name).map_err(|error| refused(&error))?;
                (member.header, member.stored_at)
            }
        };
        // A file of its own ends with the last image; in an archive something follows.
        let end = at.map(|at| at.saturating_add(header.bytes));
        if end.is_some_and(|end| end > length || (end < length && matches!(place, Place::Npy(_)))) {
            let why = format!("shape {:?} takes {} bytes, which is not what the file has", header.shape, header.bytes);
            return Err(refused(&ParseError { at: at.map(At::Byte), why }));
        }
        let layout = Layout::of(&header).map_err(|why| refused(&ParseError::new(why)))?;
        let bytes = match (at, place) {
            (Some(at), _) => Bytes::InFile(file, at),
            (None, Place::Npz(path, name)) => {
                let array = unpacked(path, name)?.map_err(|error| refused(&error))?;
                Bytes::InMemory(array.data.into_owned())
            }
            (None, Place::Npy(_)) => return Err(refused(&ParseError::new("no elements"))),
        };
        let Layout { count, height, width, channels, planar } = layout;
        Ok(Self { bytes, count, height, width, channels, planar })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Reads an image; the error is the reason.
    pub fn read(&self, row: u64) -> Result<Picture, String> {
        if row >= self.count as u64 {
            return Err(format!("there are only {} images", self.count));
        }
        let size = self.height * self.width * self.channels;
        let start = row * size as u64;
        let stored = match &self.bytes {
            Bytes::InMemory(bytes) => bytes[start as usize..][..size].to_vec(),
            Bytes::InFile(file, at) => {
                let mut stored = vec![0; size];
                let read = read_exact_at(file, &mut stored, at + start);
                read.map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => "the file ends before the image".to_owned(),
                    _ => error.to_string(),
                })?;
                stored
            }
        };
        let pixels = match (self.channels, self.planar) {
            (1, _) => stored.into_iter().flat_map(|grey| [grey; 3]).collect(),
            (channels, true) => interleaved(&stored, channels),
            (_, false) => stored,
        };
        Ok(Picture::Rgb { pixels, width: self.width, height: self.height })
    }
}

/// How images lie in an array.
struct Layout {
    count: usize,
    height: usize,
    width: usize,
    channels: usize,
    planar: bool,
}

impl Layout {
    /// Recognises the order of the axes by where the colours are.
    fn of(header: &Header) -> Result<Self, String> {
        if !header.dtype.is_byte() {
            return Err("the images are not bytes from 0 to 255 (dtype uint8)".into());
        }
        if header.fortran {
            return Err("the images are in Fortran order; save numpy.ascontiguousarray of them".into());
        }
        let (count, height, width, channels, planar) = match *header.shape.as_slice() {
            [_, 3, _, 3] => return Err(format!("of shape {:?} it cannot be told which axis is colour", header.shape)),
            [count, height, width] => (count, height, width, 1, false),
            [count, height, width, channels @ (1 | 3)] => (count, height, width, channels, false),
            [count, channels @ (1 | 3), height, width] => (count, height, width, channels, true),
            _ => {
                let shape = &header.shape;
                return Err(format!(
                    "shape {shape:?} is none of [n, h, w, 3], [n, 3, h, w], [n, h, w] and [n, h, w, 1]"
                ));
            }
        };
        if height == 0 || width == 0 {
            return Err(format!("images of {width} x {height} pixels"));
        }
        Ok(Self { count, height, width, channels, planar })
    }
}
