//! Arrays as `NumPy` stores them: a kind of element, a shape, and bytes.

use std::borrow::Cow;

use super::ParseError;

/// Dimensions that an array may have; images in batches have four.
pub const MOST_DIMENSIONS: usize = 8;

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `b`: a byte, 0 or 1.
    Bool,
    /// `u`: unsigned integers.
    Unsigned,
    /// `i`: signed integers.
    Signed,
    /// `f`: floating point.
    Float,
    /// `S`: text of a fixed number of bytes, filled up with zeros.
    Bytes,
    /// `U`: text of a fixed number of code points of four bytes, filled up with zeros.
    Unicode,
}

/// The type of an element: `|u1` is a byte, `<i8` an integer of eight bytes, least significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// What it is.
    pub kind: Kind,
    /// Bytes of an element, never zero.
    pub size: usize,
    /// The most significant byte comes first.
    pub big_endian: bool,
}

impl Dtype {
    /// Reads `NumPy`'s notation; the order of the bytes may be left out. The error is the reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let order = text.chars().next().filter(|c| "<>|=".contains(*c));
        let rest = order.map_or(text, |_| &text[1..]);
        let unknown = || format!("elements of type {text:?} are neither numbers nor text");
        let (kind, number) = rest.split_at_checked(1).ok_or_else(unknown)?;
        let count: usize = number.parse().map_err(|_| unknown())?;
        let (kind, size) = match (kind, count) {
            ("b", 1) => (Kind::Bool, 1),
            ("u", 1 | 2 | 4 | 8) => (Kind::Unsigned, count),
            ("i", 1 | 2 | 4 | 8) => (Kind::Signed, count),
            ("f", 4 | 8) => (Kind::Float, count),
            ("S", 1..=0xFFFF) => (Kind::Bytes, count),
            ("U", 1..=0xFFFF) => (Kind::Unicode, 4 * count),
            _ => return Err(unknown()),
        };
        Ok(Self { kind, size, big_endian: order == Some('>') })
    }

    /// Whether an element is a byte from 0 to 255, as pixels are.
    pub fn is_byte(self) -> bool {
        (self.kind, self.size) == (Kind::Unsigned, 1)
    }

    /// Bytes of an array of this type; `None` where there are too many to count.
    pub fn bytes(self, shape: &[usize]) -> Option<u64> {
        shape.iter().try_fold(self.size as u64, |bytes, &side| bytes.checked_mul(side as u64))
    }
}

/// An array in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array<'a> {
    /// Type of an element.
    pub dtype: Dtype,
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// The first axis runs fastest, not the last.
    pub fortran: bool,
    /// The elements, exactly as many as the shape says.
    pub data: Cow<'a, [u8]>,
}

impl Array<'_> {
    /// The elements of an array of integers in the order of the file.
    pub fn integers(&self) -> Result<Vec<i64>, ParseError> {
        let read = |bytes: &[u8]| {
            let mut wide = [0; 8];
            for (i, &byte) in bytes.iter().enumerate() {
                wide[if self.dtype.big_endian { bytes.len() - 1 - i } else { i }] = byte;
            }
            u64::from_le_bytes(wide)
        };
        let unused = 64 - 8 * self.dtype.size.min(8) as u32;
        let elements = self.data.chunks_exact(self.dtype.size).map(read);
        match self.dtype.kind {
            Kind::Bool | Kind::Unsigned => elements
                .map(|value| i64::try_from(value).map_err(|_| ParseError::new(format!("{value} is no label"))))
                .collect(),
            Kind::Signed => Ok(elements.map(|value| (value << unused).cast_signed() >> unused).collect()),
            Kind::Float => Err(ParseError::new("the array holds fractions where whole numbers are needed")),
            Kind::Bytes | Kind::Unicode => Err(ParseError::new("the array holds text where numbers are needed")),
        }
    }

    /// The elements of an array of numbers in the order of the file, in single precision.
    pub fn floats(&self) -> Result<Vec<f32>, ParseError> {
        let read = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            if self.dtype.big_endian {
                bytes.reverse();
            }
            match *bytes.as_slice() {
                [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
                [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
                _ => f32::NAN,
            }
        };
        match self.dtype.kind {
            Kind::Float => Ok(self.data.chunks_exact(self.dtype.size).map(read).collect()),
            _ => Ok(self.integers()?.into_iter().map(|value| value as f32).collect()),
        }
    }

    /// The elements of an array of text in the order of the file.
    pub fn texts(&self) -> Result<Vec<String>, ParseError> {
        let elements = self.data.chunks_exact(self.dtype.size);
        let no_text = || ParseError::new("the array holds text that is not valid Unicode");
        match self.dtype.kind {
            Kind::Bytes => elements
                .map(|bytes| {
                    let text = std::str::from_utf8(bytes).map_err(|_| no_text())?;
                    Ok(text.trim_end_matches('\0').to_owned())
                })
                .collect(),
            Kind::Unicode => elements
                .map(|bytes| {
                    let mut text = String::new();
                    for point in bytes.as_chunks::<4>().0 {
                        let order = if self.dtype.big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
                        text.push(char::from_u32(order(*point)).ok_or_else(no_text)?);
                    }
                    text.truncate(text.trim_end_matches('\0').len());
                    Ok(text)
                })
                .collect(),
            Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float => {
                Err(ParseError::new("the array holds numbers where text is needed"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(dtype: &str, data: &[u8]) -> Array<'static> {
        let dtype = Dtype::parse(dtype).unwrap();
        Array { dtype, shape: vec![data.len() / dtype.size], fortran: false, data: data.to_vec().into() }
    }

    #[test]
    fn types_are_read_as_numpy_writes_them() {
        let byte = Dtype { kind: Kind::Unsigned, size: 1, big_endian: false };
        assert_eq!((Dtype::parse("|u1"), Dtype::parse("u1"), byte.is_byte()), (Ok(byte), Ok(byte), true));
        assert_eq!(Dtype::parse(">i8"), Ok(Dtype { kind: Kind::Signed, size: 8, big_endian: true }));
        assert_eq!(Dtype::parse("<U5"), Ok(Dtype { kind: Kind::Unicode, size: 20, big_endian: false }));
        for text in ["", "<", "|", "u", "u3", "<f2", "|O", "|S0", "é1", "<U99999999", "i-1"] {
            let why = Dtype::parse(text).unwrap_err();
            assert!(why.contains("neither numbers nor text"), "{text}: {why}");
        }
        assert_eq!(byte.bytes(&[3, 0, 5]), Some(0));
        assert_eq!(byte.bytes(&[usize::MAX, 2]), None);
    }

    #[test]
    fn integers_of_any_width_and_order() {
        assert_eq!(array("|u1", &[0, 255]).integers().unwrap(), [0, 255]);
        assert_eq!(array("|b1", &[0, 1]).integers().unwrap(), [0, 1]);
        assert_eq!(array("|i1", &[0, 255]).integers().unwrap(), [0, -1]);
        assert_eq!(array("<i2", &[1, 2, 0xFE, 0xFF]).integers().unwrap(), [513, -2]);
        assert_eq!(array(">i4", &[0, 0, 1, 2]).integers().unwrap(), [258]);
        assert_eq!(array("<u8", &[7, 0, 0, 0, 0, 0, 0, 0]).integers().unwrap(), [7]);
        let error = array("<u8", &[255; 8]).integers().unwrap_err().to_string();
        assert_eq!(error, "18446744073709551615 is no label");
        assert!(array("|S2", b"ab").integers().unwrap_err().to_string().contains("text where numbers"));
    }

    #[test]
    fn fractions_of_both_widths_and_orders() {
        assert_eq!(array("<f4", &1.5_f32.to_le_bytes()).floats().unwrap(), [1.5]);
        assert_eq!(array(">f8", &(-0.25_f64).to_be_bytes()).floats().unwrap(), [-0.25]);
        assert_eq!(array("|u1", &[0, 255]).floats().unwrap(), [0.0, 255.0]);
        assert!(array("<f4", &[0; 4]).integers().unwrap_err().to_string().contains("fractions where whole"));
        assert!(array("|S1", b"a").floats().unwrap_err().to_string().contains("text where numbers"));
    }

    #[test]
    fn text_of_bytes_and_of_code_points() {
        assert_eq!(array("|S3", b"ab\0cde\0\0\0").texts().unwrap(), ["ab", "cde", ""]);
        let points =
            |text: &str, order: fn(u32) -> [u8; 4]| -> Vec<u8> { text.chars().flat_map(|c| order(c.into())).collect() };
        assert_eq!(array("<U2", &points("éa\0\0", u32::to_le_bytes)).texts().unwrap(), ["éa", ""]);
        assert_eq!(array(">U2", &points("éa", u32::to_be_bytes)).texts().unwrap(), ["éa"]);
        assert!(array("|S1", &[0xFF]).texts().unwrap_err().to_string().contains("not valid Unicode"));
        assert!(array("<U1", &[0xFF; 4]).texts().unwrap_err().to_string().contains("not valid Unicode"));
        assert!(array("|u1", &[1]).texts().unwrap_err().to_string().contains("numbers where text"));
    }
}
