//! What a process leaves that is killed between the last write of an expert and its tidying up.

use std::{fs, io, path::Path};

use compdd_core::files::IoError;

use super::{ExpertError, Manifest};

/// Removes from `unfinished` the rows and checkpoints of experts whose file in `buffer` has them already. Rows that no file has yet are left alone.
/// The caller holds the buffer's lock.
pub(super) fn tidy(buffer: &Path, unfinished: &Path) -> Result<(), ExpertError> {
    let manifest = Manifest::read(buffer)?;
    for folder in fs::read_dir(unfinished).map_err(IoError::at("read", unfinished))? {
        let folder = folder.map_err(IoError::at("read", unfinished))?.path();
        if is_finished(&folder, &manifest).map_err(IoError::at("read", &folder))? {
            remove(&folder)?;
        }
    }
    // Fails where something is left, which then stays.
    let _ = fs::remove_dir(unfinished);
    Ok(())
}

/// Removes the folder of an expert, its checkpoint first: rows without one are never work under way.
pub(super) fn remove(folder: &Path) -> Result<(), ExpertError> {
    for result in [fs::remove_file(folder.join("checkpoint.safetensors")), fs::remove_dir_all(folder)] {
        match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(IoError::at("remove", folder)(error).into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the file of an expert has every row of its folder.
fn is_finished(folder: &Path, manifest: &Manifest) -> io::Result<bool> {
    let number = |name: &str, prefix: &str| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok();
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(entry) = manifest.experts.iter().find(|entry| Some(entry.expert) == number(&name, "expert-")) else {
        return Ok(false);
    };
    let files: Vec<String> = fs::read_dir(folder)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    let rows: Vec<usize> = files.iter().filter_map(|file| number(file, "epoch-")).collect();
    let under_way = rows.is_empty() && files.iter().any(|file| file.starts_with("checkpoint"));
    Ok(!under_way && rows.iter().all(|epoch| entry.epochs.as_slice().contains(epoch)))
}
