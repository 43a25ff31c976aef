//! The binary files of CIFAR-10 and CIFAR-100: records of label bytes and 3072 planar RGB bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{Item, Picture, Place, Source, Split, Wanted};
use crate::data::{error::DataError, planes::interleaved};
use compdd_core::{
    files::{IoError, plain},
    limits,
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
    /// The files of each split, once they were read.
    read: [[OnceLock<Vec<u8>>; 5]; 2],
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
        let text = plain::regular_bytes(&folder.join(list), limits::TEXT_BYTES).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let mut names: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if names.is_empty() && variant == Variant::Ten {
            names = NAMES_10.iter().map(|&name| name.to_owned()).collect();
        }
        Some(Self { folder: folder.to_owned(), variant, names, unit: RECORDS, read: Default::default() })
    }

    fn label_bytes(&self) -> usize {
        match self.variant {
            Variant::Ten => 1,
            Variant::Hundred => 2,
        }
    }

    /// Files of a split and the records in each.
    fn paths(&self, split: Split) -> (Vec<PathBuf>, usize) {
        let (names, records): (Vec<String>, usize) = match (self.variant, split) {
            (Variant::Ten, Split::Train) => ((1..=5).map(|i| format!("data_batch_{i}.bin")).collect(), self.unit),
            (Variant::Ten, Split::Test) => (vec!["test_batch.bin".into()], self.unit),
            (Variant::Hundred, Split::Train) => (vec!["train.bin".into()], 5 * self.unit),
            (Variant::Hundred, Split::Test) => (vec!["test.bin".into()], self.unit),
        };
        (names.into_iter().map(|name| self.folder.join(name)).collect(), records)
    }

    /// The records of a file, read once, with length and labels checked.
    fn file(&self, split: Split, part: usize) -> Result<&[u8], DataError> {
        let cell = &self.read[split as usize][part];
        if let Some(bytes) = cell.get() {
            return Ok(bytes);
        }
        let (mut paths, records) = self.paths(split);
        let path = paths.swap_remove(part);
        let expected = (records * (self.label_bytes() + PIXELS)) as u64;
        let found = fs::metadata(&path).map_err(IoError::at("read", &path))?.len();
        if found != expected {
            return Err(DataError::WrongSize { path, expected, found });
        }
        let bytes = plain::regular_bytes(&path, limits::WHOLE_BYTES)?;
        let impossible = |label: &u8| usize::from(*label) >= self.names.len();
        if let Some((record, label)) = self.labels(&bytes).enumerate().find(|(_, label)| impossible(label)) {
            return Err(DataError::WrongLabel { path, record, label, classes: self.names.len() });
        }
        Ok(cell.get_or_init(|| bytes))
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
        let (files, _) = self.paths(split);
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
        let (files, _) = self.paths(split);
        files.into_iter().next().unwrap_or_else(|| self.folder.clone())
    }

    fn classes(&self, _split: Split) -> Result<Vec<String>, DataError> {
        let mut names = self.names.clone();
        names.sort();
        Ok(names)
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let mut index = 0;
        for part in 0..self.paths(split).0.len() {
            for (row, label) in self.labels(self.file(split, part)?).enumerate() {
                let name = &self.names[usize::from(label)];
                if wanted(name) {
                    let place = Place { part: part as u32, start: row as u64, length: 0 };
                    visit(name, Item::numbered(index, place));
                }
                index += 1;
            }
        }
        Ok(())
    }

    fn files(&self, split: Split, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        self.paths(split).0.iter().for_each(|path| visit(path));
        Ok(())
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        let records = self.file(split, item.place.part as usize).map_err(|error| error.to_string())?;
        let size = self.label_bytes() + PIXELS;
        let planar = &records[item.place.start as usize * size + self.label_bytes()..][..PIXELS];
        Ok(Picture::Rgb { pixels: interleaved(planar, 3), width: SIDE, height: SIDE })
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        let file = self.paths(split).0.into_iter().nth(item.place.part as usize).unwrap_or_default();
        file.join(item.place.start.to_string())
    }
}

/// The official order of CIFAR-10.
pub(super) const NAMES_10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

#[cfg(test)]
mod tests {
    use super::*;

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

    fn listed(source: &CifarBinary, split: Split, class: &str) -> Vec<Item> {
        let mut items = Vec::new();
        source.scan(split, &|name| name == class, &mut |_, item| items.push(item)).unwrap();
        items
    }

    #[test]
    fn cifar_10_lists_and_reads_in_file_order() {
        let (_folder, source) = ten();
        let ships = listed(&source, Split::Train, "ship");
        let first = |item: &Item| match source.read(Split::Train, item).unwrap() {
            Picture::Rgb { pixels, .. } => [pixels[0], pixels[1], pixels[2]],
            Picture::Encoded(_) => panic!("not encoded"),
        };
        assert_eq!((ships.len(), first(&ships[0]), first(&ships[1])), (10, [8, 9, 10], [18, 19, 20]));
        assert!(ships.is_sorted_by_key(Item::order));
        assert_eq!(source.counts(Split::Test).unwrap()["ship"], 2);
        assert!(source.path(Split::Train, &ships[2]).ends_with("data_batch_2.bin/8"));
        assert_eq!(source.classes(Split::Train).unwrap().len(), 10);
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
        assert_eq!(source.kind(), "cifar-100-binary");
        assert_eq!(source.counts(Split::Train).unwrap()["aquarium_fish_3"], 5);
        assert_eq!(source.counts(Split::Test).unwrap()["aquarium_fish_3"], 1);
    }

    #[test]
    fn damaged_files_are_named() {
        let (folder, mut source) = ten();
        let path = folder.path().join("data_batch_3.bin");
        let scan = |source: &CifarBinary| source.counts(Split::Train).unwrap_err();
        fs::write(&path, &bytes(20, 10, false)[1..]).unwrap();
        let error = scan(&source);
        assert!(matches!(&error, DataError::WrongSize { expected: 61_460, found: 61_459, .. }), "{error}");
        let mut wrong = bytes(20, 10, false);
        wrong[2 * 3073] = 10;
        fs::write(&path, wrong).unwrap();
        let error = scan(&source);
        assert!(matches!(&error, DataError::WrongLabel { record: 2, label: 10, classes: 10, .. }), "{error}");
        fs::remove_file(&path).unwrap();
        let error = source.has_split(Split::Train).unwrap_err();
        assert!(error.to_string().contains("data_batch_3.bin"), "{error}");
        source.unit = RECORDS;
        assert!(matches!(source.counts(Split::Test), Err(DataError::WrongSize { expected: 30_730_000, .. })));
    }
}
