//! Buffers that others trained, taken in: `replay_buffer_*.pt` as MTT, FTD, DATM and EDF save them.

use std::path::{Path, PathBuf};

use super::{
    Buffer, Epochs, ExpertError, Manifest, Precision,
    buffer::{self, encode},
};
use compdd_core::record::hash;
use compdd_data::import::Trajectories;
use compdd_nn::nn::Network;

/// What the files do not say.
#[derive(Clone, Debug)]
pub struct ImportExperts<'a> {
    /// The network whose parameters they are.
    pub network: &'a Network,
    /// Id of the subset that they were trained on.
    pub subset: String,
    /// Whether they were trained on whitened images.
    pub zca: bool,
    /// How they are to be stored.
    pub precision: Precision,
}

/// Makes a buffer below `root` from `files`, in the given order. Snapshot `e` of a file is epoch `e`. A buffer that was made
/// from the same files already is opened.
///
/// # Errors
/// [`ExpertError::Import`] for a file that holds something else, [`ExpertError::Snapshot`] for parameters of another network
/// or values that are no numbers.
pub fn import(files: &[PathBuf], options: &ImportExperts<'_>, root: &Path) -> Result<Buffer, ExpertError> {
    let network = options.network;
    let slug = network.spec().slug();
    if !network.layout().buffers.is_empty() {
        return Err(ExpertError::RunningStatistics { network: slug });
    }
    let opened = files.iter().map(|path| Trajectories::open(path)).collect::<Result<Vec<_>, _>>()?;
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let sources = files.iter().zip(&opened).map(|(path, file)| (name(path), file.hash().to_owned())).collect();
    let mut manifest = Manifest {
        format: Manifest::FORMAT.to_owned(),
        version: Manifest::VERSION,
        identity: String::new(),
        network: slug.clone(),
        input: network.input(),
        classes: network.classes(),
        parameters: network.parameter_count(),
        subset: options.subset.clone(),
        data: None,
        pixel_space: if options.zca { "zca" } else { "normalised" }.to_owned(),
        pixel_space_hash: None,
        training: None,
        precision: options.precision,
        seed: None,
        sources,
        experts: Vec::new(),
    };
    let folder = root.join(format!("{slug}-imported-{}", hash::short(&hash::of(&manifest))));
    match Buffer::open(&folder) {
        Err(ExpertError::NotABuffer { .. }) => {}
        other => return other,
    }
    for (path, file) in files.iter().zip(&opened) {
        for (expert, count) in file.snapshots().into_iter().enumerate() {
            for snapshot in 0..count {
                check(path, file, network, expert, snapshot)?;
            }
            let number = manifest.experts.len();
            let epochs: Epochs = (0..count).collect();
            let target = folder.join(buffer::file_name(number));
            let row = |snapshot| {
                let values = file.values(expert, snapshot).map_err(std::io::Error::other)?;
                Ok(encode(&values, options.precision))
            };
            manifest.put(buffer::write(&target, number, &epochs, manifest.parameters, options.precision, row)?);
        }
    }
    manifest.write(&folder)?;
    Buffer::open(&folder)
}

fn check(
    path: &Path,
    file: &Trajectories,
    network: &Network,
    expert: usize,
    snapshot: usize,
) -> Result<(), ExpertError> {
    let wrong = |reason| ExpertError::Snapshot { path: path.to_owned(), expert, snapshot, reason };
    let (shapes, slots) = (file.shapes(expert, snapshot), &network.layout().parameters);
    if shapes.len() != slots.len() {
        let slug = network.spec().slug();
        return Err(wrong(format!("{} tensors, but {slug} has {}", shapes.len(), slots.len())));
    }
    if let Some((shape, slot)) = shapes.iter().zip(slots).find(|(shape, slot)| **shape != slot.shape) {
        return Err(wrong(format!("`{}` has shape {shape:?}, expected {:?}", slot.name, slot.shape)));
    }
    match file.values(expert, snapshot)?.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(wrong(format!("it holds {value}"))),
        None => Ok(()),
    }
}
