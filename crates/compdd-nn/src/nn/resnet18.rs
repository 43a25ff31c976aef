//! `ResNet18` in the variants of the lineage.

use super::{
    layer::{Activation, Layer, Norm, PoolKind, Stack},
    spec::{Aspects, number},
    tensor_ops::Window,
};

/// How a `ResNet18` takes its first steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stem {
    /// Chosen by the resolution: below 48 px [`Cifar`](Self::Cifar), below 96 px [`Tiny`](Self::Tiny), else
    /// [`ImageNet`](Self::ImageNet).
    Auto,
    /// 3x3 convolution.
    Cifar,
    /// 3x3 convolution with stride 2.
    Tiny,
    /// 7x7 convolution with stride 2, then max pooling 3x3 with stride 2.
    ImageNet,
    /// As `Cifar`, and every later stride is an average pooling instead; the head sees the 4x4 map.
    AvgPool,
}

impl Stem {
    const NAMES: [(Self, &'static str); 4] =
        [(Self::Cifar, "cifar"), (Self::Tiny, "tiny"), (Self::ImageNet, "imagenet"), (Self::AvgPool, "ap")];

    /// The stem at a resolution: itself, unless it is chosen by it.
    pub(super) fn at(self, resolution: usize) -> Self {
        match (self, resolution) {
            (Self::Auto, ..48) => Self::Cifar,
            (Self::Auto, ..96) => Self::Tiny,
            (Self::Auto, _) => Self::ImageNet,
            (stem, _) => stem,
        }
    }

    /// The layers before the stages: `conv1` to `width` channels, `bn1`, and a pooling where the stem has one.
    pub(super) fn start(self, input: [usize; 3], width: usize, norm: Norm) -> Result<Stack, String> {
        let mut stack = Stack::new(input);
        let first = match self {
            Self::ImageNet => Window::new(7, 2, 3),
            Self::Tiny => Window::new(3, 2, 1),
            Self::Auto | Self::Cifar | Self::AvgPool => Window::SAME3,
        };
        stack.conv("conv1".into(), width, first, false)?.norm("bn1".into(), norm)?;
        stack.push(Layer::Act(Activation::Relu))?;
        if self == Self::ImageNet {
            stack.pool(PoolKind::Max, Window::new(3, 2, 1))?;
        }
        Ok(stack)
    }
}

/// Four stages of two basic blocks; convolutions without bias.
///
/// The head sees the mean of the last map (what the released 4x4 pooling is at the sizes it fits), or the whole 4x4 map
/// with [`Stem::AvgPool`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResNet18 {
    /// The first layers, and how the map gets smaller.
    pub stem: Stem,
    /// Normalisation behind every convolution: instance or batch.
    pub norm: Norm,
    /// Channels of the first stage; the others have 2, 4 and 8 times as many.
    pub width: usize,
}

impl Default for ResNet18 {
    fn default() -> Self {
        Self { stem: Stem::Auto, norm: Norm::Instance, width: 64 }
    }
}

impl ResNet18 {
    pub(super) const ACCEPTED: &str = "variants of resnet18: -cifar|-tiny|-imagenet|-ap (stem; by default chosen by the \
        resolution), -in|-bn (norm), -w<width of the first stage>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            let stem = Stem::NAMES.iter().find(|(_, name)| *name == token);
            let aspect = match (token, stem) {
                ("in", _) => {
                    net.norm = Norm::Instance;
                    "norm"
                }
                ("bn", _) => {
                    net.norm = Norm::Batch;
                    "norm"
                }
                (_, Some((stem, _))) => {
                    net.stem = *stem;
                    "stem"
                }
                _ => {
                    net.width = number(token, 'w').ok_or(token)?;
                    "width"
                }
            };
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let stem = Stem::NAMES.iter().find(|(stem, _)| *stem == self.stem).map(|(_, name)| (*name).to_owned());
        let norm = match (self.norm, &stem) {
            (Norm::Batch, _) => Some("bn".to_owned()),
            (_, Some(_)) => Some("in".to_owned()),
            (_, None) => None,
        };
        let width = (self.width != Self::default().width).then(|| format!("w{}", self.width));
        [stem, norm, width].into_iter().flatten().collect()
    }

    /// The lineage's names: `conv1`, `bn1`, `layer{1..4}.{0,1}.{conv1,bn1,conv2,bn2,shortcut.N}`, `classifier`. Taps:
    /// `layer1..layer4` behind the stages.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let stem = self.stem.at(input[1]);
        let mut stack = stem.start(input, self.width, self.norm)?;
        for stage in 0..4 {
            for block in 0..2 {
                let name = format!("layer{}.{block}", stage + 1);
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                self.block(&mut stack, &name, self.width << stage, stride, stem == Stem::AvgPool)?;
            }
            stack.tap(format!("layer{}", stage + 1))?;
        }
        let head = if stem == Stem::AvgPool { 4 } else { 1 };
        stack.resize(head)?.linear("classifier", classes)?;
        Ok(stack.layers)
    }

    /// A basic block. With `pooled` a stride is a convolution at full size and an average pooling by two.
    fn block(&self, stack: &mut Stack, name: &str, width: usize, stride: usize, pooled: bool) -> Result<(), String> {
        let strided = if pooled { 1 } else { stride };
        let halve = pooled && stride == 2;
        let mut main = stack.branch();
        main.conv(format!("{name}.conv1"), width, Window::new(3, strided, 1), false)?;
        main.norm(format!("{name}.bn1"), self.norm)?.push(Layer::Act(Activation::Relu))?;
        if halve {
            main.pool(PoolKind::Average, Window::HALVE)?;
        }
        main.conv(format!("{name}.conv2"), width, Window::SAME3, false)?.norm(format!("{name}.bn2"), self.norm)?;

        let mut shortcut = stack.branch();
        if stride != 1 || stack.map()[0] != width {
            shortcut.conv(format!("{name}.shortcut.0"), width, Window::new(1, strided, 0), false)?;
            if halve {
                shortcut.pool(PoolKind::Average, Window::HALVE)?;
            }
            let index = if pooled { 2 } else { 1 };
            shortcut.norm(format!("{name}.shortcut.{index}"), self.norm)?;
        }
        stack.push(Layer::Residual { main: main.layers, shortcut: shortcut.layers })?;
        stack.push(Layer::Act(Activation::Relu))?;
        Ok(())
    }
}
