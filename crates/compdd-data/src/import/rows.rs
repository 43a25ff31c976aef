//! Sets saved as rows of a Parquet file, as Hugging Face saves pictures and their labels.

use std::{path::Path, sync::Arc};

use bytes::Bytes;

use super::{
    ImportError, ImportOptions, SourceFile,
    pictures::{ClassName, Found, Pictures, label, row},
};
use crate::data::parse::parquet::{Label, Shard};

/// How such a file begins.
pub(super) const START: &[u8] = b"PAR1";

/// Reads all pictures, class by class, each class in the order of its rows.
pub(super) fn load(
    path: &Path,
    source: SourceFile,
    bytes: Vec<u8>,
    options: &ImportOptions,
) -> Result<Pictures, ImportError> {
    let unreadable = |error: crate::data::parse::ParseError| ImportError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = Arc::new(Bytes::from(bytes));
    let shard = Shard::open(&*file).map_err(unreadable)?;
    let mut classes = Vec::new();
    shard
        .labels(&file, &mut |label, _| {
            classes.push(label);
            Ok(())
        })
        .map_err(unreadable)?;
    let mut pictures = Pictures::new(options)?;
    let mut found = Vec::with_capacity(classes.len());
    for (at, class) in (0_u64..).zip(classes) {
        let class =
            match class {
                Label::Number(number) => ClassName::Number(usize::try_from(number).map_err(|_| {
                    ImportError::Labels { path: row(path, at), reason: format!("its label is {number}") }
                })?),
                Label::Name(name) => ClassName::Text(name),
            };
        found.push(Found { picture: at, class });
    }
    let mut images = vec![None; found.len()];
    let mut start = 0;
    for (group, rows) in shard.groups().enumerate() {
        let wanted: Vec<u64> = (0..rows).collect();
        shard
            .images(&file, group, &wanted, &mut |portion| {
                for (at, image) in portion {
                    images[start + at] = image.map(<[u8]>::to_vec);
                }
            })
            .map_err(unreadable)?;
        start += wanted.len();
    }
    for (class, at) in label(path, found, &options.subset, &mut pictures.remarks)? {
        pictures.add(class, &row(path, at), images[at as usize].as_deref().unwrap_or_default())?;
    }
    pictures.sources.push(source);
    pictures.complete()
}
