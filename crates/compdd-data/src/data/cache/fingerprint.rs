//! Which files a request reads, and as what, as one hash: equal when nothing changed, found without reading an image.

use std::{fs, path::Path, time::SystemTime};

use crate::data::{error::DataError, load::Request};

/// The fingerprint of a request (hex).
///
/// Path, length and times of every file go in, the decode settings, the classes and their labels.
pub(in crate::data) fn of(request: &Request) -> Result<String, DataError> {
    let Request { part, split, classes, names, decode, .. } = request;
    let mut hasher = blake3::Hasher::new_derive_key("compdd cache fingerprint v1");
    let mut text = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    text(part.source.kind().as_bytes());
    text(split.to_string().as_bytes());
    text(decode.describe().as_bytes());
    names.iter().for_each(|name| text(name.as_bytes()));
    for (class, label) in *classes {
        text(class.synset.as_bytes());
        text(&label.to_le_bytes());
    }
    let folder = fs::canonicalize(&part.folder).unwrap_or_else(|_| part.folder.clone());
    text(folder.as_os_str().as_encoded_bytes());
    let place = request.place_of()?;
    part.source.files(*split, &|name| place(name).is_some(), &mut |path| {
        text(path.strip_prefix(&part.folder).unwrap_or(path).as_os_str().as_encoded_bytes());
        text(&state(path));
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// What the system knows about a file; something that cannot be known is the same every time.
fn state(path: &Path) -> Vec<u8> {
    let Ok(data) = fs::metadata(path) else { return b"unknown".to_vec() };
    let mut state = data.len().to_le_bytes().to_vec();
    state.extend(nanoseconds(data.modified().ok()).to_le_bytes());
    state.extend(changed(&data).to_le_bytes());
    state
}

/// A time as nanoseconds since 1970; 0 where the system does not tell.
pub(super) fn nanoseconds(time: Option<SystemTime>) -> u128 {
    time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
}

/// When anything about a file last changed, which no program can set: nanoseconds; 0 where the system does not tell.
pub(super) fn changed(data: &fs::Metadata) -> i128 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        i128::from(data.ctime()) * 1_000_000_000 + i128::from(data.ctime_nsec())
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        0
    }
}
