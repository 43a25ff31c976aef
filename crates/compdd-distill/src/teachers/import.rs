//! Teachers that others trained, taken in from a file of weights.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use burn::tensor::Device;

use super::{
    Card, Origin, Pixels, Teacher, TeacherError,
    gate::Tried,
    train::{existing, folder},
};
use crate::eval::InferenceOptions;
use compdd_core::{
    files::IoError,
    progress::Stop,
    record::{Accuracy, hash},
    subset::Subset,
};
use compdd_data::data::{Decode, PixelSpace, Task};
use compdd_nn::nn::{Network, NetworkSpec, Params};

/// Images of one forward pass: large networks at 224 px need memory.
const BATCH: usize = 32;

/// What the file does not say.
#[derive(Clone, Debug)]
pub struct ImportTeacher<'a> {
    /// The network whose parameters they are.
    pub network: &'a Network,
    /// The classes of its outputs, in their order.
    pub subset: &'a Subset,
    /// How files become its images.
    pub decode: Decode,
    /// Its name below the root; `NETWORK-SUBSET-imported-HASH` where there is none.
    pub name: Option<&'a str>,
    /// The accuracy that those who trained it state for the test images of the subset.
    pub stated: Option<Accuracy>,
    /// Images to try it on.
    pub check: Option<Check<'a>>,
}

/// A test of whether an imported teacher sees what it should.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// Images of classes that the teacher has, of its size, normalised as its own: the test images are used.
    pub task: &'a Task,
    /// Store the teacher even if it fails; the card says so.
    pub force: bool,
    /// Set from outside to give up.
    pub stop: &'a Stop,
}

/// The networks that torchvision (for `DeiT`: timm) calls so, with their slugs here.
const PUBLISHED: [(&str, &str); 17] = [
    ("resnet18", "resnet18-imagenet-bn"),
    ("resnet34", "resnet34-imagenet-bn"),
    ("resnet50", "resnet50-imagenet-bn"),
    ("resnet101", "resnet101-imagenet-bn"),
    ("wide_resnet50_2", "resnet50-imagenet-bn-wide"),
    ("vgg11", "vgg11-imagenet-nn"),
    ("vgg11_bn", "vgg11-imagenet-bn"),
    ("alexnet", "alexnet-imagenet"),
    ("mobilenet_v2", "mobilenet-v2"),
    ("shufflenet_v2_x0_5", "shufflenet-v2-x0.5"),
    ("shufflenet_v2_x1_0", "shufflenet-v2-x1.0"),
    ("efficientnet_b0", "efficientnet-b0"),
    ("densenet121", "densenet121"),
    ("deit_tiny_patch16_224", "deit-tiny"),
    ("vit_b_16", "vit-b-16"),
    ("convnext_tiny", "convnext-tiny"),
    ("swin_t", "swin-tiny"),
];

/// The network that torchvision (for `DeiT`: timm) calls `name`, if it is one we can read: `resnet50`, `mobilenet_v2`, ...
pub fn torchvision(name: &str) -> Option<NetworkSpec> {
    let (_, slug) = PUBLISHED.iter().find(|(published, _)| *published == name)?;
    NetworkSpec::parse(slug).ok()
}

/// Makes a teacher below `root` from the weights in `file` (of `torch.save` or safetensors; nothing in it is executed).
/// One that was made from the same file already is opened; with a check it is tried, and its card written, again.
///
/// # Errors
/// [`TeacherError::Network`] for a file of another kind and with every tensor that is missing, unexpected or of another shape,
/// [`TeacherError::NotFinite`], [`TeacherError::Weak`], [`TeacherError::Disagrees`] and [`TeacherError::Order`] when the check fails, [`TeacherError::Classes`] when its images are of
/// other classes.
pub fn import(file: &Path, options: &ImportTeacher<'_>, root: &Path, device: &Device) -> Result<Teacher, TeacherError> {
    let (network, subset) = (options.network, options.subset);
    let params = read(file, network, device)?;
    let content = hash_of(file).map_err(IoError::at("read", file))?;
    let slug = network.spec().slug();
    let (mean, std) = subset.normalisation();
    let mut card = Card {
        format: Card::FORMAT.to_owned(),
        version: Card::VERSION,
        compdd: env!("CARGO_PKG_VERSION").to_owned(),
        identity: hash::value(&serde_json::json!({
            "network": [slug, network.input(), network.classes()],
            "subset": subset.id(),
            "decode": options.decode,
            "file": content,
        })),
        network: slug.clone(),
        input: network.input(),
        subset: subset.id(),
        classes: subset.classes.iter().map(|class| class.synset.clone()).collect(),
        decode: options.decode.clone(),
        pixels: Pixels::of(&PixelSpace::Normalised { mean, std }),
        origin: Origin::Imported {
            file: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            blake3: content,
        },
        stated: options.stated,
        heldout: None,
        test: None,
        parameters: network.parameter_count(),
        bytes: 0,
        blake3: String::new(),
        notes: Vec::new(),
    };
    let own = format!("{slug}-{}-imported-{}", subset.slug, hash::short(&card.identity));
    let folder: PathBuf = folder(root, options.name, own)?;
    if let Some(teacher) = existing(&folder, &card.identity, device)?
        && options.check.is_none()
    {
        return Ok(teacher);
    }
    match &options.check {
        None => card.notes.push("it was never tried on images".to_owned()),
        Some(check) => {
            card.check_images(check.task, file)?;
            let passes = InferenceOptions { device, batch: BATCH, stop: check.stop };
            let tried = Tried::of(network, &params, &card, check.task, passes)?;
            if !check.force {
                tried.check(&card, file)?;
            }
            let score = tried.score;
            let (accuracy, needed) = (score.accuracy.fraction(), needed(&card));
            if accuracy < needed && !check.force {
                return Err(TeacherError::Weak { file: file.to_owned(), accuracy, needed, chance: card.chance() });
            }
            if accuracy < needed {
                card.notes.push(format!(
                    "its accuracy of {:.2} % is close to chance; it was stored all the same",
                    100.0 * accuracy
                ));
            }
            card.test = Some(score);
        }
    }
    Teacher::write(&folder, network.clone(), params, card)
}

/// Hash of a file that may be large.
fn hash_of(file: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(file)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn read(file: &Path, network: &Network, device: &Device) -> Result<Params, TeacherError> {
    let params = Params::open(network.layout(), file, device)?;
    for (slot, _) in params.entries() {
        let values = params.get(&slot.name).unwrap_or_default();
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            let (path, tensor) = (file.to_owned(), slot.name.clone());
            return Err(TeacherError::NotFinite { path, tensor, value: *value });
        }
    }
    Ok(params)
}

/// The accuracy below which something must be wrong: ten times chance, or a quarter of the way from chance to perfect where
/// that is less.
fn needed(card: &Card) -> f64 {
    let chance = card.chance();
    (10.0 * chance).min(chance + 0.25 * (1.0 - chance))
}
