//! What a timing file says about the machine and the moment.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use burn::tensor::Device;
use compdd_core::record::Timing;
use compdd_nn::device::OpenDevice;

/// A timing file with the machine's part filled in.
pub(super) fn timing(record: &str, device: &OpenDevice) -> Timing {
    let mut timing = Timing::new(record, &device.name);
    timing.threads = Some(rayon::current_num_threads());
    timing.peak_memory_bytes = peak_memory();
    timing.peak_device_memory_bytes = peak_device_memory(&device.device);
    timing.finished = Some(now());
    timing
}

/// UTC time as `2026-11-21T10:00:00Z`.
pub(super) fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    iso(seconds)
}

/// Seconds since 1970 as a time in UTC.
fn iso(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    time.unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Peak resident memory of this process in bytes, where the system tells it.
#[cfg(target_os = "linux")]
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(not(target_os = "linux"))]
fn peak_memory() -> Option<u64> {
    None
}

/// Most bytes that this process held of a device with memory of its own: the pages of its pools when there were most of them, or all that is held now.
fn peak_device_memory(device: &Device) -> Option<u64> {
    let pools = device.memory_pool_report()?;
    let pages: u64 = pools.iter().map(|pool| pool.page_size * pool.pages_peak).sum();
    Some(device.memory_pool_usage().map_or(pages, |usage| usage.bytes_reserved.max(pages)))
}

/// Time that this process has had of all processors, where the system tells it; in hundredths of a second.
#[cfg(target_os = "linux")]
pub(super) fn processor_time() -> Duration {
    // Behind the name in parentheses, which may hold anything: state, ..., utime and stime as the 12th and 13th.
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn processor_time() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_calendar_dates() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(iso(1_795_255_200), "2026-11-21T10:00:00Z");
    }
}
