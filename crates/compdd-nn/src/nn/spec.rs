//! Network descriptions and their slugs.

use std::{fmt, str::FromStr};

use super::{
    AlexNet, ConvNet, ConvNextTiny, DenseNet121, Depth, EfficientNetB0, MobileNetV2, Network, NetworkError, ResNet,
    ShuffleNetV2, SwinTiny, SwinVersion, Vgg11, Vit, VitKind, WideResNet, known::nearest, lenet, mlp,
};

/// A network without its image size and classes; what a slug such as `convnet-d3-w32` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkSpec {
    /// `convnet-...`.
    ConvNet(ConvNet),
    /// `mlp`.
    Mlp,
    /// `lenet`.
    LeNet,
    /// `alexnet-...`.
    AlexNet(AlexNet),
    /// `vgg11-...`.
    Vgg11(Vgg11),
    /// `resnet18-...`, `resnet34-...`, `resnet50-...`, `resnet101-...`.
    ResNet(ResNet),
    /// `wrn-DEPTH-FACTOR`.
    WideResNet(WideResNet),
    /// `mobilenet-v2-...`.
    MobileNetV2(MobileNetV2),
    /// `shufflenet-v2-...`.
    ShuffleNetV2(ShuffleNetV2),
    /// `efficientnet-b0-...`.
    EfficientNetB0(EfficientNetB0),
    /// `densenet121-...`.
    DenseNet121(DenseNet121),
    /// `deit-tiny-...`, `vit-b-16-...`.
    Vit(Vit),
    /// `convnext-tiny-...`.
    ConvNextTiny(ConvNextTiny),
    /// `swin-tiny-...`, `swin-v2-t-...`.
    SwinTiny(SwinTiny),
}

/// The first words of slugs.
const ARCHITECTURES: [&str; 19] = [
    "convnet",
    "mlp",
    "lenet",
    "alexnet",
    "vgg11",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "wrn",
    "mobilenet-v2",
    "shufflenet-v2",
    "efficientnet-b0",
    "densenet121",
    "deit-tiny",
    "vit-b-16",
    "convnext-tiny",
    "swin-tiny",
    "swin-v2-t",
];

/// Those whose variants may follow without a hyphen, as in `ConvNetD5`.
const GLUED: [&str; 6] = ["convnet", "vgg11", "resnet18", "resnet34", "resnet50", "resnet101"];

impl NetworkSpec {
    /// Reads a slug: an architecture, then its variants, joined by hyphens. Upper case and the lineage's own names
    /// (`ConvNetD5`, `ConvNetBN`) are understood.
    ///
    /// ```
    /// use compdd_nn::nn::NetworkSpec;
    ///
    /// let spec = NetworkSpec::parse("convnet-d4-w64-gn-maxpool")?;
    /// assert_eq!(spec.slug(), "convnet-d4-w64-gn-maxpool");
    /// assert_eq!(NetworkSpec::parse("ConvNetD5")?.slug(), "convnet-d5");
    /// # Ok::<(), compdd_nn::nn::NetworkError>(())
    /// ```
    pub fn parse(slug: &str) -> Result<Self, NetworkError> {
        let lower = slug.trim().to_lowercase().replace('_', "-");
        let unknown = || NetworkError::Unknown { slug: slug.into(), nearest: nearest(&lower).into() };
        let begins = |word: &&'static str| lower.starts_with(*word);
        let architecture =
            ARCHITECTURES.into_iter().filter(begins).max_by_key(|word| word.len()).ok_or_else(unknown)?;
        let tokens: Vec<&str> = match &lower[architecture.len()..] {
            "" => Vec::new(),
            rest => match rest.strip_prefix('-') {
                Some(rest) => rest.split('-').collect(),
                None if GLUED.contains(&architecture) => rest.split('-').collect(),
                None => return Err(unknown()),
            },
        };
        let (parsed, accepted) = match architecture {
            "convnet" => (ConvNet::parse(&tokens).map(Self::ConvNet), ConvNet::ACCEPTED),
            "alexnet" => (AlexNet::parse(&tokens).map(Self::AlexNet), AlexNet::ACCEPTED),
            "vgg11" => (Vgg11::parse(&tokens).map(Self::Vgg11), Vgg11::ACCEPTED),
            "mlp" => (alone(Self::Mlp, &tokens), "it has no variants"),
            "lenet" => (alone(Self::LeNet, &tokens), "it has no variants"),
            "wrn" => (WideResNet::parse(&tokens).map(Self::WideResNet), WideResNet::ACCEPTED),
            "mobilenet-v2" => (MobileNetV2::parse(&tokens).map(Self::MobileNetV2), MobileNetV2::ACCEPTED),
            "shufflenet-v2" => (ShuffleNetV2::parse(&tokens).map(Self::ShuffleNetV2), ShuffleNetV2::ACCEPTED),
            "efficientnet-b0" => (EfficientNetB0::parse(&tokens).map(Self::EfficientNetB0), EfficientNetB0::ACCEPTED),
            "densenet121" => (DenseNet121::parse(&tokens).map(Self::DenseNet121), DenseNet121::ACCEPTED),
            "deit-tiny" => (Vit::parse(VitKind::DeitTiny, &tokens).map(Self::Vit), Vit::ACCEPTED),
            "vit-b-16" => (Vit::parse(VitKind::B16, &tokens).map(Self::Vit), Vit::ACCEPTED),
            "convnext-tiny" => (ConvNextTiny::parse(&tokens).map(Self::ConvNextTiny), ConvNextTiny::ACCEPTED),
            "swin-tiny" => (SwinTiny::parse(SwinVersion::One, &tokens).map(Self::SwinTiny), SwinTiny::ACCEPTED),
            "swin-v2-t" => (SwinTiny::parse(SwinVersion::Two, &tokens).map(Self::SwinTiny), SwinTiny::ACCEPTED),
            word => {
                let depth = Depth::of(word).ok_or_else(unknown)?;
                (ResNet::parse(depth, &tokens).map(Self::ResNet), ResNet::ACCEPTED)
            }
        };
        parsed.map_err(|token| NetworkError::Variant { slug: slug.into(), token: token.into(), architecture, accepted })
    }

    /// The canonical slug: parsing it gives this description again, and equal networks have equal slugs.
    pub fn slug(&self) -> String {
        let (architecture, tokens) = match self {
            Self::ConvNet(net) => ("convnet", net.tokens()),
            Self::Mlp => ("mlp", Vec::new()),
            Self::LeNet => ("lenet", Vec::new()),
            Self::AlexNet(net) => ("alexnet", net.tokens()),
            Self::Vgg11(net) => ("vgg11", net.tokens()),
            Self::ResNet(net) => (net.depth.word(), net.tokens()),
            Self::WideResNet(net) => ("wrn", net.tokens()),
            Self::MobileNetV2(net) => ("mobilenet-v2", net.tokens()),
            Self::ShuffleNetV2(net) => ("shufflenet-v2", net.tokens()),
            Self::EfficientNetB0(net) => ("efficientnet-b0", net.tokens()),
            Self::DenseNet121(net) => ("densenet121", net.tokens()),
            Self::Vit(net) => (net.kind.word(), net.tokens()),
            Self::ConvNextTiny(net) => ("convnext-tiny", net.tokens()),
            Self::SwinTiny(net) => (net.version.word(), net.tokens()),
        };
        let words = std::iter::once(architecture.to_owned()).chain(tokens);
        words.collect::<Vec<_>>().join("-")
    }

    /// The network for square images of `resolution` pixels with `channels` channels.
    pub fn build(&self, channels: usize, resolution: usize, classes: usize) -> Result<Network, NetworkError> {
        let input = [channels, resolution, resolution];
        let layers = match self {
            Self::ConvNet(net) => net.build(input, classes),
            Self::Mlp => mlp::build(input, classes),
            Self::LeNet => lenet::build(input, classes),
            Self::AlexNet(net) => net.build(input, classes),
            Self::Vgg11(net) => net.build(input, classes),
            Self::ResNet(net) => net.build(input, classes),
            Self::WideResNet(net) => net.build(input, classes),
            Self::MobileNetV2(net) => net.build(input, classes),
            Self::ShuffleNetV2(net) => net.build(input, classes),
            Self::EfficientNetB0(net) => net.build(input, classes),
            Self::DenseNet121(net) => net.build(input, classes),
            Self::Vit(net) => net.build(input, classes),
            Self::ConvNextTiny(net) => net.build(input, classes),
            Self::SwinTiny(net) => net.build(input, classes),
        };
        match layers {
            Ok(layers) => Ok(Network::new(self.clone(), layers, input, classes)),
            Err(reason) => Err(NetworkError::DoesNotFit { network: self.slug(), channels, resolution, reason }),
        }
    }
}

/// A network without variants.
fn alone<'a>(spec: NetworkSpec, tokens: &[&'a str]) -> Result<NetworkSpec, &'a str> {
    tokens.first().map_or(Ok(spec), |token| Err(token))
}

impl fmt::Display for NetworkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.slug())
    }
}

impl FromStr for NetworkSpec {
    type Err = NetworkError;

    fn from_str(slug: &str) -> Result<Self, NetworkError> {
        Self::parse(slug)
    }
}

/// The aspects (depth, norm, ...) that the tokens of a slug have set so far.
#[derive(Default)]
pub(super) struct Aspects(Vec<&'static str>);

impl Aspects {
    /// Notes that `token` sets `aspect`; a token for an aspect that was set before is refused.
    pub fn claim<'a>(&mut self, aspect: &'static str, token: &'a str) -> Result<(), &'a str> {
        if self.0.contains(&aspect) {
            return Err(token);
        }
        self.0.push(aspect);
        Ok(())
    }
}

/// The positive number behind `letter` (nothing in front of the number for a space), without leading zeros.
pub(super) fn number(token: &str, letter: char) -> Option<usize> {
    let digits = if letter == ' ' { token } else { token.strip_prefix(letter)? };
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0') && digits.len() <= 5;
    if plain { digits.parse().ok() } else { None }
}
