//! `.npy` files: a header in Python's notation, then the bytes of one array (`NumPy`, `numpy/lib/format.py`, versions 1 to 3).

use std::io::Read;

use super::{
    ParseError,
    array::{Array, Dtype, MOST_DIMENSIONS},
};

/// How a file begins.
pub const START: &[u8] = b"\x93NUMPY";
/// Longest header that is read; `NumPy` itself refuses more than ten thousand bytes.
const LONGEST_HEADER: usize = 1 << 16;

/// What stands before the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of an element.
    pub dtype: Dtype,
    /// The first axis runs fastest, not the last.
    pub fortran: bool,
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// Where the elements begin, in bytes from the start of the file.
    pub data_at: u64,
    /// Bytes of all elements.
    pub bytes: u64,
}

impl Header {
    /// Reads a header and nothing behind it.
    pub fn read(reader: &mut impl Read) -> Result<Self, ParseError> {
        let mut start = [0; 8];
        read_exactly(reader, &mut start, 0)?;
        if !start.starts_with(START) {
            return Err(ParseError::byte(0, "the file is no .npy file"));
        }
        let mut length = [0; 4];
        let wide = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(ParseError::byte(6, format!("version {version} of the format is unknown"))),
        };
        read_exactly(reader, &mut length[..wide], 8)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_HEADER {
            return Err(ParseError::byte(8, format!("a header of {length} bytes is too long")));
        }
        let at = 8 + wide as u64;
        let mut text = vec![0; length];
        read_exactly(reader, &mut text, at)?;
        let text = std::str::from_utf8(&text).map_err(|_| ParseError::byte(at, "the header is no text"))?;
        let mut literal = Literal { text, at: 0 };
        let wrong = |literal: &Literal, why: String| ParseError::byte(at + literal.at as u64, why);
        let (dtype, fortran, shape) = literal.header().map_err(|why| wrong(&literal, why))?;
        let bytes =
            dtype.bytes(&shape).ok_or_else(|| ParseError::byte(at, format!("the shape {shape:?} is too large")))?;
        Ok(Self { dtype, fortran, shape, data_at: at + length as u64, bytes })
    }
}

/// Reads a whole file.
pub fn read(file: &[u8]) -> Result<Array<'_>, ParseError> {
    let mut rest = file;
    let header = Header::read(&mut rest)?;
    if header.bytes != rest.len() as u64 {
        let why =
            format!("an array of shape {:?} takes {} bytes, {} are there", header.shape, header.bytes, rest.len());
        return Err(ParseError::byte(header.data_at, why));
    }
    Ok(Array { dtype: header.dtype, shape: header.shape, fortran: header.fortran, data: rest.into() })
}

fn read_exactly(reader: &mut impl Read, buffer: &mut [u8], at: u64) -> Result<(), ParseError> {
    reader.read_exact(buffer).map_err(|error| ParseError::byte(at, format!("the header cannot be read: {error}")))
}

/// The dictionary of a header: `{'descr': '|u1', 'fortran_order': False, 'shape': (10, 32, 32, 3), }`.
struct Literal<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Literal<'a> {
    fn header(&mut self) -> Result<(Dtype, bool, Vec<usize>), String> {
        let (mut dtype, mut fortran, mut shape) = (None, None, None);
        self.expect("{")?;
        while !self.accept("}") {
            let key = self.quoted()?;
            self.expect(":")?;
            match key {
                "descr" if self.rest().starts_with('[') => {
                    return Err("elements that are records are not supported".into());
                }
                "descr" => dtype = Some(Dtype::parse(self.quoted()?)?),
                "fortran_order" => {
                    fortran = Some(self.accept("True"));
                    if fortran == Some(false) {
                        self.expect("False")?;
                    }
                }
                "shape" => shape = Some(self.shape()?),
                _ => return Err("the header has an unknown key".into()),
            }
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        if !self.rest().is_empty() {
            return Err("something follows the header's dictionary".into());
        }
        dtype
            .zip(fortran)
            .zip(shape)
            .map(|((dtype, fortran), shape)| (dtype, fortran, shape))
            .ok_or_else(|| "the header lacks descr, fortran_order or shape".into())
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let mut shape = Vec::new();
        self.expect("(")?;
        while !self.accept(")") {
            let rest = self.rest();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let side = rest[..digits].parse().map_err(|_| "a side of the shape is no number")?;
            self.at += digits;
            let _ = self.accept("L"); // a long integer of Python 2
            shape.push(side);
            if shape.len() > MOST_DIMENSIONS {
                return Err(format!("more than {MOST_DIMENSIONS} dimensions"));
            }
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }

    fn quoted(&mut self) -> Result<&'a str, String> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or("a quoted word is missing")?;
        let length = rest[1..].find(quote).ok_or("a quote does not end")?;
        self.at += length + 2;
        Ok(&rest[1..=length])
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.accept(sign) { Ok(()) } else { Err(format!("{sign} is missing in the header")) }
    }

    fn accept(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    /// What is left, without space before it.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file of version 1.
    pub fn made(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}   \n");
        [b"\x93NUMPY\x01\0", (header.len() as u16).to_le_bytes().as_slice(), header.as_bytes(), data].concat()
    }

    #[test]
    fn files_of_numpy_are_read() {
        let images = read(include_bytes!("../../../../../tests/fixtures/arrays/images.npy")).unwrap();
        assert_eq!(
            (images.shape.as_slice(), images.fortran, images.dtype.is_byte()),
            ([2, 2, 2, 3].as_slice(), false, true)
        );
        assert_eq!(*images.data, std::array::from_fn::<u8, 24, _>(|i| i as u8));
        let turned = read(include_bytes!("../../../../../tests/fixtures/arrays/fortran.npy")).unwrap();
        assert!(turned.fortran && turned.data[..2] == [0, 12]);
        let version2 = read(include_bytes!("../../../../../tests/fixtures/arrays/version2.npy")).unwrap();
        assert_eq!(version2.integers().unwrap(), [3, -1, 2]);
        let version3 = read(include_bytes!("../../../../../tests/fixtures/arrays/version3.npy")).unwrap();
        assert_eq!(version3.texts().unwrap(), ["ship", "größe"]);
    }

    #[test]
    fn headers_are_read_in_any_order_and_spacing() {
        let with = |text: &str| {
            let bytes = [b"\x93NUMPY\x02\0", (text.len() as u32).to_le_bytes().as_slice(), text.as_bytes()].concat();
            Header::read(&mut bytes.as_slice()).map_err(|error| error.to_string())
        };
        let header = with(r#"{"shape":(3L,),"fortran_order":True,"descr":"<i2"}"#).unwrap();
        assert_eq!((header.shape, header.fortran, header.bytes, header.data_at), (vec![3], true, 6, 12 + 50));
        assert_eq!(with("{'descr': '|u1', 'fortran_order': False, 'shape': ()}").unwrap().bytes, 1);
        let wrong = |text: &str, why: &str| assert_eq!(with(text).unwrap_err(), why);
        wrong("", "{ is missing in the header (at byte 12)");
        wrong("{}", "the header lacks descr, fortran_order or shape (at byte 14)");
        wrong("{'descr': '<f2'}", "elements of type \"<f2\" are neither numbers nor text (at byte 27)");
        wrong("{'descr': [('a', '<i4')]}", "elements that are records are not supported (at byte 22)");
        wrong("{'shape': (-1,)}", "a side of the shape is no number (at byte 23)");
        wrong("{'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8 dimensions (at byte 40)");
        wrong("{'shape': (1 2)}", ") is missing in the header (at byte 25)");
        wrong("{'shape': (1), 'x': 2}", "the header has an unknown key (at byte 31)");
        wrong("{'descr': 'u1', 'fortran_order': 0}", "False is missing in the header (at byte 45)");
        wrong("{'descr", "a quote does not end (at byte 13)");
        let huge = "{'descr': 'u1', 'fortran_order': False, 'shape': (9999999999,9999999999)}";
        assert!(with(huge).unwrap_err().starts_with("the shape [9999999999, 9999999999] is too large"));
    }

    #[test]
    fn files_of_a_wrong_length_are_refused() {
        let good = made("|u1", "(2, 3)", &[1; 6]);
        assert_eq!(read(&good).unwrap().data.len(), 6);
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length}");
        }
        let error = read(&made("|u1", "(2, 3)", &[1; 7])).unwrap_err().to_string();
        assert!(error.starts_with("an array of shape [2, 3] takes 6 bytes, 7 are there"), "{error}");
        assert_eq!(read(b"not numpy").unwrap_err().to_string(), "the file is no .npy file (at byte 0)");
        assert!(read(b"\x93NUMPY\x09\0ab").unwrap_err().to_string().contains("version 9"));
        assert!(read(b"\x93NUMPY\x02\0\xff\xff\xff\xff").unwrap_err().to_string().contains("too long"));
    }
}
