"""The networks beside ConvNet on which the line of DC tests sets of 32 pixels, in PyTorch: written from the table of docs/commands/network.md."""

from torch import nn


def lenet(classes):
    """LeNet-5 with max pooling, at 32 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
    )  # fmt: skip


def alexnet(classes):
    """AlexNet of CIFAR: five convolutions, three poolings, no norm, no dropout."""
    layers, before = [], 3
    for channels, side, pool in [(128, 5, True), (192, 5, True), (256, 3, False), (192, 3, False), (192, 3, True)]:
        layers += [nn.Conv2d(before, channels, side, padding=side // 2), nn.ReLU()] + [nn.MaxPool2d(2)] * pool
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(192 * 16, classes))


class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.GroupNorm(channels, channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.GroupNorm(channels, channels),
        )  # fmt: skip
        same = stride == 1 and before == channels
        self.shortcut = nn.Identity() if same else nn.Sequential(
            nn.Conv2d(before, channels, 1, stride, bias=False), nn.GroupNorm(channels, channels)
        )

    def forward(self, x):
        return (self.main(x) + self.shortcut(x)).relu()


def resnet18(classes):
    """ResNet-18 of CIFAR with instance norm."""
    blocks, before = [], 64
    for channels, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        blocks += [Block(before, channels, stride), Block(channels, channels, 1)]
        before = channels
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.GroupNorm(64, 64), nn.ReLU()]
    return nn.Sequential(*stem, *blocks, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(512, classes))


NETWORKS = {"lenet": lenet, "alexnet": alexnet, "resnet18": resnet18}
