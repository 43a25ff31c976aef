//! The container since `PyTorch` 1.6: a ZIP archive whose entries are stored, never compressed, so that tensors can be read in place.

use std::{collections::HashMap, io::Cursor, ops::Range};

use flate2::Crc;
use zip::{CompressionMethod, ZipArchive};

use super::{ParseError, Places};

/// How an archive begins.
pub(super) const START: &[u8] = b"PK\x03\x04";

/// Where things lie. Entries are below a folder named after the file: `NAME/data.pkl`, `NAME/data/0`, ...
pub(super) fn places(bytes: &[u8]) -> Result<Places, ParseError> {
    let said = |error| ParseError::new(format!("the archive cannot be read: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(said)?;
    let (mut program, mut storages) = (None, HashMap::new());
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(said)?;
        let full = entry.name().map_err(said)?.into_owned();
        let name = full.split_once('/').map_or(full.as_str(), |(_, rest)| rest);
        let storage = name.strip_prefix("data/");
        if storage.is_none() && !matches!(name, "data.pkl" | "byteorder") {
            continue;
        }
        if entry.compression() != CompressionMethod::Stored || entry.size() != entry.compressed_size() {
            return Err(ParseError::new("its entries are compressed, which torch.save never does"));
        }
        let range = range(entry.data_start(), entry.size(), bytes.len())
            .ok_or_else(|| ParseError::new("the archive is truncated"))?;
        check(&bytes[range.clone()], entry.crc32(), name)?;
        match storage {
            Some(key) => drop(storages.insert(key.to_owned(), range)),
            None if name == "data.pkl" => program = Some(range),
            None if &bytes[range] != b"little" => {
                return Err(ParseError::new("it was written on a big-endian machine"));
            }
            None => {}
        }
    }
    let program =
        program.ok_or_else(|| ParseError::new("the archive has no data.pkl, so torch.save did not write it"))?;
    Ok((program, storages))
}

fn range(start: Option<u64>, size: u64, length: usize) -> Option<Range<usize>> {
    let start = usize::try_from(start?).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= length).then_some(start..end)
}

/// Holds an entry against its CRC-32. Files that were saved without checksums have zeros there.
fn check(data: &[u8], expected: u32, name: &str) -> Result<(), ParseError> {
    let mut crc = Crc::new();
    crc.update(data);
    if expected == 0 || crc.sum() == expected {
        Ok(())
    } else {
        Err(ParseError::new(format!("its entry `{name}` is damaged")))
    }
}
