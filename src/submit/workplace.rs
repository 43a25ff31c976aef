//! Where a verification works: a folder of the reviewer's, with a secret that no author of a submission can know.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
};

use super::SubmitError;
use crate::files::{IoError, atomic};

/// The file of the root seed.
const SECRET: &str = "seed.txt";

/// Whether `path`, which need not exist yet, lies in `folder` or is it, whatever links lead there.
pub(super) fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let there = path.ancestors().map(|part| if part.as_os_str().is_empty() { Path::new(".") } else { part });
    let nearest: Option<PathBuf> = there.into_iter().find_map(real);
    nearest.zip(real(folder)).is_some_and(|(nearest, folder)| nearest.starts_with(folder))
}

/// The root seed of a verification: drawn from the system's random source the first time, read again afterwards, so that an interrupted
/// verification continues with its own seeds.
pub(super) fn secret(results: &Path) -> Result<u64, SubmitError> {
    let path = results.join(SECRET);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no whole number");
            Ok(text.trim().parse().map_err(wrong).map_err(IoError::at("read", &path))?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let seed = RandomState::new().hash_one("compdd submit verify");
            atomic::write(&path, format!("{seed}\n").as_bytes()).map_err(IoError::at("write", &path))?;
            Ok(seed)
        }
        Err(source) => Err(IoError { action: "read", path, source }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_drawn_once_for_every_folder() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        assert_eq!(secret(&one).unwrap(), secret(&one).unwrap());
        assert_ne!(secret(&one).unwrap(), secret(&two).unwrap());
        fs::write(one.join(SECRET), "x").unwrap();
        assert!(secret(&one).is_err());
    }

    #[test]
    fn places_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("theirs/records")).unwrap();
        assert!(is_inside(&at("theirs"), &at("theirs")) && is_inside(&at("theirs/verify/new"), &at("theirs")));
        assert!(!is_inside(&at("ours/theirs"), &at("theirs")) && !is_inside(&at("theirs-too"), &at("theirs")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("theirs/records"), at("link")).unwrap();
            assert!(is_inside(&at("link/new"), &at("theirs")));
        }
    }
}
