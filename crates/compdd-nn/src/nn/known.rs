//! The networks that `compdd network list` shows.

/// A line of `compdd network list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The slug.
    pub slug: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
}

const KNOWN: &[(&str, &str)] = &[
    ("convnet-d1", "ConvNet with one block"),
    ("convnet-d2", "ConvNet with two blocks"),
    ("convnet-d3", "ConvNet with three blocks of 128 channels, instance norm: the standard at 32 px"),
    ("convnet-d4", "ConvNet with four blocks: the standard at 64 px"),
    ("convnet-d5", "ConvNet with five blocks: the standard at 128 px"),
    ("convnet-d6", "ConvNet with six blocks: the standard at 256 px"),
    ("convnet-d3-w32", "any ConvNet takes a width: -w32 .. -w1024"),
    ("convnet-d3-bn", "... a norm: -bn batch, -ln layer, -gn group (4), -nn none"),
    ("convnet-d3-sigmoid", "... an activation: -sigmoid, -leaky, -relu6, -silu, -gelu, -hardswish"),
    ("convnet-d3-maxpool", "... a pooling: -maxpool, -nopool"),
    ("convnet-d3-w1024-nn", "the wide ConvNet without norms of the kernel methods (also -kip)"),
    ("mlp", "three linear layers, 128 hidden units"),
    ("lenet", "LeNet at any resolution"),
    ("alexnet", "AlexNet without norms; 4x4 average pooling under the head where the map is larger"),
    ("alexnet-tiny", "AlexNet with the stride-2 stem released for 64 px"),
    ("alexnet-imagenet", "torchvision's AlexNet, with its dropout"),
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
    ("resnet18-bn-he", "any ResNet takes -he: convolutions drawn as torchvision does it (He, fan out)"),
    ("resnet34-imagenet-bn", "torchvision's ResNet34; variants as resnet18"),
    ("resnet50", "ResNet50 with instance norm, stem by resolution as resnet18"),
    ("resnet50-bn", "ResNet50 with batch norm, stem by resolution"),
    ("resnet50-imagenet-bn", "ResNet50 with the ImageNet stem, batch norm: torchvision's ResNet50"),
    ("resnet50-imagenet-bn-wide", "torchvision's Wide ResNet-50-2"),
    ("resnet101-imagenet-bn", "torchvision's ResNet101; variants as resnet50"),
    ("wrn-16-2", "wide residual network of depth 16, twice as wide; any depth 6n + 4 and factor"),
    ("wrn-40-2", "the same of depth 40"),
    ("mobilenet-v2", "torchvision's MobileNetV2; the first convolution at full size below 96 px (-cifar, -imagenet)"),
    ("mobilenet-v2-x0.5-nodrop", "half the channels, no dropout: EDC's and G-VBSM's on small images"),
    ("shufflenet-v2-x0.5", "torchvision's ShuffleNetV2 of half size; -cifar, -imagenet as mobilenet-v2"),
    ("shufflenet-v2-x1.0", "torchvision's ShuffleNetV2"),
    ("efficientnet-b0", "torchvision's EfficientNet-B0; -cifar, -imagenet as mobilenet-v2"),
    ("densenet121", "torchvision's DenseNet-121; -cifar, -imagenet as mobilenet-v2, -k<growth>"),
    ("deit-tiny", "timm's DeiT-Tiny at its fixed resolution; -p<patch>, -w<width>, -l<blocks>, -h<heads>"),
    ("vit-b-16", "torchvision's ViT-B/16; variants as deit-tiny"),
    ("convnext-tiny", "torchvision's ConvNeXt-Tiny; -w<width>"),
    ("swin-tiny", "torchvision's Swin-T; -w<width>, -h<heads>, -s<window>"),
    ("swin-v2-t", "torchvision's Swin-V2-T; -w<width>, -h<heads>, -s<window>"),
];

/// The networks worth listing; more widths and combinations can be parsed.
pub fn known() -> Vec<Known> {
    KNOWN.iter().map(|&(slug, summary)| Known { slug, summary }).collect()
}

/// The known slug that needs the fewest edits.
pub(super) fn nearest(slug: &str) -> &'static str {
    KNOWN.iter().map(|(known, _)| *known).min_by_key(|known| strsim::osa_distance(slug, known)).unwrap_or("convnet-d3")
}
