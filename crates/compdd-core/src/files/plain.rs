//! Files where others may have laid something: opened without following a link and without waiting for a pipe, and never read beyond a limit
//! that is compared before the first byte.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

use super::IoError;
use crate::limits::Limit;

/// Opens a regular file; links to one are followed. A pipe or a device is refused, not waited for.
///
/// # Errors
/// Those of the system, and [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    Ok(open(OpenOptions::new().read(true), path, 0)?.0)
}

/// As [`open_regular`], where the name itself must not be a link.
///
/// # Errors
/// As [`open_regular`]; a link is no regular file.
pub fn open_plain(path: &Path) -> io::Result<File> {
    Ok(unlinked(OpenOptions::new().read(true), path)?.0)
}

/// Opens a file to be read and written, and makes it if it is not there; its content stays. Never one that a link leads to.
///
/// # Errors
/// As [`open_plain`].
pub fn open_to_write(path: &Path) -> io::Result<File> {
    Ok(unlinked(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)?.0)
}

/// Opens a file that is there to be added to. Never one that a link leads to.
///
/// # Errors
/// As [`open_plain`].
pub fn open_to_append(path: &Path) -> io::Result<File> {
    Ok(unlinked(OpenOptions::new().append(true), path)?.0)
}

/// A file and its length.
fn unlinked(options: &mut OpenOptions, path: &Path) -> io::Result<(File, u64)> {
    let linked = || irregular("it is a symbolic link");
    #[cfg(unix)]
    return open(options, path, libc::O_NOFOLLOW).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => error, // the usual one, and no link: not asked a second time
        _ if path.is_symlink() => linked(),
        _ => error,
    });
    #[cfg(not(unix))]
    if path.is_symlink() { Err(linked()) } else { open(options, path, 0) }
}

fn open(options: &mut OpenOptions, path: &Path, flags: i32) -> io::Result<(File, u64)> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags | libc::O_NONBLOCK);
    #[cfg(not(unix))]
    let _ = flags;
    let file = options.open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found.len())) } else { Err(irregular("it is no regular file")) }
}

fn irregular(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// All bytes of a plain file, of which there may be no more than the limit.
///
/// # Errors
/// As [`open_plain`], and [`io::ErrorKind::FileTooLarge`] with the name of the limit.
pub fn bytes(path: &Path, limit: Limit) -> Result<Vec<u8>, IoError> {
    unlinked(OpenOptions::new().read(true), path)
        .and_then(|file| limited(file, limit))
        .map_err(IoError::at("read", path))
}

/// As [`bytes()`] of a file to which a link may lead: of a user's own images, where links are common.
///
/// # Errors
/// As [`open_regular`], and [`io::ErrorKind::FileTooLarge`] with the name of the limit.
pub fn regular_bytes(path: &Path, limit: Limit) -> Result<Vec<u8>, IoError> {
    open(OpenOptions::new().read(true), path, 0)
        .and_then(|file| limited(file, limit))
        .map_err(IoError::at("read", path))
}

fn limited((file, announced): (File, u64), limit: Limit) -> io::Result<Vec<u8>> {
    let long = |bytes: u64| io::Error::new(io::ErrorKind::FileTooLarge, limit.exceeded(bytes));
    if announced > limit.most {
        return Err(long(announced));
    }
    let mut bytes = Vec::with_capacity(announced as usize);
    file.take(limit.most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit.most { Err(long(bytes.len() as u64)) } else { Ok(bytes) }
}

/// As [`bytes()`], as [`utf8`].
///
/// # Errors
/// Those of both.
pub fn text(path: &Path, limit: Limit) -> Result<String, IoError> {
    utf8(bytes(path, limit)?).map_err(IoError::at("read", path))
}

/// As [`regular_bytes`], as [`utf8`].
///
/// # Errors
/// Those of both.
pub fn regular_text(path: &Path, limit: Limit) -> Result<String, IoError> {
    utf8(regular_bytes(path, limit)?).map_err(IoError::at("read", path))
}

/// The text of a file in UTF-8, without the byte order mark that some editors put before it.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for other bytes, with what they seem to be and what to do.
pub fn utf8(mut bytes: Vec<u8>) -> io::Result<String> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{what}: save it as UTF-8"));
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(wrong("it is UTF-16 text, as some programs of Windows write it".to_owned()));
    }
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    String::from_utf8(bytes)
        .map_err(|error| wrong(format!("it is no UTF-8 text from byte {}", error.utf8_error().valid_up_to())))
}

/// Whether a name is one of a hidden file, or of a folder that an operating system, an archiver or a notebook leaves among others' files: nobody
/// means it.
pub fn is_hidden(name: impl AsRef<OsStr>) -> bool {
    let name = name.as_ref();
    name.as_encoded_bytes().starts_with(b".") || name == "__MACOSX" || name == "@eaDir"
}

/// Whether `root` and the folders between it and `path` are folders, none of them a link: what lies there lies inside. The root itself may
/// be a link, because a user named it.
pub fn is_inside(root: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(root) else { return false };
    let mut place = root.to_owned();
    let mut parts = inside.components().peekable();
    while let Some(part) = parts.next() {
        let std::path::Component::Normal(name) = part else { return false };
        place.push(name);
        let last = parts.peek().is_none();
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() || (last && !found.is_symlink()) => {}
            Ok(_) => return false,
            // What is not there leads nowhere.
            Err(error) => return error.kind() == io::ErrorKind::NotFound,
        }
    }
    true
}

/// Whether a folder belongs to this user, and not everybody may write there. Where there are no owners, nobody else is assumed.
pub fn is_own(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // SAFETY: the call has no arguments and cannot fail.
        let user = unsafe { libc::geteuid() };
        fs::metadata(folder).is_ok_and(|found| found.uid() == user && found.mode() & 0o002 == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limit;

    const SMALL: Limit = Limit { name: "SMALL", most: 4 };

    #[test]
    fn text_is_utf8_and_a_mark_before_it_is_none_of_it() {
        assert_eq!(utf8("\u{feff}bird".into()).unwrap(), "bird");
        let said = |bytes: &[u8]| utf8(bytes.to_vec()).unwrap_err().to_string();
        assert!(said(b"\xff\xfeb\0").contains("UTF-16"), "{}", said(b"\xff\xfeb\0"));
        assert!(said(b"ab\xe9").contains("from byte 2: save it as UTF-8"), "{}", said(b"ab\xe9"));
    }

    #[test]
    fn leftovers_are_hidden() {
        assert!([".x", "._a.json", "__MACOSX", "@eaDir"].into_iter().all(is_hidden));
        assert!(!["x", "_x", "n01440764"].into_iter().any(is_hidden));
    }

    #[test]
    fn a_limit_is_named_before_anything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "1234").unwrap();
        assert_eq!(text(&path, SMALL).unwrap(), "1234");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = bytes(&path, SMALL).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.source.to_string().contains("SMALL"), "{}", error.source);
        fs::write(&path, [0xff]).unwrap();
        assert!(text(&path, SMALL).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_devices_are_refused_at_once() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "1").unwrap();
        symlink(at("real"), at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        assert_eq!(bytes(&at("real"), SMALL).unwrap(), b"1");
        for wrong in [at("link"), at("pipe"), "/dev/zero".into(), folder.path().to_owned()] {
            assert!(open_plain(&wrong).is_err(), "{}", wrong.display());
        }
        assert!(open_regular(&at("link")).is_ok() && open_regular(&at("pipe")).is_err());
        for way in [open_to_write, open_to_append] {
            assert!(way(&at("link")).is_err() && way(&at("pipe")).is_err() && way(&at("real")).is_ok());
        }
        assert!(open_to_write(&at("new")).is_ok() && open_to_append(&at("absent")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_leads_to_is_not_inside() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/a")).unwrap();
        fs::create_dir_all(at("other")).unwrap();
        fs::write(at("root/a/f"), "").unwrap();
        std::os::unix::fs::symlink(at("other"), at("root/b")).unwrap();
        std::os::unix::fs::symlink(at("root"), at("root2")).unwrap();
        let root = at("root");
        assert!(is_inside(&root, &at("root/a/f")) && is_inside(&root, &at("root/a/none/g")) && is_inside(&root, &root));
        assert!(
            !is_inside(&root, &at("root/b/f")) && !is_inside(&root, &at("root/b")) && !is_inside(&root, &at("other"))
        );
        assert!(!is_inside(&root, &at("root/../other")) && is_inside(&at("root2"), &at("root2/a/f")));
    }
}
