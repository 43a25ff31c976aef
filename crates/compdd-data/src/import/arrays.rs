//! Sets saved as named arrays: what `.npz` and safetensors files and dictionaries of tensors hold, and the data file of a bundle itself.

use std::path::Path;

use compdd_core::record::{Distilled, PixelSpaceRecord};

use super::{
    ImportError, ImportOptions, Raw, SoftLabels, SourceFile, StoredAs,
    saved::{Arrays, HostArray},
};

/// What whitenings of the lineage add to the eigenvalues.
const EPSILON: f32 = 0.1;

/// Takes in the arrays of the file at `path`: `images` or `x`, and `labels` or `y`, `logits` or `probabilities`, must be there; `learning_rate`
/// or `lr`, `mean`, `std`, and `zca.mean`, `zca.transform`, `zca.inverse` and `zca.epsilon` may be.
///
/// # Errors
/// An array that is missing or has another shape, values outside of their pixel space, labels that are no classes of the subset.
pub(super) fn from_arrays(
    path: &Path,
    source: SourceFile,
    mut arrays: Arrays,
    options: &ImportOptions,
) -> Result<Distilled, ImportError> {
    let no_array =
        |wanted, arrays: &Arrays| ImportError::NoArray { path: path.to_owned(), wanted, found: names(arrays) };
    let images = take(&mut arrays, &["images", "x"]).ok_or_else(|| no_array("images", &arrays))?;
    let kinds = [
        (&["labels", "y"][..], options.soft_labels),
        (&["logits"], Some(SoftLabels::Logits)),
        (&["probabilities"], Some(SoftLabels::Probabilities)),
    ];
    let (labels, soft_labels) = kinds
        .into_iter()
        .find_map(|(called, soft)| Some((take(&mut arrays, called)?, soft)))
        .ok_or_else(|| no_array("labels", &arrays))?;
    let learning_rate = take(&mut arrays, &["learning_rate", "lr"]).map(|found| rate(path, &found)).transpose()?;
    let values = images.shape.iter().skip(1).product();
    let space = space(path, &mut arrays, options, values)?;
    let options = ImportOptions { space, soft_labels, ..options.clone() };
    let remarks = if arrays.is_empty() { Vec::new() } else { vec![format!("not read: {}", names(&arrays))] };
    let raw = Raw { images, labels, labels_path: path.to_owned(), learning_rate, sources: vec![source] };
    super::from_raw(path, raw, &options, remarks)
}

/// A step size.
pub(super) fn rate(path: &Path, found: &HostArray) -> Result<f32, ImportError> {
    match found.values[..] {
        [value] if value.is_finite() && value > 0.0 => Ok(value),
        [value] => Err(ImportError::LearningRate { path: path.to_owned(), value }),
        _ => Err(ImportError::Shape {
            path: path.to_owned(),
            what: "learning rates",
            found: found.shape.clone(),
            expected: "one value".to_owned(),
        }),
    }
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
    if options.stored_as != StoredAs::Normalised {
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

fn take(arrays: &mut Arrays, called: &[&str]) -> Option<HostArray> {
    called.iter().find_map(|name| arrays.remove(*name))
}

pub(super) fn names(arrays: &Arrays) -> String {
    if arrays.is_empty() { "nothing".to_owned() } else { arrays.keys().cloned().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use compdd_core::{
        record::{Bundle, Labels},
        subset::Subset,
    };

    use super::*;

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
        let (source, _) = SourceFile::read(file.path()).unwrap();
        from_arrays(file.path(), source, arrays, &ImportOptions::new(Subset::find("cifar10").unwrap()))
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
        let text = message(taken(|arrays| drop(arrays.insert("images".to_owned(), array(&[10, 4, 4, 4], |_| 0.0)))));
        assert!(text.ends_with("images have shape [10, 4, 4, 4], expected [N, 3, H, W]"), "{text}");
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
