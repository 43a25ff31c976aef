//! What was asked of the card: counts, faults, and the report that a process leaves behind.

use std::{
    collections::BTreeMap,
    ffi::c_int,
    fmt::Write as _,
    sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError},
};

/// Copies in one direction.
#[derive(Default)]
pub struct Copies {
    pub calls: u64,
    pub bytes: u64,
}

impl Copies {
    pub fn add(&mut self, bytes: usize) {
        self.calls += 1;
        self.bytes += bytes as u64;
    }
}

/// The counts of a process.
#[derive(Default)]
pub struct Tally {
    pub launches: u64,
    /// Names of the kernels that were launched, with how often.
    pub kernels: BTreeMap<String, u64>,
    /// From the host to the device.
    pub uploads: Copies,
    /// From the device to the host.
    pub reads: Copies,
    pub device_copies: Copies,
    /// The host waited for a stream, an event or the device.
    pub waits: u64,
    pub modules: u64,
    pub allocations: u64,
    /// Device memory that is in use, and the most that was, in bytes.
    pub live_bytes: usize,
    pub peak_bytes: usize,
    /// What a card would have refused, with how often.
    faults: BTreeMap<String, u64>,
}

impl Tally {
    /// Writes down what a card would have refused.
    pub fn fault(&mut self, text: String) {
        *self.faults.entry(text).or_default() += 1;
    }

    fn json(&self) -> String {
        let mut out = String::from("{\n");
        let counts = [
            ("launches", self.launches),
            ("kernels", self.kernels.len() as u64),
            ("uploads", self.uploads.calls),
            ("upload_bytes", self.uploads.bytes),
            ("reads", self.reads.calls),
            ("read_bytes", self.reads.bytes),
            ("device_copies", self.device_copies.calls),
            ("waits", self.waits),
            ("modules", self.modules),
            ("allocations", self.allocations),
            ("peak_bytes", self.peak_bytes as u64),
        ];
        for (name, count) in counts {
            let _ = writeln!(out, "  \"{name}\": {count},");
        }
        let kernels = self.kernels.iter().map(|(name, times)| format!("\n    {name:?}: {times}"));
        let _ = writeln!(out, "  \"launches_of\": {{{}}},", kernels.collect::<Vec<_>>().join(","));
        let faults = self.faults.iter().map(|(text, times)| format!("\n    {:?}", format!("{times} x {text}")));
        let _ = writeln!(out, "  \"faults\": [{}]", faults.collect::<Vec<_>>().join(","));
        out.push_str("}\n");
        out
    }
}

/// The counts, for one caller at a time.
pub fn lock() -> MutexGuard<'static, Tally> {
    static TALLY: LazyLock<Mutex<Tally>> = LazyLock::new(Mutex::default);
    TALLY.lock().unwrap_or_else(PoisonError::into_inner)
}

unsafe extern "C" {
    fn atexit(handler: extern "C" fn()) -> c_int;
}

extern "C" fn report() {
    if let Some(path) = std::env::var_os("FAKE_CUDA_REPORT") {
        let _ = std::fs::write(path, lock().json());
    }
}

/// Has the report written when the process ends; more calls change nothing.
pub fn report_at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler takes nothing and the library stays loaded.
        unsafe { atexit(report) };
    });
}
