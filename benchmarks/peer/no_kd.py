#!/usr/bin/env python3
"""Scores a bundle under `no-kd@1` in PyTorch: an independent check of `compdd eval` on the very same images.

    python3 benchmarks/peer/no_kd.py BUNDLE TEST_FOLDER [--students 1] [--epochs 1000] [--threads 2] [--plain] [--network convnet]

`--plain --epochs 300` is `no-kd-plain@1`: no augmentation. A student that diverges scores as its numbers make it, as the published routines do.

TEST_FOLDER holds one folder of images a class, named by synset or class name; images must have the bundle's size. Written from
docs/protocols/no-kd.md. Needs torch, safetensors, numpy and Pillow. Prints one accuracy a student, then mean and sample deviation.
"""
import argparse
import json
import math
import pathlib
import statistics

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.numpy import load_file

from small_networks import NETWORKS


def convnet(width, depth, resolution, classes):
    layers, channels = [], 3
    for _ in range(depth):
        layers += [
            torch.nn.Conv2d(channels, width, 3, padding=1),
            torch.nn.GroupNorm(width, width),
            torch.nn.ReLU(),
            torch.nn.AvgPool2d(2),
        ]
        channels = width
    features = width * (resolution >> depth) ** 2
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(features, classes))


def sample(x, theta):
    """Bilinear sampling with zero fill; theta [n, 2, 2], corners aligned."""
    matrix = torch.cat([theta, torch.zeros(len(x), 2, 1)], 2)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=True)
    return F.grid_sample(x, grid, align_corners=True)


def augment(x):
    """DSA, mode S: one of six operations a minibatch, parameters per image."""
    n, _, side, _ = x.shape
    token = ["color", "crop", "cutout", "flip", "scale", "rotate"][torch.randint(6, (1,)).item()]
    uniform = lambda: torch.rand(n, 1, 1, 1)
    if token == "color":
        x = x + (uniform() - 0.5)
        mean = x.mean(1, keepdim=True)
        x = (x - mean) * (2 * uniform()) + mean
        mean = x.mean((1, 2, 3), keepdim=True)
        return (x - mean) * (uniform() + 0.5) + mean
    if token == "flip":
        return torch.where(uniform() < 0.5, x.flip(3), x)
    if token == "crop":
        reach = int(side * 0.125 + 0.5)
        padded = F.pad(x, [reach] * 4)
        shifts = torch.randint(0, 2 * reach + 1, (n, 2))
        return torch.stack([p[:, a : a + side, b : b + side] for p, (a, b) in zip(padded, shifts.tolist())])
    if token == "cutout":
        size = int(side / 2 + 0.5)
        x = x.clone()
        for image, (row, column) in zip(x, torch.randint(0, side + 1 - size % 2, (n, 2)).tolist()):
            top, left = row - size // 2, column - size // 2
            image[:, max(0, top) : top + size, max(0, left) : left + size] = 0
        return x
    if token == "scale":
        factors = torch.rand(n, 2) * (1.2 - 1 / 1.2) + 1 / 1.2
        return sample(x, torch.diag_embed(factors))
    angle = (torch.rand(n) - 0.5) * 2 * math.radians(15)
    cosine, sine = angle.cos(), angle.sin()
    return sample(x, torch.stack([cosine, -sine, sine, cosine], 1).reshape(n, 2, 2))


def student(images, labels, rate, epochs, batch, network, augment):
    optimiser = None
    for epoch in range(epochs + 1):
        if epoch in (0, epochs // 2 + 2):
            now = rate if epoch == 0 else rate * 0.1
            optimiser = torch.optim.SGD(network.parameters(), lr=now, momentum=0.9, weight_decay=5e-4)
        for rows in torch.randperm(len(images)).split(batch):
            optimiser.zero_grad()
            F.cross_entropy(network(augment(images[rows])), labels[rows]).backward()
            optimiser.step()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bundle", type=pathlib.Path)
    options.add_argument("test", type=pathlib.Path)
    options.add_argument("--students", type=int, default=1)
    options.add_argument("--epochs", type=int, default=1000)
    options.add_argument("--batch", type=int, default=256)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--plain", action="store_true")
    options.add_argument("--network", choices=["convnet", *NETWORKS], default="convnet")
    options = options.parse_args()
    torch.set_num_threads(options.threads)

    manifest = json.loads((options.bundle / "manifest.json").read_text())
    data = load_file(options.bundle / "data.safetensors")
    images, labels = torch.from_numpy(data["images"]), torch.from_numpy(data["labels"])
    space = manifest["pixel_space"]
    mean, std = (np.array(space[key], np.float32).reshape(3, 1, 1) for key in ("mean", "std"))
    tests, truth = [], []
    for label, entry in enumerate(manifest["classes"]):
        for path in sorted((options.test / entry["synset"]).iterdir()):
            pixels = np.asarray(Image.open(path).convert("RGB"), np.float32).transpose(2, 0, 1) / 255
            tests.append((pixels - mean) / std)
            truth.append(label)
    tests, truth = torch.from_numpy(np.stack(tests)), torch.tensor(truth)
    side, classes = images.shape[-1], len(manifest["classes"])
    depth = {32: 3, 64: 4, 128: 5}[side]

    scores = []
    for number in range(options.students):
        torch.manual_seed(number)
        network = NETWORKS[options.network](classes) if options.network in NETWORKS else convnet(128, depth, side, classes)
        rate, change = float(data["learning_rate"][0]), (lambda x: x) if options.plain else augment
        student(images, labels, rate, options.epochs, options.batch, network, change)
        with torch.no_grad():
            answers = torch.cat([network(batch).argmax(1) for batch in tests.split(256)])
        scores.append(100 * (answers == truth).float().mean().item())
        print(f"student {number}: {scores[-1]:.2f} %", flush=True)
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    print(f"mean {statistics.mean(scores):.2f} %, sample deviation {spread:.2f}")


if __name__ == "__main__":
    main()
