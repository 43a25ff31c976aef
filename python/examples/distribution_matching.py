"""Distribution matching (Zhao and Bilen, WACV 2023): a few images whose mean features under random networks are those of the real ones.

    python distribution_matching.py FOLDER OUT.npz [--ipc N] [--iterations N]

FOLDER is what `compdd data export SUBSET --format npz` wrote; OUT.npz is what `compdd import` reads.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def real_images(folder: Path) -> list[Tensor]:
    """The training images of every class, normalised as compdd normalises them."""
    about = json.loads((folder / "compdd.json").read_text())
    mean, std = (torch.tensor(about[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    data = np.load(folder / "train.npz")
    images, labels = (torch.from_numpy(data["images"]).float() / 255 - mean) / std, torch.from_numpy(data["labels"])
    return [images[labels == label] for label in range(len(about["classes"]))]


def features(side: int) -> nn.Module:
    """A ConvNet without its last layer, with fresh parameters."""
    layers: list[nn.Module] = []
    for block in range({32: 3, 64: 4}.get(side, 5)):
        layers += [nn.Conv2d(128 if block else 3, 128, 3, padding=1), nn.GroupNorm(128, 128), nn.ReLU(), nn.AvgPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten())


def distil(real: list[Tensor], ipc: int, iterations: int, rate: float = 1.0, batch: int = 256) -> Tensor:
    """`[classes * ipc, 3, H, W]`, class by class, from real images on."""
    images = torch.cat([of_class[torch.randperm(len(of_class))[:ipc]] for of_class in real]).clone().requires_grad_()
    optimiser = torch.optim.SGD([images], lr=rate, momentum=0.5)
    for iteration in range(iterations):
        network = features(images.shape[-1]).requires_grad_(False)
        loss = torch.zeros(())
        for label, of_class in enumerate(real):
            drawn = of_class[torch.randint(len(of_class), (batch,))]
            distance = network(drawn).mean(0) - network(images[label * ipc : (label + 1) * ipc]).mean(0)
            loss = loss + distance.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if iteration % 10 == 0:
            print(f"{iteration}/{iterations}: {loss.item():.2f}", flush=True)
    return images.detach()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ipc", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=100)
    options = parser.parse_args()
    torch.manual_seed(0)
    real = real_images(options.folder)
    images = distil(real, options.ipc, options.iterations)
    np.savez(options.out, images=images.numpy(), labels=np.arange(len(real)).repeat(options.ipc))
