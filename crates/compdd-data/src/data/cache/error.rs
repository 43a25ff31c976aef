//! What can go wrong with the cache; none of it concerns the images themselves.

use std::{io, path::PathBuf};

/// The cache cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum CacheError {
    /// A file of the cache could not be written.
    #[error("cannot write {} into the image cache", path.display())]
    #[diagnostic(help("{}", remedy(source)))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file or folder of the cache could not be read.
    #[error("cannot read {} in the image cache", path.display())]
    #[diagnostic(help("make it readable, name another folder with --cache DIR, or go without one: --no-cache"))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// One set of images alone is larger than the cache may become.
    #[error("the images need {} in the cache, which may hold {}", human_size(*needed), human_size(*limit))]
    #[diagnostic(help("raise --cache-size, or go without a cache: --no-cache"))]
    TooSmall {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// What was just prepared was gone at once.
    #[error("a block that was just prepared is not in {} any more", folder.display())]
    #[diagnostic(help("something else empties this folder; name another one with --cache DIR"))]
    Vanished {
        /// The cache.
        folder: PathBuf,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "the disk is full: free some space (`compdd data cache prune`), name a folder on another disk with --cache DIR, or \
             go without a cache: --no-cache. What was half-written is removed"
        }
        _ => "make the folder writable, name another one with --cache DIR, or go without a cache: --no-cache",
    }
}

/// Bytes in the largest unit that keeps a leading digit.
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..UNITS.len()).rev().find(|&unit| bytes >> (10 * unit) > 0).unwrap_or(0);
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{:.1} {}", bytes as f64 / (1_u64 << (10 * unit)) as f64, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_are_readable() {
        assert_eq!(
            [0, 1023, 1024, 3 << 19, 5 << 30].map(human_size),
            ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "5.0 GiB"]
        );
    }
}
