#!/usr/bin/env python3
"""Reference cases of the meta-gradient for networks other than the ConvNet: `trajectory_meta_gradient` through ResNet18 and VGG11.

    python3 benchmarks/peer/meta_gradient.py --out tests/golden [--seed 1] [--cases resnet18-bn-w2,...]

theta_{t+1} = theta_t - eta * grad CE(net(aug(X[rows_t]); theta_t), softmax(Y[rows_t])), loss = |theta_T - target|^2 / |theta_0 - target|^2,
differentiated through all T steps with respect to X, Y and eta. Written from the formulas: networks as modules called with explicit
parameters, `autograd.grad(create_graph=True)`, everything in double precision. Inputs are rounded to single precision first, results once
at the end. Three coordinates of every gradient are compared with central differences, and the errors are printed. A draw whose errors or
whose drift in single precision are large is replaced by the next one of the same seed. Tolerances are 20 times the drift of the same formulas in single precision (the larger of the formulas on these inputs
and on inputs moved by one unit in the last place), never below 1e-4. Needs torch and numpy; runs in seconds.
"""
import argparse
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

import dsa

CLASSES = 3
STEPS = 3
# network: (pixels, images, minibatch, student rate, scale of the label logits, operations of the augmented case)
NETWORKS = {
    "resnet18-bn-w2": (16, 6, 4, 0.02, 1.5, ["color", "scale", "cutout"]),
    "vgg11-w2": (32, 5, 3, 0.01, 1.0, ["crop", "rotate", "flip"]),
    "vgg11-bn-w2": (32, 6, 4, 0.01, 1.0, ["scale", "color", "rotate"]),
}
CROP_RATIO = 0.25
# A case is taken as drawn when no ReLU or maximum changes sides close by and single precision follows double precision.
TRIES = 20
LARGEST_DIFFERENCE = 1e-6
LARGEST_DRIFT = 1e-4


def norm(kind, channels):
    """Affine, epsilon 1e-5; batch statistics, or those of every image and channel."""
    return nn.BatchNorm2d(channels) if kind == "bn" else nn.GroupNorm(channels, channels)


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which has a 1x1 convolution where the shape changes."""

    def __init__(self, kind, before, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = norm(kind, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = norm(kind, channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), norm(kind, channels))

    def forward(self, x):
        main = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(main + self.shortcut(x))


class ResNet18(nn.Module):
    """Four stages of two blocks behind a 3x3 convolution; the head sees the mean of the last map."""

    def __init__(self, kind, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = norm(kind, width)
        before = width
        for stage in range(4):
            channels = width << stage
            blocks = [Block(kind, before, channels, 2 if stage else 1), Block(kind, channels, channels, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            before = channels
        self.classifier = nn.Linear(before, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.classifier(x.mean((2, 3)))


class Vgg11(nn.Module):
    """Eight 3x3 convolutions with norm and ReLU, five max poolings; the last map has one pixel at 32 px."""

    def __init__(self, kind, width):
        super().__init__()
        layers, before = [], 3
        for multiple in (1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8, 0):
            if multiple == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            channels = multiple * width
            layers += [nn.Conv2d(before, channels, 3, 1, 1), norm(kind, channels), nn.ReLU()]
            before = channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(before, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def network(slug):
    architecture, *words = slug.split("-")
    kind, width = "bn" if "bn" in words else "in", int(words[-1].removeprefix("w"))
    return (ResNet18 if architecture == "resnet18" else Vgg11)(kind, width).train()


def cross_entropy(logits, labels):
    return -(F.softmax(labels, 1) * F.log_softmax(logits, 1)).sum(1).mean()


def unroll(net, start, inputs, settings, dtype, gradients=True):
    """The results `out.*` in `dtype`."""
    net = net.to(dtype)
    data = {name: value.to(dtype) for name, value in inputs.items()}
    leaves = [data[name].requires_grad_(gradients) for name in ("images", "labels", "lr")]
    images, labels, rate = leaves
    first = {name: value.to(dtype) for name, value in start.items()}
    theta = {name: value.clone().requires_grad_() for name, value in first.items()}
    losses = []
    for step in range(settings["steps"]):
        rows = data["idx"][step].long()
        rows = rows[rows >= 0]
        x = images[rows]
        if settings["aug"]:
            slots = torch.stack([data[f"draw.{slot}"][step] for slot in "abc"])
            x = dsa.apply(x, settings["ops"][step], slots)
        loss = cross_entropy(functional_call(net, theta, (x,)), labels[rows])
        slopes = torch.autograd.grad(loss, list(theta.values()), create_graph=gradients)
        theta = {name: value - rate * slope for (name, value), slope in zip(theta.items(), slopes)}
        if not gradients:
            theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        losses.append(loss)
    flat = lambda named: torch.cat([value.reshape(-1) for value in named.values()])
    end = flat(theta)
    loss = ((end - data["target"]) ** 2).sum() / ((flat(first) - data["target"]) ** 2).sum()
    results = {"loss": loss, "theta_T": end, "student_losses": torch.stack(losses)}
    if gradients:
        for name, slope in zip(("images", "labels", "lr"), torch.autograd.grad(loss, leaves)):
            results[f"grad_{name}"] = slope
    return {name: value.detach() for name, value in results.items()}


def prepare(slug, augmented, seed, attempt):
    """Network, start parameters, inputs and settings of a case, all in single precision."""
    pixels, count, batch, rate, scale, operations = NETWORKS[slug]
    generator = torch.Generator().manual_seed(1000 * seed + 100 * (2 * list(NETWORKS).index(slug) + augmented) + attempt)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    net = network(slug)
    start = {}
    for name, parameter in net.named_parameters():
        shape = parameter.shape
        if parameter.dim() > 1:
            start[name] = normal(*shape) * math.sqrt(2 / parameter[0].numel())
        else:
            scales = name.endswith("weight")
            start[name] = 1 + 0.2 * normal(*shape) if scales else 0.2 * normal(*shape)
    # A plausible target: a few steps of training on other images, and some noise.
    others, classes = normal(24, 3, pixels, pixels), torch.randint(CLASSES, (24,), generator=generator)
    theta = {name: value.clone() for name, value in start.items()}
    for _ in range(6):
        theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        loss = F.cross_entropy(functional_call(net, theta, (others,)), classes)
        slopes = torch.autograd.grad(loss, list(theta.values()))
        theta = {name: value - 0.05 * slope for (name, value), slope in zip(theta.items(), slopes)}
    target = torch.cat([value.detach().reshape(-1) for value in theta.values()])
    rows, chunks = [], []
    for _ in range(STEPS):
        chunks = chunks or list(torch.randperm(count, generator=generator).split(batch))
        chunk = chunks.pop()
        rows.append(F.pad(chunk.float(), (0, batch - len(chunk)), value=-1.0))
    inputs = {
        "images": normal(count, 3, pixels, pixels),
        "labels": normal(count, CLASSES) * scale,
        "lr": torch.tensor(rate),
        "target": target + 0.002 * normal(len(target)),
        "idx": torch.stack(rows),
    }
    settings = {
        "network": slug, "steps": STEPS, "soft": True, "aug": augmented, "classes": CLASSES, "param_order": list(start),
    }
    if augmented:
        slots = torch.stack([dsa.draw(operation, batch, pixels, CROP_RATIO, generator) for operation in operations])
        inputs.update({f"draw.{name}": slots[:, place].contiguous() for place, name in enumerate("abc")})
        settings.update(ops=operations, draw_slots=dsa.SLOTS, crop_ratio=CROP_RATIO, align_corners=True)
    return net, start, inputs, settings


def distance(actual, expected):
    """Largest error, relative to the largest value."""
    return ((actual.double() - expected).abs().max() / expected.abs().max()).item()


def differences(net, start, inputs, settings, expected, generator):
    """Worst error of three coordinates of each gradient against central differences, relative to the largest coordinate."""
    worst = {}
    for name in ("images", "labels", "lr"):
        gradient, base = expected[f"grad_{name}"].flatten(), inputs[name].double()
        largest = int(gradient.abs().argmax())
        picks = {largest, *torch.randint(gradient.numel(), (2,), generator=generator).tolist()}
        for pick in picks:
            errors = []
            # Two distances: the larger is the more exact, unless a ReLU or a maximum changes sides in between.
            for distance in (1e-4, 1e-5):
                losses = []
                for sign in (1, -1):
                    moved = base.flatten().clone()
                    moved[pick] += sign * distance
                    changed = {**inputs, name: moved.view_as(base)}
                    losses.append(unroll(net, start, changed, settings, torch.float64, gradients=False)["loss"].item())
                slope = (losses[0] - losses[1]) / (2 * distance)
                errors.append(abs(slope - gradient[pick].item()) / gradient.abs().max().item())
            worst[name] = max(worst.get(name, 0.0), min(errors))
    return worst


def drift(net, start, inputs, settings, expected):
    """How far single precision is off, for every result."""
    nudge = {name: value * (1 + 2**-23) for name, value in start.items()}
    runs = [unroll(net, begin, inputs, settings, torch.float32) for begin in (start, nudge)]
    return {name: max(distance(run[name], value) for run in runs) for name, value in expected.items()}


def round_up(value):
    """One significant digit, upwards."""
    unit = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.0e}")


def draw(slug, augmented, seed):
    """The first case of `seed` that is well conditioned: the case, its results, its errors, and how many were tried."""
    for attempt in range(TRIES):
        case = prepare(slug, augmented, seed, attempt)
        expected = unroll(*case, torch.float64)
        checked = differences(*case, expected, torch.Generator().manual_seed(seed))
        off = drift(*case, expected)
        if max(checked.values()) <= LARGEST_DIFFERENCE and max(off.values()) <= LARGEST_DRIFT:
            return case, expected, checked, off, attempt
    raise SystemExit(f"error: {slug}: differences {checked}, drift {off} after {TRIES} draws; try another --seed")


def save(tensors, path, metadata):
    """A safetensors file with everything in one order, so that the same values are the same bytes."""
    header, data = {"__metadata__": metadata}, b""
    for name, value in sorted(tensors.items()):
        values = value.detach().float().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def write(folder, slug, augmented, seed):
    (net, start, inputs, settings), expected, checked, off, attempt = draw(slug, augmented, seed)
    tolerances = {f"out.{name}": round_up(20 * value) for name, value in off.items() if 20 * value > 1e-4}
    architecture = slug.rsplit("-", 1)[0].replace("-", "_")
    case = f"{architecture}_T{STEPS}_soft_{'dsa' if augmented else 'plain'}"
    tensors = {f"in.{name}": value for name, value in inputs.items()}
    tensors.update({f"in.theta0.{name}": value for name, value in start.items()})
    # The state before the first step, for a library that keeps running statistics with the parameters.
    buffers = {name: value for name, value in net.named_buffers() if not name.endswith("num_batches_tracked")}
    fresh = {name: torch.zeros_like(value) if name.endswith("mean") else torch.ones_like(value) for name, value in buffers.items()}
    tensors.update({f"in.theta0.{name}": value for name, value in fresh.items()})
    tensors.update({f"out.{name}": value for name, value in expected.items()})
    rate, scale = NETWORKS[slug][3:5]
    note = (
        f"benchmarks/peer/meta_gradient.py. Second derivatives through small maps are badly conditioned: the student rate ({rate}), the "
        f"scale of the labels ({scale}) and the draw (number {attempt} of the seed) are chosen so that single precision follows double. "
        "Batch norm uses the statistics of the minibatch."
    )
    metadata = {
        "kind": "trajectory_meta_gradient", "case": case, "seed": str(seed), "settings": json.dumps(settings), "exact": "[]", "note": note,
        "tolerance": json.dumps({
            "rtol": 1e-4, "per_tensor": tolerances, "atol": 1e-7, "rule": "max|a-b| <= atol + rtol*max|b|",
        }),
    }
    path = folder / f"trajectory_meta_gradient__{case}.safetensors"
    save(tensors, path, metadata)
    errors = ", ".join(f"{name} {error:.1e}" for name, error in checked.items())
    print(f"{path.name}: {path.stat().st_size} bytes, differences: {errors}, drift {max(off.values()):.1e}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--cases", default=",".join(NETWORKS), help="networks, by slug")
    options = options.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for slug in options.cases.split(","):
        for augmented in (False, True):
            write(options.out, slug, augmented, options.seed)


if __name__ == "__main__":
    main()
