//! How fresh weights are drawn: the rules of the lineage, of torchvision and of timm.

use super::params::Init;

/// How the weights and the biases of a layer are drawn, from its fan in (values that one output sees) and its fan out
/// (outputs, times the pixels of the kernel).
pub(crate) type Rule = fn(usize, usize) -> [Init; 2];

/// The rules of a network for its convolutions and for its linear layers.
#[derive(Clone, Copy)]
pub(crate) struct Scheme {
    /// For convolutions.
    pub conv: Rule,
    /// For linear layers.
    pub linear: Rule,
}

impl Scheme {
    /// The framework's defaults, which the lineage and torchvision's `ShuffleNet` use.
    pub const DEFAULT: Self = Self { conv: uniform, linear: uniform };
    /// torchvision's `ResNet`: He, arXiv 1502.01852, by the fan out; linear layers by default.
    pub const RESNET: Self = Self { conv: he_fan_out, linear: uniform };
    /// Wide `ResNet` (arXiv 1605.07146, released code): He by the fan out; linear layers by default, biases zero.
    pub const WIDE: Self = Self { conv: he_fan_out, linear: uniform_without_bias };
    /// torchvision's `MobileNet`: He by the fan out; linear layers normal with deviation 0.01.
    pub const MOBILE: Self = Self { conv: he_fan_out, linear: |_, _| [Init::Normal(0.01), Init::Zero] };
    /// torchvision's `EfficientNet`: He by the fan out; linear layers uniform within `1 / sqrt(fan_out)`.
    pub const EFFICIENT: Self = Self { conv: he_fan_out, linear: |_, outputs| [Init::fan_in(outputs), Init::Zero] };
    /// torchvision's `DenseNet`: He by the fan in; linear layers by default, biases zero.
    pub const DENSE: Self = Self { conv: |inputs, _| [he(inputs), Init::Zero], linear: uniform_without_bias };
    /// timm's transformers: linear layers from a truncated normal distribution of deviation 0.02; convolutions by default.
    pub const TRANSFORMER: Self = Self { conv: uniform, linear: truncated };
    /// torchvision's vision transformer: patches from a truncated normal distribution of variance `1 / fan_in`, linear layers
    /// uniform by fan in and fan out (Glorot).
    pub const VIT: Self = Self {
        conv: |inputs, _| [Init::TruncatedNormal((1.0 / inputs as f64).sqrt() as f32), Init::Zero],
        linear: |inputs, outputs| [glorot(inputs, outputs), Init::Zero],
    };
    /// Its hidden layers.
    pub const VIT_HIDDEN: Rule = |inputs, outputs| [glorot(inputs, outputs), Init::Normal(1e-6)];
    /// What is behind its attention.
    pub const VIT_OUTPUT: Rule = uniform_without_bias;
    /// Its head.
    pub const VIT_HEAD: Rule = |_, _| [Init::Zero; 2];
    /// torchvision's `ConvNeXt`: everything from the truncated normal distribution of deviation 0.02.
    pub const CONVNEXT: Self = Self { conv: truncated, linear: truncated };
}

/// Normal with variance 2 over `fan`.
fn he(fan: usize) -> Init {
    Init::Normal((2.0 / fan as f64).sqrt() as f32)
}

/// Uniform with variance 2 over the sum of both fans.
fn glorot(inputs: usize, outputs: usize) -> Init {
    Init::Uniform((6.0 / (inputs + outputs) as f64).sqrt() as f32)
}

fn uniform(inputs: usize, _: usize) -> [Init; 2] {
    [Init::fan_in(inputs); 2]
}

fn uniform_without_bias(inputs: usize, _: usize) -> [Init; 2] {
    [Init::fan_in(inputs), Init::Zero]
}

fn he_fan_out(_: usize, outputs: usize) -> [Init; 2] {
    [he(outputs), Init::Zero]
}

fn truncated(_: usize, _: usize) -> [Init; 2] {
    [Init::TruncatedNormal(0.02), Init::Zero]
}
