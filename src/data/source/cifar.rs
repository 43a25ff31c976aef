//! The binary files of CIFAR-10 and CIFAR-100: records of label bytes and 3072 planar RGB bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rayon::prelude::*;

use super::{Loaded, Source, Split, names_class};
use crate::{
    data::{decode::Decode, error::DataError, image_set::ImageSet, resize},
    subset::ClassEntry,
};

const SIDE: usize = 32;
const PIXELS: usize = 3 * SIDE * SIDE;
const RECORDS: usize = 10_000;

/// Which of the two datasets, with what differs between their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// One label byte; five training files and a test file.
    Ten,
    /// A coarse and a fine label byte; one file a split. The fine label is the class.
    Hundred,
}

/// A folder with the CIFAR-10 files (`data_batch_1.bin` to `_5`, `test_batch.bin`, `batches.meta.txt`) or the CIFAR-100 files
/// (`train.bin`, `test.bin`, `fine_label_names.txt`). Without the list of names the official ones are used.
#[derive(Debug)]
pub struct CifarBinary {
    folder: PathBuf,
    variant: Variant,
    names: Vec<String>,
    /// Records in a file of ten thousand; tests make smaller ones.
    unit: usize,
    counts: [OnceLock<Vec<usize>>; 2],
}

impl CifarBinary {
    /// Recognises either set by its files.
    pub fn detect(folder: &Path) -> Option<Self> {
        let has = |name: &str| folder.join(name).is_file();
        let variant = if has("data_batch_1.bin") || has("test_batch.bin") {
            Variant::Ten
        } else if has("train.bin") && has("test.bin") && has("fine_label_names.txt") {
            Variant::Hundred
        } else {
            return None;
        };
        let list = match variant {
            Variant::Ten => "batches.meta.txt",
            Variant::Hundred => "fine_label_names.txt",
        };
        let text = fs::read_to_string(folder.join(list)).unwrap_or_default();
        let mut names: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if names.is_empty() && variant == Variant::Ten {
            names = NAMES_10.iter().map(|&name| name.to_owned()).collect();
        }
        Some(Self { folder: folder.to_owned(), variant, names, unit: RECORDS, counts: Default::default() })
    }

    fn label_bytes(&self) -> usize {
        match self.variant {
            Variant::Ten => 1,
            Variant::Hundred => 2,
        }
    }

    /// Files of a split and the records in each.
    fn files(&self, split: Split) -> (Vec<PathBuf>, usize) {
        let (names, records): (Vec<String>, usize) = match (self.variant, split) {
            (Variant::Ten, Split::Train) => ((1..=5).map(|i| format!("data_batch_{i}.bin")).collect(), self.unit),
            (Variant::Ten, Split::Test) => (vec!["test_batch.bin".into()], self.unit),
            (Variant::Hundred, Split::Train) => (vec!["train.bin".into()], 5 * self.unit),
            (Variant::Hundred, Split::Test) => (vec!["test.bin".into()], self.unit),
        };
        (names.into_iter().map(|name| self.folder.join(name)).collect(), records)
    }

    fn index_of(&self, class: &ClassEntry) -> Option<usize> {
        let exact = self.names.iter().position(|name| *name == class.synset);
        exact.or_else(|| self.names.iter().position(|name| names_class(name, class)))
    }

    /// All records of a split, one file after the other, with their lengths checked.
    fn read(&self, split: Split) -> Result<Vec<u8>, DataError> {
        let (files, records) = self.files(split);
        let expected = (records * (self.label_bytes() + PIXELS)) as u64;
        let mut all = Vec::with_capacity(files.len() * expected as usize);
        for path in files {
            let bytes = fs::read(&path).map_err(|source| DataError::Unreadable { path: path.clone(), source })?;
            if bytes.len() as u64 != expected {
                return Err(DataError::WrongSize { path, expected, found: bytes.len() as u64 });
            }
            let impossible = |label: &u8| usize::from(*label) >= self.names.len();
            if let Some((record, label)) = self.labels(&bytes).enumerate().find(|(_, label)| impossible(label)) {
                return Err(DataError::WrongLabel { path, record, label, classes: self.names.len() });
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// Images of every class of a split; the files are read once.
    fn counts(&self, split: Split) -> Result<&[usize], DataError> {
        let cell = &self.counts[split as usize];
        if cell.get().is_none() {
            let mut counts = vec![0; self.names.len()];
            for label in self.labels(&self.read(split)?) {
                counts[usize::from(label)] += 1;
            }
            return Ok(cell.get_or_init(|| counts));
        }
        Ok(cell.get().map_or(&[], Vec::as_slice))
    }

    fn labels<'a>(&self, records: &'a [u8]) -> impl Iterator<Item = u8> + use<'a> {
        let at = self.label_bytes() - 1;
        records.chunks_exact(self.label_bytes() + PIXELS).map(move |record| record[at])
    }
}

impl Source for CifarBinary {
    fn kind(&self) -> &'static str {
        match self.variant {
            Variant::Ten => "cifar-10-binary",
            Variant::Hundred => "cifar-100-binary",
        }
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        let (files, _) = self.files(split);
        let missing: Vec<String> = files
            .iter()
            .filter(|path| !path.is_file())
            .filter_map(|path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(DataError::MissingFiles { path: self.folder.clone(), split, files: missing })
    }

    fn place(&self, split: Split, _class: &ClassEntry) -> PathBuf {
        let (files, _) = self.files(split);
        files.into_iter().next().unwrap_or_else(|| self.folder.clone())
    }

    fn has_class(&self, _split: Split, class: &ClassEntry) -> Result<bool, DataError> {
        Ok(self.index_of(class).is_some())
    }

    fn count(&self, split: Split, class: &ClassEntry) -> Result<Option<usize>, DataError> {
        let Some(index) = self.index_of(class) else { return Ok(None) };
        Ok(self.counts(split)?.get(index).copied())
    }

    fn classes(&self, _split: Split) -> Result<Vec<String>, DataError> {
        Ok(self.names.clone())
    }

    fn load(
        &self,
        split: Split,
        classes: &[(&ClassEntry, u32)],
        names: &[String],
        decode: &Decode,
    ) -> Result<Loaded, DataError> {
        let records = self.read(split)?;
        let own: Vec<u8> = self.labels(&records).collect();
        let size = self.label_bytes() + PIXELS;
        let mut picks: Vec<(usize, u32)> = Vec::new();
        for (class, label) in classes {
            if let Some(index) = self.index_of(class) {
                picks.extend((0..own.len()).filter(|&i| usize::from(own[i]) == index).map(|i| (i, *label)));
            }
        }
        let planar = |i: usize| &records[i * size + self.label_bytes()..(i + 1) * size];
        let length: usize = decode.shape().iter().product();
        let mut pixels = vec![0; picks.len() * length];
        pixels.par_chunks_exact_mut(length).zip(picks.par_iter()).for_each(|(target, &(i, _))| {
            if decode.resolution == SIDE {
                target.copy_from_slice(planar(i));
            } else {
                let source = planar(i);
                let area = SIDE * SIDE;
                let rgb: Vec<u8> =
                    (0..area).flat_map(|p| [source[p], source[area + p], source[2 * area + p]]).collect();
                target.copy_from_slice(&resize::to_square(&rgb, SIDE, SIDE, decode));
            }
        });
        let labels = picks.into_iter().map(|(_, label)| label).collect();
        let images = ImageSet::decoded(pixels, labels, decode.shape(), names.to_vec(), decode.describe())?;
        Ok(Loaded { images, bad: Vec::new() })
    }
}

/// The official order of CIFAR-10.
const NAMES_10: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ResizeMode;

    fn class(name: &str) -> ClassEntry {
        ClassEntry { synset: name.into(), label: name.replace('_', " "), index: None }
    }

    fn decode(resolution: usize) -> Decode {
        Decode { resolution, resize: ResizeMode::Squash, antialias: true }
    }

    /// `records` records whose label is their position modulo `classes` and whose pixels are their position plus the channel.
    fn bytes(records: usize, classes: usize, coarse: bool) -> Vec<u8> {
        let record = |i: usize| {
            let mut bytes = if coarse { vec![7] } else { Vec::new() };
            bytes.push((i % classes) as u8);
            (0..3).for_each(|channel| bytes.extend([i as u8 + channel; SIDE * SIDE]));
            bytes
        };
        (0..records).flat_map(record).collect()
    }

    fn ten() -> (tempfile::TempDir, CifarBinary) {
        let folder = tempfile::tempdir().unwrap();
        for i in 1..=5 {
            fs::write(folder.path().join(format!("data_batch_{i}.bin")), bytes(20, 10, false)).unwrap();
        }
        fs::write(folder.path().join("test_batch.bin"), bytes(20, 10, false)).unwrap();
        fs::write(folder.path().join("batches.meta.txt"), NAMES_10.join("\n") + "\n\n").unwrap();
        let mut source = CifarBinary::detect(folder.path()).unwrap();
        source.unit = 20;
        (folder, source)
    }

    #[test]
    fn cifar_10_loads_class_after_class_in_file_order() {
        let (_folder, source) = ten();
        let (ship, bird) = (class("ship"), class("bird"));
        let names = vec!["ship".to_owned(), "bird".to_owned()];
        let loaded = source.load(Split::Train, &[(&ship, 0), (&bird, 1)], &names, &decode(32)).unwrap();
        assert_eq!(loaded.images.class_counts(), [10, 10]);
        assert_eq!((loaded.images.image(0)[0], loaded.images.image(0)[2048], loaded.images.image(1)[0]), (8, 10, 18));
        assert_eq!(loaded.images.image(10)[0], 2);
        assert_eq!(source.count(Split::Test, &ship).unwrap(), Some(2));
        assert_eq!(source.count(Split::Test, &class("zebra")).unwrap(), None);
        let small = source.load(Split::Test, &[(&ship, 0)], &names, &decode(16)).unwrap();
        assert_eq!(small.images.shape(), [3, 16, 16]);
        assert_eq!(small.images.image(0)[16 * 16], 9);
    }

    #[test]
    fn cifar_100_takes_the_fine_label() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("train.bin"), bytes(100, 20, true)).unwrap();
        fs::write(folder.path().join("test.bin"), bytes(20, 20, true)).unwrap();
        let list: Vec<String> = (0..20).map(|i| format!("aquarium_fish_{i}")).collect();
        fs::write(folder.path().join("fine_label_names.txt"), list.join("\n")).unwrap();
        let mut source = CifarBinary::detect(folder.path()).unwrap();
        source.unit = 20;
        let wanted = ClassEntry { synset: "Aquarium fish 3".into(), label: String::new(), index: None };
        assert_eq!(source.kind(), "cifar-100-binary");
        assert_eq!(source.count(Split::Train, &wanted).unwrap(), Some(5));
        assert_eq!(source.count(Split::Test, &wanted).unwrap(), Some(1));
    }

    #[test]
    fn damaged_files_are_named() {
        let (folder, mut source) = ten();
        let path = folder.path().join("data_batch_3.bin");
        fs::write(&path, &bytes(20, 10, false)[1..]).unwrap();
        let error = source.read(Split::Train).unwrap_err();
        assert!(matches!(&error, DataError::WrongSize { expected: 61_460, found: 61_459, .. }), "{error}");
        let mut wrong = bytes(20, 10, false);
        wrong[2 * 3073] = 10;
        fs::write(&path, wrong).unwrap();
        let error = source.read(Split::Train).unwrap_err();
        assert!(matches!(&error, DataError::WrongLabel { record: 2, label: 10, classes: 10, .. }), "{error}");
        fs::remove_file(&path).unwrap();
        let error = source.has_split(Split::Train).unwrap_err();
        assert!(error.to_string().contains("data_batch_3.bin"), "{error}");
        source.unit = RECORDS;
        assert!(matches!(source.read(Split::Test), Err(DataError::WrongSize { expected: 30_730_000, .. })));
    }
}
