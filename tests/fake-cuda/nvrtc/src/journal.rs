//! The files that say what was compiled, and keep it.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
    time::Duration,
};

/// How a kernel was had.
#[derive(Clone, Copy)]
pub enum Outcome {
    Compiled,
    Kept,
    Failed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// The name of the kernel of a source: what stands before the list of parameters of its `__global__` function. `CubeCL` ends it
/// in a hash of what the kernel was made from, so that it tells kernels apart where the text, whose variables are numbered
/// anew in every process, does not.
pub fn kernel(source: &str) -> String {
    let words = source.split("__global__").nth(1).unwrap_or_default();
    words
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .find(|word| {
            !matches!(*word, "" | "void" | "extern")
                && !word.starts_with("__")
                && !word.starts_with(|c: char| c.is_ascii_digit())
        })
        .unwrap_or("unknown")
        .to_owned()
}

/// Adds a line to the journal.
pub fn write(kernel: &str, outcome: Outcome, time: Duration) {
    let Some(path) = std::env::var_os("NVRTC_JOURNAL") else { return };
    let line = format!(
        "{{\"kernel\": \"{kernel}\", \"outcome\": \"{}\", \"seconds\": {:.3}}}\n",
        outcome.name(),
        time.as_secs_f64()
    );
    // One write a line: several processes may share the file.
    let _ =
        OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()));
}

/// Leaves source and log of a kernel that did not compile.
pub fn write_failure(kernel: &str, source: &str, log: &[u8]) {
    let Some(folder) = std::env::var_os("NVRTC_FAILED").map(PathBuf::from) else { return };
    let name = short(kernel);
    let _ = fs::create_dir_all(&folder);
    let _ = fs::write(folder.join(format!("{name}.cu")), source);
    let _ = fs::write(folder.join(format!("{name}.log")), log);
}

/// A kernel's name as the name of a file: its end, which has the hash.
fn short(kernel: &str) -> &str {
    &kernel[kernel.len().saturating_sub(180)..]
}

/// Where a kernel is kept, by the version of the compiler and its options, which name the card.
fn kept(kernel: &str, made_by: &str) -> Option<PathBuf> {
    let made_by = made_by.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let folder =
        PathBuf::from(std::env::var_os("NVRTC_KEEP").filter(|name: &OsString| !name.is_empty())?).join(made_by);
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join(short(kernel)))
}

/// The PTX of a kernel that an earlier process compiled, and how long that took.
pub fn take(kernel: &str, made_by: &str) -> Option<(Vec<u8>, Duration)> {
    let path = kept(kernel, made_by)?;
    let seconds = fs::read_to_string(path.with_extension(SECONDS)).ok()?.parse().ok()?;
    Some((fs::read(path).ok()?, Duration::from_secs_f64(seconds)))
}

/// Keeps the PTX of a kernel and the time it took; the PTX appears last, and whole.
pub fn keep(kernel: &str, made_by: &str, ptx: &[u8], time: Duration) {
    let Some(path) = kept(kernel, made_by) else { return };
    let half = path.with_file_name(format!("half-{}", std::process::id()));
    let _ = fs::write(path.with_extension(SECONDS), time.as_secs_f64().to_string())
        .and_then(|()| fs::write(&half, ptx))
        .and_then(|()| fs::rename(half, path));
}

/// The end of the name of a file that holds a time.
const SECONDS: &str = "seconds";

#[cfg(test)]
mod tests {
    use super::kernel;

    #[test]
    fn a_kernel_is_named_by_its_function() {
        let source = "struct a {};\nextern \"C\" __global__ void __launch_bounds__(256) matmul_0a1b(const float* __restrict__ x) {}";
        assert_eq!(kernel(source), "matmul_0a1b");
        assert_eq!(kernel("int x;"), "unknown");
    }
}
