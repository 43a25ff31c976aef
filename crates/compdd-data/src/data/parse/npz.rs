//! `.npz` files: a zip archive with a `.npy` file for every array.

use std::io::{Read, Seek};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{ParseError, array::Array, npy::Header};

/// Deflate cannot make more of a byte.
const MOST_INFLATED: u64 = 1032;

/// An archive of arrays.
#[derive(Debug)]
pub struct Npz<R> {
    zip: ZipArchive<R>,
}

/// An array in an archive, without its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Type and shape.
    pub header: Header,
    /// Bytes that it takes in the archive.
    pub packed: u64,
    /// Where in the archive its elements begin, if they lie there as they are.
    pub stored_at: Option<u64>,
}

impl<R: Read + Seek> Npz<R> {
    /// Reads the directory of an archive.
    pub fn open(reader: R) -> Result<Self, ParseError> {
        Ok(Self { zip: ZipArchive::new(reader).map_err(said)? })
    }

    /// Names of the arrays in the order of the archive.
    pub fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().filter_map(Result::ok);
        names.filter_map(|name| name.strip_suffix(".npy").map(str::to_owned)).collect()
    }

    /// Reads the header of an array.
    pub fn member(&mut self, name: &str) -> Result<Member, ParseError> {
        self.with(name, |member, _| Ok(member))
    }

    /// Reads an array. What the archive says about its size must agree with what the array says.
    pub fn read(&mut self, name: &str) -> Result<Array<'static>, ParseError> {
        self.with(name, |Member { header, .. }, elements| {
            let mut data = Vec::new();
            let wrong = |why: String| ParseError::new(format!("array {name}: {why}"));
            let room = usize::try_from(header.bytes).map_err(|error| wrong(error.to_string()))?;
            data.try_reserve_exact(room).map_err(|error| wrong(error.to_string()))?;
            // One byte more than there should be: the end must be seen for the checksum to be looked at.
            elements.take(header.bytes + 1).read_to_end(&mut data).map_err(|error| wrong(error.to_string()))?;
            if data.len() as u64 != header.bytes {
                return Err(wrong(format!("shape {:?} takes {} bytes, there are others", header.shape, header.bytes)));
            }
            Ok(Array { dtype: header.dtype, shape: header.shape, fortran: header.fortran, data: data.into() })
        })
    }

    /// Opens a member, reads and checks its header, and hands on what follows.
    fn with<T>(
        &mut self,
        name: &str,
        then: impl FnOnce(Member, &mut dyn Read) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        let mut file = self.zip.by_name(&format!("{name}.npy")).map_err(said)?;
        let (size, packed, method) = (file.size(), file.compressed_size(), file.compression());
        let start = file.data_start();
        let header = Header::read(&mut file).map_err(|error| ParseError::new(format!("array {name}: {error}")))?;
        let expected = header.data_at.checked_add(header.bytes);
        let possible = if method == CompressionMethod::Stored { packed } else { packed.saturating_mul(MOST_INFLATED) };
        if expected != Some(size) || size > possible {
            let shape = &header.shape;
            let why = format!("array {name}: shape {shape:?} does not fit into {size} bytes, packed into {packed}");
            return Err(ParseError { at: None, why });
        }
        let stored = start.filter(|_| method == CompressionMethod::Stored);
        let stored_at = stored.and_then(|start| start.checked_add(header.data_at));
        then(Member { header, packed, stored_at }, &mut file)
    }
}

fn said(error: ZipError) -> ParseError {
    match error {
        ZipError::FileNotFound => ParseError::new("the archive has no such array"),
        other => ParseError::new(format!("the archive cannot be read: {other}")),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::{super::npy, *};

    /// An archive of `.npy` files.
    pub fn made(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, file) in arrays {
            zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
            zip.write_all(file).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn open(bytes: &[u8]) -> Result<Npz<Cursor<&[u8]>>, ParseError> {
        Npz::open(Cursor::new(bytes))
    }

    #[test]
    fn archives_of_numpy_are_read() {
        for (bytes, stored) in [
            (include_bytes!("../../../../../tests/fixtures/arrays/stored.npz").as_slice(), true),
            (include_bytes!("../../../../../tests/fixtures/arrays/deflated.npz").as_slice(), false),
        ] {
            let mut npz = open(bytes).unwrap();
            assert_eq!(npz.names(), ["images", "labels"]);
            let member = npz.member("images").unwrap();
            assert_eq!((member.header.shape.as_slice(), member.stored_at.is_some()), ([2, 2, 2, 3].as_slice(), stored));
            let images = npz.read("images").unwrap();
            assert_eq!(*images.data, std::array::from_fn::<u8, 24, _>(|i| i as u8));
            if let Some(at) = member.stored_at {
                assert_eq!(bytes[at as usize..][..24], *images.data);
            }
            assert_eq!(npz.read("labels").unwrap().integers().unwrap(), [3, 1]);
            assert_eq!(npz.read("x").unwrap_err().to_string(), "the archive has no such array");
        }
    }

    #[test]
    fn an_array_that_claims_more_or_less_than_there_is_is_refused() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            for shape in ["(9999999999, 9999999)", "(2, 3)", "(3, 3)"] {
                let bytes = made(&[("x", npy::tests::made("|u1", shape, &[1; 7]))], method);
                let error = open(&bytes).unwrap().read("x").unwrap_err().to_string();
                assert!(error.starts_with("array x: shape ["), "{error}");
                assert!(error.contains("does not fit into"), "{error}");
            }
        }
    }

    #[test]
    fn damage_is_found() {
        let good = made(&[("x", npy::tests::made("|u1", "(500,)", &[7; 500]))], CompressionMethod::Stored);
        assert_eq!(open(&good).unwrap().read("x").unwrap().data.len(), 500);
        let mut flipped = good.clone();
        flipped[300] ^= 1;
        let error = open(&flipped).unwrap().read("x").unwrap_err().to_string();
        assert!(error.contains("checksum"), "{error}");
        for length in 0..good.len() {
            assert!(open(&good[..length]).and_then(|mut npz| npz.read("x")).is_err(), "{length}");
        }
        assert!(open(b"no zip").unwrap_err().to_string().starts_with("the archive cannot be read: "));
    }
}
