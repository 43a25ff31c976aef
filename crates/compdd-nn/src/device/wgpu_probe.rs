//! GPUs of any maker, and software drivers, through wgpu: which adapters there are, what they are called, and opening one.

use std::{
    pin::pin,
    sync::OnceLock,
    task::{Context, Poll, Waker},
};

use burn::tensor::{Device, DeviceKind};
use wgpu::{Backend, DeviceType, Instance, InstanceDescriptor};

use super::{Adapter, DeviceChoice, Finding, Missing, OpenDevice, answered};

/// An adapter of the machine, as `compdd doctor` shows it.
#[derive(Clone, Debug)]
struct Found {
    kind: DeviceKind,
    /// Name, graphics interface, driver, and the largest buffer that a kernel may bind, in MiB.
    what: String,
}

/// The adapters that can be chosen: GPUs in the order of their numbers (discrete, integrated, virtual), then the software driver.
///
/// Asked once a process, since Vulkan's loader does not bear instances that come and go beside each other.
fn adapters() -> &'static [Found] {
    static FOUND: OnceLock<Vec<Found>> = OnceLock::new();
    FOUND.get_or_init(|| std::panic::catch_unwind(list).unwrap_or_default())
}

/// The adapters of the graphics interface that Burn's backend takes as well: the first with a GPU, else the first with anything.
fn list() -> Vec<Found> {
    let interfaces: &[Backend] =
        if cfg!(target_os = "macos") { &[Backend::Metal] } else { &[Backend::Vulkan, Backend::Dx12, Backend::Gl] };
    let mut software = Vec::new();
    for interface in interfaces {
        let all = of_interface(*interface);
        if all.iter().any(|adapter| adapter.get_info().device_type != DeviceType::Cpu) {
            return in_order(&all);
        }
        if software.is_empty() {
            software = in_order(&all);
        }
    }
    software
}

fn of_interface(interface: Backend) -> Vec<wgpu::Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: interface.into(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    // Outside of a browser the answer is there at once.
    match pin!(instance.enumerate_adapters(interface.into())).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(adapters) => adapters,
        Poll::Pending => Vec::new(),
    }
}

fn in_order(adapters: &[wgpu::Adapter]) -> Vec<Found> {
    let of = |device_type: DeviceType| {
        let these = adapters.iter().filter(move |adapter| adapter.get_info().device_type == device_type);
        these.enumerate().filter_map(move |(index, adapter)| {
            Some(Found { kind: kind(device_type, index)?, what: describe(adapter) })
        })
    };
    let kinds = [DeviceType::DiscreteGpu, DeviceType::IntegratedGpu, DeviceType::VirtualGpu, DeviceType::Cpu];
    kinds.into_iter().flat_map(of).collect()
}

/// By what Burn knows the adapter of a type with this index among them; of software drivers it reaches the first alone.
fn kind(device_type: DeviceType, index: usize) -> Option<DeviceKind> {
    match device_type {
        DeviceType::DiscreteGpu => Some(DeviceKind::DiscreteGpu(index)),
        DeviceType::IntegratedGpu => Some(DeviceKind::IntegratedGpu(index)),
        DeviceType::VirtualGpu => Some(DeviceKind::VirtualGpu(index)),
        DeviceType::Cpu if index == 0 => Some(DeviceKind::Cpu),
        DeviceType::Cpu | DeviceType::Other => None,
    }
}

fn describe(adapter: &wgpu::Adapter) -> String {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) >> 20;
    format!(
        "{}, {:?}, driver {} {}, buffers of up to {largest} MiB, {} invocations a workgroup",
        info.name, info.backend, info.driver, info.driver_info, limits.max_compute_invocations_per_workgroup
    )
}

/// Opens an adapter that answers a small product.
pub fn open(adapter: Adapter) -> Result<OpenDevice, Missing> {
    let gpus = || adapters().iter().filter(|found| found.kind != DeviceKind::Cpu);
    let found = match adapter {
        Adapter::Software => adapters().iter().find(|found| found.kind == DeviceKind::Cpu).ok_or_else(no_software)?,
        Adapter::Gpu(index) => gpus().nth(index).ok_or_else(|| match gpus().count() {
            0 => no_gpu(),
            count => Missing::new(format!("this machine has {count} GPU(s)"), "choose an index below that number"),
        })?,
    };
    let name = DeviceChoice::Wgpu(adapter).to_string();
    match answered(|| Device::wgpu(found.kind.clone())) {
        Some((device, 64.0)) => Ok(OpenDevice { device, name }),
        Some((_, product)) => {
            Err(Missing::new(format!("a 4x4 product gave {product}, not 64"), "update the graphics driver"))
        }
        None => Err(Missing::new(
            format!("{} failed while it ran a first kernel", found.what),
            "update the graphics driver, or choose another adapter of `compdd doctor`",
        )),
    }
}

/// The lines of `compdd doctor`: a line an adapter, and what is missing where there is no GPU among them.
pub fn findings() -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in adapters() {
        let adapter = if found.kind == DeviceKind::Cpu { Adapter::Software } else { Adapter::Gpu(findings.len()) };
        let device = DeviceChoice::Wgpu(adapter).to_string();
        findings.push(Finding { device, state: Ok(found.what.clone()) });
    }
    if adapters().iter().all(|found| found.kind == DeviceKind::Cpu) {
        findings.push(Finding { device: "wgpu".to_owned(), state: Err(vec![no_gpu()]) });
    }
    findings
}

fn no_gpu() -> Missing {
    Missing::new(
        "no GPU answers through Vulkan, Metal, Direct3D 12 or OpenGL",
        "install the card's driver with its Vulkan part (Debian, for AMD and Intel: libvulkan1 and mesa-vulkan-drivers)",
    )
}

fn no_software() -> Missing {
    Missing::new(
        "no driver that computes on the processor was found",
        "install Mesa's lavapipe (Debian: libvulkan1 and mesa-vulkan-drivers)",
    )
}
