//! Networks as functions of explicit parameters.
//!
//! A network is data: a list of [`Layer`]s that a [`NetworkSpec`] (`convnet-d3`, `resnet18-imagenet-in`, ...) builds for
//! an image size and a number of classes. One interpreter runs it, and it is written against the value trait
//! [`TensorOps`], so that a second reading of the same layers (value and tangent together) needs no second network. The
//! same list is what is shown, counted and initialised. [`Params`] are named tensors in `PyTorch` order, outside the
//! network, so that methods can differentiate, snapshot and unroll them. What may enter this room: layers,
//! architectures, parameters and their files, losses. What may not: data, optimisers, loops.

mod alexnet;
mod attention;
mod convnet;
mod convnext;
mod densenet;
mod describe;
mod drops;
mod efficientnet;
mod error;
mod files;
mod flow;
mod init;
mod interpret;
pub mod kernels;
mod known;
mod layer;
mod lenet;
pub mod loss;
mod mlp;
mod mobilenet;
mod moves;
mod multiple;
mod network;
mod params;
mod primal;
mod resnet;
mod scheme;
mod shapes;
mod shufflenet;
mod spec;
mod split;
mod stack;
mod stem;
mod swin;
mod tensor_ops;
mod vgg11;
mod vit;
mod wrn;

#[cfg(test)]
mod tests;

pub use alexnet::AlexNet;
pub use convnet::ConvNet;
pub use convnext::ConvNextTiny;
pub use densenet::DenseNet121;
pub use describe::Row;
pub use efficientnet::EfficientNetB0;
pub use error::NetworkError;
pub use interpret::{Run, Taps, Values};
pub use known::{Known, known};
pub use layer::{Activation, Layer, LayerKind, Norm, PoolKind, Windows};
pub use mobilenet::MobileNetV2;
pub use network::{Mode, Network, Output};
pub use params::{Init, Layout, Params, Slot};
pub use primal::Primal;
pub(crate) use primal::{length, per_channel};
pub use resnet::{Depth, ResNet};
pub use shapes::Shape;
pub use shufflenet::ShuffleNetV2;
pub use spec::NetworkSpec;
pub use split::Split;
pub use stem::{Start, Stem};
pub use swin::{SwinTiny, SwinVersion};
pub(crate) use tensor_ops::EPSILON;
pub use tensor_ops::{Moments, TensorOps, Window};
pub use vgg11::{Vgg11, VggHead};
pub use vit::{Vit, VitKind};
pub use wrn::WideResNet;
