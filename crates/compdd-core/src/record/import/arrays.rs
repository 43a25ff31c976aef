//! Sets saved as named arrays: what `.npz` and safetensors files hold, and the data file of a bundle itself.

use std::{collections::BTreeMap, path::Path};

use safetensors::{Dtype, SafeTensors};

use super::{ImportError, ImportOptions, Parts, PixelSpaceRecord, SoftLabels, SourceFile, range, tensors::to_labels};
use crate::{
    files::{IoError, plain},
    record::{Distilled, hash},
};

/// An array in memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostArray {
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// The elements, exactly as many as the shape says.
    pub values: Vec<f32>,
}

/// Arrays by name. `images` or `x`, and `labels` or `y`, `logits` or `probabilities`, must be there; `learning_rate` or `lr`, `mean`, `std`,
/// and `zca.mean`, `zca.transform`, `zca.inverse` and `zca.epsilon` may be.
pub type Arrays = BTreeMap<String, HostArray>;

/// What whitenings of the lineage add to the eigenvalues.
const EPSILON: f32 = 0.1;

/// Takes in the arrays of the file at `path`.
///
/// # Errors
/// An array that is missing or has another shape, values outside of their pixel space, labels that are no classes of the subset.
pub fn from_arrays(path: &Path, mut arrays: Arrays, options: &ImportOptions) -> Result<Distilled, ImportError> {
    let hash = plain::open_regular(path).and_then(hash::reader).map_err(IoError::at("read", path))?;
    let source = SourceFile { path: path.to_owned(), hash };
    let mut remarks = Vec::new();
    let shape_error = |what, array: &HostArray, expected: &str| ImportError::Shape {
        path: path.to_owned(),
        what,
        found: array.shape.clone(),
        expected: expected.to_owned(),
    };
    let images = take(&mut arrays, &["images", "x"]).ok_or_else(|| ImportError::NoArray {
        path: path.to_owned(),
        wanted: "images",
        found: names(&arrays),
    })?;
    let [n, 3, h, w] = images.shape[..] else { return Err(shape_error("images", &images, "[N, 3, H, W]")) };
    let kinds = [
        (&["labels", "y"][..], options.soft_labels),
        (&["logits"], Some(SoftLabels::Logits)),
        (&["probabilities"], Some(SoftLabels::Probabilities)),
    ];
    let (labels, soft) = kinds
        .into_iter()
        .find_map(|(called, soft)| Some((take(&mut arrays, called)?, soft)))
        .ok_or_else(|| ImportError::NoArray { path: path.to_owned(), wanted: "labels", found: names(&arrays) })?;
    let labels = to_labels(path, &labels.shape, labels.values, n, options.subset.classes_len(), soft, &mut remarks)?;
    let learning_rate = match take(&mut arrays, &["learning_rate", "lr"]) {
        None => None,
        Some(rate) => match rate.values[..] {
            [value] if value.is_finite() && value > 0.0 => Some(value),
            [value] => return Err(ImportError::LearningRate { path: path.to_owned(), value }),
            _ => return Err(shape_error("learning rates", &rate, "one value")),
        },
    };
    let options = ImportOptions { space: space(path, &mut arrays, options, 3 * h * w)?, ..options.clone() };
    if !arrays.is_empty() {
        remarks.push(format!("not read: {}", names(&arrays)));
    }
    let shape = [n, 3, h, w];
    let mut images = images.values;
    range::check(path, &images, shape, &options, &mut remarks)?;
    range::normalise(&mut images, shape, &options);
    super::assemble(Parts { images, shape, labels, learning_rate }, &[source], &options, remarks)
}

/// The pixel space that the arrays describe, else that of the options.
fn space(
    path: &Path,
    arrays: &mut Arrays,
    options: &ImportOptions,
    values: usize,
) -> Result<PixelSpaceRecord, ImportError> {
    let mut fixed = |name: &'static str, shape: &[usize]| match arrays.remove(name) {
        Some(array) if array.shape != shape => Err(ImportError::Shape {
            path: path.to_owned(),
            what: name,
            found: array.shape,
            expected: format!("{shape:?}"),
        }),
        found => Ok(found.map(|array| array.values)),
    };
    let by_channel = |values: Option<Vec<f32>>| values.and_then(|values| <[f32; 3]>::try_from(values).ok());
    let (mean, std) = (by_channel(fixed("mean", &[3])?), by_channel(fixed("std", &[3])?));
    let square = [values, values];
    let whitening = (fixed("zca.mean", &[values])?, fixed("zca.transform", &square)?);
    let (inverse, epsilon) = (fixed("zca.inverse", &square)?, fixed("zca.epsilon", &[1])?);
    let (zca_mean, transform) = match (whitening, mean, std) {
        ((Some(zca_mean), Some(transform)), _, _) => (zca_mean, transform),
        (_, Some(mean), Some(std)) => return Ok(PixelSpaceRecord::Normalised { mean, std }),
        _ => return Ok(options.space.clone()),
    };
    if options.stored_as != super::StoredAs::Normalised {
        return Err(ImportError::WhitenedPictures);
    }
    Ok(PixelSpaceRecord::Zca {
        mean: mean.unwrap_or([0.0; 3]),
        std: std.unwrap_or([1.0; 3]),
        epsilon: epsilon.map_or(EPSILON, |values| values[0]),
        zca_mean,
        transform,
        inverse: inverse.unwrap_or_default(),
    })
}

/// The arrays of a safetensors file.
pub(super) fn safetensors(path: &Path, bytes: &[u8]) -> Result<Arrays, ImportError> {
    let wrong = |reason: String| ImportError::Arrays { path: path.to_owned(), reason };
    let file = SafeTensors::deserialize(bytes).map_err(|error| wrong(error.to_string()))?;
    file.iter()
        .map(|(name, view)| {
            let data = view.data();
            let values = match view.dtype() {
                Dtype::F32 => floats(data, f32::from_le_bytes),
                Dtype::F64 => floats(data, |b| f64::from_le_bytes(b) as f32),
                Dtype::F16 => floats(data, |b| half::f16::from_le_bytes(b).to_f32()),
                Dtype::I64 => floats(data, |b| i64::from_le_bytes(b) as f32),
                Dtype::I32 => floats(data, |b| i32::from_le_bytes(b) as f32),
                Dtype::U8 => floats(data, |[b]: [u8; 1]| f32::from(b)),
                other => return Err(wrong(format!("`{name}` has elements of type {other:?}"))),
            };
            Ok((name.to_owned(), HostArray { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

fn floats<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
}

fn take(arrays: &mut Arrays, called: &[&str]) -> Option<HostArray> {
    called.iter().find_map(|name| arrays.remove(*name))
}

fn names(arrays: &Arrays) -> String {
    if arrays.is_empty() { "nothing".to_owned() } else { arrays.keys().cloned().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{Bundle, Labels},
        subset::Subset,
    };

    fn array(shape: &[usize], value: impl Fn(usize) -> f32) -> HostArray {
        HostArray { shape: shape.to_vec(), values: (0..shape.iter().product()).map(value).collect() }
    }

    fn taken(change: impl FnOnce(&mut Arrays)) -> Result<Distilled, ImportError> {
        let mut arrays = Arrays::from([
            ("images".to_owned(), array(&[10, 3, 4, 4], |i| (i * 37 % 101) as f32 / 25.0 - 2.0)),
            ("labels".to_owned(), array(&[10], |i| i as f32)),
        ]);
        change(&mut arrays);
        let file = tempfile::NamedTempFile::new().unwrap();
        from_arrays(file.path(), arrays, &ImportOptions::new(Subset::find("cifar10").unwrap()))
    }

    #[test]
    fn arrays_are_taken_by_their_names() {
        let set = taken(|arrays| drop(arrays.insert("lr".to_owned(), array(&[], |_| 0.5)))).unwrap();
        assert_eq!((set.shape, set.learning_rate, set.ipc), ([10, 3, 4, 4], 0.5, 1));
        assert_eq!(set.labels, Labels::Hard((0..10).collect()));
        let soft = taken(|arrays| {
            arrays.remove("labels");
            arrays.insert("probabilities".to_owned(), array(&[10, 10], |_| 0.1));
            arrays.insert("note".to_owned(), array(&[1], |_| 0.0));
        });
        let soft = soft.unwrap();
        assert!(matches!(soft.labels, Labels::Probabilities { classes: 10, .. }));
        assert!(soft.provenance.remarks.contains(&"not read: note".to_owned()), "{:?}", soft.provenance.remarks);
    }

    #[test]
    fn a_whitening_comes_with_the_arrays() {
        let set = taken(|arrays| {
            arrays.insert("zca.mean".to_owned(), array(&[48], |_| 0.5));
            arrays.insert("zca.transform".to_owned(), array(&[48, 48], |i| f32::from(u8::from(i % 49 == 0))));
            arrays.insert("zca.epsilon".to_owned(), array(&[1], |_| 0.25));
        });
        let PixelSpaceRecord::Zca { mean, epsilon, transform, inverse, .. } = set.unwrap().space else {
            panic!("whitened")
        };
        assert_eq!((mean, epsilon, transform[49], inverse.len()), ([0.0; 3], 0.25, 1.0, 0));
    }

    #[test]
    fn what_is_missing_or_of_another_shape_is_named() {
        let message = |result: Result<Distilled, ImportError>| result.unwrap_err().to_string();
        let text = message(taken(|arrays| drop(arrays.remove("images"))));
        assert!(text.ends_with("has no array `images`, but: labels"), "{text}");
        let text = message(taken(|arrays| drop(arrays.remove("labels"))));
        assert!(text.ends_with("has no array `labels`, but: nothing"), "{text}");
        let text = message(taken(|arrays| drop(arrays.insert("images".to_owned(), array(&[10, 4, 4, 3], |_| 0.0)))));
        assert!(text.ends_with("images have shape [10, 4, 4, 3], expected [N, 3, H, W]"), "{text}");
        let text = message(taken(|arrays| drop(arrays.insert("lr".to_owned(), array(&[1], |_| -1.0)))));
        assert!(text.ends_with("the student learning rate is -1"), "{text}");
        let text = message(taken(|arrays| drop(arrays.insert("mean".to_owned(), array(&[1], |_| 0.0)))));
        assert!(text.ends_with("mean have shape [1], expected [3]"), "{text}");
    }

    #[test]
    fn the_data_file_of_a_bundle_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let set = taken(|arrays| {
            arrays.remove("labels");
            arrays.insert("logits".to_owned(), array(&[10, 10], |i| (i % 7) as f32 - 3.0));
            arrays.insert("zca.mean".to_owned(), array(&[48], |_| 0.5));
            arrays.insert("zca.transform".to_owned(), array(&[48, 48], |i| (i % 5) as f32));
        });
        let set = set.unwrap();
        let bundle = Bundle::write(&folder.path().join("a.bundle"), &set, false).unwrap();
        let mut options = ImportOptions::new(Subset::find(&set.subset).unwrap());
        options.soft_labels = Some(SoftLabels::Logits);
        let back = super::super::open(&bundle.path.join(Bundle::DATA), &options).unwrap();
        let again = Bundle::write(&folder.path().join("b.bundle"), &back, false).unwrap();
        assert_eq!(again.manifest.data, bundle.manifest.data);
    }
}
