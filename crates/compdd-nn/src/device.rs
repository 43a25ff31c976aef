//! Which machine does the arithmetic: the pure-Rust CPU backend (always there) or an NVIDIA GPU (feature `cuda`).
//!
//! The choice is made at run time. [`DeviceChoice::open`] either returns a device that answered a small product, or says
//! which piece is missing; [`diagnose`] tells the same for every device without opening anything (`compdd doctor`).

mod cuda_probe;

use std::{fmt, str::FromStr};

use burn::tensor::Device;

/// What the user asked for with `--device`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first usable GPU, else the CPU.
    Auto,
    /// The pure-Rust CPU backend.
    Cpu,
    /// The GPU with this index.
    Cuda(usize),
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DeviceError {
    /// Not one of the known spellings.
    #[error("unknown device `{0}`")]
    #[diagnostic(help("use `auto`, `cpu`, `cuda` or `cuda:N` (N = index of the GPU)"))]
    Unknown(String),
    /// The GPU was asked for and a piece is missing.
    #[error("device `cuda:{index}` is not usable: {reason}")]
    #[diagnostic(help("{remedy}; `--device cpu` works everywhere, `compdd doctor` lists every device"))]
    Unusable {
        /// Index of the GPU.
        index: usize,
        /// The missing piece.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| DeviceError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Cpu => write!(f, "cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// A device that is ready to compute, with the name that records carry.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// The framework's handle.
    pub device: Device,
    /// `cpu` or `cuda:N`.
    pub name: String,
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// [`DeviceError::Unusable`] when a GPU is asked for by name and the build, the driver, the compiler library or the
    /// card is missing. `Auto` never fails: it falls back to the CPU.
    pub fn open(self) -> Result<OpenDevice, DeviceError> {
        match self {
            Self::Cpu => Ok(cpu()),
            Self::Cuda(index) => cuda(index),
            Self::Auto => Ok(cuda(0).unwrap_or_else(|reason| {
                tracing::debug!("no GPU: {reason}");
                cpu()
            })),
        }
    }
}

fn cpu() -> OpenDevice {
    OpenDevice { device: Device::flex(), name: "cpu".to_owned() }
}

fn cuda(index: usize) -> Result<OpenDevice, DeviceError> {
    let unusable = |missing: Missing| DeviceError::Unusable { index, reason: missing.reason, remedy: missing.remedy };
    let cards = cuda_probe::cards().map_err(unusable)?;
    if index >= cards.len() {
        return Err(unusable(Missing::new(
            format!("this machine has {} GPU(s)", cards.len()),
            "choose an index below that number",
        )));
    }
    open_cuda(index).map_err(unusable)
}

#[cfg(feature = "cuda")]
fn open_cuda(index: usize) -> Result<OpenDevice, Missing> {
    use burn::tensor::Tensor;
    let answered = std::panic::catch_unwind(|| {
        let device = Device::cuda(index);
        let ones = Tensor::<2>::ones([4, 4], &device);
        let product: f32 = ones.clone().matmul(ones).sum().into_scalar();
        (device, product)
    });
    match answered {
        Ok((device, product)) if (product - 64.0).abs() < 1e-3 => {
            Ok(OpenDevice { device, name: format!("cuda:{index}") })
        }
        Ok((_, product)) => {
            Err(Missing::new(format!("a 4x4 product gave {product}, not 64"), "update the NVIDIA driver"))
        }
        Err(_) => Err(Missing::new(
            "the CUDA runtime failed while it compiled a first kernel",
            "check that the driver, NVRTC and the CUDA headers belong to the same CUDA version",
        )),
    }
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(_index: usize) -> Result<OpenDevice, Missing> {
    Err(Missing::feature())
}

/// A missing piece and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is missing.
    pub reason: String,
    /// What the user can do.
    pub remedy: String,
}

impl Missing {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }

    fn feature() -> Self {
        Self::new("this binary was built without CUDA", "build it with `cargo build --release --features cuda`")
    }
}

/// One line of `compdd doctor`.
#[derive(Clone, Debug)]
pub struct Finding {
    /// `cpu`, `cuda:0`, ...
    pub device: String,
    /// What it is, or the pieces that are missing.
    pub state: Result<String, Vec<Missing>>,
}

/// Looks at every device without opening one and without panicking.
pub fn diagnose() -> Vec<Finding> {
    let mut findings = vec![Finding { device: "cpu".to_owned(), state: Ok(describe_cpu()) }];
    let mut missing = Vec::new();
    if !cfg!(feature = "cuda") {
        missing.push(Missing::feature());
    }
    missing.extend(cuda_probe::missing_libraries());
    match cuda_probe::cards() {
        Ok(cards) if missing.is_empty() => findings.extend(
            cards.into_iter().enumerate().map(|(i, name)| Finding { device: format!("cuda:{i}"), state: Ok(name) }),
        ),
        Ok(_) => findings.push(Finding { device: "cuda".to_owned(), state: Err(missing) }),
        Err(piece) => {
            if !missing.contains(&piece) {
                missing.push(piece);
            }
            findings.push(Finding { device: "cuda".to_owned(), state: Err(missing) });
        }
    }
    findings
}

fn describe_cpu() -> String {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("pure-Rust backend, {threads} threads, {}", vector_units())
}

#[cfg(target_arch = "x86_64")]
fn vector_units() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        "AVX2 + FMA"
    } else {
        "SSE2 only: expect slow training"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vector_units() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_round_trip() {
        for text in ["auto", "cpu", "cuda:3"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
        for text in ["gpu", "cuda:", "cuda:x", "CPU", ""] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_cpu_is_always_there_and_auto_never_fails() {
        assert_eq!(DeviceChoice::Cpu.open().unwrap().name, "cpu");
        DeviceChoice::Auto.open().unwrap();
        assert!(diagnose()[0].state.is_ok());
    }

    #[test]
    fn an_absent_gpu_is_an_error_and_not_a_panic() {
        let error = DeviceChoice::Cuda(99).open().unwrap_err();
        assert!(error.to_string().contains("cuda:99"), "{error}");
    }
}
