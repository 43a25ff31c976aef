//! `batch_B.tar`: a minibatch of views and what a teacher said of it, as the archives of fast knowledge distillation hold them.
//!
//! The list of `SRe2L` has crop boxes, mirrors, partners, share, box and logits; G-VBSM and EDC add the indices of the images, EDC also a
//! shuffle of patches, which its code draws and does not apply.

use std::path::Path;

use compdd_core::{files::plain, limits};
use half::f16;

use super::ImportError;
use crate::data::parse::torch::{Element, Tensor, TorchFile, Value};

/// The views of a minibatch, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredViews {
    /// Top, left, height and width of each crop, as shares of the image's sides.
    pub boxes: Vec<[f32; 4]>,
    /// Which views are mirrored.
    pub mirrors: Vec<bool>,
    /// Which view each one is mixed with, and the box: first row, first column, and those beyond it, in pixels.
    pub mix: Option<(Vec<u32>, [u32; 4])>,
    /// Which image each view is of, where the archive says so.
    pub images: Option<Vec<u32>>,
    /// `[views, classes]`, row-major.
    pub logits: Vec<f16>,
    /// Number of logits of a view.
    pub classes: usize,
}

impl StoredViews {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ImportError::Views`] when it is none of that kind.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        read(bytes).map_err(|reason| ImportError::Views { path: path.to_owned(), reason })
    }
}

fn read(bytes: Vec<u8>) -> Result<StoredViews, String> {
    let file = TorchFile::open(bytes).map_err(|error| error.to_string())?;
    let description = file.description().map_err(|error| error.to_string())?;
    let items: Vec<Value<'_>> = description.root().items().ok_or("it is no list")?.collect();
    let tensor = |value: Value<'_>| {
        let view = value.as_tensor().ok_or_else(|| format!("it holds {} where a tensor was expected", value.kind()))?;
        file.tensor(view).map_err(|error| error.to_string())
    };
    let &[boxes, mirrors, partners, _, window, ref further @ ..] = &items[..] else {
        return Err("it does not begin with boxes, mirrors, partners, a share and a window".to_owned());
    };
    let (boxes, mirrors) = (tensor(boxes)?, tensor(mirrors)?);
    let &[views, 4] = &boxes.shape[..] else { return Err(format!("its boxes have the shape {:?}", boxes.shape)) };
    let rest = further.iter().filter(|value| value.as_tensor().is_some());
    let rest = rest.map(|value| tensor(*value)).collect::<Result<Vec<_>, _>>()?;
    let logits = rest.iter().find(|tensor| tensor.element == Element::F16 && tensor.shape.len() == 2);
    let logits = logits.ok_or("it holds no logits in half precision")?;
    if mirrors.shape != [views] || logits.shape[0] != views {
        return Err(format!("it has {views} boxes, {:?} mirrors and {:?} logits", mirrors.shape, logits.shape));
    }
    let pixels =
        |value: Value<'_>| value.items()?.map(|pixel| u32::try_from(pixel.as_int()?).ok()).collect::<Option<Vec<_>>>();
    let mix = match window.items() {
        Some(_) if partners.as_tensor().is_some() => {
            let window = pixels(window).and_then(|pixels| <[u32; 4]>::try_from(pixels).ok());
            let window = window.ok_or("its window is no box of four pixels")?;
            Some((indices(&tensor(partners)?, views).ok_or("its partners are no indices")?, window))
        }
        _ => None,
    };
    Ok(StoredViews {
        boxes: boxes.floats().as_chunks().0.to_vec(),
        mirrors: mirrors.floats().iter().map(|&mirror| mirror != 0.0).collect(),
        mix,
        images: rest.iter().find_map(|tensor| indices(tensor, views)),
        logits: logits.bytes.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect(),
        classes: logits.shape[1],
    })
}

/// One index a view, if that is what a tensor holds.
fn indices(tensor: &Tensor, views: usize) -> Option<Vec<u32>> {
    let whole = tensor.element == Element::I64 && tensor.shape == [views];
    let index = |bytes: &[u8; 8]| u32::try_from(i64::from_le_bytes(*bytes)).ok();
    if whole { tensor.bytes.as_chunks().0.iter().map(index).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> std::path::PathBuf {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/soft_labels")).join(name)
    }

    /// What `make_soft_labels.py` printed.
    #[test]
    fn both_kinds_of_archive_are_read() {
        let views = StoredViews::open(&fixture("indexed/epoch_0/batch_0.tar")).unwrap();
        assert_eq!(views.images, Some(vec![1, 0]));
        assert_eq!(views.mix, Some((vec![1, 0], [2, 3, 10, 12])));
        assert_eq!((views.boxes[0], views.mirrors.len(), views.classes), ([0.0625, 0.1875, 0.1875, 0.3125], 2, 4));
        assert_eq!(views.logits[0], f16::from_f32(0.356_933_6));
        let plain = StoredViews::open(&fixture("plain/epoch_0/batch_0.tar")).unwrap();
        assert_eq!(plain, StoredViews { images: None, ..views });
        let unmixed = StoredViews::open(&fixture("indexed/epoch_1/batch_1.tar")).unwrap();
        assert_eq!((unmixed.mix, unmixed.images), (None, Some(vec![1])));
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |bytes: &[u8]| read(bytes.to_vec()).unwrap_err();
        assert!(refused(b"no archive").contains("torch.save"));
        let whole = std::fs::read(fixture("plain/epoch_0/batch_0.tar")).unwrap();
        for length in (0..whole.len()).step_by(7) {
            read(whole[..length].to_vec()).unwrap_err();
        }
    }
}
