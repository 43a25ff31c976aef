//! Which machine does the arithmetic: the pure-Rust CPU backend (always there), an NVIDIA GPU (feature `cuda`) or a GPU of any maker
//! (feature `wgpu`).
//!
//! The choice is made at run time. [`DeviceChoice::open`] either returns a device that answered a small product, or says
//! which piece is missing; [`diagnose`] tells the same for every device without opening anything (`compdd doctor`).

mod cuda_probe;
#[cfg_attr(not(feature = "wgpu"), path = "device/without_wgpu.rs")]
mod wgpu_probe;

use std::{fmt, str::FromStr};

use burn::tensor::Device;

/// What the user asked for with `--device`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first usable GPU, else the CPU.
    Auto,
    /// The pure-Rust CPU backend.
    Cpu,
    /// The NVIDIA GPU with this index.
    Cuda(usize),
    /// An adapter that wgpu finds.
    Wgpu(Adapter),
}

/// Which of wgpu's adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// The GPU with this index: discrete ones first, then integrated, then virtual ones.
    Gpu(usize),
    /// A driver that computes on the processor, such as Mesa's lavapipe.
    Software,
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DeviceError {
    /// Not one of the known spellings.
    #[error("unknown device `{0}`")]
    #[diagnostic(help("use `auto`, `cpu`, `cuda`, `cuda:N`, `wgpu`, `wgpu:N` (N = index of the GPU) or `wgpu:cpu`"))]
    Unknown(String),
    /// The GPU was asked for and a piece is missing.
    #[error("device `{device}` is not usable: {reason}")]
    #[diagnostic(help("{remedy}; `--device cpu` works everywhere, `compdd doctor` lists every device"))]
    Unusable {
        /// The device.
        device: DeviceChoice,
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
            "wgpu" => Ok(Self::Wgpu(Adapter::Gpu(0))),
            "wgpu:cpu" => Ok(Self::Wgpu(Adapter::Software)),
            _ => {
                let index = |prefix| text.strip_prefix(prefix).and_then(|index: &str| index.parse().ok());
                let cuda = index("cuda:").map(Self::Cuda);
                cuda.or_else(|| index("wgpu:").map(|index| Self::Wgpu(Adapter::Gpu(index))))
                    .ok_or_else(|| DeviceError::Unknown(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Cpu => write!(f, "cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Wgpu(Adapter::Gpu(index)) => write!(f, "wgpu:{index}"),
            Self::Wgpu(Adapter::Software) => write!(f, "wgpu:cpu"),
        }
    }
}

/// A device that is ready to compute, with the name that records carry.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// The framework's handle.
    pub device: Device,
    /// `cpu`, `cuda:N`, `wgpu:N` or `wgpu:cpu`.
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
            Self::Cuda(index) => cuda(index).map_err(|missing| self.unusable(missing)),
            Self::Wgpu(adapter) => wgpu_probe::open(adapter).map_err(|missing| self.unusable(missing)),
            Self::Auto => {
                let first = [Self::Cuda(0), Self::Wgpu(Adapter::Gpu(0))]
                    .into_iter()
                    .find_map(|gpu| gpu.open().inspect_err(|reason| tracing::debug!("{reason}")).ok());
                Ok(first.unwrap_or_else(cpu))
            }
        }
    }

    fn unusable(self, missing: Missing) -> DeviceError {
        DeviceError::Unusable { device: self, reason: missing.reason, remedy: missing.remedy }
    }
}

fn cpu() -> OpenDevice {
    OpenDevice { device: Device::flex(), name: "cpu".to_owned() }
}

fn cuda(index: usize) -> Result<OpenDevice, Missing> {
    let cards = cuda_probe::cards()?;
    if index >= cards.len() {
        return Err(Missing::new(
            format!("this machine has {} GPU(s)", cards.len()),
            "choose an index below that number",
        ));
    }
    open_cuda(index)
}

#[cfg(feature = "cuda")]
fn open_cuda(index: usize) -> Result<OpenDevice, Missing> {
    cuda_probe::prepare(index)?;
    match answered(|| Device::cuda(index)) {
        Some((device, 64.0)) => Ok(OpenDevice { device, name: format!("cuda:{index}") }),
        Some((_, product)) => {
            Err(Missing::new(format!("a 4x4 product gave {product}, not 64"), "update the NVIDIA driver"))
        }
        None => Err(Missing::new(
            "the CUDA runtime failed while it compiled a first kernel",
            "check that the driver, NVRTC and the CUDA headers belong to the same CUDA version",
        )),
    }
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(_index: usize) -> Result<OpenDevice, Missing> {
    Err(Missing::feature())
}

/// A device, and the sum of the product of two 4 x 4 matrices of ones there: 64. Nothing if the backend gave up.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn answered(open: impl FnOnce() -> Device) -> Option<(Device, f32)> {
    use burn::tensor::Tensor;
    let ask = || {
        let device = open();
        let ones = Tensor::<2>::ones([4, 4], &device);
        let product: f32 = ones.clone().matmul(ones).sum().into_scalar();
        (device, product)
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).ok()
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
        Ok(cards) if missing.is_empty() => findings.extend(cards.into_iter().enumerate().map(|(i, name)| Finding {
            device: format!("cuda:{i}"),
            state: Ok([Some(name), cuda_probe::versions()].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        })),
        Ok(_) => findings.push(Finding { device: "cuda".to_owned(), state: Err(missing) }),
        Err(piece) => {
            if !missing.contains(&piece) {
                missing.push(piece);
            }
            findings.push(Finding { device: "cuda".to_owned(), state: Err(missing) });
        }
    }
    findings.extend(wgpu_probe::findings());
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
        for text in ["auto", "cpu", "cuda:3", "wgpu:1", "wgpu:cpu"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
        assert_eq!("wgpu".parse::<DeviceChoice>().unwrap(), DeviceChoice::Wgpu(Adapter::Gpu(0)));
        for text in ["gpu", "cuda:", "cuda:x", "cuda:cpu", "wgpu:", "wgpu:x", "CPU", ""] {
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
        for text in ["cuda:99", "wgpu:99"] {
            let error = text.parse::<DeviceChoice>().unwrap().open().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
