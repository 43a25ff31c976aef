//! A block: the images of one split as a safetensors file that can be mapped and trusted.
//!
//! | tensor | shape | what it is |
//! |---|---|---|
//! | `checksums` | u64 `[n]` | the first eight bytes of every image's blake3, for a quick look |
//! | `labels` | u32 `[n]` | class positions |
//! | `pixels` | u8 `[n, C, H, W]` | planar RGB |
//!
//! The metadata hold the class names, the decode settings, the content hash, and a hash over checksums and labels.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use super::seal;
use crate::data::image_set::content_hasher;
use compdd_core::files::plain;

/// Images that a quick look compares with their checksums.
const SAMPLES: usize = 16;
/// Bytes that are read at a time when everything is read.
const PIECE: usize = 1 << 22;
const HEADER_LENGTH: usize = 8;
const INDEX_BYTES: usize = 8 + 4;

/// What a block says about its images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) struct About {
    /// Content hash of the set.
    pub content: String,
    /// Decode settings in words.
    pub decode: String,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Class names.
    pub classes: Vec<String>,
}

/// An open block. The pixels stay on the disk until they are looked at.
pub(in crate::data) struct Block {
    map: Mmap,
    pixels: Range<usize>,
    labels: Vec<u32>,
    about: About,
    /// Holds a shared lock, so that pruning leaves the file alone.
    file: File,
}

impl Block {
    /// Opens a block and makes sure that it holds the images of the hash `content`; `None` where there is no file.
    ///
    /// A look at the header, the length, labels and a few images; all of it is read if the file changed in any way since it
    /// was last read in full, or if whoever wrote there is not `trusted`. The error says what is wrong.
    pub fn open(path: &Path, content: &str, trusted: bool) -> Result<Option<Self>, String> {
        let Some(block) = Self::map(path, content)? else { return Ok(None) };
        if trusted && seal::holds(path) {
            block.sample()?;
            seal::touch(path);
        } else {
            block.read_all()?;
            seal::set(path);
        }
        Ok(Some(block))
    }

    /// Reads all of a block, whatever its seal says, and seals it anew; nothing to do where there is no file.
    pub fn verify(path: &Path, content: &str) -> Result<(), String> {
        let Some(block) = Self::map(path, content)? else { return Ok(()) };
        let used = seal::last_used(path);
        block.read_all()?;
        seal::set(path);
        seal::touch_at(path, used);
        Ok(())
    }

    /// Maps a block whose header, length and labels are in order.
    fn map(path: &Path, content: &str) -> Result<Option<Self>, String> {
        let file = match plain::open_plain(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        // Nobody is waited for: whoever holds the file for himself can keep it from being pruned, and no more.
        if let Err(error) = file.try_lock_shared() {
            tracing::debug!(block = %path.display(), %error, "no lock");
        }
        // The file is written once and then only renamed or removed, and removing leaves a map as it is.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| error.to_string())?;
        let (about, labels, pixels) = index(&map)?;
        if about.content != content {
            return Err("it holds other images".into());
        }
        Ok(Some(Self { map, pixels, labels, about, file }))
    }

    /// Bytes `[n, C, H, W]`.
    pub fn pixels(&self) -> &[u8] {
        &self.map[self.pixels.clone()]
    }

    /// The checksum of every image.
    pub fn checksums(&self) -> &[[u8; 8]] {
        let end = self.pixels.start - self.labels.len() * 4;
        self.map[end - self.labels.len() * 8..end].as_chunks().0
    }

    /// Class position of every image.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// What the block says about its images.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Compares some images, first and last among them, with their checksums.
    fn sample(&self) -> Result<(), String> {
        let (all, size, checksums) = (self.labels.len(), self.about.shape.iter().product::<usize>(), self.checksums());
        let step = all.div_ceil(SAMPLES).max(1);
        for i in (0..all).step_by(step).chain(all.checked_sub(1)) {
            if checksums[i] != checksum(&self.pixels()[i * size..(i + 1) * size]) {
                return Err(format!("image {i} is not what was written"));
            }
        }
        Ok(())
    }

    /// Reads everything and compares it with the content hash, past the map so that memory stays small.
    fn read_all(&self) -> Result<(), String> {
        let About { content, decode, shape, classes } = &self.about;
        let mut hasher = content_hasher(decode, *shape, classes, &self.labels);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.pixels.start as u64)).map_err(|error| error.to_string())?;
        pieces(&mut file.take(self.pixels.len() as u64), |piece| {
            hasher.update(piece);
        })
        .map_err(|error| error.to_string())?;
        if hasher.finalize().to_hex().as_str() == content { Ok(()) } else { Err("its images have another hash".into()) }
    }
}

/// Passes everything from a reader on, piece by piece.
pub(super) fn pieces(from: &mut impl Read, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => each(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The first eight bytes of an image's hash.
pub(in crate::data) fn checksum(image: &[u8]) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(image).as_bytes()[..8]);
    bytes
}

/// Bytes before the pixels of `images` images: room for a header that names these classes, and the index.
pub(super) fn room(images: usize, classes: &[String], decode: &str) -> usize {
    const FIXED: usize = 1024;
    let names = serde_json::to_string(classes).map_or(0, |text| 2 * text.len()) + 2 * decode.len();
    (HEADER_LENGTH + FIXED + names).next_multiple_of(4096) + images * INDEX_BYTES
}

/// The bytes before the pixels, `room` in all.
pub(super) fn front(about: &About, labels: &[u32], checksums: &[[u8; 8]], room: usize) -> io::Result<Vec<u8>> {
    let n = labels.len();
    let [channels, height, width] = about.shape;
    let index: Vec<u8> =
        checksums.iter().flatten().copied().chain(labels.iter().flat_map(|label| label.to_le_bytes())).collect();
    let end = index.len() + n * about.shape.iter().product::<usize>();
    let header = json!({
        "__metadata__": {
            "format": "compdd images v1",
            "content": about.content,
            "decode": about.decode,
            "classes": serde_json::to_string(&about.classes)?,
            "index": blake3::hash(&index).to_hex().as_str(),
        },
        "checksums": { "dtype": "U64", "shape": [n], "data_offsets": [0, 8 * n] },
        "labels": { "dtype": "U32", "shape": [n], "data_offsets": [8 * n, INDEX_BYTES * n] },
        "pixels": { "dtype": "U8", "shape": [n, channels, height, width], "data_offsets": [INDEX_BYTES * n, end] },
    });
    let mut text = header.to_string().into_bytes();
    let length = room.checked_sub(HEADER_LENGTH + index.len()).filter(|&length| length >= text.len());
    let length = length.ok_or_else(|| io::Error::other("the header of the block does not fit"))?;
    text.resize(length, b' ');
    Ok([&(length as u64).to_le_bytes()[..], &text, &index].concat())
}

/// Reads what stands before the pixels, and where they are.
fn index(map: &[u8]) -> Result<(About, Vec<u32>, Range<usize>), String> {
    let tensors = SafeTensors::deserialize(map).map_err(|error| format!("no block: {error}"))?;
    let (_, header) = SafeTensors::read_metadata(map).map_err(|error| format!("no block: {error}"))?;
    let empty = HashMap::new();
    let metadata = header.metadata().as_ref().unwrap_or(&empty);
    let text = |key: &str| metadata.get(key).cloned().ok_or_else(|| format!("its header has no `{key}`"));
    let view = |name: &str, dtype| {
        let view = tensors.tensor(name).map_err(|_| format!("it has no `{name}`"))?;
        if view.dtype() == dtype { Ok(view) } else { Err(format!("`{name}` has another type")) }
    };
    let (checksums, labels, pixels) =
        (view("checksums", Dtype::U64)?, view("labels", Dtype::U32)?, view("pixels", Dtype::U8)?);
    let n = labels.shape().first().copied().unwrap_or(0);
    let [count, channels, height, width] = *pixels.shape() else { return Err("`pixels` has another shape".into()) };
    if count != n || labels.shape() != [n] || checksums.shape() != [n] {
        return Err("its parts do not belong together".into());
    }
    let seal = blake3::Hasher::new().update(checksums.data()).update(labels.data()).finalize();
    if seal.to_hex().as_str() != text("index")? {
        return Err("labels or checksums are not what was written".into());
    }
    let about = About {
        content: text("content")?,
        decode: text("decode")?,
        shape: [channels, height, width],
        classes: serde_json::from_str(&text("classes")?).map_err(|error| format!("class names: {error}"))?,
    };
    let labels = labels.data().as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    Ok((about, labels, map.len() - pixels.data().len()..map.len()))
}
