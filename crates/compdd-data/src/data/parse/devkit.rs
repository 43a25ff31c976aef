//! `ILSVRC2012_devkit_t12.tar.gz`, read without unpacking it.

use std::io::Cursor;

use super::{Labels, ParseError, ground_truth, inflate, tar};

/// The classes of the validation images in a devkit.
pub const GROUND_TRUTH: &str = "ILSVRC2012_validation_ground_truth.txt";

/// The synset of every validation image, from the compressed devkit; `synsets` are those of the ids from 1 on.
pub fn validation(archive: &[u8], synsets: &[&str]) -> Result<Labels, ParseError> {
    let archive = inflate::gzip(archive)?;
    let mut truth = None;
    tar::members(Cursor::new(&archive), &mut |member, content| {
        if member.base() == GROUND_TRUTH {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            truth = Some(bytes);
        }
        Ok(())
    })?;
    let truth = truth.ok_or_else(|| ParseError::new(format!("the archive holds no {GROUND_TRUTH}")))?;
    let within = |error: ParseError| ParseError::new(format!("{GROUND_TRUTH}: {error}"));
    let text = std::str::from_utf8(&truth).map_err(|error| within(ParseError::new(error.to_string())))?;
    ground_truth(text, synsets).map_err(within)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::VALIDATION;
    use super::*;

    const SYNSETS: [&str; 3] = ["n02119789", "n02100735", "n01440764"];

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = ::tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = ::tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, format!("ILSVRC2012_devkit_t12/data/{name}"), *content).unwrap();
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&builder.into_inner().unwrap()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_devkit_is_read_in_place() {
        let truth = "3\n2\n".repeat(VALIDATION / 2);
        let labels = validation(&packed(&[("meta.mat", b"any"), (GROUND_TRUTH, truth.as_bytes())]), &SYNSETS).unwrap();
        assert_eq!(labels["ILSVRC2012_val_00049999"], "n01440764");
        assert_eq!(labels["ILSVRC2012_val_00050000"], "n02100735");
    }

    #[test]
    fn what_is_missing_or_wrong_in_it_is_named() {
        let why = |files: &[(&str, &[u8])]| validation(&packed(files), &SYNSETS).unwrap_err().to_string();
        assert_eq!(why(&[("meta.mat", b"any")]), format!("the archive holds no {GROUND_TRUTH}"));
        let text = why(&[(GROUND_TRUTH, b"1\n3\n")]);
        assert!(text.starts_with(&format!("{GROUND_TRUTH}: has 2 ids")), "{text}");
        assert!(validation(b"not gzip", &SYNSETS).unwrap_err().to_string().contains("damaged or cut short"));
    }
}
