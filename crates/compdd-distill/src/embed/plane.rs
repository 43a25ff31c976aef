//! A bundle among real images of its classes.

use std::path::Path;

use super::{EmbedError, FeatureExtractor, Tsne};
use compdd_core::{
    record::{Bundle, Distilled, Plane, PlaneImage},
    subset::Subset,
};
use compdd_data::data::{Decode, ImageStream, Library, ResizeMode, Split, StreamOptions};

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneOptions {
    /// Real images of each class: the first ones.
    pub per_class: usize,
    /// Classes: the first ones.
    pub classes: usize,
    /// How points are laid out.
    pub tsne: Tsne,
}

/// Lays out the images of a bundle with real training images of the same classes, by the features of a network that `observer` makes
/// for the bundle.
///
/// # Errors
/// When the bundle or the images cannot be read, or the network does not fit them.
pub fn plane(
    bundle: &Path,
    observer: impl FnOnce(&Distilled) -> Result<FeatureExtractor, EmbedError>,
    library: &Library,
    options: &PlaneOptions,
) -> Result<Plane, EmbedError> {
    let set = Bundle::read(bundle)?;
    let hash = Bundle::info(bundle)?.manifest.data.blake3;
    let observer = observer(&set)?;
    let stream = ImageStream::open(
        Some(&Subset::known(&set.subset)?),
        library,
        Split::Train,
        decode(&set),
        StreamOptions::default(),
    )?;
    let portion = stream.read_slots(&stream.first(options.per_class, options.classes))?;
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    if let Some(real) = &portion.images {
        rows.extend(observer.real(real)?);
        classes.extend(real.labels().iter().map(|label| (*label as usize, false)));
    }
    let real = rows.len();
    let made_for = set.made_for();
    let features = observer.distilled(&set)?;
    for (place, row) in features.into_iter().enumerate() {
        let class = made_for[place % made_for.len()] as usize;
        if class < options.classes {
            rows.push(row);
            classes.push((class, true));
        }
    }
    let laid = options.tsne.embed(&rows)?;
    let images = laid.at.iter().zip(classes).map(|(at, (class, distilled))| PlaneImage { at: *at, class, distilled });
    let notes = vec![
        set.subset.clone(),
        set.method.clone(),
        format!("IPC {}", set.ipc),
        observer.note.clone(),
        format!("{real} real and {} distilled images", rows.len() - real),
        format!("perplexity {:.0}, divergence {:.2}", laid.perplexity, laid.divergence),
    ];
    let name = bundle.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Plane {
        classes: set.classes.iter().take(options.classes).map(|class| class.label.clone()).collect(),
        images: images.collect(),
        notes,
        bundle: [name, hash],
        bad: portion.bad.len(),
    })
}

/// How the real images of a bundle were decoded; squashed to its size where it does not say.
fn decode(set: &Distilled) -> Decode {
    let known = set.provenance.decode.clone().and_then(|value| serde_json::from_value(value).ok());
    known.unwrap_or(Decode { resolution: set.image_shape()[1], resize: ResizeMode::Squash, antialias: true })
}
