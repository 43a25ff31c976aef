//! The archives of `ImageNet` as they are downloaded: an archive of class archives for training, a flat one for validation.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    Item, Picture, Place, Wanted,
    annotation::{Annotation, malformed},
    archive::{Archives, is_image, tars},
    split_source::{SplitPair, SplitSource},
};
use crate::data::{
    error::DataError,
    parse::{ParseError, is_synset, members},
};
use compdd_core::{files::IoError, subset::ClassEntry};

const TRAIN: &str = "ILSVRC2012_img_train.tar";
const VAL: &str = "ILSVRC2012_img_val.tar";

/// Recognises the archives by their names; the class archives may also lie unpacked in `train`.
pub(super) fn detect(root: &Path) -> Option<SplitPair> {
    let (outer, val) = (root.join(TRAIN), root.join(VAL));
    let train = if outer.is_file() {
        Ok(ClassArchives::new(vec![outer], true))
    } else {
        let named = |path: &PathBuf| path.file_stem().is_some_and(|stem| is_synset(stem.as_encoded_bytes()));
        let inner: Vec<PathBuf> = tars(&root.join("train")).into_iter().filter(named).collect();
        if inner.is_empty() { Err(TRAIN) } else { Ok(ClassArchives::new(inner, false)) }
    };
    let test = val.is_file().then(|| {
        let annotation = Annotation::of(&val, vec![root.to_owned()], root);
        Box::new(FlatArchive { archives: Archives(vec![val]), annotation }) as Box<dyn SplitSource>
    });
    SplitPair::new("ilsvrc-archives", root, train.map(|train| Box::new(train) as Box<dyn SplitSource>), test.ok_or(VAL))
}

/// An archive for every class.
#[derive(Debug)]
struct ClassArchives {
    archives: Archives,
    /// The class archives are members of the one archive there is.
    nested: bool,
    classes: OnceLock<Vec<Inner>>,
}

/// The archive of a class: a whole file, or a member of one.
#[derive(Debug)]
struct Inner {
    class: String,
    place: Place,
}

impl ClassArchives {
    fn new(archives: Vec<PathBuf>, nested: bool) -> Self {
        Self { archives: Archives(archives), nested, classes: OnceLock::new() }
    }

    /// The class archives sorted by class; only the headers of the outer archive are read.
    fn inner(&self) -> Result<&[Inner], DataError> {
        if let Some(classes) = self.classes.get() {
            return Ok(classes);
        }
        let mut classes = if self.nested { self.nested()? } else { self.beside()? };
        classes.sort_by(|a, b| a.class.cmp(&b.class));
        if let Some(pair) = classes.windows(2).find(|pair| pair[0].class == pair[1].class) {
            return Err(malformed(&self.archives.0[0], &ParseError::new(format!("holds {}.tar twice", pair[0].class))));
        }
        Ok(self.classes.get_or_init(|| classes))
    }

    fn nested(&self) -> Result<Vec<Inner>, DataError> {
        let mut classes = Vec::new();
        let walked = members(self.archives.span(0)?, &mut |member, _| {
            if let (Some(class), false) = (member.base().strip_suffix(".tar"), member.is_hidden()) {
                let place = Place { part: 0, start: member.start, length: member.length };
                classes.push(Inner { class: class.to_owned(), place });
            }
            Ok(())
        });
        let none = || ParseError::new("holds no <synset>.tar, as the archive of the training images does");
        let checked = walked.and_then(|()| if classes.is_empty() { Err(none()) } else { Ok(classes) });
        checked.map_err(|error| malformed(&self.archives.0[0], &error))
    }

    fn beside(&self) -> Result<Vec<Inner>, DataError> {
        let inner = |(part, path): (usize, &PathBuf)| {
            let class = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let length = path.metadata().map_err(IoError::at("read", path))?.len();
            Ok(Inner { class, place: Place { part: part as u32, start: 0, length } })
        };
        self.archives.0.iter().enumerate().map(inner).collect()
    }

    /// What messages call the archive of a class.
    fn name(&self, inner: &Inner) -> PathBuf {
        let archive = &self.archives.0[inner.place.part as usize];
        if self.nested { archive.join(format!("{}.tar", inner.class)) } else { archive.clone() }
    }
}

impl SplitSource for ClassArchives {
    fn place(&self, class: &ClassEntry) -> PathBuf {
        let folder = if self.nested { Some(self.archives.0[0].as_path()) } else { self.archives.0[0].parent() };
        folder.unwrap_or(Path::new("")).join(format!("{}.tar", class.synset))
    }

    fn classes(&self) -> Result<Vec<String>, DataError> {
        Ok(self.inner()?.iter().map(|inner| inner.class.clone()).collect())
    }

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        for inner in self.inner()?.iter().filter(|inner| wanted(&inner.class)) {
            let Place { part, start, length } = inner.place;
            let span = self.archives.span(part as usize)?.inner(start, length);
            let mut names = HashSet::new();
            let walked = members(span, &mut |member, _| {
                if !is_image(&member) {
                    return Ok(());
                }
                if !names.insert(member.name.clone()) {
                    return Err(ParseError::byte(member.start, format!("holds {} twice", member.name)));
                }
                let place = Place { part, start: start + member.start, length: member.length };
                visit(&inner.class, Item { file: member.name.into(), place });
                Ok(())
            });
            walked.map_err(|error| malformed(&self.name(inner), &error))?;
        }
        Ok(())
    }

    fn files(&self, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        let parts: HashSet<u32> =
            self.inner()?.iter().filter(|inner| wanted(&inner.class)).map(|inner| inner.place.part).collect();
        let used = self.archives.0.iter().enumerate().filter(|(part, _)| parts.contains(&(*part as u32)));
        used.for_each(|(_, path)| visit(path));
        Ok(())
    }

    fn read(&self, item: &Item) -> Result<Picture, String> {
        self.archives.read(item)
    }

    fn path(&self, item: &Item) -> PathBuf {
        let holds = |inner: &&Inner| {
            let Place { part, start, length } = inner.place;
            part == item.place.part && (start..start + length).contains(&item.place.start)
        };
        let inner = self.inner().ok().and_then(|classes| classes.iter().find(holds));
        inner.map_or_else(|| self.archives.path(item), |inner| self.name(inner).join(&item.file))
    }

    fn read_each(&self, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        self.archives.read_each(items, each);
    }
}

/// One archive of images whose classes are in an annotation.
#[derive(Debug)]
struct FlatArchive {
    archives: Archives,
    annotation: Annotation,
}

impl SplitSource for FlatArchive {
    fn place(&self, _class: &ClassEntry) -> PathBuf {
        self.archives.0[0].clone()
    }

    fn classes(&self) -> Result<Vec<String>, DataError> {
        self.annotation.classes()
    }

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let archive = &self.archives.0[0];
        let mut roll = self.annotation.known()?.roll();
        let walked = members(self.archives.span(0)?, &mut |member, _| {
            if is_image(&member) {
                let named = |why| ParseError::byte(member.start, format!("{} {why}", member.name));
                let class = roll.class(Path::new(&member.name)).map_err(named)?;
                if wanted(class) {
                    let place = Place { part: 0, start: member.start, length: member.length };
                    visit(class, Item { file: member.name.into(), place });
                }
            }
            Ok(())
        });
        walked.map_err(|error| malformed(archive, &error))?;
        roll.finish(wanted, archive)
    }

    fn files(&self, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        visit(&self.archives.0[0]);
        self.annotation.files(visit)
    }

    fn read(&self, item: &Item) -> Result<Picture, String> {
        self.archives.read(item)
    }

    fn path(&self, item: &Item) -> PathBuf {
        self.archives.path(item)
    }

    fn read_each(&self, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        self.archives.read_each(items, each);
    }
}
