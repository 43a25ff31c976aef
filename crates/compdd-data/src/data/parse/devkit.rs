//! `ILSVRC2012_devkit_t12.tar.gz`, read without unpacking it.

use std::io::Cursor;

use super::{Labels, ParseError, ground_truth, inflate, matlab, tar};

/// The table of classes in a devkit.
pub const TABLE: &str = "meta.mat";

/// The classes of the validation images in a devkit.
pub const GROUND_TRUTH: &str = "ILSVRC2012_validation_ground_truth.txt";

/// The synset of every validation image, from the compressed devkit.
pub fn validation(archive: &[u8]) -> Result<Labels, ParseError> {
    let archive = inflate::gzip(archive)?;
    let (mut table, mut truth) = (None, None);
    tar::members(Cursor::new(&archive), &mut |member, content| {
        let wanted = match member.base() {
            TABLE => &mut table,
            GROUND_TRUTH => &mut truth,
            _ => return Ok(()),
        };
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        *wanted = Some(bytes);
        Ok(())
    })?;
    let lacks = |name: &str| ParseError::new(format!("the archive holds no {name}"));
    from_parts(&table.ok_or_else(|| lacks(TABLE))?, &truth.ok_or_else(|| lacks(GROUND_TRUTH))?)
}

/// The same from the two files of an unpacked devkit: the bytes of [`TABLE`] and of [`GROUND_TRUTH`].
pub fn from_parts(table: &[u8], truth: &[u8]) -> Result<Labels, ParseError> {
    let within = |name: &str, error: ParseError| ParseError::new(format!("{name}: {error}"));
    let ids = matlab::synset_ids(table).map_err(|error| within(TABLE, error))?;
    let truth = std::str::from_utf8(truth).map_err(|error| within(GROUND_TRUTH, ParseError::new(error.to_string())))?;
    ground_truth(truth, &ids).map_err(|error| within(GROUND_TRUTH, error))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::VALIDATION;
    use super::*;

    const META: &[u8] = include_bytes!("../../../../../tests/fixtures/meta.mat");

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
        let truth = "449\n2\n".repeat(VALIDATION / 2);
        let labels = validation(&packed(&[(TABLE, META), (GROUND_TRUTH, truth.as_bytes())])).unwrap();
        assert_eq!(labels["ILSVRC2012_val_00049999"], "n01440764");
        assert_eq!(labels["ILSVRC2012_val_00050000"], "n02100735");
    }

    #[test]
    fn what_is_missing_or_wrong_in_it_is_named() {
        let why = |files: &[(&str, &[u8])]| validation(&packed(files)).unwrap_err().to_string();
        assert_eq!(why(&[(GROUND_TRUTH, b"1")]), "the archive holds no meta.mat");
        assert_eq!(why(&[(TABLE, META)]), format!("the archive holds no {GROUND_TRUTH}"));
        let text = why(&[(TABLE, META), (GROUND_TRUTH, b"1\n449\n")]);
        assert!(text.starts_with(&format!("{GROUND_TRUTH}: has 2 ids")), "{text}");
        assert!(why(&[(TABLE, b"x"), (GROUND_TRUTH, b"1")]).starts_with("meta.mat: not a MATLAB 5 file"));
        assert!(validation(b"not gzip").unwrap_err().to_string().contains("damaged or cut short"));
    }
}
