//! What can go wrong with activation maps.

use crate::eval::EvalError;
use compdd_data::scores::CamMethodError;
use compdd_nn::nn::NetworkError;

/// Errors of activation maps.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CamError {
    /// The network or its file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    /// Training the model.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Training(#[from] EvalError),
    /// The name of a method.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Method(#[from] CamMethodError),
    /// No such rule for targets.
    #[error("there is no target rule called `{slug}`")]
    #[diagnostic(help(
        "use `own` (the class of the image), `predicted` (the largest entry of its label) or `released` (the fault of \
         the released EDF, for comparison)"
    ))]
    Rule {
        /// What was asked for.
        slug: String,
    },
    /// No such threshold.
    #[error("`{text}` is no threshold")]
    #[diagnostic(help("use `mean` (of every map) or a number such as 0.5"))]
    Threshold {
        /// What was asked for.
        text: String,
    },
    /// The network has no map to look at.
    #[error("network `{network}` has no map of more than one pixel at {resolution} px")]
    #[diagnostic(help("use a convolutional network (convnet, vgg11, resnet18), or a larger resolution"))]
    NoMap {
        /// Slug of the network.
        network: String,
        /// Side of its images in pixels.
        resolution: usize,
    },
    /// A map of one pixel is always zero.
    #[error("map `{tap}` of network `{network}` has a single pixel, so every activation map would be zero")]
    #[diagnostic(help("use an earlier one: `{usable}`"))]
    OnePixel {
        /// Slug of the network.
        network: String,
        /// The tap that was asked for.
        tap: String,
        /// The last tap with more than one pixel.
        usable: String,
    },
    /// The images are not those of the model.
    #[error("the images are {found:?} (channels, height, width), but the CAM model was built for {expected:?}")]
    #[diagnostic(help("build the CAM model for the resolution of the images"))]
    Shape {
        /// Shape of one image.
        found: [usize; 3],
        /// Shape the model takes.
        expected: [usize; 3],
    },
    /// There is nothing to look at.
    #[error("no images to compute activation maps for")]
    #[diagnostic(help("give one image or more"))]
    Empty,
    /// Something that comes once per image does not.
    #[error("{found} {what} for {images} images")]
    #[diagnostic(help("give one per image"))]
    Count {
        /// `targets`, `seeds`, `label rows`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many images there are.
        images: usize,
    },
    /// Unit noise that is not one block of images per sample.
    #[error("noise of {found} blocks, but the method takes {samples} of the shape of the images, {shape:?}")]
    #[diagnostic(help("give one block of unit normal values per noisy input"))]
    NoiseShape {
        /// Blocks of noise.
        found: usize,
        /// Noisy inputs of the method.
        samples: usize,
        /// Shape of the images.
        shape: [usize; 4],
    },
    /// A target that the model does not have.
    #[error("image {image} asks for class {class}, but the CAM model has {classes} classes")]
    #[diagnostic(help("map the positions of the subset to the classes of the model (`ClassMap::for_model`)"))]
    Target {
        /// Position of the image.
        image: usize,
        /// The class.
        class: usize,
        /// Classes of the model.
        classes: usize,
    },
    /// A class without a place among the 1000 of `ImageNet`.
    #[error("class `{class}` of subset `{subset}` has no ImageNet-1K index")]
    #[diagnostic(help("use a CAM model trained on the subset itself"))]
    NoIndex {
        /// Slug of the subset.
        subset: String,
        /// Synset or name of the class.
        class: String,
    },
    /// The model answers other questions than the subset asks.
    #[error("the CAM model has {model} classes, but subset `{subset}` has {classes}")]
    #[diagnostic(help("use a model trained on the subset, or one with the 1000 classes of ImageNet-1K"))]
    Classes {
        /// Classes of the model.
        model: usize,
        /// Slug of the subset.
        subset: String,
        /// Classes of the subset.
        classes: usize,
    },
}
