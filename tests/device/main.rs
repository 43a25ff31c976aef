//! A device beside the CPU: operations, golden cases and whole runs.
//!
//! `COMPDD_TEST_DEVICE` names the device; where it is not set it is `wgpu:cpu`, a driver that computes on the processor (Debian:
//! `mesa-vulkan-drivers`). Without that device these tests say so and pass, unless `COMPDD_REQUIRE_DEVICE` is set.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // helpers of tests; what was skipped or measured is said

mod golden;
#[path = "../golden_cases/mod.rs"]
mod golden_cases;
mod operations;
mod runs;
#[path = "../commands/support.rs"]
#[allow(dead_code, reason = "the tests of the command line use the rest")]
mod support;

use compdd::device::{DeviceChoice, OpenDevice};

/// The device under test; nothing, with a line of explanation, where there is none and none is required.
fn device() -> Option<OpenDevice> {
    const REQUIRED: &str = "COMPDD_REQUIRE_DEVICE";
    let name = std::env::var("COMPDD_TEST_DEVICE").unwrap_or_else(|_| "wgpu:cpu".to_owned());
    match name.parse::<DeviceChoice>().unwrap().open() {
        Ok(open) => {
            assert_ne!(open.name, "cpu", "a device is compared with the CPU");
            Some(open)
        }
        Err(reason) => {
            assert!(std::env::var_os(REQUIRED).is_none(), "{reason}, and {REQUIRED} is set");
            eprintln!("skipped: {reason}");
            None
        }
    }
}
