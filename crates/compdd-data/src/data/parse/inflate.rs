//! Inflating with a limit, so that a small file cannot fill the memory.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::ParseError;

/// No annotation that this house reads is longer than this once it is inflated (the whole ILSVRC devkit is 4 MB).
pub const LARGEST: u64 = 64 << 20;

/// The content of a gzip file.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>, ParseError> {
    let mut content = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(LARGEST + 1)
        .read_to_end(&mut content)
        .map_err(|error| ParseError::new(format!("the compressed bytes are damaged or cut short: {error}")))?;
    if content.len() as u64 > LARGEST {
        return Err(ParseError::new(format!(
            "more than {LARGEST} bytes once inflated: too large for what it should be"
        )));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn streams_come_back_and_bombs_do_not() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"synsets").unwrap();
        let mut packed = encoder.finish().unwrap();
        assert_eq!(gzip(&packed).unwrap(), b"synsets");
        packed.truncate(packed.len() - 6);
        assert!(gzip(&packed).unwrap_err().why.contains("damaged or cut short"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let zeros = vec![0; 1 << 20];
        (0..65).for_each(|_| encoder.write_all(&zeros).unwrap());
        assert!(gzip(&encoder.finish().unwrap()).unwrap_err().why.contains("more than 67108864 bytes"));
    }
}
