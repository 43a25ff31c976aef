//! `compdd teacher import`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    data::{Decode, Task},
    nn::NetworkSpec,
    record::Accuracy,
    subset::Subset,
    teachers::{self, Check, ImportTeacher},
};

use super::{
    super::{
        run::PixelArgs,
        signals,
        ui::{self, Outcome},
    },
    ShelfArgs, network, report,
};

/// Side of the images of networks that torchvision trained.
const TORCHVISION_SIDE: usize = 224;

#[derive(Args)]
#[command(after_help = "Examples:
  compdd teacher import resnet18-f37072fd.pth --network resnet18 --subset imagenet-1k
  compdd teacher import resnet50.pth --network resnet50 --subset imagenet-1k --check imagenette --data ~/data/imagenette2
  compdd teacher import mine.safetensors --network convnet-d4-bn --subset tiny-imagenet --check tiny-imagenet --data ~/data/tiny

The names of torchvision (resnet18, mobilenet_v2, vgg11_bn, ...) are its networks at 224 px; any other network goes by its
slug (`compdd network list`). Nothing in the file is executed, and nothing is downloaded.")]
pub struct ImportArgs {
    /// The weights: a file of torch.save or safetensors, whatever it is called
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A name of torchvision, such as resnet18 or `mobilenet_v2`, or the slug of a network
    #[arg(long)]
    network: String,
    /// Subset whose classes, in its order, are the outputs
    #[arg(short, long)]
    subset: String,
    /// Name of its folder [default: NETWORK-SUBSET-imported-HASH]
    #[arg(long)]
    name: Option<String>,
    /// Try it on the test images of this subset, whose classes it must have
    #[arg(long, value_name = "SUBSET")]
    check: Option<String>,
    /// Top-1 in percent that those who trained it state for the test images of --subset: checked now, and before it is used
    #[arg(long, value_name = "PERCENT")]
    stated: Option<f64>,
    /// Store it even if its accuracy is close to chance; the card says so
    #[arg(long)]
    force: bool,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl ImportArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        self.name.as_deref().map_or(Ok(()), teachers::check_name)?;
        let subset = Subset::find(&self.subset)?;
        let (spec, side) = match teachers::torchvision(&self.network) {
            Some(spec) => (spec, TORCHVISION_SIDE),
            None => (NetworkSpec::parse(&self.network)?, subset.default_resolution()),
        };
        let resolution = self.pixels.res.unwrap_or(side);
        let network = network(&spec, resolution, &subset)?;
        let decode = Decode { resolution, resize: self.pixels.resize(), antialias: self.pixels.antialias() };
        let mut options = self.pixels.task();
        options.resolution = Some(resolution);
        let (root, places) = self.shelf.resolve()?;
        let task = match &self.check {
            None => None,
            Some(other) => Some(Task::load(&Subset::find(other)?, &places.data, &options)?),
        };
        let stated = self.stated.map(|percent| Accuracy::new(percent / 100.0)).transpose()?;
        let device = places.device.open()?.device;
        let check = task.as_ref().map(|task| Check { task, force: self.force, stop: &stop });
        let options =
            ImportTeacher { network: &network, subset: &subset, decode, name: self.name.as_deref(), stated, check };
        let teacher = teachers::import(&self.file, &options, &root, &device)?;
        report(&teacher);
        for note in &teacher.card().notes {
            ui::say(&format!("note: {note}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
