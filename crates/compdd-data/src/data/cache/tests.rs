//! What the cache keeps, refuses, makes again, waits for and throws away.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use compdd_core::progress::{Hooks, Stop};

use super::*;
use crate::data::{
    Library, Task, TaskOptions,
    source::{Item, Picture, Place, Source, Split, Wanted},
    tests::{folder, subset},
};

struct World {
    root: tempfile::TempDir,
}

impl World {
    /// Three classes of five training and two test images of 16 pixels, and an empty cache.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        folder(&root.path().join("images"), 5);
        Self { root }
    }

    fn images(&self) -> PathBuf {
        self.root.path().join("images")
    }

    fn cache(&self) -> Cache {
        Cache::new(self.root.path().join("cache"), Cache::LIMIT).required()
    }

    fn library(&self) -> Library {
        Library { cache: Some(self.cache()), ..Library::new([self.images()]) }
    }

    fn load(&self) -> Result<Task, DataError> {
        Task::load(&subset(), &self.library(), &options(16))
    }

    fn files(&self, room: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root.path().join("cache").join(room));
        let mut files: Vec<PathBuf> =
            entries.map(|all| all.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default();
        files.sort();
        files
    }

    fn blocks(&self) -> Vec<PathBuf> {
        self.files("blocks").into_iter().filter(|path| path.extension().unwrap() == "safetensors").collect()
    }
}

fn options(resolution: usize) -> TaskOptions {
    TaskOptions { resolution: Some(resolution), skip_bad: true, ..TaskOptions::default() }
}

fn uncached(world: &World) -> Task {
    Task::load(&subset(), &Library::new([world.images()]), &options(16)).unwrap()
}

fn flip(path: &Path, at: u64) {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 4]).unwrap();
}

#[test]
fn a_second_load_maps_what_the_first_one_made() {
    let world = World::new();
    let (first, plain) = (world.load().unwrap(), uncached(&world));
    assert_eq!((first.train.hash(), first.test.hash()), (plain.train.hash(), plain.test.hash()));
    assert_eq!((world.blocks().len(), world.files("sources").len(), world.files("preparing").len()), (2, 2, 0));
    // Nothing is read from the images any more: their bytes may go, as long as the files look the same.
    let again = world.load().unwrap();
    assert_eq!(again.train.pixels(), plain.train.pixels());
    assert_eq!((again.train.labels(), again.train.classes()), (plain.train.labels(), plain.train.classes()));
    assert_eq!(again.source, first.source);
    // What the block says about its hash is true.
    let copied = again.train.subset(&(0..again.train.len()).collect::<Vec<_>>());
    assert_eq!(copied.hash(), plain.train.hash());
}

#[test]
fn blocks_are_safetensors_that_anyone_can_read() {
    let world = World::new();
    let task = world.load().unwrap();
    let path = world.cache().block_path(task.train.hash());
    let bytes = fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("pixels").unwrap().shape(), [15, 3, 16, 16]);
    assert_eq!(file.tensor("pixels").unwrap().data(), task.train.pixels());
}

#[test]
fn another_size_or_a_changed_file_is_another_block() {
    let world = World::new();
    let first = world.load().unwrap();
    Task::load(&subset(), &world.library(), &options(8)).unwrap();
    assert_eq!(world.blocks().len(), 4);
    let path = world.images().join("train/n01440764/000.png");
    image::RgbImage::from_pixel(16, 16, image::Rgb([9, 9, 9])).save(path).unwrap();
    let second = world.load().unwrap();
    assert_ne!(second.train.hash(), first.train.hash());
    assert_eq!(second.train.image(0)[0], 9);
    assert_eq!(second.train.hash(), uncached(&world).train.hash());
}

#[test]
fn the_same_images_elsewhere_share_the_block() {
    let world = World::new();
    world.load().unwrap();
    let moved = world.root.path().join("elsewhere");
    fs::rename(world.images(), &moved).unwrap();
    Task::load(&subset(), &Library { cache: Some(world.cache()), ..Library::new([moved]) }, &options(16)).unwrap();
    assert_eq!((world.blocks().len(), world.files("sources").len()), (2, 4));
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_mended() {
    let world = World::new();
    let hash = world.load().unwrap().train.hash().to_owned();
    let path = world.cache().block_path(&hash);
    let whole = fs::read(&path).unwrap();
    // In the length, the names, the index, the first, a middle and the last image.
    for at in [0, 40, 4096, 4096 + 15 * 12 + 5, whole.len() / 2, whole.len() - 1] {
        flip(&path, at as u64);
        assert!(Block::open(&path, &hash, true).is_err(), "byte {at}");
        assert_eq!(world.load().unwrap().train.hash(), hash);
        assert!(fs::read(&path).unwrap() == whole, "byte {at}");
    }
    File::options().write(true).open(&path).unwrap().set_len(whole.len() as u64 - 1).unwrap();
    assert_eq!(world.load().unwrap().train.image(14), uncached(&world).train.image(14));
}

#[test]
fn damage_that_the_system_does_not_notice_is_found_on_demand() {
    let world = World::new();
    let hash = world.load().unwrap().train.hash().to_owned();
    let path = world.cache().block_path(&hash);
    assert!(world.cache().verify().unwrap().is_empty());
    flip(&path, fs::metadata(&path).unwrap().len() - 1);
    // As if the disk had done it: the seal fits the damaged file.
    seal::set(&path);
    let damaged = world.cache().verify().unwrap();
    assert_eq!(damaged.len(), 1);
    assert_eq!(damaged[0].0.content, hash);
    assert!(!path.exists());
    assert_eq!(world.load().unwrap().train.hash(), hash);
}

/// Whoever may write into a cache can put other pixels under a true name, consistent in themselves and sealed.
#[cfg(unix)]
#[test]
fn a_cache_that_others_may_write_to_is_read_in_full() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.load().unwrap();
    let path = world.blocks().remove(0);
    let content = path.file_stem().unwrap().to_string_lossy().into_owned();
    let block = Block::open(&path, &content, true).unwrap().unwrap();
    let (about, labels, mut pixels) = (block.about().clone(), block.labels().to_vec(), block.pixels().to_vec());
    drop(block);
    pixels[0] ^= 4;
    let checksums: Vec<[u8; 8]> = pixels.chunks_exact(3 * 16 * 16).map(checksum).collect();
    let room = block::room(labels.len(), &about.classes, &about.decode);
    fs::write(&path, [block::front(&about, &labels, &checksums, room).unwrap(), pixels].concat()).unwrap();
    seal::set(&path);
    assert!(Block::open(&path, &content, true).unwrap().is_some(), "the seal of one's own cache is believed");
    assert!(Block::open(&path, &content, false).is_err_and(|reason| reason.contains("another hash")));

    let folder = world.root.path().join("cache");
    assert!(world.cache().is_trusted());
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(!world.cache().is_trusted() && world.cache().trusted().is_trusted());
    assert_eq!(world.load().unwrap().train.hash(), uncached(&world).train.hash(), "it is made again");
}

/// What lies under the names of a preparation may have been laid there by somebody else.
#[cfg(unix)]
#[test]
fn links_in_a_cache_are_not_followed() {
    let world = World::new();
    let first = world.load().unwrap().train.hash().to_owned();
    let prints: Vec<String> =
        world.files("sources").iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let victim = world.root.path().join("thesis");
    for ending in ["part", "journal", "lock"] {
        fs::remove_dir_all(world.root.path().join("cache")).unwrap();
        fs::create_dir_all(world.root.path().join("cache/preparing")).unwrap();
        fs::write(&victim, "kept").unwrap();
        for print in &prints {
            let link = world.root.path().join(format!("cache/preparing/{print}.{ending}"));
            std::os::unix::fs::symlink(&victim, link).unwrap();
        }
        match world.load() {
            Ok(task) => assert_eq!(task.train.hash(), first),
            Err(error) => assert!(error.to_string().contains(ending), "{error}"),
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept", "{ending}");
    }
}

#[test]
fn images_that_are_left_out_are_remembered() {
    let world = World::new();
    fs::write(world.images().join("train/n01440764/001x.png"), "junk").unwrap();
    let first = world.load().unwrap();
    let again = world.load().unwrap();
    assert_eq!(first.source.train.skipped, ["train/n01440764/001x.png"]);
    assert_eq!(again.source, first.source);
    assert_eq!(again.train.pixels(), uncached(&world).train.pixels());
    let strict = TaskOptions { skip_bad: false, ..options(16) };
    let error = Task::load(&subset(), &world.library(), &strict).unwrap_err();
    assert!(matches!(&error, DataError::BadImages { files } if files.len() == 1), "{error}");
}

/// What to do before the so-many-th image is read.
type Act = (usize, fn(&Path));

/// A source of numbered pictures that counts what is read and does something before one of them.
#[derive(Debug)]
struct Scripted {
    folder: PathBuf,
    read: AtomicUsize,
    before: Mutex<Option<Act>>,
}

const IMAGES: usize = 3 * load::PORTION / 2;

impl Source for Scripted {
    fn kind(&self) -> &'static str {
        "scripted"
    }
    fn has_split(&self, _: Split) -> Result<(), DataError> {
        Ok(())
    }
    fn place(&self, _: Split, _: &compdd_core::subset::ClassEntry) -> PathBuf {
        self.folder.clone()
    }
    fn classes(&self, _: Split) -> Result<Vec<String>, DataError> {
        Ok(vec!["a".into()])
    }
    fn scan(&self, _: Split, _: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        (0..IMAGES).for_each(|i| visit("a", Item::numbered(i, Place { start: i as u64, ..Place::default() })));
        Ok(())
    }
    fn files(&self, _: Split, _: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        visit(&self.folder.join("stamp"));
        Ok(())
    }
    fn read(&self, _: Split, item: &Item) -> Result<Picture, String> {
        let count = self.read.fetch_add(1, Ordering::SeqCst);
        if let Some((_, act)) = self.before.lock().unwrap().take_if(|(at, _)| *at == count) {
            act(&self.folder);
        }
        let pixels = item.place.start.to_le_bytes().into_iter().cycle().take(48).collect();
        Ok(Picture::Rgb { pixels, width: 4, height: 4 })
    }
    fn path(&self, _: Split, item: &Item) -> PathBuf {
        item.file.clone()
    }
}

fn scripted(folder: &Path, before: Option<Act>, stop: &Stop) -> (Result<Loaded, DataError>, usize) {
    let source =
        Arc::new(Scripted { folder: folder.to_owned(), read: AtomicUsize::new(0), before: Mutex::new(before) });
    let class = compdd_core::subset::ClassEntry { synset: "a".into(), label: "a".into(), index: None };
    let decode = crate::data::Decode { resolution: 4, resize: crate::data::ResizeMode::Squash, antialias: true };
    let part = crate::data::source::Part { source: source.clone(), folder: folder.to_owned(), lacking: Vec::new() };
    let (classes, names) = ([(&class, 0)], ["a".to_owned()]);
    let (part, decode) = (&part, &decode);
    let request = Request { subset: "t", part, split: Split::Train, classes: &classes, names: &names, decode };
    let loaded = Cache::new(folder.join("cache"), Cache::LIMIT).load(&request, Hooks::silent(stop));
    (loaded, source.read.load(Ordering::SeqCst))
}

#[test]
fn an_interrupted_preparation_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (stopped, read) = scripted(folder.path(), None, &Stop::after(1));
    assert!(matches!(stopped, Err(DataError::Interrupted(_))));
    assert_eq!(read, load::PORTION);
    // A kill in the middle of writing a line of the journal leaves half a line.
    let journal = fs::read_dir(folder.path().join("cache/preparing")).unwrap().map(|entry| entry.unwrap().path());
    let journal = journal.filter(|path| path.extension().unwrap() == "journal").last().unwrap();
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.clone() + "{\"portion\":1,\"ba").unwrap();
    let (finished, read) = scripted(folder.path(), None, &Stop::never());
    let images = finished.unwrap().images;
    assert_eq!((read, images.len()), (IMAGES - load::PORTION, IMAGES));
    assert!((0..IMAGES).all(|i| images.image(i)[0] == (i % 256) as u8));
    assert_eq!(fs::read_dir(folder.path().join("cache/preparing")).unwrap().count(), 0);
}

#[test]
fn the_lock_of_a_process_killed_at_its_very_end_goes_unless_somebody_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let load = || scripted(folder.path(), None, &Stop::never()).0.unwrap();
    let preparing = folder.path().join("cache/preparing");
    let locks = || fs::read_dir(&preparing).unwrap().count();
    load();
    let print = fs::read_dir(folder.path().join("cache/sources")).unwrap().next().unwrap().unwrap().path();
    let left = preparing.join(print.file_name().unwrap()).with_extension("lock");
    let cache = Cache::new(folder.path().join("cache"), Cache::LIMIT);
    let held = File::create(&left).unwrap();
    held.lock().unwrap();
    load();
    cache.prune(Cache::LIMIT).unwrap();
    assert_eq!(locks(), 1, "whoever holds it needs it");
    drop(held);
    load();
    assert_eq!(locks(), 0);
    fs::write(&left, "").unwrap();
    cache.prune(Cache::LIMIT).unwrap();
    assert_eq!(locks(), 0);
}

#[test]
fn images_that_change_while_they_are_read_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stamp"), "1").unwrap();
    let change: fn(&Path) = |folder| fs::write(folder.join("stamp"), "22").unwrap();
    let (loaded, _) = scripted(folder.path(), Some((700, change)), &Stop::never());
    assert!(matches!(loaded, Err(DataError::Changed { .. })));
    assert_eq!(fs::read_dir(folder.path().join("cache/preparing")).unwrap().count(), 0);
    assert!(!folder.path().join("cache/blocks").exists());
}

#[test]
fn two_at_once_prepare_once() {
    let folder = tempfile::tempdir().unwrap();
    let load = || scripted(folder.path(), None, &Stop::never());
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(load);
        (load(), other.join().unwrap())
    });
    assert_eq!(one.1 + two.1, IMAGES);
    assert_eq!(one.0.unwrap().images.hash(), two.0.unwrap().images.hash());
}

#[test]
fn pruning_takes_the_oldest_and_leaves_what_is_in_use() {
    let world = World::new();
    let kept = world.load().unwrap();
    for resolution in [8, 12] {
        Task::load(&subset(), &world.library(), &options(resolution)).unwrap();
    }
    assert_eq!(world.cache().blocks().unwrap().len(), 6);
    assert!(world.cache().blocks().unwrap()[0].titles[0].starts_with("trio "));
    let removed = world.cache().prune(0).unwrap();
    assert_eq!(removed.len(), 4, "the two blocks of a living task stay");
    assert_eq!((world.blocks().len(), world.files("sources").len()), (2, 2));
    assert_eq!(kept.train.hash(), uncached(&world).train.hash());
    drop(kept);
    assert_eq!(world.cache().prune(0).unwrap().len(), 2);
    assert!(world.files("blocks").is_empty() && world.files("sources").is_empty());
}

#[test]
fn a_cache_stays_within_its_size_and_says_when_it_cannot() {
    let world = World::new();
    let small = |limit| Library { cache: Some(Cache::new(world.root.path().join("cache"), limit)), ..world.library() };
    let error = Task::load(&subset(), &small(1000), &options(16)).unwrap_err();
    assert!(error.to_string().contains("11.2 KiB in the cache, which may hold 1000 B"), "{error}");
    let room = 80_000;
    for resolution in [16, 17, 18, 19, 20, 21] {
        Task::load(&subset(), &small(room), &options(resolution)).unwrap();
        let total: u64 = world.blocks().iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(total <= room, "{total}");
    }
    assert!(world.blocks().len() > 2);
}

#[test]
fn without_a_usable_folder_images_come_from_memory_unless_the_cache_is_what_is_wanted() {
    let world = World::new();
    let file = world.root.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = Cache::new(file.join("cache"), Cache::LIMIT);
    let library = |cache| Library { cache: Some(cache), ..world.library() };
    let task = Task::load(&subset(), &library(cache.clone()), &options(16)).unwrap();
    assert_eq!(task.train.hash(), uncached(&world).train.hash());
    let error = Task::load(&subset(), &library(cache.required()), &options(16)).unwrap_err();
    assert!(matches!(error, DataError::Cache(CacheError::Write { .. })), "{error}");
}
