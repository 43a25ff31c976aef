//! The container before `PyTorch` 1.6, which many published weights still have: a magic number, a version, what the machine was, the
//! description, the keys of the storages, all as pickles one behind the other, and then the storages, each behind its length.

use std::collections::HashMap;

use super::{super::pickle::Pickle, ParseError, Places, Value};

/// How such a file begins: a pickle of the number 0x1950a86a20f9469cfc6c.
pub(super) const START: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// Where things lie.
pub(super) fn places(bytes: &[u8]) -> Result<Places, ParseError> {
    let rest = |at: usize| bytes.get(at..).unwrap_or_default();
    let mut at = START.len();
    let version = Pickle::read(rest(at))?;
    if version.root().as_int() != Some(1001) {
        return Err(ParseError::new("it is of a version of the format that is not known"));
    }
    at += version.length();
    let machine = Pickle::read(rest(at))?;
    if machine.root().get("little_endian").and_then(Value::as_bool) == Some(false) {
        return Err(ParseError::new("it was written on a big-endian machine"));
    }
    at += machine.length();
    let description = Pickle::read_torch(rest(at))?;
    let program = at..at + description.length();
    let sizes: HashMap<&str, usize> =
        description.storages().map(|storage| (&*storage.key, storage.element.size())).collect();
    at = program.end;
    let keys = Pickle::read(rest(at))?;
    at += keys.length();
    let keys =
        keys.root().items().ok_or_else(|| ParseError::byte(at as u64, "the keys of its storages are no list"))?;
    let mut storages = HashMap::new();
    for key in keys {
        let place = at as u64;
        let cut = || ParseError::byte(place, "a storage is cut short");
        let known = key.as_text().and_then(|key| Some((key, sizes.get(key)?)));
        let (key, size) = known.ok_or_else(|| ParseError::byte(place, "a storage is named that no tensor has"))?;
        let length = rest(at).first_chunk::<8>().map(|length| u64::from_le_bytes(*length)).ok_or_else(cut)?;
        let start = at + 8;
        let end = usize::try_from(length).ok().and_then(|length| length.checked_mul(*size)?.checked_add(start));
        let end = end.filter(|end| *end <= bytes.len()).ok_or_else(cut)?;
        storages.insert(key.to_owned(), start..end);
        at = end;
    }
    Ok((program, storages))
}
