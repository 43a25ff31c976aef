//! Network descriptions and their slugs.

use std::{fmt, str::FromStr};

use super::{AlexNet, ConvNet, Network, NetworkError, ResNet18, ResNet50, Vgg11, lenet, mlp};

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
    /// `resnet18-...`.
    ResNet18(ResNet18),
    /// `resnet50-...`.
    ResNet50(ResNet50),
}

/// A line of `compdd network list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The slug.
    pub slug: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
}

const KNOWN: [(&str, &str); 30] = [
    ("convnet-d1", "ConvNet with one block"),
    ("convnet-d2", "ConvNet with two blocks"),
    ("convnet-d3", "ConvNet with three blocks of 128 channels, instance norm: the standard at 32 px"),
    ("convnet-d4", "ConvNet with four blocks: the standard at 64 px"),
    ("convnet-d5", "ConvNet with five blocks: the standard at 128 px"),
    ("convnet-d6", "ConvNet with six blocks: the standard at 256 px"),
    ("convnet-d3-w32", "any ConvNet takes a width: -w32 .. -w1024"),
    ("convnet-d3-bn", "... a norm: -bn batch, -ln layer, -gn group (4), -nn none"),
    ("convnet-d3-sigmoid", "... an activation: -sigmoid, -leaky"),
    ("convnet-d3-maxpool", "... a pooling: -maxpool, -nopool"),
    ("convnet-d3-w1024-nn", "the wide ConvNet without norms of the kernel methods (also -kip)"),
    ("mlp", "three linear layers, 128 hidden units"),
    ("lenet", "LeNet at any resolution"),
    ("alexnet", "AlexNet without norms; 4x4 average pooling under the head where the map is larger"),
    ("alexnet-tiny", "AlexNet with the stride-2 stem released for 64 px"),
    ("vgg11", "VGG11 with instance norm; the last map is averaged where it is larger than 1x1"),
    ("vgg11-bn", "VGG11 with batch norm"),
    ("vgg11-imagenet-nn", "torchvision's VGG11, without the dropout of its head"),
    ("vgg11-imagenet-bn", "torchvision's VGG11 with batch norm"),
    ("resnet18", "ResNet18 with instance norm, stem by resolution: cifar < 48 px, tiny < 96 px, else imagenet"),
    ("resnet18-bn", "ResNet18 with batch norm, stem by resolution"),
    ("resnet18-cifar-in", "ResNet18 with a 3x3 stem (or -cifar-bn)"),
    ("resnet18-tiny-in", "ResNet18 with a 3x3 stem of stride 2 (or -tiny-bn)"),
    ("resnet18-ap-in", "ResNet18 with average pooling instead of strides (or -ap-bn)"),
    ("resnet18-ap-bn", "the same with batch norm"),
    ("resnet18-imagenet-in", "ResNet18 with the ImageNet stem, instance norm"),
    ("resnet18-imagenet-bn", "ResNet18 with the ImageNet stem, batch norm: torchvision's ResNet18"),
    ("resnet50", "ResNet50 with instance norm, stem by resolution as resnet18"),
    ("resnet50-bn", "ResNet50 with batch norm, stem by resolution"),
    ("resnet50-imagenet-bn", "ResNet50 with the ImageNet stem, batch norm: torchvision's ResNet50"),
];

/// The networks worth listing; more widths and combinations can be parsed.
pub fn known() -> Vec<Known> {
    KNOWN.iter().map(|&(slug, summary)| Known { slug, summary }).collect()
}

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
        let mut words = lower.split('-');
        let mut architecture = words.next().unwrap_or_default();
        let mut tokens: Vec<&str> = Vec::new();
        for name in ["convnet", "vgg11", "resnet18", "resnet50"] {
            match architecture.strip_prefix(name) {
                Some(rest) if !rest.is_empty() => {
                    architecture = name;
                    tokens.push(rest);
                }
                _ => {}
            }
        }
        tokens.extend(words);

        let refuse = |token: &str, architecture, accepted| NetworkError::Variant {
            slug: slug.into(),
            token: token.into(),
            architecture,
            accepted,
        };
        let alone = |spec: Self, name: &'static str| match tokens.first() {
            None => Ok(spec),
            Some(token) => Err(refuse(token, name, "it has no variants")),
        };
        match architecture {
            "convnet" => {
                ConvNet::parse(&tokens).map(Self::ConvNet).map_err(|t| refuse(t, "convnet", ConvNet::ACCEPTED))
            }
            "alexnet" => {
                AlexNet::parse(&tokens).map(Self::AlexNet).map_err(|t| refuse(t, "alexnet", AlexNet::ACCEPTED))
            }
            "vgg11" => Vgg11::parse(&tokens).map(Self::Vgg11).map_err(|t| refuse(t, "vgg11", Vgg11::ACCEPTED)),
            "resnet18" => {
                ResNet18::parse(&tokens).map(Self::ResNet18).map_err(|t| refuse(t, "resnet18", ResNet18::ACCEPTED))
            }
            "resnet50" => {
                ResNet50::parse(&tokens).map(Self::ResNet50).map_err(|t| refuse(t, "resnet50", ResNet50::ACCEPTED))
            }
            "mlp" => alone(Self::Mlp, "mlp"),
            "lenet" => alone(Self::LeNet, "lenet"),
            _ => Err(NetworkError::Unknown { slug: slug.into(), nearest: nearest(&lower).into() }),
        }
    }

    /// The canonical slug: parsing it gives this description again, and equal networks have equal slugs.
    pub fn slug(&self) -> String {
        let (architecture, tokens) = match self {
            Self::ConvNet(net) => ("convnet", net.tokens()),
            Self::Mlp => ("mlp", Vec::new()),
            Self::LeNet => ("lenet", Vec::new()),
            Self::AlexNet(net) => ("alexnet", net.tokens()),
            Self::Vgg11(net) => ("vgg11", net.tokens()),
            Self::ResNet18(net) => ("resnet18", net.tokens()),
            Self::ResNet50(net) => ("resnet50", net.tokens()),
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
            Self::ResNet18(net) => net.build(input, classes),
            Self::ResNet50(net) => net.build(input, classes),
        };
        match layers {
            Ok(layers) => Ok(Network::new(self.clone(), layers, input, classes)),
            Err(reason) => Err(NetworkError::DoesNotFit { network: self.slug(), channels, resolution, reason }),
        }
    }
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

/// The known slug that needs the fewest edits.
fn nearest(slug: &str) -> &'static str {
    KNOWN.iter().map(|(known, _)| *known).min_by_key(|known| strsim::osa_distance(slug, known)).unwrap_or("convnet-d3")
}
