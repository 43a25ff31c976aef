//! The network that looks, from flags.

use std::{path::PathBuf, str::FromStr};

use clap::Args;
use compdd::{cam::CamModel, complexity::Judge, device::DeviceChoice, nn::NetworkSpec, subset::Subset};

use super::super::{config::Config, ui};

#[derive(Args)]
pub struct NetworkArgs {
    /// Network that looks: see `compdd network list`
    #[arg(long)]
    network: String,
    /// Its parameters: .safetensors, .pth or .pt, torchvision's among them
    #[arg(long, value_name = "FILE")]
    params: PathBuf,
    /// Subset it was trained on: what its outputs mean, and its normalisation
    #[arg(long, default_value = "imagenet-1k", value_name = "SUBSET")]
    trained_on: String,
    /// Side of its images in pixels [default: 224 for imagenet-1k, else that of the subset]
    #[arg(long, value_name = "PIXELS")]
    res: Option<usize>,
    /// Map that is looked at, such as layer4 [default: the last one with more than one pixel]
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Images that are looked at at once
    #[arg(long, default_value_t = CamModel::CHUNK, value_name = "N")]
    batch: usize,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
}

/// What torchvision's networks take.
const IMAGENET_SIDE: usize = 224;

impl NetworkArgs {
    pub fn open(&self) -> Result<Judge, ui::Failure> {
        let subset = Subset::find(&self.trained_on)?;
        let usual = if subset.slug == "imagenet-1k" { IMAGENET_SIDE } else { subset.default_resolution() };
        let device = self.device.clone().or(Config::read()?.device).unwrap_or_else(|| "auto".to_owned());
        let device = DeviceChoice::from_str(&device)?.open()?.device;
        let spec = NetworkSpec::parse(&self.network)?;
        let (side, outputs) = (self.res.unwrap_or(usual), subset.classes_len());
        let cam = CamModel::from_file(&spec, side, outputs, &self.params, self.layer.as_deref(), &device)?;
        Ok(Judge::of_subset(cam.with_chunk(self.batch), &subset)?)
    }
}
