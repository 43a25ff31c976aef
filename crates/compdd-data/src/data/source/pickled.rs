//! The Python files of CIFAR-10 and CIFAR-100, as torchvision unpacks them: pickles of an array and lists.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{Item, Picture, Place, Source, Split, Wanted, annotation::malformed, cifar::NAMES_10};
use crate::data::{
    error::DataError,
    parse::{
        ParseError,
        pickle::{Pickle, Value},
    },
    planes::interleaved,
};
use compdd_core::{files::plain, limits, subset::ClassEntry};

const SIDE: usize = 32;
const PIXELS: usize = 3 * SIDE * SIDE;

/// What differs between the two sets.
#[derive(Debug)]
struct Variant {
    kind: &'static str,
    files: [&'static [&'static str]; 2],
    /// Key of the labels in a batch.
    labels: &'static str,
    /// The file with the names of the classes, and their key in it.
    names: (&'static str, &'static str),
}

static TEN: Variant = Variant {
    kind: "cifar-10-python",
    files: [&["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"], &["test_batch"]],
    labels: "labels",
    names: ("batches.meta", "label_names"),
};
static HUNDRED: Variant = Variant {
    kind: "cifar-100-python",
    files: [&["train"], &["test"]],
    labels: "fine_labels",
    names: ("meta", "fine_label_names"),
};

/// A folder with `data_batch_1` to `_5`, `test_batch` and `batches.meta`, or with `train`, `test` and `meta`. The pickles are
/// read as data: nothing in them is executed. Without `batches.meta` the official names of CIFAR-10 are used.
#[derive(Debug)]
pub struct CifarPickled {
    folder: PathBuf,
    variant: &'static Variant,
    names: OnceLock<Vec<String>>,
    /// The batches of each split, once they were read.
    read: [[OnceLock<Batch>; 5]; 2],
}

/// Images of a file, planar, and the position of their class.
#[derive(Debug)]
struct Batch {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl CifarPickled {
    /// Recognises either set by the names of its files.
    pub fn detect(folder: &Path) -> Option<Self> {
        let has = |name: &&str| folder.join(name).is_file();
        let variant = if has(&"data_batch_1") || has(&"test_batch") {
            &TEN
        } else if ["train", "test", "meta"].iter().all(has) {
            &HUNDRED
        } else {
            return None;
        };
        Some(Self { folder: folder.to_owned(), variant, names: OnceLock::new(), read: Default::default() })
    }

    fn paths(&self, split: Split) -> impl Iterator<Item = PathBuf> {
        self.variant.files[split as usize].iter().map(|name| self.folder.join(name))
    }

    /// Names of the classes in the order of their labels.
    fn names(&self) -> Result<&[String], DataError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let (file, key) = self.variant.names;
        let path = self.folder.join(file);
        let names = if path.is_file() {
            with_pickle(&path, |root| {
                let names = items(root, key)?.map(|name| name.as_text().map(str::to_owned));
                names.collect::<Option<Vec<_>>>().ok_or_else(|| ParseError::new(format!("a name in {key} is no text")))
            })?
        } else {
            NAMES_10.map(str::to_owned).to_vec()
        };
        Ok(self.names.get_or_init(|| names))
    }

    /// The images and labels of a file, read once.
    fn batch(&self, split: Split, part: usize) -> Result<&Batch, DataError> {
        let cell = &self.read[split as usize][part];
        if let Some(batch) = cell.get() {
            return Ok(batch);
        }
        let classes = self.names()?.len();
        let path = self.paths(split).nth(part).unwrap_or_default();
        let batch = with_pickle(&path, |root| batch(root, self.variant.labels, classes))?;
        Ok(cell.get_or_init(|| batch))
    }
}

fn with_pickle<T>(path: &Path, then: impl FnOnce(Value) -> Result<T, ParseError>) -> Result<T, DataError> {
    let bytes = plain::regular_bytes(path, limits::WHOLE_BYTES)?;
    Pickle::read(&bytes).and_then(|pickle| then(pickle.root())).map_err(|error| malformed(path, &error))
}

fn items<'p>(root: Value<'p>, key: &str) -> Result<impl ExactSizeIterator<Item = Value<'p>>, ParseError> {
    let value = root.get(key).ok_or_else(|| ParseError::new(format!("{} without {key:?}", root.kind())))?;
    value.items().ok_or_else(|| ParseError::new(format!("{key} is {}, not a list", value.kind())))
}

fn batch(root: Value, key: &str, classes: usize) -> Result<Batch, ParseError> {
    let array = root.get("data").and_then(Value::as_array).ok_or_else(|| ParseError::new("no array called data"))?;
    let labels = items(root, key)?;
    if !array.dtype.is_byte() || array.fortran || array.shape != [labels.len(), PIXELS] {
        let (shape, labels) = (&array.shape, labels.len());
        return Err(ParseError::new(format!("data of shape {shape:?} are not {labels} images of {PIXELS} bytes")));
    }
    let label = |(record, value): (usize, Value)| {
        let label = value.as_int().filter(|&label| (0..classes as i64).contains(&label));
        let wrong = || match value.as_int() {
            Some(label) => format!("record {record} has label {label}, but there are {classes} classes"),
            None => format!("the label of record {record} is {}", value.kind()),
        };
        label.map(|label| label as u32).ok_or_else(|| ParseError::new(wrong()))
    };
    let labels = labels.enumerate().map(label).collect::<Result<_, _>>()?;
    Ok(Batch { pixels: array.data.into_owned(), labels })
}

impl Source for CifarPickled {
    fn kind(&self) -> &'static str {
        self.variant.kind
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        let missing = self.variant.files[split as usize].iter().filter(|name| !self.folder.join(name).is_file());
        let files: Vec<String> = missing.map(|&name| name.to_owned()).collect();
        if files.is_empty() { Ok(()) } else { Err(DataError::MissingFiles { path: self.folder.clone(), split, files }) }
    }

    fn place(&self, split: Split, _class: &ClassEntry) -> PathBuf {
        self.paths(split).next().unwrap_or_else(|| self.folder.clone())
    }

    fn classes(&self, _split: Split) -> Result<Vec<String>, DataError> {
        let mut names = self.names()?.to_vec();
        names.sort();
        Ok(names)
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let mut index = 0;
        for part in 0..self.variant.files[split as usize].len() {
            for (row, &label) in self.batch(split, part)?.labels.iter().enumerate() {
                let name = &self.names()?[label as usize];
                if wanted(name) {
                    visit(name, Item::numbered(index, Place { part: part as u32, start: row as u64, length: 0 }));
                }
                index += 1;
            }
        }
        Ok(())
    }

    fn files(&self, split: Split, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        self.paths(split).for_each(|path| visit(&path));
        let names = self.folder.join(self.variant.names.0);
        if names.is_file() {
            visit(&names);
        }
        Ok(())
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        let batch = self.batch(split, item.place.part as usize).map_err(|error| error.to_string())?;
        let rows = batch.pixels.as_chunks::<PIXELS>().0;
        let planar = rows.get(item.place.start as usize).ok_or("the file has no such record")?;
        Ok(Picture::Rgb { pixels: interleaved(planar, 3), width: SIDE, height: SIDE })
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        self.paths(split).nth(item.place.part as usize).unwrap_or_default().join(item.place.start.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::parse::pickle::made;

    /// `records` images whose bytes are their position plus the channel, labelled in turn.
    fn data(records: usize) -> Vec<u8> {
        let image = |i: usize| (0..3).flat_map(move |channel| [(i + channel) as u8; SIDE * SIDE]);
        (0..records).flat_map(image).collect()
    }

    fn write(folder: &Path, name: &str, labels: &[u8]) {
        fs::write(folder.join(name), made::batch(&data(labels.len()), PIXELS, &[("labels", labels)], &[])).unwrap();
    }

    fn ten() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        TEN.files.iter().copied().flatten().for_each(|name| write(folder.path(), name, &[9, 8, 8, 3]));
        fs::write(folder.path().join("batches.meta"), made::meta("label_names", &NAMES_10)).unwrap();
        folder
    }

    #[test]
    fn cifar_10_lists_and_reads_in_file_order() {
        let folder = ten();
        let source = CifarPickled::detect(folder.path()).unwrap();
        let mut ships = Vec::new();
        source.scan(Split::Train, &|name| name == "ship", &mut |_, item| ships.push(item)).unwrap();
        assert_eq!((source.kind(), ships.len()), ("cifar-10-python", 10));
        assert!(ships.is_sorted_by_key(Item::order));
        let Picture::Rgb { pixels, .. } = source.read(Split::Train, &ships[3]).unwrap() else { panic!() };
        assert_eq!(pixels[..6], [2, 3, 4, 2, 3, 4]);
        assert!(source.path(Split::Train, &ships[3]).ends_with("data_batch_2/2"));
        assert_eq!(source.counts(Split::Test).unwrap()["cat"], 1);
        let mut files = Vec::new();
        source.files(Split::Test, &|_| true, &mut |path| files.push(path.to_owned())).unwrap();
        assert_eq!(files, ["test_batch", "batches.meta"].map(|name| folder.path().join(name)));
    }

    #[test]
    fn cifar_100_takes_the_fine_label() {
        let folder = tempfile::tempdir().unwrap();
        assert!(CifarPickled::detect(folder.path()).is_none());
        for name in ["train", "test"] {
            let labels: [(&str, &[u8]); 2] = [("coarse_labels", &[0, 0]), ("fine_labels", &[1, 2])];
            fs::write(folder.path().join(name), made::batch(&data(2), PIXELS, &labels, &[])).unwrap();
        }
        let names = made::meta("fine_label_names", &["apple", "bear", "crab"]);
        fs::write(folder.path().join("meta"), names).unwrap();
        let source = CifarPickled::detect(folder.path()).unwrap();
        assert_eq!(source.kind(), "cifar-100-python");
        let counts = source.counts(Split::Train).unwrap();
        assert_eq!(["apple", "bear", "crab"].map(|name| counts[name]), [0, 1, 1]);
    }

    #[test]
    fn damaged_files_are_named_with_the_place() {
        let folder = ten();
        let error = || CifarPickled::detect(folder.path()).unwrap().counts(Split::Train).unwrap_err().to_string();
        let path = folder.path().join("data_batch_3");
        write(folder.path(), "data_batch_3", &[1, 10]);
        assert!(error().ends_with("data_batch_3: record 1 has label 10, but there are 10 classes"), "{}", error());
        fs::write(&path, made::batch(&data(2), PIXELS, &[("labels", &[1])], &[])).unwrap();
        assert!(error().ends_with("data of shape [2, 3072] are not 1 images of 3072 bytes"), "{}", error());
        fs::write(&path, made::batch(&data(2), PIXELS, &[], &[])).unwrap();
        assert!(error().ends_with("a dictionary without \"labels\""), "{}", error());
        fs::write(&path, b"cos\nsystem\n(S'ls'\ntR.").unwrap();
        assert!(error().contains("asks for os.system") && error().ends_with("(at byte 0)"), "{}", error());
        let good = fs::read(folder.path().join("data_batch_2")).unwrap();
        fs::write(&path, &good[..5000]).unwrap();
        assert!(error().contains("bytes are announced"), "{}", error());
        fs::remove_file(&path).unwrap();
        let missing = CifarPickled::detect(folder.path()).unwrap().has_split(Split::Train).unwrap_err().to_string();
        assert!(missing.contains("lacks data_batch_3 of its train images"), "{missing}");
    }
}
