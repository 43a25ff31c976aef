//! Settings of the C allocator that a training loop wants.

/// Tells glibc's allocator to keep freed memory instead of handing it back to the system; a no-op elsewhere.
///
/// By default every large tensor is a fresh mapping, and its pages are zeroed by the system on first touch and thrown
/// away when the tensor dies: about half the time of a training step. Call this first thing in `main`, before other
/// threads start.
///
/// Four settings (`mallopt(3)`): `M_MMAP_MAX` 0 (no allocation gets a mapping of its own), `M_TRIM_THRESHOLD` -1 (the
/// heap never shrinks), `M_TOP_PAD` 64 MiB (it grows in large steps), `M_ARENA_MAX` 1 (one heap, so that memory freed
/// by one thread serves the others). Peak memory stays; resident memory no longer falls back between peaks.
pub fn tune_allocator() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (setting, value) in
        [(libc::M_MMAP_MAX, 0), (libc::M_TRIM_THRESHOLD, -1), (libc::M_TOP_PAD, 64 << 20), (libc::M_ARENA_MAX, 1)]
    {
        // SAFETY: `mallopt` takes two integers, refuses values it does not know and touches only the allocator's own
        // settings.
        let accepted = unsafe { libc::mallopt(setting, value) };
        if accepted == 0 {
            tracing::debug!(setting, value, "the allocator refused a setting");
        }
    }
}
