"""Students in PyTorch beside those of compdd, on one bundle of the built-in scenes and under one protocol.

    python benchmarks/peer/python_students.py BUNDLE [--budget quick] [--students 5]

The students follow the published routine of `no-kd` with what the package hands over: images and targets of `Bundle.torch_dataset`, the augmentation
of `Bundle.augment`, the settings of `Bundle.protocol`. Both sides are tested on the same images.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))
import compdd
from compdd.process import call


def convnet(depth, classes, side, width=128):
    layers = []
    for block in range(depth):
        layers += [nn.Conv2d(width if block else 3, width, 3, padding=1), nn.GroupNorm(width, width), nn.ReLU(), nn.AvgPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * (side // 2**depth) ** 2, classes))


def train(bundle, scoring, network, seed):
    torch.manual_seed(seed)
    model, augment = network(), bundle.augment("no-kd", seed=seed)
    loader = DataLoader(bundle.torch_dataset(), batch_size=scoring["batch"], shuffle=True)
    rate = bundle.learning_rate

    def optimiser():
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=scoring["momentum"], weight_decay=scoring["weight_decay"])

    optimise = optimiser()
    for epoch in range(scoring["epochs"] + scoring["extra_epoch"]):
        for images, targets in loader:
            loss = nn.functional.cross_entropy(model(augment(images)), targets)
            optimise.zero_grad()
            loss.backward()
            optimise.step()
        if epoch == scoring["epochs"] // 2 + 1:
            rate *= scoring["drop"]
            optimise = optimiser()
    return model


def accuracy(model, images, labels):
    with torch.no_grad():
        predicted = torch.cat([model(part).argmax(1) for part in images.split(256)])
    return (predicted == labels).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--budget", default="quick")
    parser.add_argument("--students", type=int, default=5)
    options = parser.parse_args()
    bundle = compdd.Bundle(options.bundle)
    side, scoring = bundle.shape[2], bundle.protocol("no-kd", budget=options.budget)["scoring"]
    depth = {32: 3, 64: 4}.get(side, 5)
    with tempfile.TemporaryDirectory() as folder:
        ours = compdd.evaluate(bundle, results=folder, budget=options.budget, seeds=options.students)
        call(["data", "export", bundle.subset, "--format", "npz", "--output", f"{folder}/images", "--res", str(side)])
        test = np.load(f"{folder}/images/test.npz")
    images, labels = torch.from_numpy(bundle.space.from_rgb(test["images"])), torch.from_numpy(test["labels"])
    theirs = []
    for seed in range(options.students):
        model = train(bundle, scoring, lambda: convnet(depth, len(bundle.classes), side), seed)
        theirs.append(100 * accuracy(model, images, labels))
        print(f"PyTorch student {seed}: {theirs[-1]:.2f} %", flush=True)
    print(f"PyTorch {np.mean(theirs):.2f} +- {np.std(theirs, ddof=1):.2f} %")
    low, high = (100 * bound for bound in ours.interval)
    print(f"compdd  {100 * ours.mean:.2f} +- {100 * ours.std:.2f} %, interval {low:.2f} to {high:.2f}: {[round(100 * a, 2) for a in ours.accuracies]}")
