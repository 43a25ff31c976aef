//! `ResNet` of any depth, in the variants of the lineage and of torchvision.

use super::{
    layer::{Activation, Layer, Norm, PoolKind},
    scheme::Scheme,
    spec::{Aspects, number},
    stack::Stack,
    stem::Stem,
    tensor_ops::Window,
};

/// How deep a [`ResNet`] is: its blocks and how many of them each stage has (arXiv 1512.03385, table 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Basic blocks, 2-2-2-2.
    D18,
    /// Basic blocks, 3-4-6-3.
    D34,
    /// Bottlenecks, 3-4-6-3.
    D50,
    /// Bottlenecks, 3-4-23-3.
    D101,
}

impl Depth {
    const ALL: [Self; 4] = [Self::D18, Self::D34, Self::D50, Self::D101];

    /// The depth that a word of slugs stands for.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|depth| depth.word() == word)
    }

    /// The architecture's word in slugs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::D18 => "resnet18",
            Self::D34 => "resnet34",
            Self::D50 => "resnet50",
            Self::D101 => "resnet101",
        }
    }

    fn blocks(self) -> [usize; 4] {
        match self {
            Self::D18 => [2, 2, 2, 2],
            Self::D34 | Self::D50 => [3, 4, 6, 3],
            Self::D101 => [3, 4, 23, 3],
        }
    }

    /// Whether blocks are bottlenecks of three convolutions, which end with four times the channels inside them.
    fn bottleneck(self) -> bool {
        matches!(self, Self::D50 | Self::D101)
    }
}

/// Four stages of residual blocks; convolutions without bias. A stride is in the 3x3 convolution of a block, as torchvision has it.
///
/// The head sees the mean of the last map (what the released 4x4 pooling is at the sizes it fits), or the whole 4x4 map
/// with [`Stem::AvgPool`]. With the `ImageNet` stem and batch norm it is torchvision's `ResNet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResNet {
    /// Which blocks, and how many.
    pub depth: Depth,
    /// The first layers, and how the map gets smaller. Average pooling instead of strides is for basic blocks only.
    pub stem: Stem,
    /// Normalisation behind every convolution: instance or batch.
    pub norm: Norm,
    /// Channels inside the blocks of the first stage; the others have 2, 4 and 8 times as many.
    pub width: usize,
    /// Factor of the channels of the 3x3 convolution of a bottleneck: 2 for the wide networks (arXiv 1605.07146).
    pub wide: usize,
    /// Whether fresh convolutions are drawn as torchvision does it; by default as the framework, and so the lineage, does.
    pub he: bool,
}

impl ResNet {
    pub(super) const ACCEPTED: &str = "variants of resnet18, resnet34, resnet50 and resnet101: -cifar|-tiny|-imagenet, -ap for basic \
        blocks (stem; by default chosen by the resolution), -in|-bn (norm), -w<width of the first stage>, -wide for bottlenecks (twice the \
        channels inside), -he (torchvision's initialisation)";

    /// The usual network of a depth.
    pub const fn new(depth: Depth) -> Self {
        Self { depth, stem: Stem::Auto, norm: Norm::Instance, width: 64, wide: 1, he: false }
    }

    pub(super) fn parse<'a>(depth: Depth, tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::new(depth);
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = match (token, Stem::of(token)) {
                ("in", _) => {
                    net.norm = Norm::Instance;
                    "norm"
                }
                ("bn", _) => {
                    net.norm = Norm::Batch;
                    "norm"
                }
                ("he", _) => {
                    net.he = true;
                    "init"
                }
                ("wide", _) if depth.bottleneck() => {
                    net.wide = 2;
                    "wide"
                }
                (_, Some(stem)) if !(depth.bottleneck() && stem == Stem::AvgPool) => {
                    net.stem = stem;
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
        let stem = self.stem.token();
        let norm = match (self.norm, stem) {
            (Norm::Batch, _) => Some("bn"),
            (_, Some(_)) => Some("in"),
            (_, None) => None,
        };
        let words = [stem, norm, (self.wide > 1).then_some("wide"), self.he.then_some("he")];
        let width = (self.width != Self::new(self.depth).width).then(|| format!("w{}", self.width));
        words.into_iter().flatten().map(str::to_owned).chain(width).collect()
    }

    /// The lineage's names: `conv1`, `bn1`, `layer{1..4}.N.{conv1,bn1,conv2,bn2,shortcut.N}` (with `conv3` and `bn3` in
    /// bottlenecks), `classifier`. Taps: `layer1..layer4` behind the stages.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let stem = self.stem.at(input[1]);
        let scheme = if self.he { Scheme::RESNET } else { Scheme::DEFAULT };
        let mut stack = Stack::with(input, scheme);
        stack.conv("conv1".into(), self.width, stem.window(), false)?.norm("bn1".into(), self.norm)?;
        stack.push(Layer::Act(Activation::Relu))?;
        if stem == Stem::ImageNet {
            stack.pool(PoolKind::Max, Window::new(3, 2, 1))?;
        }
        for (stage, blocks) in self.depth.blocks().into_iter().enumerate() {
            for block in 0..blocks {
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

    /// A block, with a shortcut of one convolution where the shape changes. With `pooled` a stride is a convolution at full
    /// size and an average pooling by two.
    fn block(&self, stack: &mut Stack, name: &str, width: usize, stride: usize, pooled: bool) -> Result<(), String> {
        let strided = if pooled { 1 } else { stride };
        let halve = pooled && stride == 2;
        let (inner, square) = (self.wide * width, Window::new(3, strided, 1));
        let (windows, outputs) = if self.depth.bottleneck() {
            (vec![Window::POINT, square, Window::POINT], vec![inner, inner, 4 * width])
        } else {
            (vec![square, Window::SAME3], vec![width, width])
        };
        let (last, end) = (windows.len(), outputs[outputs.len() - 1]);
        let mut main = stack.branch();
        for ((place, window), outputs) in (1..).zip(windows).zip(outputs) {
            main.conv(format!("{name}.conv{place}"), outputs, window, false)?;
            main.norm(format!("{name}.bn{place}"), self.norm)?;
            if place < last {
                main.push(Layer::Act(Activation::Relu))?;
            }
            if place == 1 && halve {
                main.pool(PoolKind::Average, Window::HALVE)?;
            }
        }
        let mut shortcut = stack.branch();
        if stride != 1 || stack.map()[0] != end {
            shortcut.conv(format!("{name}.shortcut.0"), end, Window::new(1, strided, 0), false)?;
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
