//! `ResNet50`: bottleneck blocks.

use super::{
    ResNet18, Stem,
    layer::{Activation, Layer, Norm, Stack},
    tensor_ops::Window,
};

/// Four stages of 3, 4, 6 and 3 bottleneck blocks; a stride is in the 3x3 convolution of the block, as torchvision has it.
///
/// With the `ImageNet` stem and batch norm it is torchvision's `ResNet50`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResNet50 {
    /// The first layers. Average pooling instead of strides is for `ResNet18` only.
    pub stem: Stem,
    /// Normalisation behind every convolution: instance or batch.
    pub norm: Norm,
    /// Channels inside the blocks of the first stage; the others have 2, 4 and 8 times as many. A block ends with four times
    /// the channels inside it.
    pub width: usize,
}

/// Blocks of each stage.
const BLOCKS: [usize; 4] = [3, 4, 6, 3];

impl ResNet50 {
    pub(super) const ACCEPTED: &str = "variants of resnet50: -cifar|-tiny|-imagenet (stem; by default chosen by the \
        resolution), -in|-bn (norm), -w<width of the first stage>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let ResNet18 { stem, norm, width } = ResNet18::parse(tokens)?;
        match tokens.iter().find(|token| **token == "ap") {
            Some(token) => Err(token),
            None => Ok(Self { stem, norm, width }),
        }
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        ResNet18 { stem: self.stem, norm: self.norm, width: self.width }.tokens()
    }

    /// Names as in [`ResNet18`], with a third `conv3` and `bn3` in every block. Taps: `layer1..layer4` behind the stages.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = self.stem.at(input[1]).start(input, self.width, self.norm)?;
        for (stage, blocks) in BLOCKS.into_iter().enumerate() {
            for block in 0..blocks {
                let name = format!("layer{}.{block}", stage + 1);
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                self.block(&mut stack, &name, self.width << stage, stride)?;
            }
            stack.tap(format!("layer{}", stage + 1))?;
        }
        stack.resize(1)?.linear("classifier", classes)?;
        Ok(stack.layers)
    }

    /// 1x1 to `width` channels, 3x3, 1x1 to four times `width`; a shortcut of one convolution where the shape changes.
    fn block(&self, stack: &mut Stack, name: &str, width: usize, stride: usize) -> Result<(), String> {
        let point = |stride| Window::new(1, stride, 0);
        let mut main = stack.branch();
        main.conv(format!("{name}.conv1"), width, point(1), false)?;
        main.norm(format!("{name}.bn1"), self.norm)?.push(Layer::Act(Activation::Relu))?;
        main.conv(format!("{name}.conv2"), width, Window::new(3, stride, 1), false)?;
        main.norm(format!("{name}.bn2"), self.norm)?.push(Layer::Act(Activation::Relu))?;
        main.conv(format!("{name}.conv3"), 4 * width, point(1), false)?.norm(format!("{name}.bn3"), self.norm)?;

        let mut shortcut = stack.branch();
        if stride != 1 || stack.map()[0] != 4 * width {
            shortcut.conv(format!("{name}.shortcut.0"), 4 * width, point(stride), false)?;
            shortcut.norm(format!("{name}.shortcut.1"), self.norm)?;
        }
        stack.push(Layer::Residual { main: main.layers, shortcut: shortcut.layers })?;
        stack.push(Layer::Act(Activation::Relu))?;
        Ok(())
    }
}
