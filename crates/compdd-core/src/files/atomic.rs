//! Files and folders that appear whole or not at all.
//!
//! Everything is written beside its destination, flushed to the disk and then renamed, so that a reader, a crash or a
//! second process sees the old state or the new one. What a killed process leaves half-written is named after its
//! destination and goes with the next write to it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What every temporary name begins with.
const LEFTOVER: &str = ".writing-";

/// Writes `bytes` to `path`, creating its folder if needed and replacing a file that is already there.
///
/// One process at a time writes to a path (cells are locked); for a file that several may write see [`write_shared`].
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_shared(path, bytes)?;
    sweep(path)
}

/// As [`write()`], for a file too large to be held in memory: `fill` writes it piece by piece.
pub fn write_pieces(path: &Path, fill: impl FnOnce(&mut (dyn io::Write + Send)) -> io::Result<()>) -> io::Result<()> {
    stage(path, fill)?;
    sweep(path)
}

/// As [`write()`], for a file that several processes may write at the same time: the last one wins, none fails.
pub fn write_shared(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stage(path, |file| file.write_all(bytes))
}

fn stage(path: &Path, fill: impl FnOnce(&mut (dyn io::Write + Send)) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(&staging_prefix(path)).shared().tempfile_in(folder)?;
    fill(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(folder);
    Ok(())
}

/// Makes the folder `path` from what `fill` writes into a temporary one beside it. A folder that is already there is
/// replaced; if `fill` fails nothing changes.
pub fn write_folder<E: From<io::Error>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    let parent = folder_of(path);
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(&staging_prefix(path)).tempdir_in(parent)?;
    let fresh = staging.path().join("new");
    fs::create_dir(&fresh)?;
    fill(&fresh)?;
    for entry in fs::read_dir(&fresh)? {
        File::open(entry?.path())?.sync_all()?;
    }
    if path.exists() {
        fs::rename(path, staging.path().join("old"))?;
    }
    fs::rename(&fresh, path)?;
    sync_folder(parent);
    drop(staging);
    Ok(sweep(path)?)
}

/// What the temporary names of a destination begin with.
fn staging_prefix(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{LEFTOVER}{name}-")
}

/// Removes what killed processes left of earlier writes to this path: each write does so at its end, and whoever finds the
/// path written already may have to.
pub fn sweep(path: &Path) -> io::Result<()> {
    let prefix = staging_prefix(path);
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }?;
        }
    }
    Ok(())
}

/// A rename is durable once the folder that holds the name is; where folders cannot be synced there is nothing to do.
fn sync_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder)
        && let Err(error) = handle.sync_all()
    {
        tracing::debug!(folder = %folder.display(), %error, "folder not synced");
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Whether a directory entry is a half-written leftover of a process that was killed.
pub fn is_leftover(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(LEFTOVER))
}

/// Temporary files are private by default; results are meant to be read by others.
trait SharedPermissions {
    fn shared(&mut self) -> &mut Self;
}

impl SharedPermissions for tempfile::Builder<'_, '_> {
    fn shared(&mut self) -> &mut Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            self.permissions(fs::Permissions::from_mode(0o644));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_folders_created() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_kill_left_goes_with_the_next_write() {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("a.json"), dir.path().join("a.bundle"));
        fs::write(dir.path().join(".writing-a.json-Xy12"), "ha").unwrap();
        fs::create_dir_all(dir.path().join(".writing-a.bundle-Xy12/new")).unwrap();
        fs::write(dir.path().join(".writing-b.json-Xy12"), "of another file").unwrap();
        write(&file, b"whole").unwrap();
        write_folder(&folder, |p| fs::write(p.join("f"), "whole")).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".writing-b.json-Xy12", "a.bundle", "a.json"]);
    }

    #[test]
    fn a_failed_folder_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bundle");
        let fill = |text: &'static str| move |p: &Path| fs::write(p.join("f"), text);
        write_folder(&path, fill("old")).unwrap();
        let failed = write_folder(&path, |p| {
            fs::write(p.join("f"), "half")?;
            Err(io::Error::other("killed"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(path.join("f")).unwrap(), b"old");
        write_folder(&path, fill("new")).unwrap();
        assert_eq!(fs::read(path.join("f")).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
