#!/usr/bin/env python3
"""Reference cases of the networks: `network_forward` through narrow networks of torchvision and timm, with random parameters.

    python3 benchmarks/peer/networks.py --out tests/golden [--seed 1] [--cases mobilenet-v2-imagenet-x0.1,...]

Each case holds images, labels, parameters and running statistics under the names of the published files, what dropout and stochastic depth
keep, and what comes of them: logits in eval mode; logits, loss, gradient of the images, norm of every gradient, the first gradient and the
new running statistics of a step in train mode. The networks are torchvision's and timm's own classes with fewer channels; the wide residual
network is written here from its paper. Everything is computed in double precision from inputs rounded to single. Tolerances are 20 times
the drift of the same network in single precision (the largest of these parameters and of neighbouring ones), never below 1e-4; a draw that drifts by
more than that is replaced by the next one of the same seed. Needs torch, torchvision and timm; runs in a minute.
"""
import argparse
import functools
import json
import math
import pathlib

import timm
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models
from torchvision.models import convnext, densenet, efficientnet, resnet, swin_transformer, vision_transformer
from torchvision.ops import StochasticDepth

from meta_gradient import distance, round_up, save

CLASSES = 3
TRIES = 60
LARGEST_DRIFT = 1e-4


class NarrowResNet(resnet.ResNet):
    """A residual network whose stages have `width` channels where torchvision's have 64."""

    def __init__(self, block, layers, width, **options):
        self.narrow = width
        super().__init__(block, layers, num_classes=CLASSES, **options)
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(8 * width * block.expansion, CLASSES)

    def _make_layer(self, block, planes, *rest, **more):
        if planes == 64:
            self.inplanes = self.narrow
        return super()._make_layer(block, planes * self.narrow // 64, *rest, **more)


class WideBlock(nn.Module):
    """Norm and ReLU before each convolution; they come before both ways where the number of channels changes."""

    def __init__(self, before, channels, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.convShortcut = nn.Conv2d(before, channels, 1, stride, bias=False) if before != channels else None

    def forward(self, x):
        opened = F.relu(self.bn1(x))
        short = x if self.convShortcut is None else self.convShortcut(opened)
        return short + self.conv2(F.relu(self.bn2(self.conv1(opened))))


class WideStage(nn.Module):
    def __init__(self, before, channels, blocks, stride):
        super().__init__()
        self.layer = nn.Sequential(
            *[WideBlock(before if i == 0 else channels, channels, stride if i == 0 else 1) for i in range(blocks)]
        )

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, widen):
        super().__init__()
        blocks, channels = (depth - 4) // 6, [16, 16 * widen, 32 * widen, 64 * widen]
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.block1, self.block2, self.block3 = (
            WideStage(channels[i], channels[i + 1], blocks, 2 if i else 1) for i in range(3)
        )
        self.bn1 = nn.BatchNorm2d(channels[3])
        self.fc = nn.Linear(channels[3], CLASSES)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


def narrow_alexnet(width):
    net = models.AlexNet(num_classes=CLASSES, dropout=0.5)
    before = 3
    for place in (0, 3, 6, 8, 10):
        old = net.features[place]
        net.features[place] = nn.Conv2d(before, width, old.kernel_size, old.stride, old.padding)
        before = width
    hidden = 16 * width
    for place, (inputs, outputs) in {1: (36 * width, hidden), 4: (hidden, hidden), 6: (hidden, CLASSES)}.items():
        net.classifier[place] = nn.Linear(inputs, outputs)
    return net


def narrow_efficientnet(width):
    settings, last = efficientnet._efficientnet_conf("efficientnet_b0", width_mult=width, depth_mult=1.0)
    return efficientnet.EfficientNet(settings, dropout=0.2, num_classes=CLASSES, last_channel=last)


def narrow_convnext(width):
    widths = [width, 2 * width, 4 * width, 8 * width]
    blocks = [3, 3, 9, 3]
    settings = [convnext.CNBlockConfig(*triple) for triple in zip(widths, widths[1:] + [None], blocks)]
    return convnext.ConvNeXt(settings, stochastic_depth_prob=0.1, num_classes=CLASSES)


def narrow_swin(width, heads, window, **version):
    return swin_transformer.SwinTransformer(
        [4, 4], width, [2, 2, 6, 2], [heads * 2**i for i in range(4)], [window, window], stochastic_depth_prob=0.2,
        num_classes=CLASSES, **version,
    )


SWIN_V2 = {"block": swin_transformer.SwinTransformerBlockV2, "downsample_layer": swin_transformer.PatchMergingV2}


def deit(patch, width, depth, heads, pixels):
    return timm.create_model(
        "deit_tiny_patch16_224", patch_size=patch, embed_dim=width, depth=depth, num_heads=heads, img_size=pixels, num_classes=CLASSES,
    )


def vit(patch, width, depth, heads, pixels):
    return vision_transformer.VisionTransformer(pixels, patch, depth, heads, width, 4 * width, num_classes=CLASSES)


# slug: (network, pixels, images)
NETWORKS = {
    "resnet34-imagenet-bn-w2": (lambda: NarrowResNet(resnet.BasicBlock, [3, 4, 6, 3], 2), 48, 4),
    "resnet50-imagenet-bn-wide-w1": (lambda: NarrowResNet(resnet.Bottleneck, [3, 4, 6, 3], 1, width_per_group=128), 48, 4),
    "resnet101-imagenet-bn-w1": (lambda: NarrowResNet(resnet.Bottleneck, [3, 4, 23, 3], 1), 48, 4),
    "wrn-10-1": (lambda: WideResNet(10, 1), 16, 4),
    "alexnet-imagenet-c2.2.2.2.2": (lambda: narrow_alexnet(2), 80, 3),
    "mobilenet-v2-imagenet-x0.1": (lambda: models.MobileNetV2(num_classes=CLASSES, width_mult=0.1), 48, 4),
    "shufflenet-v2-c4.8.12.16.24-imagenet": (
        lambda: models.ShuffleNetV2([4, 8, 4], [4, 8, 12, 16, 24], num_classes=CLASSES), 48, 4,
    ),
    "efficientnet-b0-imagenet-x0.1": (lambda: narrow_efficientnet(0.1), 48, 4),
    "densenet121-imagenet-k2": (
        lambda: densenet.DenseNet(growth_rate=2, num_init_features=4, num_classes=CLASSES), 48, 4,
    ),
    "deit-tiny-p4-w12-l2": (lambda: deit(4, 12, 2, 3, 16), 16, 3),
    "convnext-tiny-w4": (lambda: narrow_convnext(4), 32, 3),
    "swin-tiny-w4-h1-s2": (lambda: narrow_swin(4, 1, 2), 64, 2),
    "swin-tiny-w4-h1-s3": (lambda: narrow_swin(4, 1, 3), 40, 2),
    "swin-v2-t-w4-h1-s3": (lambda: narrow_swin(4, 1, 3, **SWIN_V2), 40, 2),
    "vit-b-16-p4-w12-l2-h3": (lambda: vit(4, 12, 2, 3, 16), 16, 3),
}

# How the library spells names that differ, for the list of gradient norms alone: parameters go by the names of the files.
SPELLINGS = {".downsample.": ".shortcut.", ".in_proj_": ".in_proj."}


class Given(nn.Module):
    """Dropout or stochastic depth that keeps what `masks` say, one after the other; what is missing is drawn and kept."""

    masks, place = [], 0

    def __init__(self, drop, generator):
        super().__init__()
        self.rate = drop.p
        self.images_only = isinstance(drop, StochasticDepth)
        self.generator = generator

    def forward(self, x):
        if not self.training:
            return x
        if Given.place == len(Given.masks):
            shape = [len(x), 1 if self.images_only else x[0].numel()]
            Given.masks.append((torch.rand(shape, generator=self.generator) >= self.rate).float() / (1 - self.rate))
        mask = Given.masks[Given.place].to(x.dtype)
        Given.place += 1
        return x * (mask.view(-1, *[1] * (x.dim() - 1)) if self.images_only else mask.view_as(x))


def replace_drops(net, generator):
    """Every layer that drops something becomes one with masks."""
    Given.masks = []
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, (nn.Dropout, StochasticDepth)) and child.p > 0:
                setattr(module, name, Given(child, generator))


def prepare(slug, seed, attempt):
    build, pixels, count = NETWORKS[slug]
    generator = torch.Generator().manual_seed(1000 * seed + sum(slug.encode()) + 7919 * attempt)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    net = build()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            shape = parameter.shape
            matrix = parameter.dim() > 1 and name.endswith("weight")
            if matrix:
                value = normal(*shape) * math.sqrt(2 / parameter[0].numel())
            else:
                scales = name.endswith("weight") or name.endswith("layer_scale")
                value = 1 + 0.2 * normal(*shape) if scales else 0.2 * normal(*shape)
            parameter.copy_(value)
        for name, buffer in net.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(0.1 * normal(*buffer.shape))
            elif name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    replace_drops(net, generator)
    images, labels = normal(count, 3, pixels, pixels), torch.arange(count) % CLASSES
    return net, images, labels


def results(net, state, images, labels, dtype):
    """The results `out.*` in `dtype`, from the state `state`."""
    net = net.to(dtype)
    net.load_state_dict(state)
    x = images.to(dtype, copy=True).requires_grad_()
    with torch.no_grad():
        out = {"eval_logits": net.eval()(x)}
    net.zero_grad()
    Given.place = 0
    logits = net.train()(x)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    named = dict(net.named_parameters())
    first = next(name for name in named if named[name].dim() == 4)
    out.update(logits=logits, loss=loss.view(1), grad_x=x.grad, first=named[first].grad)
    out["grad_norms"] = torch.stack([value.grad.norm() for value in named.values()])
    for name, buffer in net.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            out[f"new.{name}"] = buffer
    return {name: value.detach().double().clone() for name, value in out.items()}, first


def spelled(slug, name):
    name = functools.reduce(lambda name, pair: name.replace(*pair), SPELLINGS.items(), name)
    return name.replace("fc.", "classifier.") if slug.startswith("resnet") and name.startswith("fc.") else name


def drift(net, state, images, labels, expected, seed):
    """How far single precision is off, for every result: from these parameters and from some a unit in the last place away, so that a
    ReLU that changes sides close by is seen."""
    generator = torch.Generator().manual_seed(seed)
    worst = {name: 0.0 for name, value in expected.items() if value.abs().max() > 0}
    for nudge in (0, 1, 1, 1):
        moved = {
            name: value * (1 + nudge * 2**-23 * torch.randn(value.shape, generator=generator)) if value.is_floating_point() else value
            for name, value in state.items()
        }
        single, _ = results(net, moved, images, labels, torch.float32)
        worst = {name: max(off, distance(single[name], expected[name])) for name, off in worst.items()}
    return worst


def draw(slug, seed):
    for attempt in range(TRIES):
        net, images, labels = prepare(slug, seed, attempt)
        state = {name: value.clone() for name, value in net.state_dict().items()}
        expected, first = results(net, state, images, labels, torch.float64)
        off = drift(net, state, images, labels, expected, seed)
        if max(off.values()) <= LARGEST_DRIFT:
            return net, state, images, labels, expected, off, first, attempt
        print(f"{slug}: draw {attempt} drifts by {max(off.values()):.1e} ({max(off, key=off.get)})", flush=True)
    raise SystemExit(f"error: {slug}: no draw of {TRIES} is well conditioned; try another --seed")


def write(folder, slug, seed):
    net, state, images, labels, expected, off, first, attempt = draw(slug, seed)
    tolerances = {f"out.{name}": round_up(20 * value) for name, value in off.items() if 20 * value > 1e-4}
    tensors = {"in.x": images, "in.labels": labels.float()}
    tensors.update({f"in.net.{name}": value for name, value in state.items() if value.is_floating_point()})
    tensors.update({f"in.mask.{place}": mask for place, mask in enumerate(Given.masks)})
    tensors.update({f"out.{name}": value for name, value in expected.items()})
    settings = {
        "network": slug, "classes": CLASSES, "masks": len(Given.masks), "first": spelled(slug, first),
        "param_order": [spelled(slug, name) for name, _ in net.named_parameters()],
    }
    note = (
        f"benchmarks/peer/networks.py, torch {torch.__version__.split('+')[0]}, draw {attempt} of the seed. `first` is the gradient of the "
        "convolution named in the settings."
    )
    metadata = {
        "kind": "network_forward", "case": slug, "seed": str(seed), "settings": json.dumps(settings), "exact": "[]", "note": note,
        "tolerance": json.dumps({
            "rtol": 1e-4, "per_tensor": tolerances, "atol": 1e-6, "rule": "max|a-b| <= atol + rtol*max|b|",
        }),
    }
    path = folder / f"network_forward__{slug.replace('-', '_')}.safetensors"
    save(tensors, path, metadata)
    print(f"{path.name}: {path.stat().st_size} bytes, draw {attempt}, drift {max(off.values()):.1e}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--cases", default=",".join(NETWORKS), help="networks, by slug")
    options = options.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for slug in options.cases.split(","):
        write(options.out, slug, options.seed)


if __name__ == "__main__":
    main()
