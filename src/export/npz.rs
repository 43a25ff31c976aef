//! `NumPy`'s archives: a zip with a `.npy` file for every array.

use std::io::{self, Cursor, Write as _};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// An array under its name.
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// Its elements.
    pub elements: Elements<'a>,
}

/// The elements of an array, row-major.
pub enum Elements<'a> {
    /// `float32`.
    Float(&'a [f32]),
    /// `int64`.
    Long(&'a [i64]),
    /// `uint8`.
    Byte(&'a [u8]),
    /// Text, padded to the longest.
    Text(&'a [String]),
}

impl Elements<'_> {
    fn descr(&self) -> String {
        match self {
            Self::Float(_) => "<f4".to_owned(),
            Self::Long(_) => "<i8".to_owned(),
            Self::Byte(_) => "|u1".to_owned(),
            Self::Text(texts) => format!("<U{}", longest(texts)),
        }
    }

    fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        match self {
            Self::Float(values) => out.write_all(bytemuck::cast_slice(values)),
            Self::Long(values) => out.write_all(bytemuck::cast_slice(values)),
            Self::Byte(values) => out.write_all(values),
            Self::Text(texts) => texts.iter().try_for_each(|text| {
                let points = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest(texts));
                points.map(u32::to_le_bytes).try_for_each(|point| out.write_all(&point))
            }),
        }
    }
}

fn longest(texts: &[String]) -> usize {
    texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1)
}

/// The bytes of an archive.
pub fn file(arrays: &[Named<'_>]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .large_file(true);
    for array in arrays {
        zip.start_file(format!("{}.npy", array.name), options).map_err(io::Error::other)?;
        let sides: Vec<String> = array.shape.iter().map(usize::to_string).collect();
        let header = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
            array.elements.descr(),
            sides.join(", ")
        );
        // Ten bytes before it and a line break behind it: the elements begin at a multiple of 64.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        zip.write_all(b"\x93NUMPY\x01\x00")?;
        zip.write_all(&(length as u16).to_le_bytes())?;
        zip.write_all(format!("{header:<width$}\n", width = length - 1).as_bytes())?;
        array.elements.write(&mut zip)?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}
