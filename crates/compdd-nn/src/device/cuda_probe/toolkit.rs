//! The run-time compiler and its headers: where the backend finds them, where `pip` puts them, and the command that brings
//! them without root.
//!
//! The backend asks the loader for `libnvrtc` and reads headers below one folder. The wheels of CUDA 12 lie in four folders
//! that no loader knows: `Toolkit::put_in_place` opens the compiler by its path, after which the loader knows it by name, and
//! gathers the headers in one folder of links.

use std::{
    ffi::{CStr, CString},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;

use super::{Library, Version};

/// The names that the backend, built for CUDA 12, asks the loader for.
const COMPILER: &[&CStr] = &[c"libnvrtc.so", c"libnvrtc.so.12"];

/// What the sources of kernels include, themselves or through each other.
const HEADERS: [&str; 5] = ["cuda_runtime.h", "cuda_fp16.h", "mma.h", "crt/host_config.h", "cuda/barrier"];

/// The minor versions of CUDA 12 that have wheels.
const WHEELS: [i32; 9] = [9, 8, 6, 5, 4, 3, 2, 1, 0];

/// A compiler and headers; each is the backend's own find, or that of a folder of wheels.
pub struct Toolkit {
    /// The compiler.
    compiler: Option<Library>,
    /// Folders that together hold the headers; empty where the backend finds them itself.
    headers: Option<Vec<PathBuf>>,
    /// Whether the compiler is one of a wheel.
    from_wheel: bool,
}

/// Looks where the backend looks, then in the folders of wheels.
pub fn find() -> Toolkit {
    let wheels = folders_of_wheels();
    let own = Library::open(COMPILER);
    let from_wheel = own.is_none();
    let compiler = own.or_else(|| {
        let paths = wheels.iter().map(|folder| folder.join("cuda_nvrtc/lib/libnvrtc.so.12"));
        paths
            .filter_map(|path| CString::new(path.into_os_string().into_encoded_bytes()).ok())
            .find_map(|path| Library::open(&[&path]))
    });
    let headers = if backend_root().is_some_and(|root| missing_header(&[root.join("include")]).is_none()) {
        Some(Vec::new())
    } else {
        let parts = |folder: &PathBuf| {
            ["cuda_runtime", "cuda_nvcc", "cuda_cccl"].map(|part| folder.join(part).join("include")).to_vec()
        };
        wheels.iter().map(parts).find(|parts| missing_header(parts).is_none())
    };
    Toolkit { compiler, headers, from_wheel }
}

impl Toolkit {
    /// What is not there.
    pub fn lacks(&self) -> Option<String> {
        let compiler = self.compiler.is_none().then_some("the run-time compiler (libnvrtc)");
        let headers = self.headers.is_none().then(|| {
            let looked = backend_root().map(|root| root.join("include"));
            let name = missing_header(looked.as_slice()).unwrap_or(HEADERS[0]);
            format!("the CUDA headers ({name})")
        });
        let what: Vec<_> = compiler.map(str::to_owned).into_iter().chain(headers).collect();
        let verb = if what.len() == 1 && compiler.is_some() { "was" } else { "were" };
        (!what.is_empty()).then(|| format!("{} {verb} not found", what.join(" and ")))
    }

    /// The CUDA version of the compiler.
    pub fn version(&self) -> Option<Version> {
        self.compiler.as_ref()?.compiler_version()
    }

    /// What to do about a compiler that is newer than the driver.
    pub fn remedy_of_version(&self, driver: Version) -> String {
        if self.from_wheel {
            command(Some(driver))
        } else {
            format!("update the driver, or put a toolkit of CUDA {driver} or older first (CUDA_PATH, LD_LIBRARY_PATH)")
        }
    }

    /// Makes the backend find what a folder of wheels holds: the compiler stays open, the headers are gathered, and `CUDA_PATH`
    /// names them.
    #[cfg(feature = "cuda")]
    pub fn put_in_place(self) -> Result<(), super::Missing> {
        if self.from_wheel {
            // Never closed, so that the loader keeps the name.
            std::mem::forget(self.compiler);
        }
        let Some(parts) = self.headers.filter(|parts| !parts.is_empty()) else { return Ok(()) };
        let root = gather(&parts, &cache().join("cuda-headers")).map_err(|error| {
            super::Missing::new(
                format!("the CUDA headers cannot be gathered: {error}"),
                "set CUDA_PATH to a whole toolkit",
            )
        })?;
        // SAFETY: the first device is about to open: nothing of this program reads the environment through C meanwhile.
        unsafe { std::env::set_var("CUDA_PATH", root) };
        Ok(())
    }
}

/// The folder of the toolkit that the backend takes, as `cubecl-cuda` chooses it.
fn backend_root() -> Option<PathBuf> {
    let installed = || {
        let known = ["/usr/local/cuda", "/opt/cuda"].map(PathBuf::from).into_iter().find(|folder| folder.exists());
        known.or_else(|| Path::new("/usr/bin/nvcc").exists().then(|| "/usr".into()))
    };
    std::env::var_os("CUDA_PATH").map(PathBuf::from).or_else(installed)
}

/// The first header that none of these folders has, in itself or in the folder `cccl` of CUDA 13.
fn missing_header(folders: &[PathBuf]) -> Option<&'static str> {
    let has =
        |folder: &PathBuf, header: &str| folder.join(header).is_file() || folder.join("cccl").join(header).is_file();
    HEADERS.into_iter().find(|header| !folders.iter().any(|folder| has(folder, header)))
}

fn cache() -> PathBuf {
    etcetera::choose_base_strategy().map_or_else(|_| std::env::temp_dir(), |base| base.cache_dir()).join("compdd")
}

/// The folders `nvidia` of wheels: that of [`command`], then of the environments of Python that are active, then the user's.
fn folders_of_wheels() -> Vec<PathBuf> {
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let user = etcetera::home_dir().ok().map(|home| home.join(".local"));
    let sites = environments.chain(user).flat_map(|root| site_packages(&root.join("lib")));
    std::iter::once(cache().join("cuda"))
        .chain(sites)
        .map(|folder| folder.join("nvidia"))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// `python3.*/site-packages` below a folder, the newest Python first.
fn site_packages(lib: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(lib).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut pythons: Vec<_> = names
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3.")))
        .collect();
    pythons.sort_by_key(|path| {
        std::cmp::Reverse(path.to_string_lossy().rsplit('.').next().and_then(|minor| minor.parse::<u32>().ok()))
    });
    pythons.into_iter().map(|python| python.join("site-packages")).collect()
}

/// The one command that brings compiler and headers for a driver (for the newest where there is none), without root. CCCL's
/// newest serves every version; its wheels before 12.4 lack `cuda/barrier`.
pub fn command(driver: Option<Version>) -> String {
    let newest =
        WHEELS.into_iter().find(|minor| driver.is_none_or(|driver| Version { major: 12, minor: *minor } <= driver));
    let minor = newest.unwrap_or(0);
    let parts = [("nvrtc", minor), ("runtime", minor), ("nvcc", minor), ("cccl", WHEELS[0])];
    let wheels = parts.map(|(part, minor)| format!("'nvidia-cuda-{part}-cu12==12.{minor}.*'")).join(" ");
    format!("python3 -m pip install --no-deps --upgrade --target {} {wheels}", cache().join("cuda").display())
}

/// Links everything in these folders from one folder `include`, and gives the folder above it, named after the first of them
/// below `place`.
#[cfg(any(feature = "cuda", test))]
fn gather(parts: &[PathBuf], place: &Path) -> std::io::Result<PathBuf> {
    let root = place.join(parts[0].to_string_lossy().trim_matches('/').replace('/', "-"));
    let include = root.join("include");
    std::fs::create_dir_all(&include)?;
    for entry in parts.iter().filter_map(|part| std::fs::read_dir(part).ok()).flatten() {
        let entry = entry?;
        match link(&entry.path(), &include.join(entry.file_name())) {
            // Another process, or another folder: the first of a name stays.
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(root)
}

#[cfg(all(unix, any(feature = "cuda", test)))]
fn link(what: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(what, place)
}

#[cfg(all(not(unix), any(feature = "cuda", test)))]
fn link(_what: &Path, _place: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_brings_the_newest_compiler_that_the_driver_takes() {
        for (driver, version) in [
            (Some(Version { major: 12, minor: 4 }), "12.4"),
            (Some(Version { major: 12, minor: 7 }), "12.6"),
            (Some(Version { major: 13, minor: 0 }), "12.9"),
            (None, "12.9"),
        ] {
            let command = command(driver);
            for part in ["nvrtc", "runtime", "nvcc"] {
                assert!(command.contains(&format!("'nvidia-cuda-{part}-cu12=={version}.*'")), "{command}");
            }
            assert!(command.contains("'nvidia-cuda-cccl-cu12==12.9.*'"), "{command}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn headers_of_several_wheels_become_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let parts = ["runtime", "nvcc"].map(|name| folder.path().join(name)).to_vec();
        std::fs::create_dir_all(&parts[0]).unwrap();
        for header in &HEADERS[..3] {
            std::fs::write(parts[0].join(header), "").unwrap();
        }
        assert_eq!(missing_header(&parts), Some("crt/host_config.h"));
        for header in &HEADERS[3..] {
            let path = parts[1].join(header);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let place = folder.path().join("gathered");
        for _ in 0..2 {
            let root = gather(&parts, &place).unwrap();
            assert_eq!(missing_header(&[root.join("include")]), None);
        }
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 1);
    }

    #[test]
    fn the_newest_python_comes_first() {
        let lib = tempfile::tempdir().unwrap();
        for name in ["python3.9", "python3.12", "pkgconfig"] {
            std::fs::create_dir(lib.path().join(name)).unwrap();
        }
        let found = site_packages(lib.path());
        assert_eq!(found, ["python3.12", "python3.9"].map(|name| lib.path().join(name).join("site-packages")));
    }
}
