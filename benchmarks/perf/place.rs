//! Where the programs of this folder compute: the device that `COMPDD_BENCH_DEVICE` names, the CPU where it is not set.

use std::{error::Error, str::FromStr as _, sync::OnceLock};

use burn::tensor::Device;
use compdd::device::DeviceChoice;

static DEVICE: OnceLock<Device> = OnceLock::new();

/// Opens the device, once.
///
/// # Errors
/// When there is no such device, or it cannot be used.
pub fn open() -> Result<Device, Box<dyn Error>> {
    let name = std::env::var("COMPDD_BENCH_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    let device = DeviceChoice::from_str(&name)?.open()?.device;
    Ok(DEVICE.get_or_init(|| device).clone())
}

/// The device that was opened.
pub fn device() -> Device {
    DEVICE.get().cloned().unwrap_or_else(Device::flex)
}

/// Waits until the device has done all that it was given.
pub fn wait() -> Result<(), Box<dyn Error>> {
    Ok(device().sync()?)
}
