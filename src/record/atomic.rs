//! Files and folders that appear whole or not at all.
//!
//! Everything is written beside its destination, flushed to the disk and then renamed, so that a reader, a crash or a
//! second process sees the old state or the new one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `bytes` to `path`, creating its folder if needed and replacing a file that is already there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".writing-").shared().tempfile_in(folder)?;
    file.write_all(bytes)?;
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
    let staging = tempfile::Builder::new().prefix(".writing-").tempdir_in(parent)?;
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
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".writing-"))
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
