//! What lies where in a tar archive.

use std::io::{Read, Seek, SeekFrom};

use tar::{Archive, Entry, EntryType};

use super::ParseError;

/// Archives consist of blocks of so many bytes.
const BLOCK: u64 = 512;

/// A regular file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name with its folders, `/` between them, without a leading `./`. Only a name: nothing is ever unpacked, so `..` in
    /// it leads nowhere.
    pub name: String,
    /// The byte of the archive at which its content begins.
    pub start: u64,
    /// Bytes of content.
    pub length: u64,
}

impl Member {
    /// The name without folders.
    pub fn base(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Whether the file or one of its folders is hidden, as the side files of some systems are (`._x.jpg`).
    pub fn is_hidden(&self) -> bool {
        self.name.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
    }
}

/// Visits the regular files of an archive in their order, each with its content to read from or to leave alone.
///
/// Folders, links and devices are passed over; contents that are not read are not touched. Old, GNU and pax headers with
/// long names are understood. Refused are sparse files, names that are not UTF-8, and archives that are cut short: inside a
/// header, inside a file, or before the empty block that ends every archive.
pub fn members<R: Read + Seek>(
    mut archive: R,
    visit: &mut dyn FnMut(Member, &mut dyn Read) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let all = archive.seek(SeekFrom::End(0))?;
    archive.seek(SeekFrom::Start(0))?;
    let mut archive = Archive::new(archive);
    let mut end = 0;
    for entry in archive.entries_with_seek()? {
        let mut entry = entry.map_err(|error| ParseError::byte(end, format!("no readable tar header: {error}")))?;
        let (start, length) = (entry.raw_file_position(), entry.size());
        let name = name(&mut entry)?;
        let kind = entry.header().entry_type();
        if kind == EntryType::GNUSparse || is_pax_sparse(&mut entry)? {
            return Err(ParseError::byte(start, format!("{name:?} is a sparse file; make the archive without them")));
        }
        end = start.saturating_add(length);
        if end > all {
            let why = format!("cut short: {name:?} should end at byte {end}, the archive ends at byte {all}");
            return Err(ParseError::byte(start, why));
        }
        let regular = matches!(kind, EntryType::Regular | EntryType::Continuous) && !name.ends_with('/');
        if regular {
            visit(Member { name, start, length }, &mut entry)?;
        }
        end = end.next_multiple_of(BLOCK);
    }
    if end.saturating_add(BLOCK) > all {
        return Err(ParseError::byte(all, "cut short: the empty block that ends every tar archive is missing"));
    }
    Ok(())
}

fn name<R: Read>(entry: &mut Entry<'_, R>) -> Result<String, ParseError> {
    let start = entry.raw_file_position();
    let bytes = entry.path_bytes();
    let mut name = std::str::from_utf8(&bytes).map_err(|_| {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        ParseError::byte(start, format!("the name {shown:?} is not UTF-8"))
    })?;
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    Ok(name.to_owned())
}

/// Sparse files in the pax format look like regular ones, apart from their extended header.
fn is_pax_sparse<R: Read>(entry: &mut Entry<'_, R>) -> Result<bool, ParseError> {
    let start = entry.raw_file_position();
    let unreadable = |error: std::io::Error| ParseError::byte(start, format!("no readable pax header: {error}"));
    for extension in entry.pax_extensions().map_err(unreadable)?.into_iter().flatten() {
        if extension.map_err(unreadable)?.key_bytes().starts_with(b"GNU.sparse") {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tar::{Builder, Header};

    use super::*;

    fn listed(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ParseError> {
        let mut found = Vec::new();
        members(Cursor::new(bytes), &mut |member, content| {
            let at = member.start as usize;
            let expected = &bytes[at..at + member.length as usize];
            if found.len() % 2 == 0 {
                let mut read = Vec::new();
                content.read_to_end(&mut read)?;
                assert_eq!(read, expected);
            }
            found.push((member.name, expected.to_vec()));
            Ok(())
        })?;
        Ok(found)
    }

    fn put(builder: &mut Builder<Vec<u8>>, mut header: Header, name: &str, kind: EntryType, content: &[u8]) {
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    }

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (i, name) in names.iter().enumerate() {
            put(&mut builder, Header::new_gnu(), name, EntryType::Regular, &vec![i as u8; 700 * i]);
        }
        builder.into_inner().unwrap()
    }

    fn refused(bytes: &[u8]) -> String {
        listed(bytes).unwrap_err().to_string()
    }

    /// The header of a member written by hand, with a right checksum.
    fn header(name: &[u8], kind: u8, size: u64) -> [u8; 512] {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(EntryType::new(kind));
        header.set_size(size);
        header.set_cksum();
        *header.as_bytes()
    }

    #[test]
    fn files_of_every_dialect_are_found_and_nothing_else() {
        let long = format!("{}/{}.JPEG", "d".repeat(120), "f".repeat(140));
        let mut builder = Builder::new(Vec::new());
        put(&mut builder, Header::new_gnu(), "train/", EntryType::Directory, b"");
        put(&mut builder, Header::new_old(), "old.jpg", EntryType::Regular, b"one");
        put(&mut builder, Header::new_ustar(), "ustar.jpg", EntryType::Regular, &[7; 512]);
        put(&mut builder, Header::new_gnu(), &long, EntryType::Regular, b"three");
        builder.append_pax_extensions([("path", b"./pax.jpg".as_slice()), ("comment", b"x")]).unwrap();
        put(&mut builder, Header::new_ustar(), "short", EntryType::Regular, b"four");
        let mut link = Header::new_gnu();
        link.set_entry_type(EntryType::Link);
        link.set_size(0);
        builder.append_link(&mut link, "hard.jpg", "old.jpg").unwrap();
        link.set_entry_type(EntryType::Symlink);
        builder.append_link(&mut link, "soft.jpg", "/etc/passwd").unwrap();
        let bytes = builder.into_inner().unwrap();
        let names: Vec<String> = listed(&bytes).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["old.jpg", "ustar.jpg", &long, "pax.jpg"]);
    }

    #[test]
    fn names_are_only_names() {
        let mut bytes = header(b"../../etc/passwd", b'0', 3).to_vec();
        bytes.extend(b"abc");
        bytes.resize(3 * 512, 0);
        let found = listed(&bytes).unwrap();
        assert_eq!(found, [("../../etc/passwd".to_owned(), b"abc".to_vec())]);
        let member = |name: &str| Member { name: name.into(), start: 0, length: 0 };
        assert_eq!(member("../../a.jpg").base(), "a.jpg");
        assert!(
            !member("../a.jpg").is_hidden() && member("__x/.git/a.jpg").is_hidden() && member("._a.jpg").is_hidden()
        );
    }

    #[test]
    fn archives_that_are_cut_short_are_refused_wherever_they_end() {
        let bytes = archive(&["a", "b.jpg", "c.jpg"]);
        let content = 512 + (512 + 1024) + (512 + 1536);
        assert_eq!(bytes.len(), content + 1024);
        assert_eq!(listed(&bytes).unwrap().len(), 3);
        assert_eq!(listed(&bytes[..content + 512]).unwrap().len(), 3, "one empty block is enough");
        let cut = |at: usize| refused(&bytes[..at]);
        assert!(cut(content).contains("the empty block"), "{}", cut(content));
        assert_eq!(cut(600), format!("no readable tar header: failed to read entire block (at byte 512)"));
        let middle = "cut short: \"c.jpg\" should end at byte 3960, the archive ends at byte 3000 (at byte 2560)";
        assert_eq!(cut(3000), middle);
        for at in (0..content + 512).step_by(37) {
            assert!(listed(&bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(refused(&[]).contains("the empty block"));
    }

    #[test]
    fn sparse_files_foreign_names_and_impossible_lengths_are_refused() {
        let mut sparse = Builder::new(Vec::new());
        sparse.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
        put(&mut sparse, Header::new_ustar(), "holes.jpg", EntryType::Regular, b"x");
        let text = refused(&sparse.into_inner().unwrap());
        assert!(text.contains("\"holes.jpg\" is a sparse file"), "{text}");
        let mut bytes = header(b"caf\xe9.jpg", b'0', 0).to_vec();
        bytes.resize(2048, 0);
        assert_eq!(refused(&bytes), "the name \"caf\u{fffd}.jpg\" is not UTF-8 (at byte 512)");
        let mut bytes = header(b"a.jpg", b'0', u64::MAX - 3).to_vec();
        bytes.resize(2048, 0);
        assert!(refused(&bytes).contains("no readable tar header"), "{}", refused(&bytes));
        assert!(refused(&[7; 2048]).contains("no readable tar header"));
    }

    #[test]
    fn a_visitor_may_stop() {
        let bytes = archive(&["a", "b"]);
        let mut seen = 0;
        let stopped = members(Cursor::new(&bytes), &mut |_, _| {
            seen += 1;
            Err(ParseError::new("enough"))
        });
        assert_eq!((seen, stopped), (1, Err(ParseError::new("enough"))));
    }
}
