//! The table of classes in `data/meta.mat` of the ILSVRC devkit: as much of MATLAB's level 5 files as that takes.

use std::collections::BTreeMap;

use super::{ParseError, inflate, is_synset};

const HEADER: usize = 128;
const COMPRESSED: u32 = 15;
const MATRIX: u32 = 14;
const STRUCT: u8 = 2;

/// The synset of every `ILSVRC2012_ID` in the struct array `synsets`. Ids up to 1000 have images, the others are their
/// ancestors in `WordNet`; the ids are not in the order of the synsets.
pub fn synset_ids(file: &[u8]) -> Result<BTreeMap<u32, String>, ParseError> {
    match file.get(124..HEADER) {
        Some([0, 1, b'I', b'M']) => {}
        Some([1, 0, b'M', b'I']) => {
            return Err(ParseError::byte(126, "a big-endian MATLAB file, which is not read here"));
        }
        _ => return Err(ParseError::new("not a MATLAB 5 file: its header has no version 1 and byte order mark")),
    }
    let mut elements = Elements { bytes: file, at: HEADER };
    while let Some((kind, content)) = elements.next()? {
        let found = if kind == COMPRESSED {
            let inflated = inflate::zlib(content)?;
            match (Elements { bytes: &inflated, at: 0 }).next()? {
                Some((MATRIX, content)) => table(content)?,
                _ => None,
            }
        } else if kind == MATRIX {
            table(content)?
        } else {
            None
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(ParseError::new("holds no struct array with the fields ILSVRC2012_ID and WNID"))
}

/// A walk over tagged elements.
struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    /// The next element: its type and its bytes; `None` at the end.
    fn next(&mut self) -> Result<Option<(u32, &'a [u8])>, ParseError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let (kind, length) = (self.word(self.at)?, self.word(self.at + 4));
        // Up to four bytes of content stand in the tag itself, their number in the upper half of the type.
        let (kind, start, length) = match kind >> 16 {
            0 => (kind, self.at + 8, length? as usize),
            short => (kind & 0xFFFF, self.at + 4, short as usize),
        };
        let short = start == self.at + 4;
        if short && length > 4 {
            return Err(ParseError::byte(self.at as u64, format!("a short element of {length} bytes")));
        }
        let content = start.checked_add(length).and_then(|end| self.bytes.get(start..end)).ok_or_else(|| {
            let rest = self.bytes.len().saturating_sub(start);
            ParseError::byte(self.at as u64, format!("cut short: an element of {length} bytes, and {rest} follow"))
        })?;
        let end = start + length;
        self.at = match (short, kind) {
            (true, _) => self.at + 8,
            (false, COMPRESSED) => end,
            (false, _) => end.next_multiple_of(8),
        };
        Ok(Some((kind, content)))
    }

    /// The next element, which has to be there.
    fn need(&mut self) -> Result<(u32, &'a [u8]), ParseError> {
        let at = self.at as u64;
        self.next()?.ok_or_else(|| ParseError::byte(at, "cut short: a further element was announced"))
    }

    fn word(&self, at: usize) -> Result<u32, ParseError> {
        word(self.bytes.get(at..).unwrap_or_default())
            .ok_or_else(|| ParseError::byte(at as u64, "cut short: no whole tag follows"))
    }
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Class, dimensions and the elements that follow the name of a matrix; `None` for an empty one.
fn open(content: &[u8]) -> Result<Option<(u8, Vec<u32>, Elements<'_>)>, ParseError> {
    if content.is_empty() {
        return Ok(None);
    }
    let mut elements = Elements { bytes: content, at: 0 };
    let class = elements.need()?.1.first().copied().unwrap_or_default();
    let shape = elements.need()?.1.chunks_exact(4).filter_map(word).collect();
    elements.need()?;
    Ok(Some((class, shape, elements)))
}

/// Ids and synsets of a matrix that is a struct array with both fields.
fn table(content: &[u8]) -> Result<Option<BTreeMap<u32, String>>, ParseError> {
    let Some((STRUCT, shape, mut elements)) = open(content)? else { return Ok(None) };
    let width = elements.need()?.1;
    let Some(width @ 1..=256) = word(width).map(|width| width as usize) else {
        return Err(ParseError::new("a struct array whose field names have an impossible length"));
    };
    let names: Vec<&[u8]> = elements.need()?.1.chunks_exact(width).map(until_zero).collect();
    let field = |wanted: &str| names.iter().position(|name| *name == wanted.as_bytes());
    let (Some(id), Some(wnid)) = (field("ILSVRC2012_ID"), field("WNID")) else { return Ok(None) };
    let mut ids = BTreeMap::new();
    let rows = shape.iter().fold(1, |rows: u64, &side| rows.saturating_mul(side.into()));
    for row in 1..=rows {
        let (mut number, mut synset) = (None, None);
        for column in 0..names.len() {
            let (_, cell) = elements.need()?;
            if column == id {
                number = whole_number(cell)?;
            } else if column == wnid {
                synset = text(cell)?;
            }
        }
        let (Some(number), Some(synset)) = (number, synset) else {
            return Err(ParseError::new(format!("row {row} of synsets has no id and text where they should be")));
        };
        if !is_synset(synset.as_bytes()) {
            return Err(ParseError::new(format!("row {row} of synsets: {synset:?} is no synset")));
        }
        if ids.insert(number, synset).is_some() {
            return Err(ParseError::new(format!("row {row} of synsets: the id {number} is there twice")));
        }
    }
    Ok(Some(ids))
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// The first number of a numeric matrix, if it is whole and not negative.
fn whole_number(cell: &[u8]) -> Result<Option<u32>, ParseError> {
    let Some((_, _, mut elements)) = open(cell)? else { return Ok(None) };
    let (kind, bytes) = elements.need()?;
    let value = match (kind, bytes) {
        (2, &[byte, ..]) => f64::from(byte),
        (3 | 4, &[low, high, ..]) => f64::from(u16::from_le_bytes([low, high])),
        (5 | 6, _) => word(bytes).map_or(-1.0, f64::from),
        (9, _) => bytes.first_chunk().map_or(-1.0, |bytes| f64::from_le_bytes(*bytes)),
        _ => -1.0,
    };
    Ok((value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0).then_some(value as u32))
}

/// The text of a matrix of characters, stored in one or two bytes each.
fn text(cell: &[u8]) -> Result<Option<String>, ParseError> {
    let Some((_, _, mut elements)) = open(cell)? else { return Ok(None) };
    let (kind, bytes) = elements.need()?;
    Ok(match kind {
        1 | 2 | 16 => Some(String::from_utf8_lossy(bytes).into_owned()),
        4 | 17 => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = include_bytes!("../../../../../tests/fixtures/meta-plain.mat");
    const COMPRESSED: &[u8] = include_bytes!("../../../../../tests/fixtures/meta.mat");

    #[test]
    fn ids_and_synsets_come_out_of_both_kinds_of_file() {
        let ids = synset_ids(PLAIN).unwrap();
        let expected =
            [(1, "n02119789"), (2, "n02100735"), (449, "n01440764"), (1000, "n15075141"), (1001, "n00001740")];
        assert_eq!(ids, expected.map(|(id, synset)| (id, synset.to_owned())).into());
        assert_eq!(synset_ids(COMPRESSED).unwrap(), ids);
    }

    #[test]
    fn other_files_are_refused() {
        let why = |bytes: &[u8]| synset_ids(bytes).unwrap_err().to_string();
        assert!(why(b"MATLAB 7.3 MAT-file").contains("not a MATLAB 5 file"));
        assert!(why(&PLAIN[..HEADER]).contains("no struct array with the fields"));
        let at = PLAIN.windows(4).position(|bytes| bytes == b"WNID").unwrap();
        let mut other = PLAIN.to_vec();
        other[at] = b'V';
        assert!(why(&other).contains("no struct array with the fields"));
        let at = PLAIN.windows(9).position(|bytes| bytes == b"n02100735").unwrap();
        let mut other = PLAIN.to_vec();
        other[at] = b'x';
        assert_eq!(why(&other), "row 2 of synsets: \"x02100735\" is no synset");
    }

    #[test]
    fn no_cut_and_no_flipped_byte_is_a_panic_and_no_cut_is_a_table() {
        for file in [PLAIN, COMPRESSED] {
            for at in 0..file.len() {
                assert!(synset_ids(&file[..at]).is_err(), "cut at {at}");
                let mut flipped = file.to_vec();
                flipped[at] ^= 0xFF;
                let _ = synset_ids(&flipped);
            }
        }
    }
}
